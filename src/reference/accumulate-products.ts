import { chainsOf } from "./chain-overlap.js";
import { pad } from "./layout.js";

/**
 * Twin of `shaders/accumulate-products.wgsl`: products[i][k] += Σ_a left_i^a · right_k^a over the chains a of a block of a set
 * (equations 7.4, 8). The padding of `left` and `right` is zero.
 */
export function accumulateProducts(
  arrays: { left: Float64Array; right: Float64Array; products: Float64Array },
  params: { sets: number; chains: number; blocks: number; chainStride: number; sites: number; componentStride: number },
  constants: { VECTORS: boolean },
): void {
  const { sets, blocks, sites, componentStride } = params;
  const padded = pad(sites);
  // VECTORS only chooses a shader: one number a site is a vector of one component.
  const components = constants.VECTORS ? componentStride : 1;
  for (let set = 0; set < sets; set++) {
    const members = chainsOf(set, params);
    for (let block = 0; block < blocks; block++) {
      const products = (set * blocks + block) * padded * padded;
      for (const system of blockOf(members, block, blocks)) {
        for (let i = 0; i < padded; i++) {
          for (let k = 0; k < padded; k++) {
            let sum = 0;
            for (let c = 0; c < components; c++) {
              const l = arrays.left[(system * padded + i) * components + c];
              sum += l * arrays.right[(system * padded + k) * components + c];
            }
            arrays.products[products + i * padded + k] += sum;
          }
        }
      }
    }
  }
}

/** The part of the chains that is block number `block` of `blocks`; sizes differ by one at most. */
export function blockOf<Item>(chains: readonly Item[], block: number, blocks: number): readonly Item[] {
  const start = (b: number) => Math.floor((b * chains.length) / blocks);
  return chains.slice(start(block), start(block + 1));
}
