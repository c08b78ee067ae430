/** What several independent Markov chains say: errors from chains, never from correlated times. */
import { summarize } from "./statistics.js";

/** τ_int in units of the spacing of a series: T values are worth T/(2 τ_int) independent ones. */
export interface Autocorrelation {
  /** NaN where the window does not close within the series: the chains are too short to tell. */
  readonly time: number;
  /** Lags summed. */
  readonly window: number;
}

/** A window of c τ (Sokal 1989). */
const WINDOW_FACTOR = 5;

/** Products that one estimate may take. */
const LARGEST_WORK = 2e8;

/**
 * Integrated autocorrelation time τ_int = 1/2 + Σ_{t=1}^{W} ρ(t), with the smallest window W >= 5 τ_int. The mean and the
 * covariances are those of all chains together, so that chains stuck apart show as an infinite time.
 * Source: Sokal, Monte Carlo methods in statistical mechanics (1989), section 3.
 *
 * @param chains one series a chain, all of the same length
 */
export function integratedAutocorrelationTime(chains: readonly ArrayLike<number>[]): Autocorrelation {
  const length = chains[0].length;
  let mean = 0;
  for (const chain of chains) for (let t = 0; t < length; t++) mean += chain[t] / (length * chains.length);
  const covariance = (lag: number) => {
    let sum = 0;
    for (const chain of chains) {
      for (let t = lag; t < length; t++) sum += (chain[t] - mean) * (chain[t - lag] - mean);
    }
    return sum / ((length - lag) * chains.length);
  };
  const variance = covariance(0);
  // Constant but for the rounding of its mean: every value is as good as any other.
  if (variance <= (1e-12 * mean) ** 2) return { time: 0.5, window: 0 };
  if (!(variance > 0)) return { time: NaN, window: 0 };
  const longest = Math.min(Math.floor(length / 2), Math.floor(LARGEST_WORK / (length * chains.length)));
  let time = 0.5;
  for (let window = 1; window <= longest; window++) {
    time += covariance(window) / variance;
    if (window >= WINDOW_FACTOR * time) return { time: Math.max(time, 0), window };
  }
  return { time: NaN, window: longest };
}

/**
 * An estimate from all units and its standard error by leaving out one at a time:
 * error² = (n-1)/n Σ_k (estimate without k - their mean)². Source: Efron, Ann. Statist. 7, 1 (1979).
 *
 * Units of different sizes m_k (groups of chains) count by h_k = Σ m / m_k: with the pseudo-values
 * p_k = h_k estimate - (h_k - 1) estimate_k and J = Σ_k p_k/h_k, error² = (1/n) Σ_k (p_k - J)²/(h_k - 1), which is the same for
 * equal sizes. Source: Busing, Meijer & van der Leeden, Stat. Comput. 9, 3 (1999).
 *
 * @param units independent chains, samples or groups of them; below two the error is NaN
 * @param estimate of all units, or of all but one
 * @param sizes of the units; all the same unless given
 */
export function jackknife(
  units: number,
  estimate: (leftOut?: number) => number,
  sizes?: readonly number[],
): { readonly value: number; readonly standardError: number } {
  const value = estimate();
  if (units < 2) return { value, standardError: NaN };
  const partial = Array.from({ length: units }, (_, k) => estimate(k));
  return { value, standardError: jackknifeError(value, partial, sizes) };
}

/** The standard error of `jackknife`, from the estimate of all units and those without one. */
export function jackknifeError(value: number, partial: ArrayLike<number>, sizes?: readonly number[]): number {
  const units = partial.length;
  const total = sizes?.reduce((sum, size) => sum + size, 0) ?? units;
  let mean = 0;
  // Differences, not pseudo-values: h may be large, and the estimates nearly equal.
  for (let k = 0; k < units; k++) mean += (1 - (sizes?.[k] ?? 1) / total) * (value - partial[k]);
  let squares = 0;
  for (let k = 0; k < units; k++) {
    const h = total / (sizes?.[k] ?? 1);
    squares += ((h - 1) * (value - partial[k]) - mean) ** 2 / (h - 1);
  }
  return Math.sqrt(squares / units);
}

