/**
 * Counter-based random words: Philox4x32 with ten rounds (Salmon, Moraes, Dror & Shaw, SC11, 2011). The twin of
 * shaders/lib/philox.wgsl; both produce the same bits.
 *
 * The counter layout is a format, part of what a seed means, and results are stored with its name:
 *
 *   key     = (low 32 bits of the seed, high 32 bits of the seed)
 *   counter = (block, row, stream, sample)
 *
 * One call gives the words 4 block .. 4 block + 3 of a row: element (i, j) of a matrix is word j mod 4 of block
 * floor(j / 4) of row i. `stream` names the purpose (STREAMS in random.ts), `sample` the disorder sample.
 *
 * Signs take one bit: that of element (i, j) is bit j mod 32 of word i mod 4 of block floor(j / 32) of row floor(i / 4).
 *
 * Chains of Monte Carlo runs have keys of their own (chainKey in random.ts), and their spins the counter
 *
 *   counter = (draw, site or quad of sites, step, word of the chain)
 *
 * Of the layout /1, /2 changes no number: it adds the signs, and the streams from 10 on. /3 adds the chains, and the streams from 13 on.
 */
export const COUNTER_LAYOUT = "philox4x32-10/3";

const ROUNDS = 10;
const KEY_STEP_LOW = 0x9e3779b9;
const KEY_STEP_HIGH = 0xbb67ae85;

/**
 * Writes the four words of `counter` under `key` to `out`; the three may share memory. Nothing is allocated: a matrix
 * of 10^6 normal numbers makes 250 000 calls.
 */
export function philox4x32(counter: Uint32Array, key: Uint32Array, out: Uint32Array): void {
  let word0 = counter[0] | 0;
  let word1 = counter[1] | 0;
  let word2 = counter[2] | 0;
  let word3 = counter[3] | 0;
  let keyLow = key[0] | 0;
  let keyHigh = key[1] | 0;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(word0, 0xd251, 0x1f53);
    const low0 = Math.imul(word0, 0xd2511f53);
    const high2 = multiplyHigh(word2, 0xcd9e, 0x8d57);
    const low2 = Math.imul(word2, 0xcd9e8d57);
    word0 = high2 ^ word1 ^ keyLow;
    word1 = low2;
    word2 = high0 ^ word3 ^ keyHigh;
    word3 = low0;
    keyLow = (keyLow + KEY_STEP_LOW) | 0;
    keyHigh = (keyHigh + KEY_STEP_HIGH) | 0;
  }
  out[0] = word0;
  out[1] = word1;
  out[2] = word2;
  out[3] = word3;
}

/** The high 32 bits of an unsigned product by 16-bit halves; no partial sum exceeds 2^32 - 1, so wrapping is safe. */
function multiplyHigh(a: number, bHigh: number, bLow: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0;
  const carry = (Math.imul(aLow, bHigh) + (middle & 0xffff)) | 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (carry >>> 16)) | 0;
}

/** A word as a number in the open interval (0, 1): (top 23 bits + 1/2) / 2^23, exact in f32 too. */
export function openUniform(word: number): number {
  return ((word >>> 9) + 0.5) / 2 ** 23;
}
