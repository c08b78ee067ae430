import { pad } from "./layout.js";

/** Twin of `shaders/chain-overlap.wgsl`: s_i^a · Σ_{b≠a} s_i^b over the chains b of the set of a (equations 11.2). */
export function chainOverlap(
  arrays: { spins: Float64Array; overlaps: Float64Array },
  params: {
    systems: number;
    chains: number;
    chainStride: number;
    sites: number;
    components: number;
    componentStride: number;
  },
): void {
  const { systems, chains, sites, components, componentStride } = params;
  const padded = pad(sites);
  arrays.overlaps.fill(0, 0, systems * padded);
  for (let set = 0; set < systems / chains; set++) {
    const members = chainsOf(set, params);
    for (let site = 0; site < sites; site++) {
      for (let k = 0; k < components; k++) {
        const spin = (system: number) => arrays.spins[(system * padded + site) * componentStride + k];
        const sum = members.reduce((total, system) => total + spin(system), 0);
        for (const system of members) arrays.overlaps[system * padded + site] += spin(system) * (sum - spin(system));
      }
    }
  }
}

/** The systems that are the chains of one set. */
export function chainsOf(set: number, { chains, chainStride }: { chains: number; chainStride: number }): number[] {
  const first = Math.floor(set / chainStride) * chains * chainStride + (set % chainStride);
  return Array.from({ length: chains }, (_, chain) => first + chain * chainStride);
}
