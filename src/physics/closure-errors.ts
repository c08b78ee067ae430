/** Errors of closures against exact means that may come from chains: the sampling noise removed, and an error bar. */
import { jackknife } from "./chain-statistics.js";

/**
 * `relative`: √(Σ_i |m_i - m_i^exact|² / Σ_i |m_i^exact|²). `absolute`: √(Σ_i |m_i - m_i^exact|² / N) / R, where the exact
 * means vanish within their noise.
 */
export type ErrorMeasure = "relative" | "absolute";

export interface ClosureError {
  readonly error: number;
  /** From chains, by the jackknife; 0 by enumeration. */
  readonly errorStandardError: number;
  /** True if the noise leaves nothing of the error, which is then 0. */
  readonly belowNoise: boolean;
  /** q of the closure less q of the exact means, q = Σ_i |m_i|² / (N R²). */
  readonly signedOverlapError: number;
}

/** q of the exact means must exceed so many of its standard errors for errors to be relative to it. */
const SIGNIFICANT = 3;
/** Enumerated means up to this, in units of R, are rounding. */
const ROUNDING = 1e-10;

export class ExactMeans {
  readonly measure: ErrorMeasure;
  /** q = Σ_i |m_i|² / (N R²) without the noise. */
  readonly overlap: number;
  readonly overlapStandardError: number;
  /** The error that the exact means would show against themselves if their noise were not removed. */
  readonly noise: number;
  readonly #squares: SquaredDistance;

  /**
   * @param chains means of single chains, or one array of exact means
   * @param scale N R² of all heads
   */
  constructor(
    private readonly chains: readonly Float64Array[],
    private readonly scale: number,
  ) {
    const squares = (this.#squares = squaredDistance(chains, undefined));
    const overlap = this.#estimate((leftOut) => squares.of(leftOut) / scale);
    this.overlap = overlap.value;
    this.overlapStandardError = overlap.standardError;
    const significant = overlap.value > Math.max(SIGNIFICANT * overlap.standardError, ROUNDING ** 2);
    this.measure = significant ? "relative" : "absolute";
    this.noise = Math.sqrt(squares.noise / (significant ? squares.of() : scale));
  }

  /** @param state means of a closure, [N][heads · D] */
  errorOf(state: Float64Array): ClosureError {
    const { scale } = this;
    const distance = squaredDistance(this.chains, state);
    const norm = (leftOut?: number) => (this.measure === "relative" ? this.#squares.of(leftOut) : scale);
    // The square has no bias and may come out negative; its root is taken at the end.
    const { value, standardError } = this.#estimate((leftOut) => distance.of(leftOut) / norm(leftOut));
    const square = state.reduce((sum, each) => sum + each * each, 0);
    const signedOverlapError = square / scale - this.overlap;
    if (value > standardError || standardError === 0) {
      const error = Math.sqrt(value);
      const errorStandardError = error === 0 ? 0 : standardError / (2 * error);
      return { error, errorStandardError, belowNoise: false, signedOverlapError };
    }
    const errorStandardError = Math.sqrt(standardError);
    const belowNoise = Number.isFinite(value);
    return { error: belowNoise ? 0 : NaN, errorStandardError, belowNoise, signedOverlapError };
  }

  #estimate(estimate: (leftOut?: number) => number): { value: number; standardError: number } {
    if (this.chains.length === 1) return { value: estimate(), standardError: 0 };
    return jackknife(this.chains.length, estimate);
  }
}

interface SquaredDistance {
  /** Σ_i |m_i - m_i^exact|² without the noise, of all chains or all but one. */
  readonly of: (leftOut?: number) => number;
  /** Σ of the squared standard errors of the exact means. */
  readonly noise: number;
}

/**
 * The square of the distance to the mean over chains, less the squared standard errors of that mean, is the average of
 * (m - y_a)·(m - y_b) over pairs of chains: with S = Σ_a (m - y_a), (|S|² - Σ_a |m - y_a|²) / (n (n-1)).
 */
function squaredDistance(chains: readonly Float64Array[], state: Float64Array | undefined): SquaredDistance {
  const count = chains.length;
  const sum = new Float64Array(chains[0].length);
  for (const chain of chains) chain.forEach((value, k) => (sum[k] += (state?.[k] ?? 0) - value));
  const total = sum.reduce((result, value) => result + value * value, 0);
  if (count === 1) return { of: () => total, noise: 0 };
  const own = new Float64Array(count);
  const along = new Float64Array(count);
  chains.forEach((chain, a) =>
    chain.forEach((value, k) => {
      const difference = (state?.[k] ?? 0) - value;
      own[a] += difference * difference;
      along[a] += difference * sum[k];
    }),
  );
  const squares = own.reduce((result, value) => result + value, 0);
  return {
    of: (leftOut) =>
      leftOut === undefined
        ? (total - squares) / (count * (count - 1))
        : (total - 2 * along[leftOut] + 2 * own[leftOut] - squares) / ((count - 1) * (count - 2)),
    noise: (squares - total / count) / (count * (count - 1)),
  };
}
