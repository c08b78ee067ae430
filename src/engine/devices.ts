/** From a user's choice of device to an executor. */
import { type AdapterReport, listAdapters, openDevice } from "../gpu/adapters.js";
import type { GpuDevice } from "../gpu/device.js";
import { NoAdapterError } from "../gpu/errors.js";
import { CpuExecutor } from "./cpu-executor.js";
import type { Executor } from "./executor.js";
import { GpuExecutor } from "./gpu-executor.js";
import type { Tuning } from "./tuning-cache.js";

export { type AdapterReport, listAdapters };

/** Bytes that all arrays may take unless said otherwise. WebGPU tells no free memory, so this is a guess for a desktop. */
export const DEFAULT_MEMORY = 4 * 2 ** 30;

export interface DeviceOptions {
  /** Part of an adapter's name, or "cpu"; the best adapter unless given. */
  readonly select?: string | undefined;
  /** Bytes that all arrays together may take. */
  readonly memoryLimit?: number | undefined;
  /** Time all GPU work, for `GpuExecutor.gpuTime`. */
  readonly timing?: boolean | undefined;
}

/**
 * Opens the chosen adapter. Without a choice: hardware, else software drivers, else the CPU engine, whose description
 * says that it is a fallback and why.
 * @throws NoAdapterError if a named adapter is not there
 */
export async function openExecutor(options: DeviceOptions = {}): Promise<Executor> {
  const { select } = options;
  const memoryLimit = options.memoryLimit ?? DEFAULT_MEMORY;
  if (select?.toLowerCase() === "cpu") return new CpuExecutor(memoryLimit, "chosen: --device cpu");
  try {
    const gpu = await openDevice({ ...(select !== undefined && { select }), memoryLimit, timing: options.timing });
    return new GpuExecutor(gpu, memoryLimit, await tuningOf(gpu));
  } catch (error) {
    if (!(error instanceof NoAdapterError) || select !== undefined) throw error;
    return new CpuExecutor(memoryLimit, `fallback to the CPU engine: ${error.message}`);
  }
}

/** A browser keeps no file, and the table of a software adapter is fixed. */
async function tuningOf(gpu: GpuDevice): Promise<Tuning> {
  const { kind, backend } = gpu.adapter;
  if (kind !== "hardware" || backend === "browser") return {};
  return (await import("./tuning-cache.js")).loadTuning(gpu);
}
