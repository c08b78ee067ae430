/** One adapter for everything that is measured: Onsager's device, the peers' navigator.gpu, and drivers for native Dawns. */
import { openExecutor } from "../src/engine/devices.js";
import type { Executor } from "../src/engine/executor.js";
import { type AdapterCandidate, type AdapterReport, preferenceOrder } from "../src/gpu/adapter-report.js";
import { findPackageAdapters, findSystemAdapters } from "../src/gpu/dawn.js";
import { GpuDevice } from "../src/gpu/device.js";
import { NoAdapterError } from "../src/gpu/errors.js";
import { findSwiftShader } from "../src/gpu/swiftshader.js";

/** Contestants of a race hold their arrays all at once. */
const MEMORY = 16 * 2 ** 30;

export interface BenchAdapter {
  readonly report: AdapterReport;
  /** Owns the driver, so whoever uses an adapter of it keeps this object reachable. */
  readonly instance: GPU;
  /** Another device of the same adapter. */
  openGpu(): Promise<GpuDevice>;
  openExecutor(): Promise<Executor>;
}

/**
 * Finds the best adapter, or the best whose name contains `select`, and leaves its driver as the only one that the process
 * environment names: libraries with a Dawn of their own choose by that.
 * @throws NoAdapterError
 */
export async function chooseAdapter(select: string | undefined): Promise<BenchAdapter> {
  const found: string[] = [];
  for (const find of [() => findSystemAdapters(true), findPackageAdapters]) {
    const candidates = await find();
    const [best] = preferenceOrder(candidates, select);
    if (best?.instance !== undefined) {
      await nameDriver(best);
      return benchAdapter(best.report, best.instance);
    }
    found.push(...candidates.map(({ report }) => `${report.name}${report.usable ? "" : ` (${report.reason})`}`));
  }
  const what = select === undefined ? "no GPU adapter to measure" : `no adapter's name contains "${select}"`;
  throw new NoAdapterError(what, found, "set ONSAGER_DEVICE to one of those that were found, or install a driver");
}

function benchAdapter(report: AdapterReport, instance: GPU): BenchAdapter {
  return {
    report,
    instance,
    async openGpu() {
      const adapter = await instance.requestAdapter();
      if (adapter === null) throw new Error(`${report.name} opens only once`);
      return GpuDevice.open(instance, adapter, report);
    },
    openExecutor: () => openExecutor({ select: report.name, memoryLimit: MEMORY }),
  };
}

async function nameDriver({ report }: AdapterCandidate): Promise<void> {
  if (process.platform !== "linux") return; // no manifests there: a native Dawn takes the system's first adapter
  const swiftShader = report.kind === "package-software" ? await findSwiftShader() : undefined;
  delete process.env.VK_DRIVER_FILES; // it would win over the other
  process.env.VK_ICD_FILENAMES = swiftShader?.available ? swiftShader.manifest : report.driver;
}
