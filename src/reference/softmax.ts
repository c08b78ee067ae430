import { pad } from "./layout.js";
import { MASKED } from "./scores.js";

/**
 * Twin of `shaders/softmax.wgsl`: J_ij = exp(S_ij - M_i)/Z_i over available keys, and a row's
 * [log-sum-exp, entropy in nats, participation Σ_j J_ij², available keys]. A row without keys gives zeros.
 */
export function softmax(
  arrays: { scores: Float64Array; couplings: Float64Array; statistics: Float64Array },
  params: { couplings: number; rows: number; rowStart: number; rowCount: number; columns: number },
): void {
  const { couplings, rows, rowStart, rowCount, columns } = params;
  const width = pad(columns);
  for (let c = 0; c < couplings; c++) {
    for (let r = 0; r < rowCount; r++) {
      const base = (c * rowCount + r) * width;
      let maximum = -Infinity;
      let keys = 0;
      for (let j = 0; j < columns; j++) {
        const score = arrays.scores[base + j];
        if (!(score > MASKED)) continue;
        keys++;
        if (score > maximum) maximum = score;
      }
      let total = 0;
      let shifted = 0;
      let square = 0;
      for (let j = 0; j < columns; j++) {
        const score = arrays.scores[base + j];
        const weight = score > MASKED ? Math.exp(score - maximum) : 0;
        total += weight;
        square += weight * weight;
        if (weight > 0) shifted += weight * (score - maximum);
        arrays.couplings[base + j] = weight;
      }
      for (let j = 0; j < columns && keys > 0; j++) arrays.couplings[base + j] /= total;
      arrays.couplings.fill(0, base + columns, base + width);
      const target = 4 * (c * pad(rows) + rowStart + r);
      const logTotal = Math.log(total);
      arrays.statistics.set(
        keys > 0 ? [maximum + logTotal, logTotal - shifted / total, square / (total * total), keys] : [0, 0, 0, 0],
        target,
      );
    }
  }
}
