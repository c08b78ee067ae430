/** Retrieval from a softmax memory: ξ <- Xᵀ softmax(λ X ξ), attention with values = keys (equations 10.4). */
import { type MemoryDescription, type Regime, retrievalRegime } from "../physics/memory.js";
import { pad } from "../reference/layout.js";
import { gaussianMatrix, STREAMS, unitDirections } from "../reference/random.js";
import { MASKS } from "../reference/scores.js";
import { InputError } from "../physics/input-error.js";
import { checkFinite, type LoadArray, numbersOf, scaled, shaped } from "./array-inputs.js";
import { padMatrix } from "./batch.js";
import type { Executor, Slot } from "./executor.js";
import { ExecutorScope } from "./scope.js";

/** A memory as numbers, row-major. */
export interface Memory {
  /** X, [P][n]. */
  readonly patterns: Float64Array;
  readonly count: number;
  readonly dimension: number;
  /** ξ, [B][n]. */
  readonly states: Float64Array;
  readonly scale: number;
}

/** Where one state is, or was. */
export interface RetrievedState {
  /** E(ξ) = |ξ|²/2 - ln Σ_μ exp(λ x_μ · ξ)/λ; no step raises it. */
  readonly energy: number;
  /** Entropy (nats) and Σ_μ p_μ² of p = softmax(λ X ξ). */
  readonly entropy: number;
  readonly participation: number;
  readonly regime: Regime;
}

export interface RetrievalResult {
  /** ξ after the last step, [B][n]. */
  readonly states: Float64Array;
  /** Every state before the first step and after each, [steps + 1][B]. */
  readonly history: readonly (readonly RetrievedState[])[];
  /** Largest |ξ(t) - ξ(t-1)| of the last step. */
  readonly change: number;
  /** True if `change` is at most the tolerance times the largest norm of a pattern. */
  readonly converged: boolean;
}

export interface RetrievalOptions {
  /** Steps at most. */
  readonly steps: number;
}

/** Changes of a state, relative to the largest pattern, at which it is at rest. */
const TOLERANCE = { f32: 1e-6, f64: 1e-13 } as const;

/** @throws InputError naming the key whose shape or file does not fit */
export async function realiseMemory(description: MemoryDescription, load: LoadArray, context: string): Promise<Memory> {
  const { patterns: given, states: start, scale, seed, count = 0, dimension = 0 } = description;
  const loaded = await numbersOf(given, load);
  const [P, n = 1] = loaded?.shape ?? [count, dimension];
  const source = { seed, stream: STREAMS.patterns, sample: 0 };
  const ensemble = given as { readonly kind: string; readonly std?: number; readonly norm?: number };
  const patterns = loaded
    ? shaped(loaded, P, n, `${context}: patterns`)
    : ensemble.kind === "gaussian"
      ? gaussianMatrix(P, n, source, ensemble.std)
      : scaled(unitDirections(P, n, source), ensemble.norm ?? 1);
  if (loaded) checkFinite(loaded, `${context}: patterns`);
  if (patterns.length === 0) throw new InputError(`${context}: patterns`, "no patterns", "at least one");
  const own = { patterns, count: P, dimension: n, scale };
  if (typeof start === "object" && "kind" in start) {
    const noise = gaussianMatrix(P, n, { ...source, stream: STREAMS.initial }, start.std);
    return { ...own, states: patterns.map((value, k) => value + noise[k]) };
  }
  const array = (await numbersOf(start, load))!;
  checkFinite(array, `${context}: states`);
  return { ...own, states: shaped(array, array.shape[0], n, `${context}: states`) };
}

/**
 * ln Z of the patterns as Gaussian clouds of unit width, at λ = 1: (n/2) ln 2π + ln Σ_μ exp(|x_μ|²/2).
 * Bal 2020, eq. 18.
 */
export function memoryLogPartition({ patterns, count, dimension }: Pick<Memory, "patterns" | "count" | "dimension">) {
  const exponents = Array.from({ length: count }, (_, mu) => 0.5 * squaredNorm(patterns, mu, dimension));
  const largest = Math.max(...exponents);
  const sum = exponents.reduce((total, exponent) => total + Math.exp(exponent - largest), 0);
  return 0.5 * dimension * Math.log(2 * Math.PI) + largest + Math.log(sum);
}

