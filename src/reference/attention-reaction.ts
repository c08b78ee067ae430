import { freezeRow, ROW_STATISTICS, scoreRow } from "./attention-rows.js";
import { pad } from "./layout.js";

/**
 * Twin of `shaders/attention-reaction*.wgsl`: Σ_j J_ij² c_j (m_i · m'_j) m'_j with J_ij = exp(q_i · k_j - M_i)/Z_i, M
 * and Z taken from the statistics of `attention-field-sphere`, and neither J nor m_i · m'_j stored. Queries carry the scale
 * λ; c is the last of the weights of a system. MASK: 0 none, 1 causal, 2 user.
 */
export function attentionReaction(
  arrays: {
    queries: Float64Array;
    keys: Float64Array;
    available: Float64Array;
    statistics: Float64Array;
    mean: Float64Array;
    state: Float64Array;
    weights: Float64Array;
    reaction: Float64Array;
  },
  params: {
    systems: number;
    systemsPerCoupling: number;
    rows: number;
    rowStart: number;
    rowCount: number;
    columns: number;
    dimension: number;
    components: number;
    weightKinds: number;
  },
  constants: { MASK: number },
): void {
  const { systems, systemsPerCoupling, rows, rowStart, rowCount, columns, components, weightKinds } = params;
  const stride = pad(components);
  const coupled = new Float64Array(columns);
  const sum = new Float64Array(stride);
  const last = rowStart + rowCount;
  for (let s = 0; s < systems; s++) {
    const coupling = Math.floor(s / systemsPerCoupling);
    const anisotropy = (s * weightKinds + weightKinds - 1) * pad(columns);
    for (let row = rowStart; row < last; row++) {
      scoreRow(arrays, params, constants.MASK, { coupling, row, from: 0, to: columns }, coupled);
      const rowOfCoupling = ROW_STATISTICS * (coupling * pad(rows) + row);
      const [maximum, linear] = arrays.statistics.subarray(rowOfCoupling + 4, rowOfCoupling + 6);
      freezeRow(coupled, 0, columns, maximum);
      const mean = (s * pad(rows) + row) * stride;
      sum.fill(0);
      for (let j = 0; j < columns; j++) {
        if (coupled[j] === 0) continue;
        const site = (s * pad(columns) + j) * stride;
        let gram = 0;
        for (let k = 0; k < components; k++) gram += arrays.mean[mean + k] * arrays.state[site + k];
        const weight = coupled[j] ** 2 * arrays.weights[anisotropy + j] * gram;
        for (let k = 0; k < components; k++) sum[k] += weight * arrays.state[site + k];
      }
      for (let k = 0; k < stride; k++) arrays.reaction[mean + k] = linear > 0 ? sum[k] / linear ** 2 : 0;
    }
    if (last < rows) continue;
    arrays.reaction.fill(0, (s * pad(rows) + rows) * stride, (s + 1) * pad(rows) * stride);
  }
}
