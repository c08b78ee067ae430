import { pad } from "./layout.js";

/** Twin of `shaders/row-sums.wgsl`: Σ_j A_ij, times B_ij if PRODUCT. */
export function rowSums(
  arrays: { values: Float64Array; factors: Float64Array; sums: Float64Array },
  params: { systems: number; sites: number; factorSharing: number },
  constants: { PRODUCT: boolean },
): void {
  const { systems, sites, factorSharing } = params;
  const width = pad(sites);
  arrays.sums.fill(0, 0, systems * width);
  for (let s = 0; s < systems; s++) {
    for (let i = 0; i < sites; i++) {
      const value = (s * sites + i) * width;
      const factor = (Math.floor(s / factorSharing) * sites + i) * width;
      let sum = 0;
      for (let j = 0; j < sites; j++)
        sum += arrays.values[value + j] * (constants.PRODUCT ? arrays.factors[factor + j] : 1);
      arrays.sums[s * width + i] = sum;
    }
  }
}
