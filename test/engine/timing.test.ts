/** What a whole run costs beside the work of the GPU can be told: its wall time, and the GPU time of all its submits. */
import { expect, test } from "vitest";
import { batchOf } from "../../src/engine/batch.js";
import { openExecutor } from "../../src/engine/devices.js";
import { GpuExecutor } from "../../src/engine/gpu-executor.js";
import { simulate, type SimulationOptions } from "../../src/engine/simulate.js";
import { realised } from "../oracles/engines.js";

const run: SimulationOptions = { closure: "onsager", run: { steps: 8 }, observe: ["overlap"] };

async function open(timing: boolean): Promise<GpuExecutor> {
  const executor = await openExecutor({ select: process.env.ONSAGER_DEVICE || undefined, timing });
  if (executor instanceof GpuExecutor) return executor;
  throw new Error(`no GPU: ${executor.device.reason}`);
}

test("the GPU time of a run is known if it was asked for, and part of its wall time", async () => {
  const executor = await open(true);
  const batch = batchOf(await realised({ spins: { kind: "binary", count: 65 }, couplings: { kind: "gaussian" } }));
  await simulate(executor, batch, run); // compiles
  await executor.gpuTime();
  const start = performance.now();
  await simulate(executor, batch, run);
  const wallMs = performance.now() - start;
  const { gpuMs, reason } = await executor.gpuTime();
  expect(reason).toBeUndefined();
  expect(gpuMs).toBeGreaterThan(0);
  expect(gpuMs).toBeLessThanOrEqual(wallMs);
  executor.dispose();
});

test("a run that was not timed says so", async () => {
  const executor = await open(false);
  expect(await executor.gpuTime()).toEqual({ gpuMs: undefined, reason: "the device was opened without timing" });
  executor.dispose();
});

test("recorded work is measured by itself", async () => {
  const executor = await open(false);
  const slot = executor.upload("numbers", new Float64Array(64));
  expect(await executor.measure()).toEqual({ gpuMs: 0, wallMs: 0 });
  executor.run({
    kernel: "moment-weights",
    arrays: { state: slot, weights: executor.unwritten },
    params: { systems: 1, sites: 4, components: 1, componentStride: 1, radius: 1 },
    constants: { KINDS: 1, PUBLISHED: false, RESPONSE: 0 },
  });
  const { gpuMs, wallMs } = await executor.measure();
  expect(gpuMs).toBeGreaterThan(0);
  expect(gpuMs).toBeLessThanOrEqual(wallMs);
  expect(await executor.measure()).toEqual({ gpuMs: 0, wallMs: 0 });
  executor.dispose();
});
