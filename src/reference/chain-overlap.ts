import { pad } from "./layout.js";

/**
 * Twin of `shaders/chain-overlap.wgsl`: s_i^a · Σ_{b≠a} s_i^b over the chains b of the set of a, and s_i^a · s_i^p with the partner
 * p of a (equations 11.2).
 */
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
  const half = Math.floor(chains / 2);
  arrays.overlaps.fill(0, 0, 2 * systems * padded);
  for (let set = 0; set < systems / chains; set++) {
    const members = chainsOf(set, params);
    for (let site = 0; site < sites; site++) {
      for (let k = 0; k < components; k++) {
        const spin = (system: number) => arrays.spins[(system * padded + site) * componentStride + k];
        const sum = members.reduce((total, system) => total + spin(system), 0);
        members.forEach((system, chain) => {
          const at = 2 * (system * padded + site);
          arrays.overlaps[at] += spin(system) * (sum - spin(system));
          if (chain < 2 * half) arrays.overlaps[at + 1] += spin(system) * spin(members[(chain + half) % (2 * half)]);
        });
      }
    }
  }
}

/** The systems that are the chains of one set. */
export function chainsOf(set: number, { chains, chainStride }: { chains: number; chainStride: number }): number[] {
  const first = Math.floor(set / chainStride) * chains * chainStride + (set % chainStride);
  const systems: number[] = [];
  for (let chain = 0; chain < chains; chain++) systems.push(first + chain * chainStride);
  return systems;
}
