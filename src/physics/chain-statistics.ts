/** What several independent Markov chains say: errors from chains, never from correlated times. */

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
 * @param units independent chains or samples; below two the error is NaN
 * @param estimate of all units, or of all but one
 */
export function jackknife(
  units: number,
  estimate: (leftOut?: number) => number,
): { readonly value: number; readonly standardError: number } {
  const value = estimate();
  if (units < 2) return { value, standardError: NaN };
  const partial = Array.from({ length: units }, (_, k) => estimate(k));
  const mean = partial.reduce((sum, each) => sum + each, 0) / units;
  const squares = partial.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  return { value, standardError: Math.sqrt(((units - 1) / units) * squares) };
}

/** Difference of two means in units of its standard error; 0 where both agree without any spread. */
export function zScore(
  one: { readonly mean: number; readonly standardError: number },
  other: { readonly mean: number; readonly standardError: number },
): number {
  const difference = one.mean - other.mean;
  return difference === 0 ? 0 : difference / Math.hypot(one.standardError, other.standardError);
}
