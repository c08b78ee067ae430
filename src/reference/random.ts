/**
 * Random matrices as a function of (seed, stream, sample, row, column), by the counter layout of philox.ts: an element
 * does not depend on how many rows or columns are asked for, nor on their order.
 */
import { inverseNormal } from "./inverse-normal.js";
import { openUniform, philox4x32 } from "./philox.js";

/** What a stream of random numbers is for. The numbers are part of COUNTER_LAYOUT: add, never renumber. */
export const STREAMS = {
  couplings: 0,
  couplingsSymmetric: 1,
  couplingsAntisymmetric: 2,
  field: 3,
  initial: 4,
  queries: 5,
  keys: 6,
  queryWeights: 7,
  keyWeights: 8,
  verificationRows: 9,
  couplingSigns: 10,
  couplingFlips: 11,
  couplingPresence: 12,
  patterns: 13,
  chains: 14,
  valueWeights: 15,
  feedForwardUp: 16,
  feedForwardDown: 17,
  verificationState: 18,
  perturbation: 30,
} as const;

export type Stream = (typeof STREAMS)[keyof typeof STREAMS];

export interface RandomSource {
  /** A non-negative safe integer. */
  readonly seed: number;
  readonly stream: Stream;
  /** The disorder sample, below 2^32. */
  readonly sample: number;
}

/** The key of a seed: its low and its high 32 bits. */
export function philoxKey(seed: number): Uint32Array {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new RangeError(`a seed is an integer from 0 to 2^53 - 1, not ${seed}`);
  return Uint32Array.of(seed % 2 ** 32, Math.floor(seed / 2 ** 32));
}

/** What the random numbers of one Monte Carlo chain depend on, beside the step, the site and the draw. */
export interface ChainIdentity {
  readonly seed: number;
  /** Index of the point as the user counts them, and of the disorder sample. */
  readonly point: number;
  readonly sample: number;
  readonly chain: number;
  readonly head: number;
}

/** [key low, key high, chain word, 0]: what `binary-sample` and `sphere-sample` want of a chain. */
export function chainKey({ seed, point, sample, chain, head }: ChainIdentity): Uint32Array {
  const words = new Uint32Array(4);
  philox4x32(Uint32Array.of(chain, point, STREAMS.chains, sample), philoxKey(seed), words);
  philox4x32(Uint32Array.of(head, words[2], words[3], 0), words.slice(0, 2), words);
  words[3] = 0;
  return words;
}

/** rows × columns standard normal numbers times `scale`, row after row without padding. */
export function gaussianMatrix(rows: number, columns: number, source: RandomSource, scale = 1): Float64Array {
  return matrix(rows, columns, source, (word) => scale * inverseNormal(word));
}

/** rows × columns numbers uniform in the open interval (0, 1), row after row without padding. */
export function uniformMatrix(rows: number, columns: number, source: RandomSource): Float64Array {
  return matrix(rows, columns, source, openUniform);
}

/** `rows` directions, uniform on the unit sphere in `columns` dimensions: rows of gaussianMatrix, normalised. */
export function unitDirections(rows: number, columns: number, source: RandomSource): Float64Array {
  const directions = gaussianMatrix(rows, columns, source);
  for (let start = 0; start < directions.length; start += columns) {
    const row = directions.subarray(start, start + columns);
    // Never 0: the smallest magnitude of inverseNormal is 2.9e-10.
    const norm = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    for (let column = 0; column < columns; column++) row[column] /= norm;
  }
  return directions;
}

function matrix(rows: number, columns: number, source: RandomSource, law: (word: number) => number): Float64Array {
  const values = new Float64Array(rows * columns);
  const key = philoxKey(source.seed);
  const counter = Uint32Array.of(0, 0, source.stream, source.sample);
  const words = new Uint32Array(4);
  let index = 0;
  for (let row = 0; row < rows; row++) {
    counter[1] = row;
    for (let column = 0; column < columns; column++, index++) {
      const lane = column % 4;
      if (lane === 0) {
        counter[0] = column / 4;
        philox4x32(counter, key, words);
      }
      values[index] = law(words[lane]);
    }
  }
  return values;
}
