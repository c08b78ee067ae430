/** What one row of attention weighs its keys with: shared by the twins of the fused kernels. */
import { pad } from "./layout.js";
import { MASKED } from "./scores.js";

/** Keys are split between workgroups in whole spans of this many. */
export const SPLIT_SPAN = 16;

/** Masks by number, as the shaders have them. */
const CAUSAL = 1;
const USER = 2;

export interface RowSums {
  /** M, the largest score of an available key; MASKED if there is none. */
  readonly maximum: number;
  /** Z = Σ exp(S - M) */
  readonly linear: number;
  /** E = Σ exp(S - M) (S - M) */
  readonly shifted: number;
  /** Y = Σ exp(S - M)² */
  readonly square: number;
  /** Available keys. */
  readonly counted: number;
}

/** One row of one coupling, and the keys from .. to of it. */
export interface RowOfKeys {
  readonly coupling: number;
  readonly row: number;
  readonly from: number;
  readonly to: number;
}

type RowArrays = { readonly queries: Float64Array; readonly keys: Float64Array; readonly available: Float64Array };
type RowShape = { readonly rows: number; readonly columns: number; readonly dimension: number };

/** S_ij = q_i · k_j of one row into `scores`, MASKED where the key is masked. Queries carry the scale λ. */
export function scoreRow(
  arrays: RowArrays,
  { rows, columns, dimension }: RowShape,
  MASK: number,
  { coupling, row, from, to }: RowOfKeys,
  scores: Float64Array,
): void {
  const stride = pad(dimension);
  const query = (coupling * pad(rows) + row) * stride;
  for (let j = from; j < to; j++) {
    const key = (coupling * pad(columns) + j) * stride;
    let sum = 0;
    for (let k = 0; k < dimension; k++) sum += arrays.queries[query + k] * arrays.keys[key + k];
    const masked = (MASK === CAUSAL && j > row) || (MASK === USER && arrays.available[row * columns + j] === 0);
    scores[j] = masked ? MASKED : sum;
  }
}

/** Turns scores into weights exp(S - M) in place, zero where masked. */
export function weighRow(scores: Float64Array, from: number, to: number): RowSums {
  let maximum = MASKED;
  for (let j = from; j < to; j++) maximum = Math.max(maximum, scores[j]);
  const sums = { maximum, linear: 0, shifted: 0, square: 0, counted: 0 };
  for (let j = from; j < to; j++) {
    if (!(scores[j] > MASKED)) {
      scores[j] = 0;
      continue;
    }
    const shift = scores[j] - maximum;
    const weight = Math.exp(shift);
    sums.linear += weight;
    sums.shifted += weight * shift;
    sums.square += weight * weight;
    sums.counted++;
    scores[j] = weight;
  }
  return sums;
}

/** Turns scores into exp(S_ij - M_i) in place, zero where masked, with the maximum of an earlier call. */
export function freezeRow(scores: Float64Array, from: number, to: number, maximum: number): void {
  for (let j = from; j < to; j++) scores[j] = scores[j] > MASKED ? Math.exp(scores[j] - maximum) : 0;
}

/** Numbers in the statistics of a row. */
export const ROW_STATISTICS = 8;

/**
 * Statistics of a row: [log-sum-exp, entropy in nats, participation Σ_j J_ij², available keys, M, Z, 0, 0], a row without
 * keys having zeros in the first four. M and Z are what frozen couplings take: the log-sum-exp alone would cost them
 * half a unit in its last place, 2e-6 at L = 40, in every step.
 */
export function rowStatistics({ maximum, linear, shifted, square, counted }: RowSums, withSums: boolean): number[] {
  if (linear === 0) return [0, 0, 0, 0, maximum, 0, 0, 0];
  const log = Math.log(linear);
  const [entropy, participation] = withSums ? [log - shifted / linear, square / linear ** 2] : [0, 0];
  return [maximum + log, entropy, participation, counted, maximum, linear, 0, 0];
}

/** The keys of one of several splits: whole spans, the same number in each but the last. */
export function splitKeys(split: number, { columns, splits }: { columns: number; splits: number }): [number, number] {
  const share = Math.ceil(Math.ceil(columns / SPLIT_SPAN) / splits) * SPLIT_SPAN;
  return [Math.min(split * share, columns), Math.min((split + 1) * share, columns)];
}