/**
 * Steps until no state moves, or as often as `steps` says.
 * @throws GpuError, MemoryLimitError as any run; the scores of all states take B × P numbers twice
 */
export async function retrieve(
  executor: Executor,
  memory: Memory,
  { steps }: RetrievalOptions,
): Promise<RetrievalResult> {
  const { patterns, count, dimension, scale } = memory;
  const rows = memory.states.length / dimension;
  const scope = new ExecutorScope(executor);
  const packed = (values: Float64Array, length: number) =>
    padMatrix(values, { rows: length, width: dimension, first: 0, columns: dimension, paddedRows: pad(length) });
  try {
    const keys = scope.upload("patterns", packed(patterns, count));
    let state = scope.upload("states", packed(memory.states, rows));
    let image = scope.allocate("image", pad(rows) * pad(dimension));
    const scales = scope.upload("scale", Float64Array.of(scale));
    const scores = scope.allocate("scores", rows * pad(count));
    const weights = scope.allocate("softmax", rows * pad(count));
    const statistics = scope.allocate("row statistics", 4 * pad(rows));
    const shape = { rows, rowStart: 0, rowCount: rows, columns: count };
    const compare = (from: Slot) => {
      const arrays = { queries: from, keys, scales, available: scope.unread, scores };
      const params = { couplings: 1, ...shape, dimension, querySharing: 1 };
      scope.run({ kernel: "scores", arrays, params, constants: { MASK: MASKS.none } });
      const softmax = { scores, couplings: weights, statistics };
      scope.run({ kernel: "softmax", arrays: softmax, params: { couplings: 1, ...shape }, constants: {} });
    };
    const unpacked = async (slot: Slot) => {
      const values = await scope.read(slot);
      const stride = pad(dimension);
      return Float64Array.from({ length: rows * dimension }, (_, k) => {
        return values[Math.floor(k / dimension) * stride + (k % dimension)];
      });
    };
    const describe = async (values: Float64Array): Promise<RetrievedState[]> => {
      const found = await scope.read(statistics);
      return Array.from({ length: rows }, (_, row) => {
        const [logSumExp, entropy, participation] = found.subarray(4 * row);
        const energy = 0.5 * squaredNorm(values, row, dimension) - logSumExp / scale;
        return { energy, entropy, participation, regime: retrievalRegime(participation, count) };
      });
    };

    compare(state);
    let values = await unpacked(state);
    const history = [await describe(values)];
    const largest = Math.sqrt(
      Math.max(...Array.from({ length: count }, (_, mu) => squaredNorm(patterns, mu, dimension))),
    );
    const tolerance = TOLERANCE[executor.device.precision] * largest;
    let change = Infinity;
    for (let step = 0; step < steps && change > tolerance; step++) {
      scope.run({
        kernel: "field-sphere",
        arrays: { couplings: weights, state: keys, weights: scope.unread, field: image, moments: scope.unwritten },
        params: { systems: 1, systemsPerCoupling: 1, ...shape, dimension, weightKinds: 0 },
        constants: { MOMENTS: 0 },
      });
      [state, image] = [image, state];
      compare(state);
      const next = await unpacked(state);
      change = Math.sqrt(
        Math.max(...Array.from({ length: rows }, (_, row) => squaredNorm(next, row, dimension, values))),
      );
      values = next;
      history.push(await describe(values));
    }
    return { states: values, history, change, converged: change <= tolerance };
  } catch (error) {
    scope.abandon();
    throw error;
  } finally {
    scope.dispose();
  }
}

/** |a_row - b_row|², or |a_row|². */
function squaredNorm(values: Float64Array, row: number, dimension: number, other?: Float64Array): number {
  let sum = 0;
  for (let k = row * dimension; k < (row + 1) * dimension; k++) sum += (values[k] - (other?.[k] ?? 0)) ** 2;
  return sum;
}
