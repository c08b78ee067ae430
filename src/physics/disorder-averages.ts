/**
 * Estimates over disorder samples. Samples are independent; the chains of one sample are not: average over them first.
 * Of a ratio, such as a Binder cumulant, moments are averaged over samples and the ratio is taken then (equations 7.4).
 */
import { jackknifeError } from "./chain-statistics.js";
import type { ScalingCurve } from "./finite-size-scaling/curves.js";
import { InputError } from "./input-error.js";
import { averageMoments, type SampleMoments, withoutMoments } from "./moments.js";
import { summarize } from "./statistics.js";

export interface SampleEstimate {
  readonly value: number;
  /** By the jackknife over samples; NaN below two. */
  readonly standardError: number;
  /** The value without each sample in turn, in their order. */
  readonly withoutSample: readonly number[];
}

/**
 * An estimate from n samples, whose bias is of order 1/n and so below its error.
 * @param estimate of all samples, or of all but one; of a mean, the mean
 */
export function jackknifeOfSamples(count: number, estimate: (leftOut?: number) => number): SampleEstimate {
  if (count === 0) return { value: NaN, standardError: NaN, withoutSample: [] };
  const value = estimate();
  if (count === 1) return { value, standardError: NaN, withoutSample: [NaN] };
  const withoutSample = Array.from({ length: count }, (_, k) => estimate(k));
  return { value, standardError: jackknifeError(value, withoutSample), withoutSample };
}

/** The same of a mean. */
export function meanOfSamples(values: readonly number[]): SampleEstimate {
  const { count, mean } = summarize(values);
  return jackknifeOfSamples(count, (leftOut) =>
    leftOut === undefined ? mean : mean + (mean - values[leftOut]) / (count - 1),
  );
}

/** The same of a function of averaged moments. */
export function functionOfMoments(
  samples: readonly SampleMoments[],
  of: (average: SampleMoments) => number,
): SampleEstimate {
  const average = averageMoments(samples);
  return jackknifeOfSamples(samples.length, (leftOut) =>
    of(leftOut === undefined ? average : withoutMoments(average, samples[leftOut], samples.length)),
  );
}

/** The estimate at one x of a curve. */
export interface SampledPoint extends SampleEstimate {
  readonly x: number;
  /** Numbers of the samples: the same number, the same disorder at every x of the curve. */
  readonly samples: readonly number[];
}

/**
 * A curve for `crossings` and `collapse` from points that share disorder samples: means and errors of all points, and the
 * means of all points without each sample. Where a sample is missing at some x, leaving it out changes nothing there.
 * @throws InputError for a sample that is twice at one x
 */
export function curveOfSamples(sites: number, points: readonly SampledPoint[]): ScalingCurve {
  const numbers = [...new Set(points.flatMap(({ samples }) => samples))];
  const columns = points.map(({ x, value, standardError, withoutSample, samples }) => {
    const places = new Map(samples.map((sample, place) => [sample, place]));
    if (places.size !== samples.length) {
      throw new InputError(`N = ${sites}, x = ${x}`, "a disorder sample twice", "every sample once");
    }
    const without = numbers.map((number) => {
      const place = places.get(number);
      return place === undefined ? value : withoutSample[place];
    });
    return { point: { x, mean: value, standardError }, without };
  });
  return {
    sites,
    points: columns.map(({ point }) => point),
    withoutSample: numbers.map((_, k) => columns.map(({ without }) => without[k])),
  };
}
