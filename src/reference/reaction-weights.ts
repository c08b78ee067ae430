import { pad } from "./layout.js";

/** Twin of `shaders/reaction-weights.wgsl`: K_ij = J_ij² c_j G_ij, in place of G. */
export function reactionWeights(
  arrays: { couplings: Float64Array; weights: Float64Array; reactions: Float64Array },
  params: { systems: number; systemsPerCoupling: number; rowCount: number; columns: number },
): void {
  const { systems, systemsPerCoupling, rowCount, columns } = params;
  const width = pad(columns);
  const block = rowCount * width;
  for (let s = 0; s < systems; s++) {
    const matrix = Math.floor(s / systemsPerCoupling) * block;
    for (let k = 0; k < block; k++) {
      const coupling = arrays.couplings[matrix + k];
      arrays.reactions[s * block + k] *= coupling * coupling * arrays.weights[(s * 3 + 2) * width + (k % width)];
    }
  }
}
