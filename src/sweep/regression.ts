/** Linear least squares, and power laws by least squares of logarithms. */
import { dot, pseudoInverse } from "../physics/least-squares.js";

export interface LinearFit {
  /** One a predictor. */
  readonly coefficients: readonly number[];
  /** Standard errors of the coefficients, from the scatter about the fit; NaN where there are no more values than predictors. */
  readonly standardErrors: readonly number[];
}

/**
 * Least squares of y_i = Σ_k c_k x_ik, Var c = s² (Xᵀ X)⁻¹ with s² = |y - X c|² / (values - predictors).
 *
 * @param rows x_i, one row a value; a constant term is a predictor that is 1 everywhere
 * @returns undefined if the predictors are linearly dependent, as they are with fewer values than predictors
 */
export function leastSquares(rows: readonly (readonly number[])[], values: readonly number[]): LinearFit | undefined {
  const inverse = pseudoInverse(rows);
  if (inverse === undefined) return undefined;
  const coefficients = inverse.map((row) => dot(row, values));
  const rest = values.map((value, i) => value - dot(rows[i], coefficients));
  const predictors = coefficients.length;
  const variance = values.length > predictors ? dot(rest, rest) / (values.length - predictors) : NaN;
  return { coefficients, standardErrors: inverse.map((row) => Math.sqrt(variance * dot(row, row))) };
}

export interface PowerLaw {
  readonly prefactor: number;
  /** One a factor, with its standard error, in the order of the factors. */
  readonly exponents: readonly { readonly value: number; readonly standardError: number }[];
}

/**
 * y = A Π_k x_k^{a_k} by least squares of ln y: every value counts alike by its relative error.
 * @param factors x_i > 0, one row a value
 * @param values y_i > 0
 */
export function fitPowerLaw(factors: readonly (readonly number[])[], values: readonly number[]): PowerLaw | undefined {
  const rows = factors.map((row) => [1, ...row.map(Math.log)]);
  const fit = leastSquares(rows, values.map(Math.log));
  if (fit === undefined) return undefined;
  const [logPrefactor, ...exponents] = fit.coefficients;
  return {
    prefactor: Math.exp(logPrefactor),
    exponents: exponents.map((value, k) => ({ value, standardError: fit.standardErrors[k + 1] })),
  };
}
