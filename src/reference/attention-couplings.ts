import { freezeRow, ROW_STATISTICS, scoreRow } from "./attention-rows.js";
import { pad } from "./layout.js";

/**
 * Twin of `shaders/attention-couplings*.wgsl`: J_ij = exp(q_i · k_j - M_i)/Z_i for a block of rows, M and Z taken from the
 * statistics of a fused kernel. Queries carry the scale λ. MASK: 0 none, 1 causal, 2 user.
 */
export function attentionCouplings(
  arrays: {
    queries: Float64Array;
    keys: Float64Array;
    available: Float64Array;
    statistics: Float64Array;
    couplings: Float64Array;
  },
  params: {
    systems: number;
    systemsPerCoupling: number;
    rows: number;
    rowStart: number;
    rowCount: number;
    columns: number;
    dimension: number;
  },
  constants: { MASK: number },
): void {
  const { systems, systemsPerCoupling, rows, rowStart, rowCount, columns } = params;
  const weights = new Float64Array(pad(columns));
  for (let coupling = 0; coupling < systems / systemsPerCoupling; coupling++) {
    for (let r = 0; r < rowCount; r++) {
      const row = rowStart + r;
      scoreRow(arrays, params, constants.MASK, { coupling, row, from: 0, to: columns }, weights);
      const rowOfCoupling = ROW_STATISTICS * (coupling * pad(rows) + row);
      const [maximum, linear] = arrays.statistics.subarray(rowOfCoupling + 4, rowOfCoupling + 6);
      freezeRow(weights, 0, columns, maximum);
      const target = (coupling * rowCount + r) * pad(columns);
      weights.forEach((weight, j) => (arrays.couplings[target + j] = linear > 0 ? weight / linear : 0));
    }
  }
}
