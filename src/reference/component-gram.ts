import { pad } from "./layout.js";

/** Twin of `shaders/component-gram.wgsl`: G_ab = Σ_i m_ia m_ib, [system][pad(D)][pad(D)]. */
export function componentGram(
  arrays: { state: Float64Array; gram: Float64Array },
  params: { systems: number; sites: number; dimension: number },
): void {
  const { systems, sites, dimension } = params;
  const stride = pad(dimension);
  arrays.gram.fill(0, 0, systems * stride * stride);
  for (let system = 0; system < systems; system++) {
    for (let site = 0; site < sites; site++) {
      const from = (system * pad(sites) + site) * stride;
      for (let a = 0; a < dimension; a++) {
        const row = (system * stride + a) * stride;
        const left = arrays.state[from + a];
        for (let b = 0; b < dimension; b++) arrays.gram[row + b] += left * arrays.state[from + b];
      }
    }
  }
}
