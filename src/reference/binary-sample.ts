import { pad } from "./layout.js";
import { philox4x32 } from "./philox.js";
import { binaryMean } from "./responses.js";

/**
 * Twin of `shaders/binary-sample.wgsl`: one synchronous Glauber step, s_i = +1 if U < 1/(1 + exp(-2a)), a = β (x + J s)_i, and
 * the means tanh a (equations 7.1).
 */
export function binarySample(
  arrays: {
    externalField: Float64Array;
    field: Float64Array;
    betas: Float64Array;
    chainKeys: Float64Array;
    spins: Float64Array;
    means: Float64Array;
  },
  params: { systems: number; sites: number; step: number },
): void {
  const { systems, sites, step } = params;
  const padded = pad(sites);
  const words = new Uint32Array(4);
  for (let system = 0; system < systems; system++) {
    const chainKey = arrays.chainKeys.subarray(4 * system, 4 * system + 4);
    for (let site = 0; site < padded; site++) {
      const index = system * padded + site;
      if (site % 4 === 0) glauberWords(site / 4, step, chainKey, words);
      const a = arrays.betas[index] * (arrays.externalField[index] + arrays.field[index]);
      arrays.spins[index] = site < sites ? glauberSpin(a, words[site % 4]) : 0;
      arrays.means[index] = site < sites ? binaryMean(a) : 0;
    }
  }
}

/** The words of the sites 4 quad .. 4 quad + 3 at one step of a chain. */
export function glauberWords(quad: number, step: number, chainKey: ArrayLike<number>, words: Uint32Array): void {
  philox4x32(Uint32Array.of(0, quad, step, chainKey[2]), Uint32Array.of(chainKey[0], chainKey[1]), words);
}

/** +1 with probability 1/(1 + exp(-2a)): the comparison of U = (word + 1/2)/2^32, written for the less likely sign. */
export function glauberSpin(a: number, word: number): number {
  return (glauberMargin(a, word) < 0 ? -1 : 1) * (a >= 0 ? 1 : -1);
}

/** How far the uniform number is from the threshold at which the spin changes; negative for the less likely sign. */
export function glauberMargin(a: number, word: number): number {
  const e = Math.exp(-2 * Math.abs(a));
  return ((a >= 0 ? 2 ** 32 - 1 - word : word) + 0.5) / 2 ** 32 - e / (1 + e);
}
