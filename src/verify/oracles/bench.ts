/** What an oracle runs on: the device under test, and the checks it has made there. */
import { batchOf, type SystemBatch } from "../../engine/batch.js";
import type { MonteCarloResult } from "../../engine/chain-results.js";
import type { Executor, Slot, Stage, StageName } from "../../engine/executor.js";
import { monteCarlo, type MonteCarloOptions } from "../../engine/monte-carlo.js";
import { realise, type System } from "../../engine/realise.js";
import { type PointResult, simulate, type SimulationOptions } from "../../engine/simulate.js";
import type { NumericArray } from "../../physics/arrays.js";
import { summarize } from "../../physics/statistics.js";
import { parseSystem } from "../../physics/system.js";
import { pad } from "../../reference/layout.js";

/** An exact result, and how the engine is held to it. */
export interface Oracle {
  /** Letter and number, as in "B4". */
  readonly id: string;
  readonly title: string;
  /** Section of the equations, and the publication or the case file. */
  readonly reference: string;
  /** Orders of accuracy show in float64 only, so these run on the CPU engine whatever the device. */
  readonly float64Only?: boolean;
  readonly run: (bench: OracleBench) => Promise<void>;
}

/** One number held to an exact one: of an array, the one that is furthest off. */
export interface OracleCheck {
  readonly name: string;
  readonly expected: number;
  readonly got: number;
  /** |got - expected| that is allowed. */
  readonly tolerance: number;
  readonly pass: boolean;
}

/** Sizes of the statistical and large-N oracles. */
export const oracleSizes = ["small", "large"] as const;
export type OracleSize = (typeof oracleSizes)[number];

/** What to run; nothing is observed unless asked for, and the final state is always kept. */
export type RunOptions = Omit<SimulationOptions, "observe" | "states"> & Partial<Pick<SimulationOptions, "observe">>;

/** A result with its state. */
export type StateResult = PointResult & { readonly state: Float64Array };

/** Chains; from two starts, every step measured from the first on and nothing observed unless asked for. */
export type ChainSettings = Partial<MonteCarloOptions> & Pick<MonteCarloOptions, "chains" | "steps">;

type Nested = ArrayLike<number> | readonly Nested[];

/** The arrays of a kernel as numbers. */
export type KernelArrays<K extends StageName> = Readonly<Record<keyof Stage<K>["arrays"], Float64Array>>;

export class OracleBench {
  readonly checks: OracleCheck[] = [];

  constructor(
    readonly executor: Executor,
    readonly size: OracleSize,
    private readonly id: string,
  ) {}

  get precision(): "f32" | "f64" {
    return this.executor.device.precision;
  }

  /** The tolerance of this device's precision. */
  allow<Value = number>(f64: Value, f32: Value): Value {
    return this.precision === "f64" ? f64 : f32;
  }

  /** The value for this size. */
  sized<Value>(small: Value, large: Value): Value {
    return this.size === "small" ? small : large;
  }

  /** |got - expected| ≤ tolerance everywhere. */
  within(what: string, got: number | Nested, expected: number | Nested, tolerance: number): void {
    const [found, wanted] = [flat(got), flat(expected)];
    if (found.length !== wanted.length) {
      throw new Error(`${this.id} ${what}: ${found.length} numbers for ${wanted.length} expected`);
    }
    let worst = 0;
    wanted.forEach((value, k) => {
      // NaN is the worst of all, and stays so.
      if (!(Math.abs(found[k] - value) <= Math.abs(found[worst] - wanted[worst]))) worst = k;
    });
    const pass = Math.abs(found[worst] - wanted[worst]) <= tolerance;
    this.checks.push({ name: `${this.id} ${what}`, expected: wanted[worst], got: found[worst], tolerance, pass });
  }

  /** low ≤ got ≤ high, given as the middle and half of the width. */
  between(what: string, got: number, low: number, high: number): void {
    this.within(what, got, (low + high) / 2, (high - low) / 2);
  }

  /** Holds every number to four standard errors of its own, and f32: what is shown is the one with the largest ratio. */
  agree(what: string, got: ArrayLike<number>, exact: ArrayLike<number>, errors: ArrayLike<number>): void {
    const allowed = (k: number) => 4 * errors[k] + 1e-5;
    const ratio = (k: number) => Math.abs(got[k] - exact[k]) / allowed(k);
    let worst = 0;
    for (let k = 0; k < got.length; k++) if (!(ratio(k) <= ratio(worst))) worst = k;
    this.within(what, got[worst], exact[worst], allowed(worst));
  }

  /** A statement that holds or does not: 1 or 0. */
  holds(what: string, statement: boolean): void {
    this.within(what, Number(statement), 1, 0);
  }

