import { pad } from "./layout.js";

/**
 * Twin of `shaders/clustering-map.wgsl`: x <- (x + η f)/|x + η f|, or f/|f| without RESIDUAL, on the unit sphere; η is
 * `step`. A sum that vanishes leaves its token where it is.
 */
export function clusteringMap(
  arrays: { state: Float64Array; field: Float64Array; image: Float64Array },
  params: { systems: number; sites: number; dimension: number; step: number },
  constants: { RESIDUAL: boolean },
): void {
  const { systems, sites, dimension, step } = params;
  const stride = pad(dimension);
  const padded = pad(sites);
  const sum = new Float64Array(stride);
  for (let index = 0; index < systems * padded; index++) {
    const base = index * stride;
    arrays.image.fill(0, base, base + stride);
    if (index % padded >= sites) continue;
    let square = 0;
    for (let k = 0; k < dimension; k++) {
      sum[k] = step * arrays.field[base + k] + (constants.RESIDUAL ? arrays.state[base + k] : 0);
      square += sum[k] ** 2;
    }
    const norm = Math.sqrt(square);
    for (let k = 0; k < dimension; k++) arrays.image[base + k] = norm > 0 ? sum[k] / norm : arrays.state[base + k];
  }
}
