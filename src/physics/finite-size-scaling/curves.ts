/** Curves of an observable against a control parameter, one a size, and the errors of whatever follows from them. */
import { InputError } from "../input-error.js";

/** A number with its standard error. */
export interface Estimate {
  readonly value: number;
  readonly standardError: number;
}

export interface ScalingPoint {
  /** Control parameter: T, β, or any other. */
  readonly x: number;
  readonly mean: number;
  /** Of the mean, over disorder samples. Points where it is not above 0 carry no weight and are left out, and counted. */
  readonly standardError: number;
}

/**
 * The points of one size. Sizes are taken to be independent of each other. Points of one size are taken to be independent
 * too, unless `withoutSample` says how they move together, as they do where they share their disorder samples.
 */
export interface ScalingCurve {
  readonly sites: number;
  readonly points: readonly ScalingPoint[];
  /** The means of all points without disorder sample k, [k][point]: the jackknife over samples. */
  readonly withoutSample?: readonly (readonly number[])[];
}

/** What errors are made of: the disorder samples, or the standard errors of points as if these were independent. */
export type ErrorSource = "samples" | "points";

/** Curves by rising size, points by rising x, all of which have a weight. */
export interface PreparedCurves {
  readonly curves: readonly ScalingCurve[];
  readonly errors: ErrorSource;
  /** Points without a finite mean and a standard error above 0. */
  readonly pointsLeftOut: number;
}

/**
 * @throws InputError for fewer than two sizes, sizes or places that repeat, sizes that are not positive, samples of some
 * curves only, and rows of means of another length than the points
 */
export function prepareCurves(curves: readonly ScalingCurve[]): PreparedCurves {
  const sites = curves.map((curve) => curve.sites);
  if (new Set(sites).size !== sites.length || !sites.every((n) => n > 0)) {
    throw new InputError("curves", `the sizes ${sites.join(", ")}`, "different sizes above 0");
  }
  if (curves.length < 2) throw new InputError("curves", `${curves.length} sizes`, "two at least");
  const sampled = curves.filter(({ withoutSample }) => withoutSample !== undefined).length;
  if (sampled !== 0 && sampled !== curves.length) {
    throw new InputError(
      "curves",
      `samples of ${sampled} of ${curves.length} sizes`,
      "samples of all sizes, or of none",
    );
  }
  let pointsLeftOut = 0;
  const prepared = curves.map(({ sites, points, withoutSample }) => {
    const ragged = withoutSample?.find((row) => row.length !== points.length);
    if (ragged) throw new InputError(`N = ${sites}`, `${ragged.length} means without a sample`, `${points.length}`);
    const kept = points
      .map((point, index) => ({ ...point, index }))
      .filter(({ x, mean, standardError }) => [x, mean, standardError].every(Number.isFinite) && standardError > 0)
      .sort((one, other) => one.x - other.x);
    const twice = kept.find(({ x }, k) => x === kept[k + 1]?.x);
    if (twice) throw new InputError(`N = ${sites}`, `two points at x = ${twice.x}`, "one");
    pointsLeftOut += points.length - kept.length;
    const without = withoutSample?.map((row) => kept.map(({ index }) => row[index]));
    return { sites, points: kept, ...(without && { withoutSample: without }) };
  });
  prepared.sort((one, other) => one.sites - other.sites);
  return { curves: prepared, errors: sampled > 0 ? "samples" : "points", pointsLeftOut };
}

/** How an estimate moves with the mean of every point, [curve][point]. */
export type Gradient = readonly (readonly number[])[];

/**
 * Covariances of estimates, to first order in the means: those of the jackknife over samples, (n-1)/n Σ_k δ_k δ'_k of
 * every size, where samples are known, else Σ g g' σ² over points.
 */
export function covarianceOf({ curves }: PreparedCurves, gradients: readonly Gradient[]): number[][] {
  const covariance = gradients.map(() => gradients.map(() => 0));
  curves.forEach(({ points, withoutSample }, curve) => {
    const moves = gradients.map((gradient) => movesOf(points, withoutSample, gradient[curve]));
    moves.forEach((one, i) => {
      moves.forEach((other, j) => {
        covariance[i][j] += one.reduce((sum, move, k) => sum + move * other[k], 0);
      });
    });
  });
  return covariance;
}

/** By how much an estimate moves with every independent unit, scaled so that the squares sum to its variance. */
function movesOf(
  points: readonly ScalingPoint[],
  withoutSample: readonly (readonly number[])[] | undefined,
  gradient: readonly number[],
): number[] {
  if (withoutSample === undefined) return points.map(({ standardError }, k) => gradient[k] * standardError);
  const samples = withoutSample.length;
  const centre = points.map((_, k) => withoutSample.reduce((sum, row) => sum + row[k], 0) / samples);
  const scale = Math.sqrt((samples - 1) / samples);
  return withoutSample.map((row) => scale * row.reduce((sum, mean, k) => sum + gradient[k] * (mean - centre[k]), 0));
}
