/** What the independent samples of one point say. */
export interface SampleSummary {
  /** Number of samples n. */
  readonly count: number;
  /** Mean; NaN without samples. */
  readonly mean: number;
  /** Sample standard deviation, with n - 1; NaN below two samples. */
  readonly standardDeviation: number;
  /** Standard error of the mean, standard deviation / sqrt(n); NaN below two samples, where nothing is known about it. */
  readonly standardError: number;
  /** Smallest and largest sample; NaN without samples. */
  readonly minimum: number;
  readonly maximum: number;
}

/**
 * Mean, spread and range by Welford's recurrence, which never subtracts two large sums. Source: Welford, Technometrics
 * 4, 419 (1962).
 *
 * The samples must be independent (disorder samples or chains, never successive times of one chain). A NaN among them
 * makes every statistic NaN: leave failed samples out and report how many there were.
 *
 * @param samples n values in any order
 */
export function summarize(samples: ArrayLike<number>): SampleSummary {
  const count = samples.length;
  let mean = 0;
  let squares = 0;
  let minimum = count === 0 ? NaN : Infinity;
  let maximum = count === 0 ? NaN : -Infinity;
  for (let k = 0; k < count; k++) {
    const value = samples[k];
    const deviation = value - mean;
    mean += deviation / (k + 1);
    squares += deviation * (value - mean);
    minimum = Math.min(minimum, value);
    maximum = Math.max(maximum, value);
  }
  const standardDeviation = count > 1 ? Math.sqrt(squares / (count - 1)) : NaN;
  return {
    count,
    mean: count === 0 ? NaN : mean,
    standardDeviation,
    standardError: standardDeviation / Math.sqrt(count),
    minimum,
    maximum,
  };
}

/** The value below which a fraction `p` of the values lies, linear between neighbours; NaN without values. */
export function quantile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  const position = p * (sorted.length - 1);
  const below = Math.floor(position);
  const [low = NaN, high = low] = sorted.slice(below);
  return low + (position - below) * (high - low);
}
