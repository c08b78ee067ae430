import { pad } from "./layout.js";

/** Twin of `shaders/site-distance.wgsl`: |left_i - right_i| / R, or |left_i| / R unless SUBTRACT. */
export function siteDistance(
  arrays: { left: Float64Array; right: Float64Array; distance: Float64Array },
  params: { systems: number; sites: number; components: number; componentStride: number; radius: number },
  constants: { SUBTRACT: boolean },
): void {
  const { systems, sites, components, componentStride, radius } = params;
  for (let index = 0; index < systems * pad(sites); index++) {
    let square = 0;
    for (let k = 0; k < components && index % pad(sites) < sites; k++) {
      const at = index * componentStride + k;
      const value = arrays.left[at] - (constants.SUBTRACT ? arrays.right[at] : 0);
      square += value * value;
    }
    arrays.distance[index] = Math.sqrt(square) / radius;
  }
}