  /** One system, alone in its batch; `arrays` stand for the .npy files that it names. */
  async run(input: object, options: RunOptions, arrays?: Readonly<Record<string, NumericArray>>): Promise<StateResult> {
    const [[result]] = await this.runBatch(batchOf(await realised(input, arrays)), options);
    return result;
  }

  /** One kernel alone, on the device under test; its arrays as it leaves them. */
  async kernel<K extends StageName>(
    stage: Omit<Stage<K>, "arrays"> & { readonly arrays: KernelArrays<K> },
  ): Promise<KernelArrays<K>> {
    const { executor } = this;
    const names = Object.keys(stage.arrays) as (keyof KernelArrays<K>)[];
    const slots = new Map<keyof KernelArrays<K>, Slot>();
    try {
      for (const name of names) slots.set(name, executor.upload(String(name), stage.arrays[name]));
      executor.run({ ...stage, arrays: Object.fromEntries(slots) } as unknown as Stage<K>);
      const left: [keyof KernelArrays<K>, Float64Array][] = [];
      for (const [name, slot] of slots) left.push([name, await executor.read(slot)]);
      return Object.fromEntries(left) as KernelArrays<K>;
    } finally {
      executor.free(...slots.values());
    }
  }

  /** Chains of one system, at a fixed seed. */
  async sample(input: object, settings: ChainSettings): Promise<MonteCarloResult> {
    const [[result]] = await this.sampleBatch(batchOf(await realised(input)), settings);
    return result;
  }

  sampleBatch(batch: SystemBatch, settings: ChainSettings): Promise<MonteCarloResult[][]> {
    const identity = (group: number, replica: number) => ({ seed: 11, point: replica, sample: group });
    const defaults = { burnIn: 0, thin: 1, start: "both", observe: [], identity } as const;
    return monteCarlo(this.executor, batch, { ...defaults, ...settings });
  }

  async runBatch(batch: SystemBatch, options: RunOptions): Promise<StateResult[][]> {
    const results = await simulate(this.executor, batch, { observe: [], ...options, states: true });
    return results.map((group) => group.map((result) => ({ ...result, state: result.state ?? new Float64Array() })));
  }
}

/** From a system as a user writes it to numbers. */
export async function realised(input: object, arrays: Readonly<Record<string, NumericArray>> = {}): Promise<System> {
  const load = (path: string) =>
    path in arrays ? Promise.resolve(arrays[path]) : Promise.reject(new Error(`no array ${path}`));
  return realise(parseSystem(input, "system"), load, "system");
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

/** The numbers of a nested list, in order. */
export function flat(values: number | Nested): number[] {
  if (typeof values === "number") return [values];
  return Array.from(values as ArrayLike<number | Nested>).flatMap(flat);
}

/** Vectors as kernels have them: rows and components padded with zeros. */
export function packed(rows: readonly ArrayLike<number>[]): Float64Array {
  const stride = pad(rows[0].length);
  const array = new Float64Array(pad(rows.length) * stride);
  rows.forEach((row, i) => array.set(row, i * stride));
  return array;
}

/** The first `rows` of such vectors, without their padding. */
export const unpacked = (array: Float64Array, rows: number, width: number) =>
  Array.from({ length: rows }, (_, i) => [...array.subarray(i * pad(width), i * pad(width) + width)]);

/** The largest |found - expected|; NaN if anything is not a number. */
export function largestError(found: Nested, expected: Nested): number {
  const [left, right] = [flat(found), flat(expected)];
  if (left.length !== right.length) throw new Error(`${left.length} numbers for ${right.length} expected`);
  return right.reduce((worst, value, k) => Math.max(worst, Math.abs(left[k] - value)), 0);
}

/** The norms of the vectors of a state, site by site (and head by head). */
export function norms(state: Float64Array, components: number): number[] {
  return Array.from({ length: state.length / components }, (_, site) => {
    const vector = state.subarray(site * components, (site + 1) * components);
    return Math.sqrt(dot(vector, vector));
  });
}

export function transposed(matrix: readonly (readonly number[])[]): number[][] {
  return matrix[0].map((_, column) => matrix.map((row) => row[column]));
}

/** The slope of log y against log x, by least squares. */
export function logSlope(x: readonly number[], y: readonly number[]): number {
  const [logX, logY] = [x.map(Math.log), y.map(Math.log)];
  const centre = mean(logX);
  const covariance = logX.reduce((sum, value, k) => sum + (value - centre) * (logY[k] - mean(logY)), 0);
  return covariance / logX.reduce((sum, value) => sum + (value - centre) ** 2, 0);
}

export const mean = (values: readonly number[]) => summarize(values).mean;

/** Of the mean of independent values. */
export const standardError = (values: readonly number[]) => summarize(values).standardError;

export const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
};
