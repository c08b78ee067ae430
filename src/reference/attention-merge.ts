import { ROW_STATISTICS, rowStatistics } from "./attention-rows.js";
import { pad } from "./layout.js";

/**
 * Twin of `shaders/attention-merge.wgsl`: the sums of the splits of each row on the largest of their maxima,
 * F = Σ_k c_k F_k, Z = Σ_k c_k Z_k, W = Σ_k c_k² W_k with c_k = exp(M_k - M), divided by Z and Z². FROZEN partial sums are
 * J m and J² w already and are added. Rows are those of `attention-field-*`; componentStride is pad(D), or 1 for binary.
 */
export function attentionMerge(
  arrays: {
    partialField: Float64Array;
    partialMoments: Float64Array;
    partialRows: Float64Array;
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
    componentStride: number;
    splits: number;
  },
  constants: { MASK: number; MOMENTS: number; STATISTICS: boolean; FROZEN: boolean },
): void {
  const { systems, systemsPerCoupling, rows, rowStart, rowCount, columns, componentStride, splits } = params;
  const { MASK, MOMENTS, STATISTICS, FROZEN } = constants;
  const padded = pad(rows);
  const last = rowStart + rowCount === rows ? padded : rowStart + rowCount;
  for (let s = 0; s < systems; s++) {
    for (let row = rowStart; row < last; row++) {
      const at = (split: number) => (split * systems + s) * padded + row;
      const inside = row < rows;
      const every = Array.from({ length: splits }, (_, split) => split);
      const partials = every.map((split) => arrays.partialRows.subarray(4 * at(split), 4 * at(split) + 4));
      const maximum = FROZEN ? 0 : Math.max(...partials.map(([value]) => value));
      const scales = partials.map(([value]) => (FROZEN ? 1 : Math.exp(value - maximum)));
      const sum = (term: (split: number) => number) => every.reduce((total, split) => total + term(split), 0);
      const linear = FROZEN ? 1 : sum((split) => scales[split] * partials[split][1]);
      const inverse = inside && linear > 0 ? 1 / linear : 0;
      for (let k = 0; k < componentStride; k++) {
        const value = sum((split) => scales[split] * arrays.partialField[at(split) * componentStride + k]);
        arrays.field[at(0) * componentStride + k] = inside ? value * inverse : 0;
      }
      for (let kind = 0; kind < MOMENTS; kind++) {
        const of = (split: number) => ((split * systems + s) * MOMENTS + kind) * padded + row;
        const value = sum((split) => scales[split] ** 2 * arrays.partialMoments[of(split)]);
        arrays.moments[of(0)] = inside ? value * inverse ** 2 : 0;
      }
      if (FROZEN || !inside || s % systemsPerCoupling !== 0) continue;
      const shifted = sum(
        (split) => scales[split] * (partials[split][2] + (partials[split][0] - maximum) * partials[split][1]),
      );
      const square = sum((split) => scales[split] ** 2 * partials[split][3]);
      const counted = MASK === 1 ? Math.min(row + 1, columns) : columns;
      arrays.statistics.set(
        rowStatistics({ maximum, linear, shifted, square, counted }, STATISTICS),
        ROW_STATISTICS * ((s / systemsPerCoupling) * padded + row),
      );
    }
  }
}
