/**
 * The float64 check of one time step. All N rows are computed by the device, or come from the user; some are recomputed
 * in float64 from the same inputs, at a cost of O(rows · N · d), and in plain f32, which says what error is allowed.
 */
import { BatchLayout, batchOf } from "../engine/batch.js";
import type { Executor } from "../engine/executor.js";
import type { System } from "../engine/realise.js";
import { TimeStep } from "../engine/time-step.js";
import type { ClosureName } from "../physics/closures.js";
import { STREAMS, uniformMatrix } from "../reference/random.js";
import { FLOAT64, FLOAT64_OF_F32, PLAIN_F32 } from "./arithmetic.js";
import { evaluateRows } from "./step-rows.js";

export interface VerificationOptions {
  /** Rows to recompute; all of them if there are not so many. */
  readonly rows: number;
  /** Chooses the rows. */
  readonly seed: number;
  readonly progress?: (fraction: number) => void;
}

export interface VerificationReport {
  /** What was compared, in words. */
  readonly quantity: string;
  /** Whose numbers were checked. */
  readonly checked: string;
  /** Rows that were recomputed, of `sites`. */
  readonly rows: number;
  readonly sites: number;
  readonly seed: number;
  /** Largest and root-mean-square difference from float64, relative to each row's largest entry. */
  readonly maximumError: number;
  readonly rmsError: number;
  /** The same of a plain f32 evaluation of the same rows. */
  readonly plainMaximumError: number;
  readonly plainRmsError: number;
  /** What `maximumError` may be: twice the plain f32 error and 1e-7. */
  readonly allowed: number;
  readonly pass: boolean;
}

/**
 * Checks what `executor` computes for one step of `closure` from the initial state of `system`.
 * @throws InputError if the closure is not defined for the spins; CapacityError, GpuError as any run
 */
export async function verifyStep(
  executor: Executor,
  system: System,
  closure: ClosureName,
  options: VerificationOptions,
): Promise<VerificationReport> {
  const result = await computeStep(executor, system, closure);
  options.progress?.(0.5);
  const { name, precision } = executor.device;
  return precision === "f32"
    ? compare(result, system, closure, options, { checked: `f32 of ${name}`, exact: FLOAT64_OF_F32 })
    : compare(result, system, closure, options, {
        checked: "float64 of the CPU engine, so that float64 is compared with float64",
        exact: FLOAT64,
      });
}

/**
 * Checks numbers that were computed elsewhere.
 * @param result m(1), [N][heads · D]
 * @param origin where the numbers come from, for the report
 */
export function verifyResult(
  result: Float64Array,
  origin: string,
  system: System,
  closure: ClosureName,
  options: VerificationOptions,
): VerificationReport {
  return compare(result, system, closure, options, { checked: origin, exact: FLOAT64 });
}

/** m(1) of all sites, [N][heads · D]. */
async function computeStep(executor: Executor, system: System, closure: ClosureName): Promise<Float64Array> {
  const layout = new BatchLayout(batchOf(system));
  const length = layout.systems * layout.stateLength;
  const step = new TimeStep(executor, layout, closure, 2 * length * executor.elementBytes);
  const state = executor.upload(
    "state",
    layout.pack((point) => point.initial),
  );
  const image = executor.allocate("image", length);
  try {
    step.record(state, image);
    return layout.unpack(await executor.read(image), 0, 0);
  } finally {
    step.dispose();
    executor.free(state, image);
  }
}

function compare(
  result: Float64Array,
  system: System,
  closure: ClosureName,
  { rows, seed, progress }: VerificationOptions,
  { checked, exact }: { checked: string; exact: typeof FLOAT64 },
): VerificationReport {
  const { sites, heads, spins } = system;
  const chosen = chooseRows(sites, rows, seed);
  const expected = evaluateRows(system, closure, chosen, exact);
  progress?.(0.75);
  const plain = evaluateRows(system, closure, chosen, PLAIN_F32);
  progress?.(1);
  const width = heads * spins.components;
  const scales = rowScales(expected, heads, spins.components, spins.radius);
  const found = new Float64Array(expected.length);
  chosen.forEach((site, r) => found.set(result.subarray(site * width, (site + 1) * width), r * width));
  const errors = relativeErrors(found, expected, scales);
  const plainErrors = relativeErrors(plain, expected, scales);
  const allowed = 2 * plainErrors.maximum + 1e-7;
  return {
    quantity: `m(1) = G(m(0)), one step of the closure ${closure}`,
    checked,
    rows: chosen.length,
    sites,
    seed,
    maximumError: errors.maximum,
    rmsError: errors.rms,
    plainMaximumError: plainErrors.maximum,
    plainRmsError: plainErrors.rms,
    allowed,
    pass: errors.maximum <= allowed,
  };
}

/** Different rows, each as likely as any other, in ascending order (Floyd's algorithm). */
export function chooseRows(sites: number, count: number, seed: number): number[] {
  const rows = Math.min(count, sites);
  const draws = uniformMatrix(1, rows, { seed, stream: STREAMS.verificationRows, sample: 0 });
  const chosen = new Set<number>();
  draws.forEach((draw, k) => {
    const last = sites - rows + k;
    const row = Math.floor(draw * (last + 1));
    chosen.add(chosen.has(row) ? last : row);
  });
  return [...chosen].sort((one, other) => one - other);
}

/**
 * The unit of error of every entry, in units of R: sphere, the largest entry of its vector. A binary spin is one number,
 * which may vanish by cancellation; the states of all chosen spins are one row.
 *
 * Below 1e-12 R a state is zero for f32, in which squares of such numbers run out of exponents.
 */
function rowScales(expected: Float64Array, heads: number, components: number, radius: number): Float64Array {
  const floor = 1e-12 * radius;
  const scales = new Float64Array(expected.length);
  const width = heads * components;
  const largest = (indices: readonly number[]) =>
    indices.reduce((size, index) => Math.max(size, Math.abs(expected[index])), floor);
  const rows = allIndices(expected.length / width);
  for (let head = 0; head < heads; head++) {
    const vectors = rows.map((row) => allIndices(components).map((k) => row * width + head * components + k));
    for (const vector of components === 1 ? [vectors.flat()] : vectors) {
      const scale = largest(vector);
      for (const index of vector) scales[index] = scale;
    }
  }
  return scales;
}

function allIndices(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** Anything that is not a number is infinitely wrong. */
function relativeErrors(
  found: Float64Array,
  expected: Float64Array,
  scales: Float64Array,
): { maximum: number; rms: number } {
  let maximum = 0;
  let squares = 0;
  found.forEach((value, index) => {
    const difference = Math.abs(value - expected[index]) / scales[index];
    const error = Number.isFinite(difference) ? difference : Infinity;
    maximum = Math.max(maximum, error);
    squares += error * error;
  });
  return { maximum, rms: Math.sqrt(squares / Math.max(1, found.length)) };
}
