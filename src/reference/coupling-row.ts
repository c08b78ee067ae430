/**
 * Rows of random couplings, the one place in float64 where J_ij comes out of its counters: the twin of
 * shaders/lib/random-couplings.wgsl. Formulas of the ensembles: src/physics/couplings.ts.
 */
import { inverseNormal } from "./inverse-normal.js";
import { philox4x32 } from "./philox.js";
import { type Stream, STREAMS } from "./random.js";

/** Values of the constant LAW. */
export const LAWS = { gaussian: 0, "plus-minus": 1, ring: 2 } as const;

/** `strengths` counts the pairs that differ in sign as so many of this number, which f32 holds exactly. */
export const FLIP_SHARES = 2 ** 24;

export interface Ensemble {
  /** Of LAWS. */
  readonly LAW: number;
  /** J_ij = 0 unless the pair is present. */
  readonly DILUTED: boolean;
  /** J_ij and J_ji have counters of their own and the diagonal is kept; else they share theirs and it is zero. */
  readonly INDEPENDENT: boolean;
}

/** One matrix of an ensemble. */
export class RandomMatrix {
  readonly #key: Uint32Array;
  readonly #sample: number;
  readonly #lastPresent: number;
  readonly #mean: number;
  readonly #a: number;
  readonly #b: number;
  readonly #flips: number;
  readonly #absent: number;
  readonly #counter = new Uint32Array(4);
  /** The last words of every stream, and the block and row that they belong to: neighbours share a call. */
  readonly #last: ({ block: number; row: number; readonly words: Uint32Array } | undefined)[] = [];

  /**
   * @param seed [seed low, seed high, sample, the largest presence word of a pair that is present]
   * @param strength [mean, a, b, flips]: J_ij = mean + a A_ij + b B_ij, and flips itself where a pair is not present; or
   *   mean ± a, of which flips of FLIP_SHARES pairs have J_ij and J_ji of opposite sign; or a where j = i - 1 (mod b)
   * @param normal the standard normal number of a word; whoever wants to know what f32 loses has a rounded one
   */
  constructor(
    seed: Float64Array,
    strength: Float64Array,
    private readonly ensemble: Ensemble,
    private readonly normal: (word: number) => number = inverseNormal,
  ) {
    this.#key = Uint32Array.of(seed[0], seed[1]);
    this.#sample = seed[2];
    this.#lastPresent = seed[3];
    [this.#mean, this.#a, this.#b, this.#flips] = strength;
    this.#absent = ensemble.LAW === LAWS.gaussian ? this.#flips : 0;
  }

  /** Writes J_ij of row i for j < columns to the start of `row`. */
  writeRow(i: number, columns: number, row: Float64Array): void {
    const { LAW, DILUTED, INDEPENDENT } = this.ensemble;
    for (let j = 0; j < columns; j++) {
      if (LAW === LAWS.ring) row[j] = (j + 1) % this.#b === i ? this.#a : 0;
      else if (!INDEPENDENT && i === j) row[j] = 0;
      else if (DILUTED && !this.#isPresent(i, j)) row[j] = this.#absent;
      else row[j] = LAW === LAWS.gaussian ? this.#gaussian(i, j) : this.#plusMinus(i, j);
    }
  }

  #gaussian(i: number, j: number): number {
    const a = this.#a;
    const b = this.#b;
    let value = this.#mean;
    if (this.ensemble.INDEPENDENT) {
      if (a !== 0) value += a * this.normal(this.#word(STREAMS.couplings, i, j));
      return value;
    }
    // One counter serves both triangles: the element of the lower index row.
    const low = Math.min(i, j);
    const high = Math.max(i, j);
    if (a !== 0) value += a * this.normal(this.#word(STREAMS.couplingsSymmetric, low, high));
    if (b !== 0) value += Math.sign(j - i) * b * this.normal(this.#word(STREAMS.couplingsAntisymmetric, low, high));
    return value;
  }

  #plusMinus(i: number, j: number): number {
    const negative =
      this.ensemble.INDEPENDENT || i < j ? this.#isNegative(i, j) : this.#isNegative(j, i) !== this.#isFlipped(j, i);
    return negative ? this.#mean - this.#a : this.#mean + this.#a;
  }

  #isPresent(i: number, j: number): boolean {
    const ordered = this.ensemble.INDEPENDENT || i < j;
    return this.#word(STREAMS.couplingPresence, ordered ? i : j, ordered ? j : i) <= this.#lastPresent;
  }

  #isNegative(i: number, j: number): boolean {
    const words = this.#block(STREAMS.couplingSigns, j >>> 5, i >>> 2);
    return ((words[i & 3] >>> (j & 31)) & 1) === 1;
  }

  /** Whether J_ij and J_ji differ in sign. */
  #isFlipped(low: number, high: number): boolean {
    const flips = this.#flips;
    if (flips === 0 || flips === FLIP_SHARES) return flips > 0;
    return this.#word(STREAMS.couplingFlips, low, high) >>> 8 < flips;
  }

  #word(stream: Stream, i: number, j: number): number {
    return this.#block(stream, j >>> 2, i)[j & 3];
  }

  #block(stream: Stream, block: number, row: number): Uint32Array {
    const last = (this.#last[stream] ??= { block: NaN, row: NaN, words: new Uint32Array(4) });
    if (last.block !== block || last.row !== row) {
      const counter = this.#counter;
      counter[0] = block;
      counter[1] = row;
      counter[2] = stream;
      counter[3] = this.#sample;
      philox4x32(counter, this.#key, last.words);
      last.block = block;
      last.row = row;
    }
    return last.words;
  }
}
