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
  for (let index = 0; index < systems * padded; index++) {
    const base = index * stride;
    field.fill(0, base, base + stride);
    statistics[index] = 0;
    if (index % padded >= sites) continue;
    const system = Math.floor(index / padded);
    const beta = betas[system];
    let total = 0;
    for (let j = 0; j < sites; j++) {
      const other = (system * padded + j) * stride;
      let product = 0;
      for (let k = 0; k < stride; k++) product += state[base + k] * state[other + k];
      const weight = Math.exp(beta * (product - 1));
      total += weight;
      for (let k = 0; k < stride; k++) field[base + k] += weight * state[other + k];
    }
    for (let k = base; k < base + stride; k++) field[k] /= total;
    statistics[index] = beta + Math.log(total);
  }
}
