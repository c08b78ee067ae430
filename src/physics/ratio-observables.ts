/**
 * Observables that are no averages over disorder samples but functions of averages: moments are averaged first, then
 * the function is taken, and its error comes from the jackknife over samples (equations 7.4).
 */
import { jackknife } from "./chain-statistics.js";
import type { ScalingCurve } from "./finite-size-scaling/curves.js";
import { InputError } from "./input-error.js";
import type { SampleMoments } from "./moments.js";

/** Moments of |M| that a disorder sample contributes: averages over its chains and steps. */
export type RatioMoment = keyof Pick<SampleMoments, "absolute" | "square" | "fourth">;

export type RatioMoments = Readonly<Record<RatioMoment, number>>;

export interface RatioObservable {
  readonly symbol: string;
  readonly description: string;
  /** Section of the equations, and the publication. */
  readonly reference: string;
  /** What has to be kept of every sample. */
  readonly moments: readonly RatioMoment[];
  /** @param system `components`: numbers of one spin, n; `sites`: N */
  readonly ratio: (mean: RatioMoments, system: { readonly components: number; readonly sites: number }) => number;
}

export const ratioObservables = {
  binder: {
    symbol: "U₄",
    description: "1 - n ⟨|M|⁴⟩/((n+2) ⟨|M|²⟩²), n components: 0 in the disordered phase",
    reference: "7.4, 11.4; Binder 1981",
    moments: ["square", "fourth"],
    ratio: ({ square, fourth }, { components: n }) => binderCumulant(square, fourth, n),
  },
  variance: {
    symbol: "N var |M|",
    description:
      "N (⟨|M|²⟩ - ⟨|M|⟩²): β times it is the susceptibility of equilibrium dynamics, and no response of synchronous ones; " +
      "with disorder it includes the spread of ⟨|M|⟩ between samples",
    reference: "7.4, 11.3",
    moments: ["absolute", "square"],
    ratio: ({ absolute, square }, { sites }) => sites * (square - absolute * absolute),
  },
} as const satisfies Record<string, RatioObservable>;

export type RatioObservableName = keyof typeof ratioObservables;

/** U₄ of n components from <|M|²> and <|M|⁴>; n = 1 gives 1 - <M⁴>/(3 <M²>²). Source: Binder, Z. Phys. B 43, 119 (1981). */
export function binderCumulant(square: number, fourth: number, components: number): number {
  return 1 - (components * fourth) / ((components + 2) * square * square);
}

/**
 * A function of moments averaged over disorder samples, with the jackknife error over samples.
 *
 * The value is that of all samples, whose bias is of order 1/n and so below the error. Chains of one sample are not
 * independent samples: average over them first.
 *
 * @param samples n samples, each an average over its own chains and steps; below two the error is NaN
 * @param observable of the averaged moments
 * @returns `withoutSample`: the value without each sample in turn, in their order
 */
export function jackknifeOfMoments<Moment extends string>(
  samples: readonly Readonly<Record<Moment, number>>[],
  observable: (mean: Readonly<Record<Moment, number>>) => number,
): { readonly value: number; readonly standardError: number; readonly withoutSample: readonly number[] } {
  if (samples.length === 0) return { value: NaN, standardError: NaN, withoutSample: [] };
  const names = Object.keys(samples[0]) as Moment[];
  const totals = names.map((name) => samples.reduce((sum, sample) => sum + sample[name], 0));
  const withoutSample: number[] = [];
  const estimate = (leftOut?: number) => {
    const count = leftOut === undefined ? samples.length : samples.length - 1;
    const mean = names.map((name, k) => (totals[k] - (leftOut === undefined ? 0 : samples[leftOut][name])) / count);
    const value = observable(Object.fromEntries(names.map((name, k) => [name, mean[k]])) as Record<Moment, number>);
    if (leftOut !== undefined) withoutSample[leftOut] = value;
    return value;
  };
  return { ...jackknife(samples.length, estimate), withoutSample };
}

/** A ratio observable of one point of a sweep. @param samples as for `jackknifeOfMoments` */
export function ratioOverSamples(
  name: RatioObservableName,
  samples: readonly RatioMoments[],
  system: { readonly components: number; readonly sites: number },
): { readonly value: number; readonly standardError: number } {
  const { value, standardError } = jackknifeOfMoments(samples, (mean) => ratioObservables[name].ratio(mean, system));
  return { value, standardError };
}

/** The samples at one x of a curve. */
export interface SampledPoint<Moment extends string> {
  readonly x: number;
  /** `sample` is the number of the disorder sample: the same number, the same disorder at every x of the curve. */
  readonly samples: readonly { readonly sample: number; readonly moments: Readonly<Record<Moment, number>> }[];
}

/**
 * A curve for `crossings` and `collapse` from disorder samples that its points share: means and errors of all points, and
 * the means of all points without each sample. Where a sample is missing at some x, leaving it out changes nothing there.
 *
 * @param observable of the averaged moments: a ratio observable, or any function of them
 * @throws InputError for a sample that is twice at one x
 */
export function curveOfSamples<Moment extends string>(
  sites: number,
  points: readonly SampledPoint<Moment>[],
  observable: (mean: Readonly<Record<Moment, number>>) => number,
): ScalingCurve {
  const numbers = [...new Set(points.flatMap(({ samples }) => samples.map(({ sample }) => sample)))];
  const columns = points.map(({ x, samples }) => {
    const result = jackknifeOfMoments(
      samples.map(({ moments }) => moments),
      observable,
    );
    const places = new Map(samples.map(({ sample }, place) => [sample, place]));
    if (places.size !== samples.length) {
      throw new InputError(`N = ${sites}, x = ${x}`, "a disorder sample twice", "every sample once");
    }
    const without = numbers.map((number) => {
      const place = places.get(number);
      return place === undefined ? result.value : result.withoutSample[place];
    });
    return { point: { x, mean: result.value, standardError: result.standardError }, without };
  });
  return {
    sites,
    points: columns.map(({ point }) => point),
    withoutSample: numbers.map((_, k) => columns.map(({ without }) => without[k])),
  };
}
