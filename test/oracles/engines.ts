/** Both engines behind one call: what the oracles and the engine tests run on. */
import { afterAll, expect } from "vitest";
import { openExecutor } from "../../src/engine/devices.js";
import type { Executor } from "../../src/engine/executor.js";
import { batchOf, type SystemBatch } from "../../src/engine/batch.js";
import { type PointResult, simulate } from "../../src/engine/simulate.js";
import type { NumericArray } from "../../src/physics/arrays.js";
import { flat, largestError, realised, type RunOptions } from "../../src/verify/oracles/bench.js";

export type { RunOptions } from "../../src/verify/oracles/bench.js";
export { flat, largestError, norms, realised, sharing, sideBySide } from "../../src/verify/oracles/bench.js";

export const precisions = ["f64", "f32"] as const;
export type Precision = (typeof precisions)[number];

const opened = new Map<Precision, Promise<Executor>>();

/** A fresh executor: the CPU engine, or the GPU named by ONSAGER_DEVICE. A GPU that is not there fails the test. */
export async function openEngine(precision: Precision, memoryLimit?: number): Promise<Executor> {
  const select = precision === "f64" ? "cpu" : process.env.ONSAGER_DEVICE || undefined;
  const executor = await openExecutor({ select, memoryLimit });
  expect(executor.device.precision, executor.device.reason).toBe(precision);
  return executor;
}

/** The executor that the tests of one file share. */
export function engine(precision: Precision): Promise<Executor> {
  let executor = opened.get(precision);
  if (executor === undefined) {
    executor = openEngine(precision);
    opened.set(precision, executor);
  }
  return executor;
}

afterAll(async () => {
  for (const executor of opened.values()) {
    // An engine that did not open has failed the tests already.
    await executor.then(
      (open) => open.dispose(),
      () => undefined,
    );
  }
});

/** One system, alone in its batch. */
export async function run(
  precision: Precision,
  input: object,
  options: RunOptions,
  arrays?: Readonly<Record<string, NumericArray>>,
): Promise<Required<Pick<PointResult, "state">> & PointResult> {
  const [[result]] = await runBatch(precision, batchOf(await realised(input, arrays)), options);
  return result;
}

export async function runBatch(
  precision: Precision,
  batch: SystemBatch,
  options: RunOptions,
): Promise<(Required<Pick<PointResult, "state">> & PointResult)[][]> {
  const results = await simulate(await engine(precision), batch, { observe: [], ...options, states: true });
  return results.map((group) => group.map((result) => ({ ...result, state: result.state! })));
}

/** Fails unless |found - expected| is within the tolerance everywhere; says by how much it is not. */
export function expectWithin(
  found: ArrayLike<number>,
  expected: Parameters<typeof flat>[0],
  tolerance: number,
  label: string,
): void {
  const error = largestError(found, flat(expected));
  expect(error, label).toBeLessThanOrEqual(tolerance);
}
