/** What one row of attention weighs its keys with: shared by the twins of the fused kernels. */
import { pad } from "./layout.js";
import { MASKED, MASKS } from "./scores.js";

/** Keys are split between workgroups in whole spans of this many. */
export const SPLIT_SPAN = 16;

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
    const masked =
      (MASK === MASKS.causal && j > row) || (MASK === MASKS.user && arrays.available[row * columns + j] === 0);
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

/** Arrays of a fused field kernel, as the layouts of its shaders have them. */
export interface FieldArrays extends RowArrays {
  readonly state: Float64Array;
  readonly weights: Float64Array;
  readonly field: Float64Array;
  readonly moments: Float64Array;
  readonly statistics: Float64Array;
}

/** Parameters of a fused field kernel of one number a site. */
export interface FieldParams extends RowShape {
  readonly systems: number;
  readonly systemsPerCoupling: number;
  readonly rowStart: number;
  readonly rowCount: number;
  readonly weightKinds: number;
  readonly splits: number;
}

/** Constants of the fused field kernels. MASK: 0 none, 1 causal, 2 user. */
export interface FieldConstants {
  readonly MASK: number;
  readonly MOMENTS: number;
  readonly STATISTICS: boolean;
  readonly FROZEN: boolean;
}

/**
 * (J m)_i for states of `components` numbers a site that stand `stride` apart, Σ_j J_ij² w_j for the first MOMENTS weights,
 * and a row's statistics (see `rowStatistics`), with J = softmax(q_i · k_j) never stored. Without STATISTICS, entropy and
 * participation are zero.
 *
 * FROZEN takes M and Z of every row from `statistics`, and leaves them as they are.
 *
 * With several splits of the keys, what is written are the sums of each split, before they are divided by Z unless FROZEN:
 * field and moments [split][system]…, statistics [split][system][pad(rows)] of (M, Z, E, Y); see `attention-merge`.
 */
export function attentionField(
  arrays: FieldArrays,
  params: FieldParams,
  { MASK, MOMENTS, STATISTICS, FROZEN }: FieldConstants,
  components: number,
  stride: number,
): void {
  const { systems, systemsPerCoupling, rows, rowStart, rowCount, columns, weightKinds, splits } = params;
  const weight = new Float64Array(columns);
  const linear = new Float64Array(stride);
  const last = rowStart + rowCount;
  for (let target = 0; target < splits * systems; target++) {
    const split = Math.floor(target / systems);
    const s = target % systems;
    const coupling = Math.floor(s / systemsPerCoupling);
    const [from, to] = splitKeys(split, params);
    for (let row = rowStart; row < last; row++) {
      scoreRow(arrays, params, MASK, { coupling, row, from, to }, weight);
      const rowOfCoupling = ROW_STATISTICS * (coupling * pad(rows) + row);
      let inverse = 1;
      if (FROZEN) {
        const [maximum, linear] = arrays.statistics.subarray(rowOfCoupling + 4, rowOfCoupling + 6);
        freezeRow(weight, from, to, maximum);
        inverse = linear > 0 ? 1 / linear : 0;
      } else {
        const sums = weighRow(weight, from, to);
        if (splits > 1) {
          const { maximum, linear, shifted, square } = sums;
          const partial = [maximum, linear, STATISTICS ? shifted : 0, STATISTICS ? square : 0];
          arrays.statistics.set(partial, 4 * (target * pad(rows) + row));
        } else {
          inverse = sums.linear > 0 ? 1 / sums.linear : 0;
          if (s % systemsPerCoupling === 0) arrays.statistics.set(rowStatistics(sums, STATISTICS), rowOfCoupling);
        }
      }
      linear.fill(0);
      const squares = [0, 0];
      for (let j = from; j < to; j++) {
        if (weight[j] === 0) continue;
        const site = (s * pad(columns) + j) * stride;
        for (let k = 0; k < components; k++) linear[k] += weight[j] * arrays.state[site + k];
        for (let kind = 0; kind < MOMENTS; kind++) {
          squares[kind] += weight[j] ** 2 * arrays.weights[(s * weightKinds + kind) * pad(columns) + j];
        }
      }
      for (let k = 0; k < stride; k++) arrays.field[(target * pad(rows) + row) * stride + k] = linear[k] * inverse;
      for (let kind = 0; kind < MOMENTS; kind++) {
        arrays.moments[(target * MOMENTS + kind) * pad(rows) + row] = squares[kind] * inverse ** 2;
      }
    }
    if (last < rows) continue;
    arrays.field.fill(0, (target * pad(rows) + rows) * stride, (target + 1) * pad(rows) * stride);
    for (let kind = 0; kind < MOMENTS; kind++) {
      const base = (target * MOMENTS + kind) * pad(rows);
      arrays.moments.fill(0, base + rows, base + pad(rows));
    }
  }
}
