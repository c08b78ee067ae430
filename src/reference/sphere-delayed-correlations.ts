import { pad } from "./layout.js";

/** Twin of `shaders/sphere-delayed-correlations.wgsl`: D_ij = β J_ij Tr(Σ_i Σ'_j), in place of the Gram matrix m_i·m'_j. */
export function sphereDelayedCorrelations(
  arrays: {
    couplings: Float64Array;
    weights: Float64Array;
    previousWeights: Float64Array;
    betas: Float64Array;
    delayed: Float64Array;
  },
  params: { systems: number; sites: number; systemsPerCoupling: number; dimension: number; radius: number },
): void {
  const { systems, sites, systemsPerCoupling, dimension, radius } = params;
  const width = pad(sites);
  const block = sites * width;
  const variances = (weights: Float64Array, at: number) => ({
    square: radius * radius - weights[at],
    tangential: weights[at + width],
    anisotropy: weights[at + 2 * width],
  });
  for (let index = 0; index < systems * block; index++) {
    const system = Math.floor(index / block);
    const column = index % width;
    if (column >= sites) {
      arrays.delayed[index] = 0;
      continue;
    }
    const coupling = arrays.couplings[Math.floor(system / systemsPerCoupling) * block + (index % block)];
    const later = variances(arrays.weights, 3 * system * width + Math.floor((index % block) / width));
    const earlier = variances(arrays.previousWeights, 3 * system * width + column);
    const trace =
      dimension * later.tangential * earlier.tangential -
      later.tangential * earlier.anisotropy * earlier.square -
      earlier.tangential * later.anisotropy * later.square +
      later.anisotropy * earlier.anisotropy * arrays.delayed[index] ** 2;
    arrays.delayed[index] = arrays.betas[system * width + Math.floor((index % block) / width)] * coupling * trace;
  }
}
