import { pad } from "./layout.js";

/** Twin of `shaders/matrix-product.wgsl`: A B, or A Bᵀ if TRANSPOSED, with A diag(w) for A if WEIGHTED. */
export function matrixProduct(
  arrays: { left: Float64Array; right: Float64Array; weights: Float64Array; product: Float64Array },
  params: { systems: number; sites: number; leftSharing: number; rightSharing: number },
  constants: { TRANSPOSED: boolean; WEIGHTED: boolean },
): void {
  const { systems, sites, leftSharing, rightSharing } = params;
  const { TRANSPOSED, WEIGHTED } = constants;
  const width = pad(sites);
  for (let s = 0; s < systems; s++) {
    const leftBase = Math.floor(s / leftSharing) * sites * width;
    const rightBase = Math.floor(s / rightSharing) * sites * width;
    const [alongRow, alongColumn] = TRANSPOSED ? [1, width] : [width, 1];
    for (let i = 0; i < sites; i++) {
      const out = (s * sites + i) * width;
      for (let k = 0; k < sites; k++) {
        let sum = 0;
        for (let j = 0; j < sites; j++) {
          const factor = arrays.left[leftBase + i * width + j] * (WEIGHTED ? arrays.weights[s * width + j] : 1);
          sum += factor * arrays.right[rightBase + j * alongRow + k * alongColumn];
        }
        arrays.product[out + k] = sum;
      }
      arrays.product.fill(0, out + sites, out + width);
    }
  }
}
