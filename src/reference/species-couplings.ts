import { pad } from "./layout.js";

/**
 * Twin of `shaders/species-couplings.wgsl`: J_ij <- mean_ab + std_ab J_ij, i of species a and j of species b, for rows of
 * J as the ensemble has drawn it. Unless INDEPENDENT, J_ii stays zero.
 */
export function speciesCouplings(
  arrays: { speciesOf: Float64Array; means: Float64Array; deviations: Float64Array; couplings: Float64Array },
  params: { couplings: number; rowStart: number; rowCount: number; columns: number; species: number },
  constants: { INDEPENDENT: boolean },
): void {
  const { couplings, rowStart, rowCount, columns, species } = params;
  const width = pad(columns);
  for (let c = 0; c < couplings; c++) {
    for (let r = 0; r < rowCount; r++) {
      const i = rowStart + r;
      const a = arrays.speciesOf[c * width + i];
      for (let j = 0; j < columns; j++) {
        if (!constants.INDEPENDENT && i === j) continue;
        const pair = (c * species + a) * species + arrays.speciesOf[c * width + j];
        const at = (c * rowCount + r) * width + j;
        arrays.couplings[at] = arrays.means[pair] + arrays.deviations[pair] * arrays.couplings[at];
      }
    }
  }
}
