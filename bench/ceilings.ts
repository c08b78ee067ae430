/** What the adapter can do at best, measured in the same run: multiply-adds in registers, and bytes streamed. */
import { readFile } from "node:fs/promises";
import type { Command, GpuDevice } from "../src/gpu/device.js";
import type { BenchAdapter } from "./adapter.js";

export interface Ceilings {
  /** f32 multiply-adds, two operations each. */
  readonly gflops: number;
  /** Bytes read plus bytes written, by a kernel or by copyBufferToBuffer, whichever is faster. */
  readonly gbps: number;
}

const RUNS = 15;
/** A dispatch this long drowns the cost of submitting it and stays far from any watchdog. */
const DISPATCH_MS = 40;
const FMA = { workgroup: 256, workgroups: 4096, operations: 256 };
const COPY = { workgroup: 256, quadsPerThread: 8 };
/** Well beyond the caches: 50 MB on an H100. */
const COPY_BYTES = { hardware: 512 * 2 ** 20, software: 64 * 2 ** 20 };

export async function measureCeilings(adapter: BenchAdapter): Promise<Ceilings> {
  const gpu = await adapter.openGpu();
  try {
    return { gflops: await multiplyAdds(gpu), gbps: await streamedBytes(gpu) };
  } finally {
    gpu.dispose();
  }
}

async function multiplyAdds(gpu: GpuDevice): Promise<number> {
  const program = await benchProgram("fma");
  const sums = gpu.createArray("sums", FMA.workgroups * FMA.workgroup);
  const time = (iterations: number) =>
    timed(gpu, {
      kind: "dispatch",
      program,
      bindings: { sums },
      params: { iterations, a: 0.5, b: 0.25 },
      workgroups: FMA.workgroups,
      shapes: `iterations ${iterations}`,
    });
  await time(1); // compiles
  let iterations = 1;
  while ((await time(iterations)) < DISPATCH_MS) iterations *= 2;
  const fastest = await fastestOf(() => time(iterations));
  sums.destroy();
  return (FMA.workgroups * FMA.workgroup * FMA.operations * iterations) / fastest / 1e6;
}

async function streamedBytes(gpu: GpuDevice): Promise<number> {
  const wanted = gpu.adapter.kind === "hardware" ? COPY_BYTES.hardware : COPY_BYTES.software;
  const bytes = Math.min(wanted, gpu.limits.maxStorageBufferBindingSize, gpu.limits.maxBufferSize);
  const length = 4 * Math.floor(bytes / 16);
  const [source, destination] = ["source", "destination"].map((label) => gpu.createArray(label, length));
  const kernel: Command = {
    kind: "dispatch",
    program: await benchProgram("copy"),
    bindings: { source, destination },
    params: { quads: length / 4 },
    workgroups: Math.ceil(length / 4 / COPY.workgroup / COPY.quadsPerThread),
    shapes: `quads ${length / 4}`,
  };
  const copy: Command = { kind: "copy", source, sourceOffset: 0, target: destination, targetOffset: 0, length };
  const fastest = Math.min(await fastestOf(() => timed(gpu, kernel)), await fastestOf(() => timed(gpu, copy)));
  source.destroy();
  destination.destroy();
  return (2 * 4 * length) / fastest / 1e6;
}

async function benchProgram(name: string): Promise<{ name: string; source: string }> {
  return { name, source: await readFile(new URL(`shaders/${name}.wgsl`, import.meta.url), "utf8") };
}

async function timed(gpu: GpuDevice, command: Command): Promise<number> {
  const start = performance.now();
  await gpu.submit([command]);
  await gpu.settled();
  return performance.now() - start;
}

async function fastestOf(time: () => Promise<number>): Promise<number> {
  await time();
  let fastest = Infinity;
  for (let run = 0; run < RUNS; run++) fastest = Math.min(fastest, await time());
  return fastest;
}
