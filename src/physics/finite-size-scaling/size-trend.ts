/** What estimates from several sizes, which may be correlated, say about N -> infinity. */
import { dot, pseudoInverse } from "../least-squares.js";
import type { Estimate } from "./curves.js";

export interface Fit extends Estimate {
  readonly chiSquare: number;
  /** Estimates minus parameters. */
  readonly degreesOfFreedom: number;
  /** NaN where there are no degrees of freedom. */
  readonly chiSquarePerDegree: number;
  /** Smallest size that the fit takes in. */
  readonly smallest: number;
}

export interface SizeTrend {
  /** The extrapolation, or the mean where there is one size only. */
  readonly best: Fit;
  /** Mean of all, weighted by the inverse of the covariance matrix. */
  readonly mean: Fit;
  /**
   * The limit of a straight line in N^-power. The smallest sizes are left out one by one until χ² is at most one standard
   * deviation, √(2 degrees), above its mean, or two sizes are left.
   */
  readonly extrapolation?: Fit;
  /** The slope of the line through all sizes in units of its standard error: beyond ±2 the mean is not to be believed. */
  readonly driftZ?: number;
}

type Matrix = readonly (readonly number[])[];

/**
 * @param sizes N of every estimate, rising
 * @param power of 1/N by which they approach their limit
 * @param covariance of the estimates
 * @returns undefined without estimates, or where they have no covariance matrix that can be inverted
 */
export function sizeTrend(
  sizes: readonly number[],
  power: number,
  values: readonly number[],
  covariance: Matrix,
): SizeTrend | undefined {
  const constant = fit(sizes, values, covariance, () => [1]);
  if (constant === undefined) return undefined;
  const [mean] = constant;
  const line = (dropped: number) =>
    fit(
      sizes.slice(dropped),
      values.slice(dropped),
      covariance.slice(dropped).map((row) => row.slice(dropped)),
      (size) => [1, size ** -power],
    );
  const all = line(0);
  if (all === undefined) return { best: mean, mean };
  let extrapolation = all[0];
  for (let dropped = 1; !isAcceptable(extrapolation); dropped++) {
    const rest = line(dropped);
    if (rest === undefined) break;
    extrapolation = rest[0];
  }
  return { best: extrapolation, mean, extrapolation, driftZ: all[1].value / all[1].standardError };
}

/** χ² no further above its mean than one standard deviation. */
export function isAcceptable({ chiSquare, degreesOfFreedom }: Pick<Fit, "chiSquare" | "degreesOfFreedom">): boolean {
  return chiSquare <= degreesOfFreedom + Math.sqrt(2 * degreesOfFreedom);
}

/** Generalised least squares c = (Xᵀ C⁻¹ X)⁻¹ Xᵀ C⁻¹ y; undefined where there are fewer values than predictors. */
function fit(
  sizes: readonly number[],
  values: readonly number[],
  covariance: Matrix,
  predictors: (size: number) => readonly number[],
): Fit[] | undefined {
  const rows = sizes.map(predictors);
  const inverse = pseudoInverse(covariance);
  if (inverse === undefined || rows.length < rows[0].length) return undefined;
  const columns = rows[0].map((_, k) => rows.map((row) => row[k]));
  const weighted = columns.map((column) => inverse.map((row) => dot(row, column)));
  const variances = pseudoInverse(weighted.map((row) => columns.map((column) => dot(row, column))));
  if (variances === undefined) return undefined;
  const coefficients = variances.map((row) =>
    dot(
      row,
      weighted.map((line) => dot(line, values)),
    ),
  );
  const rest = values.map((value, i) => value - dot(rows[i], coefficients));
  const degreesOfFreedom = values.length - coefficients.length;
  // Without degrees of freedom what is left is rounding.
  const chiSquare = degreesOfFreedom === 0 ? 0 : rest.reduce((sum, each, i) => sum + each * dot(inverse[i], rest), 0);
  return coefficients.map((value, k) => ({
    value,
    standardError: Math.sqrt(variances[k][k]),
    chiSquare,
    degreesOfFreedom,
    chiSquarePerDegree: degreesOfFreedom === 0 ? NaN : chiSquare / degreesOfFreedom,
    smallest: sizes[0],
  }));
}
