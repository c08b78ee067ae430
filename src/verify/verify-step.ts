/**
 * The float64 check of one time step. All N rows are computed by the device, or come from the user; some are recomputed
 * in float64 from the same inputs, at a cost of O(rows · N · d), and by plain loops in the precision of the device, which says
 * what error is allowed. What a closure carries beside the means is that of a start: a product law, or m(-1) = 0.
 */
import { BatchLayout, batchOf } from "../engine/batch.js";
import type { CouplingRequest, StrategyReport } from "../engine/coupling-strategy.js";
import type { Executor } from "../engine/executor.js";
import type { System } from "../engine/realise.js";
import { TimeStep } from "../engine/time-step.js";
import type { FusedPrecision } from "../kernels/strategies.js";
import type { ClosureName } from "../physics/closures.js";
import { STREAMS, uniformMatrix, unitDirections } from "../reference/random.js";
import { FLOAT64, FLOAT64_OF_F32, PLAIN } from "./arithmetic.js";
import { type EvaluatedRows, evaluateRows } from "./step-rows.js";

/**
 * Rows smaller than this, in units of R, are measured against it: f32 solves inner equations to 1e-7 R, so the relative
 * error of a state near zero says nothing.
 */
const SMALLEST_SCALE = 1e-3;

/** Where the plain loops themselves are worse than this, twice its error would let anything pass. */
const LARGEST_ALLOWED = 1e-2;

export interface VerificationOptions extends CouplingRequest {
  /** Rows to recompute; all of them if there are not so many. */
  readonly rows: number;
  /** Chooses the rows. */
  readonly seed: number;
  readonly progress?: (fraction: number) => void;
}

export interface VerificationReport {
  /** What was compared, in words. */
  readonly quantity: string;
  /** What the step was taken from: the state that was given, or a random one where that one says nothing (`isTelling`). */
  readonly start: "given" | "random";
  /** Whose numbers were checked. */
  readonly checked: string;
  /** Rows that were recomputed, of `sites`. */
  readonly rows: number;
  readonly sites: number;
  /** Rows left out of the errors because float64 finds no root of their inner equation. */
  readonly unsolved: number;
  readonly seed: number;
  /** Largest and root-mean-square difference from float64, relative to each row's largest entry. */
  readonly maximumError: number;
  readonly rmsError: number;
  /** The precision of the device, in which plain loops evaluate the same rows; f32 where it has float64. */
  readonly plainPrecision: FusedPrecision;
  /** The errors of these loops. */
  readonly plainMaximumError: number;
  readonly plainRmsError: number;
  /** What `maximumError` may be: twice the plain error and 1e-7. */
  readonly allowed: number;
  readonly pass: boolean;
}

/**
 * Checks what `executor` computes for one step of `closure` from the initial state of `system`, or from a random state where that
 * one vanishes: a step from zero to zero holds nothing to anything.
 * @throws InputError if the closure is not defined for the spins; CapacityError, GpuError as any run
 */
export async function verifyStep(
  executor: Executor,
  given: System,
  closure: ClosureName,
  options: VerificationOptions,
): Promise<VerificationReport> {
  const start = isTelling(given) ? "given" : "random";
  const system = start === "given" ? given : { ...given, initial: randomState(given, options.seed) };
  const { values: result, strategy } = await computeStep(executor, system, closure, options);
  options.progress?.(0.5);
  const { precision } = strategy;
  const report =
    precision === "f64"
      ? compare(result, system, closure, options, {
          checked: "float64 of the CPU engine, so that float64 is compared with float64",
          exact: FLOAT64,
          precision: "f32",
        })
      : compare(result, system, closure, options, {
          checked: `${precision} of ${executor.device.name}, strategy ${strategy.name}`,
          exact: FLOAT64_OF_F32,
          precision,
        });
  return { ...report, start };
}

/** Whether any |m_i| is large enough for the relative error of its image to say something. */
function isTelling({ initial, spins: { components, radius } }: System): boolean {
  for (let base = 0; base < initial.length; base += components) {
    // Written so that what is not a number is not replaced.
    if (!(Math.hypot(...initial.subarray(base, base + components)) < SMALLEST_SCALE * radius)) return true;
  }
  return false;
}

/**
 * m_i = R (e + u_i/2)/2 with one direction e and random directions u_i: no field of it vanishes, neither with random J nor with
 * rows that share a sum, and no |m_i| is above 3R/4, so that reactions count. Binary: 1/4 or 3/4.
 */
