import { pad } from "./layout.js";

/**
 * Twin of `shaders/clustering-field.wgsl`: f_i = Σ_j softmax_j(β y_i·y_j) y_j and ln Z_i, for tokens y of norm about 1; QUADS is
 * ceil(d/4).
 */
export function clusteringField(
  arrays: { state: Float64Array; betas: Float64Array; field: Float64Array; statistics: Float64Array },
  params: { systems: number; sites: number },
  constants: { QUADS: number },
): void {
  const { systems, sites } = params;
  const { state, betas, field, statistics } = arrays;
  const stride = 4 * constants.QUADS;
  const padded = pad(sites);
  for (let system = 0; system < systems; system++) {
    const beta = betas[system];
    const first = system * padded;
    field.fill(0, first * stride, (first + padded) * stride);
    statistics.fill(0, first, first + padded);
    // A weight is that of both its tokens, and still every sum has its terms in the order of j.
    for (let i = 0; i < sites; i++) {
      const own = (first + i) * stride;
      for (let j = 0; j <= i; j++) {
        const other = (first + j) * stride;
        let product = 0;
        for (let k = 0; k < stride; k++) product += state[own + k] * state[other + k];
        const weight = Math.exp(beta * (product - 1));
        statistics[first + i] += weight;
        for (let k = 0; k < stride; k++) field[own + k] += weight * state[other + k];
        if (j === i) continue;
        statistics[first + j] += weight;
        for (let k = 0; k < stride; k++) field[other + k] += weight * state[own + k];
      }
    }
    for (let index = first; index < first + sites; index++) {
      const total = statistics[index];
      for (let k = index * stride; k < (index + 1) * stride; k++) field[k] /= total;
      statistics[index] = beta + Math.log(total);
    }
  }
}
