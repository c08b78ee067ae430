import { freezeRow, ROW_STATISTICS, rowStatistics, scoreRow, splitKeys, weighRow } from "./attention-rows.js";
import { pad } from "./layout.js";

/**
 * Twin of `shaders/attention-field-binary*.wgsl`: `attention-field-sphere` for one number a site: (J m)_i, Σ_j J_ij² w_j for
 * the first MOMENTS weights, and a row's statistics (see `rowStatistics`), with J = softmax(q_i · k_j) never stored. Queries
 * carry the scale λ. MASK: 0 none, 1 causal, 2 user. Without STATISTICS, entropy and participation are zero.
 *
 * FROZEN takes M and Z of every row from `statistics`, and leaves them as they are.
 *
 * With several splits of the keys, what is written are the sums of each split, before they are divided by Z unless FROZEN:
 * field and moments [split][system]…, statistics [split][system][pad(rows)] of (M, Z, E, Y); see `attention-merge`.
 */
export function attentionFieldBinary(
  arrays: {
    queries: Float64Array;
    keys: Float64Array;
    available: Float64Array;
    state: Float64Array;
    weights: Float64Array;
    field: Float64Array;
    moments: Float64Array;
    statistics: Float64Array;
  },
  params: {
    systems: number;
    systemsPerCoupling: number;
    rows: number;
    rowStart: number;
    rowCount: number;
    columns: number;
    dimension: number;
    weightKinds: number;
    splits: number;
  },
  constants: { MASK: number; MOMENTS: number; STATISTICS: boolean; FROZEN: boolean },
): void {
  const { systems, systemsPerCoupling, rows, rowStart, rowCount, columns, weightKinds, splits } = params;
  const { MASK, MOMENTS, STATISTICS, FROZEN } = constants;
  const weight = new Float64Array(columns);
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
      let linear = 0;
      const squares = [0, 0];
      for (let j = from; j < to; j++) {
        linear += weight[j] * arrays.state[s * pad(columns) + j];
        for (let kind = 0; kind < MOMENTS; kind++) {
          squares[kind] += weight[j] ** 2 * arrays.weights[(s * weightKinds + kind) * pad(columns) + j];
        }
      }
      arrays.field[target * pad(rows) + row] = linear * inverse;
      for (let kind = 0; kind < MOMENTS; kind++) {
        arrays.moments[(target * MOMENTS + kind) * pad(rows) + row] = squares[kind] * inverse ** 2;
      }
    }
    if (last < rows) continue;
    arrays.field.fill(0, target * pad(rows) + rows, (target + 1) * pad(rows));
    for (let kind = 0; kind < MOMENTS; kind++) {
      const base = (target * MOMENTS + kind) * pad(rows);
      arrays.moments.fill(0, base + rows, base + pad(rows));
    }
  }
}
