import { pad } from "./layout.js";

/** Twin of `shaders/site-directions.wgsl`: n_i = m_i / |m_i|, and 0 where m_i = 0. */
export function siteDirections(
  arrays: { state: Float64Array; directions: Float64Array },
  params: { systems: number; sites: number; components: number; componentStride: number },
): void {
  const { systems, sites, components, componentStride } = params;
  const padded = pad(sites);
  arrays.directions.fill(0, 0, systems * padded * componentStride);
  for (let index = 0; index < systems * padded; index++) {
    if (index % padded >= sites) continue;
    const base = index * componentStride;
    const norm = Math.hypot(...arrays.state.subarray(base, base + components));
    if (norm === 0) continue;
    for (let k = 0; k < components; k++) arrays.directions[base + k] = arrays.state[base + k] / norm;
  }
}