function randomState({ sites, heads, spins: { components, radius } }: System, seed: number): Float64Array {
  const source = { seed, stream: STREAMS.verificationState, sample: 0 };
  const directions = unitDirections(sites * heads, components, source);
  return directions.map((u) => radius * (0.5 / Math.sqrt(components) + 0.25 * u));
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
  return compare(result, system, closure, options, { checked: origin, exact: FLOAT64, precision: "f32" });
}

/** m(1) of all sites, [N][heads · D]. */
async function computeStep(
  executor: Executor,
  system: System,
  closure: ClosureName,
  request: CouplingRequest,
): Promise<{ values: Float64Array; strategy: StrategyReport }> {
  const layout = new BatchLayout(batchOf(system));
  const length = layout.systems * layout.stateLength;
  // The state, its image, and the copy that is read back.
  const callerBytes = 3 * length * executor.elementBytes;
  const step = new TimeStep(executor, layout, { closure, callerBytes, ...request });
  const state = executor.upload(
    "state",
    layout.pack((point) => point.initial),
  );
  const image = executor.allocate("image", length);
  try {
    step.record(state, image);
    const values = layout.unpack(await executor.read(image), 0, 0);
    return { values, strategy: step.couplings.report };
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
  { checked, exact, precision }: { checked: string; exact: typeof FLOAT64; precision: FusedPrecision },
): VerificationReport {
  const { sites, heads, spins } = system;
  const chosen = chooseRows(sites, rows, seed);
  const reference = evaluateRows(system, closure, chosen, exact);
  progress?.(0.75);
  const plain = evaluateRows(system, closure, chosen, PLAIN[precision]);
  progress?.(1);
  const width = heads * spins.components;
  const found = new Float64Array(reference.values.length);
  chosen.forEach((site, r) => found.set(result.subarray(site * width, (site + 1) * width), r * width));
  const scales = rowScales(reference, heads, spins.components, spins.radius);
  const errors = relativeErrors(found, reference.values, scales);
  const plainErrors = relativeErrors(plain.values, reference.values, scales);
  const unsolved = reference.solved.filter((solved) => !solved).length;
  const allowed = Math.min(2 * plainErrors.maximum + 1e-7, LARGEST_ALLOWED);
  return {
    quantity: `m(1) = G(m(0)), one step of the closure ${closure}`,
    start: "given",
    checked,
    rows: chosen.length,
    sites,
    unsolved,
    seed,
    maximumError: errors.maximum,
    rmsError: errors.rms,
    plainPrecision: precision,
    plainMaximumError: plainErrors.maximum,
    plainRmsError: plainErrors.rms,
    allowed,
    pass: unsolved < chosen.length && errors.maximum <= allowed,
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
 * The unit of error of every entry: sphere, the largest entry of its vector. A binary spin is one number, which may
 * vanish by cancellation; there the states of all chosen spins are one row. Entries of unsolved rows have none.
 *
 * Below 1e-12 R a state is zero for f32, in which squares of such numbers run out of exponents.
 */
function rowScales(
  { values, solved }: EvaluatedRows,
  heads: number,
  components: number,
  radius: number,
): (number | undefined)[] {
  const scales = Array<number | undefined>(values.length).fill(undefined);
  const rows = solved.flatMap((isSolved, row) => (isSolved ? [row] : []));
  for (let head = 0; head < heads; head++) {
    const vectors = rows.map((row) =>
      Array.from({ length: components }, (_, k) => (row * heads + head) * components + k),
    );
    for (const vector of components === 1 ? [vectors.flat()] : vectors) {
      const scale = vector.reduce((size, index) => Math.max(size, Math.abs(values[index])), SMALLEST_SCALE * radius);
      for (const index of vector) scales[index] = scale;
    }
  }
  return scales;
}

/** Anything that is not a number is infinitely wrong. */
function relativeErrors(
  found: Float64Array,
  expected: Float64Array,
  scales: readonly (number | undefined)[],
): { maximum: number; rms: number } {
  let maximum = 0;
  let squares = 0;
  let count = 0;
  scales.forEach((scale, index) => {
    if (scale === undefined) return;
    const difference = Math.abs(found[index] - expected[index]) / scale;
    const error = Number.isFinite(difference) ? difference : Infinity;
    maximum = Math.max(maximum, error);
    squares += error * error;
    count++;
  });
  return { maximum, rms: Math.sqrt(squares / Math.max(1, count)) };
}
