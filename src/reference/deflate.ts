import { pad } from "./layout.js";

/** Twin of `shaders/deflate.wgsl`: ((J w)_i - (1/N) Σ_j (J w)_j) / |w|, component by component. */
export function deflate(
  arrays: { product: Float64Array; sums: Float64Array; squares: Float64Array; image: Float64Array },
  params: { systems: number; sites: number; components: number; componentStride: number },
): void {
  const { systems, sites, components, componentStride } = params;
  const padded = pad(sites);
  arrays.image.fill(0, 0, systems * padded * componentStride);
  for (let system = 0; system < systems; system++) {
    const square = arrays.squares[system];
    if (square === 0) continue;
    for (let site = 0; site < sites; site++) {
      const base = (system * padded + site) * componentStride;
      for (let k = 0; k < components; k++) {
        const mean = arrays.sums[system * components + k] / sites;
        arrays.image[base + k] = (arrays.product[base + k] - mean) / Math.sqrt(square);
      }
    }
  }
}
