import { pad } from "./layout.js";
import { type SphereResponse, responseFromMean } from "./responses.js";

/** RESPONSE of the shaders. */
export const RESPONSES: readonly SphereResponse[] = ["large-d", "exact"];

/**
 * Twin of `shaders/moment-weights.wgsl`: R² - |m_j|² and, with KINDS = 3, tangential variance and anisotropy
 * (1 and 1 if PUBLISHED).
 */
export function momentWeights(
  arrays: { state: Float64Array; weights: Float64Array },
  params: { systems: number; sites: number; components: number; componentStride: number; radius: number },
  constants: { KINDS: number; PUBLISHED: boolean; RESPONSE: number },
): void {
  const { systems, sites, components, componentStride, radius } = params;
  const { KINDS, PUBLISHED, RESPONSE } = constants;
  const padded = pad(sites);
  arrays.weights.fill(0, 0, systems * KINDS * padded);
  for (let s = 0; s < systems; s++) {
    for (let site = 0; site < sites; site++) {
      const at = (s * padded + site) * componentStride;
      let square = 0;
      for (let k = 0; k < components; k++) square += arrays.state[at + k] ** 2;
      const norm = Math.min(Math.sqrt(square), radius);
      const target = s * KINDS * padded + site;
      arrays.weights[target] = (radius - norm) * (radius + norm);
      if (KINDS !== 3) continue;
      const variance = PUBLISHED
        ? { tangential: 1, anisotropy: 1 }
        : responseFromMean(norm, radius, components, RESPONSES[RESPONSE]);
      arrays.weights[target + padded] = variance.tangential;
      arrays.weights[target + 2 * padded] = variance.anisotropy;
    }
  }
}