/** R̂ up to which chains count as mixed, by the paper of `splitRhat`. */
export const LARGEST_RHAT = 1.01;

/**
 * Split R̂: every chain is cut into halves of n values; with the mean W of their variances and the variance B/n of their
 * means, R̂ = √(((n-1)/n W + B/n)/W). It tends to 1 where all halves have the same law, and exceeds it where chains differ
 * or drift: above 1.01 they have not mixed. The middle value of an odd length is left out.
 * Source: Vehtari, Gelman, Simpson, Carpenter & Bürkner, Bayesian Anal. 16, 667 (2021), eqs 1-4, without rank normalisation.
 *
 * @param chains one series a chain, all of the same length
 * @returns NaN below four values a chain; 1 where nothing varies; Infinity where only the means do
 */
export function splitRhat(chains: readonly ArrayLike<number>[]): number {
  const length = chains[0].length;
  const n = Math.floor(length / 2);
  if (n < 2) return NaN;
  const halves = chains.flatMap((chain) => {
    const values = Array.from(chain);
    return [summarize(values.slice(0, n)), summarize(values.slice(length - n))];
  });
  const within = summarize(halves.map(({ standardDeviation }) => standardDeviation ** 2)).mean;
  const between = summarize(halves.map(({ mean }) => mean)).standardDeviation ** 2;
  if (between === 0 && within === 0) return 1;
  return Math.sqrt((n - 1) / n + between / within);
}

/** Times of memory that the response is summed over: what is left out is e^-8 of it. */
const RESPONSE_MEMORY = 8;

/**
 * Σ_{k=0}^{W} <S(t) ξ(t-k)> of every chain, where ξ(t) = S(t) - E[S(t) | t-1] is the score of a step: times β, the response of
 * <S> to a uniform field, in equilibrium or not. W is eight integrated autocorrelation times of S, or of (-1)^t S where it
 * alternates. Source: Glynn, Comm. ACM 33, 75 (1990), likelihood-ratio gradient estimation.
 *
 * @param chains S(t) and its conditional mean, step by step, one pair of series a chain
 * @returns NaN for all where the chains are shorter than 2 W
 */
export function linearResponses(
  chains: readonly { readonly values: ArrayLike<number>; readonly means: ArrayLike<number> }[],
): number[] {
  const length = chains[0].values.length;
  const series = chains.map(({ values }) => values);
  const staggered = series.map((values) => Array.from(values, (value, t) => (t % 2 === 0 ? value : -value)));
  const memory = Math.max(...[series, staggered].map((each) => integratedAutocorrelationTime(each).time), 0.5);
  const window = Math.ceil(RESPONSE_MEMORY * memory);
  if (!(2 * window <= length)) return chains.map(() => NaN);
  // Any constant may be taken off S, as ξ has no mean; this one leaves least noise.
  const mean = summarize(series.map((values) => summarize(values).mean)).mean;
  return chains.map(({ values, means }) => {
    const score = (t: number) => (t < 0 ? 0 : values[t] - means[t]);
    let [recent, sum] = [0, 0];
    for (let t = 0; t < length; t++) {
      recent += score(t) - score(t - window - 1);
      if (t >= window) sum += (values[t] - mean) * recent;
    }
    return sum / (length - window);
  });
}

/** Difference of two means in units of its standard error; 0 where both agree without any spread. */
export function zScore(
  one: { readonly mean: number; readonly standardError: number },
  other: { readonly mean: number; readonly standardError: number },
): number {
  const difference = one.mean - other.mean;
  return difference === 0 ? 0 : difference / Math.hypot(one.standardError, other.standardError);
}
