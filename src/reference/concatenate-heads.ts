import { pad } from "./layout.js";

/** Twin of `shaders/concatenate-heads.wgsl`: one feature row a site out of the states of all heads. */
export function concatenateHeads(
  arrays: { state: Float64Array; features: Float64Array },
  params: { models: number; heads: number; sites: number; components: number; componentStride: number },
): void {
  const { models, heads, sites, components, componentStride } = params;
  const width = pad(heads * components);
  arrays.features.fill(0, 0, models * pad(sites) * width);
  for (let model = 0; model < models; model++) {
    for (let head = 0; head < heads; head++) {
      for (let site = 0; site < sites; site++) {
        const from = ((model * heads + head) * pad(sites) + site) * componentStride;
        const to = (model * pad(sites) + site) * width + head * components;
        arrays.features.set(arrays.state.subarray(from, from + components), to);
      }
    }
  }
}
