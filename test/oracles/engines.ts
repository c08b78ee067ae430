/** Both engines behind one call: what the oracles and the engine tests run on. */
import { afterAll, expect } from "vitest";
import { openExecutor } from "../../src/engine/devices.js";
import type { Executor } from "../../src/engine/executor.js";
import { batchOf, type SystemBatch } from "../../src/engine/batch.js";
import { realise, type System } from "../../src/engine/realise.js";
import { type PointResult, simulate, type SimulationOptions } from "../../src/engine/simulate.js";
import type { NumericArray } from "../../src/physics/arrays.js";
import { parseSystem } from "../../src/physics/system.js";

export const precisions = ["f64", "f32"] as const;
export type Precision = (typeof precisions)[number];

/** What to run; nothing is observed unless asked for, and the final state is always kept. */
export type RunOptions = Omit<SimulationOptions, "observe" | "states"> & Partial<Pick<SimulationOptions, "observe">>;

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

/** From a system as a user writes it to numbers; `arrays` stand for the .npy files that it names. */
export async function realised(input: object, arrays: Readonly<Record<string, NumericArray>> = {}): Promise<System> {
  const load = (path: string) =>
    path in arrays ? Promise.resolve(arrays[path]) : Promise.reject(new Error(`no array ${path}`));
  return realise(parseSystem(input, "system"), load, "system");
}

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

/** One coupling matrix, shared by variants of one system that differ in what a point holds: β, field, initial state. */
export function sharing(systems: readonly System[]): SystemBatch {
  const [{ spins, sites, heads, couplings }] = systems;
  return { spins, sites, heads, couplings: [couplings], points: [systems] };
}

/** A group a system, each with couplings of its own. */
export function sideBySide(systems: readonly System[]): SystemBatch {
  const [{ spins, sites, heads }] = systems;
  return { spins, sites, heads, couplings: systems.map(({ couplings }) => couplings), points: systems.map((s) => [s]) };
}

type Nested = readonly number[] | readonly (readonly number[])[] | readonly (readonly (readonly number[])[])[];

/** The numbers of a nested list, in order. */
export function flat(values: Nested): number[] {
  return (values as readonly (number | Nested)[]).flatMap((value) => (typeof value === "number" ? value : flat(value)));
}

/** The largest |found - expected|; NaN if anything is not a number, so that no comparison accepts it. */
export function largestError(found: ArrayLike<number>, expected: Nested): number {
  const wanted = flat(expected);
  if (found.length !== wanted.length) throw new Error(`${found.length} numbers for ${wanted.length} expected`);
  return wanted.reduce((worst, value, k) => Math.max(worst, Math.abs(found[k] - value)), 0);
}

/** The norms of the vectors of a state, site by site (and head by head). */
export function norms(state: Float64Array, components: number): number[] {
  return Array.from({ length: state.length / components }, (_, site) =>
    Math.hypot(...state.subarray(site * components, (site + 1) * components)),
  );
}

export function transposed(matrix: readonly (readonly number[])[]): number[][] {
  return matrix[0].map((_, column) => matrix.map((row) => row[column]));
}

/** The slope of log y against log x, by least squares. */
export function logSlope(x: readonly number[], y: readonly number[]): number {
  const logX = x.map(Math.log);
  const logY = y.map(Math.log);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const centre = mean(logX);
  const covariance = logX.reduce((sum, value, k) => sum + (value - centre) * (logY[k] - mean(logY)), 0);
  return covariance / logX.reduce((sum, value) => sum + (value - centre) ** 2, 0);
}

/** Fails unless |found - expected| is within the tolerance everywhere; says by how much it is not. */
export function expectWithin(found: ArrayLike<number>, expected: Nested, tolerance: number, label: string): void {
  const error = largestError(found, expected);
  expect(error, label).toBeLessThanOrEqual(tolerance);
}
