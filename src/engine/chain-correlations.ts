/**
 * C and D of chains with standard errors (equations 7.4, 8). The products of F_i·F_k and F_i·s_k are kept for blocks of chains, as
 * N² numbers a chain would not fit; leaving out one block at a time gives the errors.
 */
import { jackknifeError } from "../physics/chain-statistics.js";
import { blockOf } from "../reference/accumulate-products.js";
import { pad } from "../reference/layout.js";
import type { Chains } from "./chains.js";
import type { ChainTotals } from "./chain-totals.js";

export interface ChainCorrelations {
  /** C_ik = <s_i·s_k> - m_i·m_k, [head][N][N]. */
  readonly equalTime: Float64Array;
  /** D_il = <s_i(t)·s_l(t-1)> - m_i·m_l, the first index later, [head][N][N]. */
  readonly delayed: Float64Array;
  /** Standard errors of both from blocks of chains; NaN for one chain. */
  readonly equalTimeErrors: Float64Array;
  readonly delayedErrors: Float64Array;
  /** Blocks behind the errors, which are themselves good to 1/√(2 (blocks - 1)) of their size. */
  readonly blocks: number;
}

/** Blocks at least, or one a chain: errors good to 18 %. */
const FEWEST_BLOCKS = 16;
/** More while all of them together take no more numbers than this. */
const BLOCK_ELEMENTS = 2 ** 20;

/** Depends on nothing but the chains and N, so that no batch changes a number. */
export function blocksFor(chains: number, sites: number): number {
  return Math.min(chains, Math.max(FEWEST_BLOCKS, Math.floor(BLOCK_ELEMENTS / pad(sites) ** 2)));
}

/** C and D of one point, from the sums over its chains; `sets` are its heads. */
export function correlationsOf(
  sets: readonly number[],
  totals: ChainTotals,
  { measurements, blocks }: { measurements: number; blocks: number },
  chains: Chains,
): ChainCorrelations {
  const { sites, stateLength } = chains.layout;
  const { means, prior, equalTime: products, delayed: delayedProducts } = totals;
  if (!prior || !products || !delayedProducts) throw new Error("these chains have kept no products");
  const array = () => new Float64Array(sets.length * sites * sites);
  const result = { equalTime: array(), delayed: array(), equalTimeErrors: array(), delayedErrors: array(), blocks };
  const padded = pad(sites);
  sets.forEach((set, head) => {
    const members = chains.systems(set);
    const parts = Array.from({ length: blocks }, (_, block) => {
      const systems = blockOf(members, block, blocks);
      const now = pooled(means, systems, stateLength);
      return { size: systems.length, now, before: pooled(prior, systems, stateLength) };
    });
    const sizes = parts.map(({ size }) => size);
    const all = {
      size: chains.count,
      now: total(parts.map(({ now }) => now)),
      before: total(parts.map(({ before }) => before)),
    };
    const kept = parts.map(({ size, now, before }) => ({
      size: all.size - size,
      now: all.now.map((value, k) => value - now[k]),
      before: all.before.map((value, k) => value - before[k]),
    }));
    const estimate = (sums: Float64Array, equalTime: boolean, i: number, k: number): [number, number] => {
      const at = (block: number) => sums[((set * blocks + block) * padded + i) * padded + k];
      let sum = 0;
      for (let block = 0; block < blocks; block++) sum += at(block);
      const covariance = ({ size, now, before }: typeof all, product: number) => {
        const weight = 1 / (size * measurements);
        // A spin has length R; different sites are independent given the old spins, so F_i·F_k stands for s_i·s_k.
        const raw = equalTime && i === k ? chains.layout.radius ** 2 : weight * product;
        return raw - weight ** 2 * dot(now, i, equalTime ? now : before, k, chains);
      };
      const value = covariance(all, sum);
      if (blocks < 2) return [value, NaN];
      return [
        value,
        jackknifeError(
          value,
          kept.map((rest, block) => covariance(rest, sum - at(block))),
          sizes,
        ),
      ];
    };
    for (let i = 0; i < sites; i++) {
      for (let k = 0; k < sites; k++) {
        const to = (head * sites + i) * sites + k;
        [result.equalTime[to], result.equalTimeErrors[to]] = estimate(products, true, i, k);
        [result.delayed[to], result.delayedErrors[to]] = estimate(delayedProducts, false, i, k);
      }
    }
  });
  return result;
}

/** Σ over some systems of arrays as long as a state. */
function pooled(sums: Float64Array, systems: readonly number[], length: number): Float64Array {
  return total(systems.map((system) => sums.subarray(system * length, (system + 1) * length)));
}

function total(arrays: readonly Float64Array[]): Float64Array {
  const sum = new Float64Array(arrays[0].length);
  for (const array of arrays) for (let k = 0; k < sum.length; k++) sum[k] += array[k];
  return sum;
}

function dot(a: Float64Array, i: number, b: Float64Array, k: number, { layout }: Chains): number {
  const { components, componentStride } = layout;
  let sum = 0;
  for (let c = 0; c < components; c++) sum += a[i * componentStride + c] * b[k * componentStride + c];
  return sum;
}
