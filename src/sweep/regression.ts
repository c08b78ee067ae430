/** Linear least squares, and power laws by least squares of logarithms. */

export interface LinearFit {
  /** One a predictor. */
  readonly coefficients: readonly number[];
  /** Standard errors of the coefficients, from the scatter about the fit; NaN where there are no more values than predictors. */
  readonly standardErrors: readonly number[];
}

/** A predictor whose part that the others do not explain is shorter than this, relative to itself, is one of them. */
const DEPENDENT = 1e-9;

/**
 * Least squares of y_i = Σ_k c_k x_ik by modified Gram-Schmidt: X = Q R, c = R⁻¹ Qᵀ y, Var c = s² (Rᵀ R)⁻¹ with
 * s² = |y - X c|² / (values - predictors). Source: Björck, Numerical Methods for Least Squares Problems (1996), 2.4.
 *
 * @param rows x_i, one row a value; a constant term is a predictor that is 1 everywhere
 * @returns undefined if the predictors are linearly dependent, as they are with fewer values than predictors
 */
export function leastSquares(rows: readonly (readonly number[])[], values: readonly number[]): LinearFit | undefined {
  if (rows.length === 0) return undefined;
  const predictors = rows[0].length;
  const columns = Array.from({ length: predictors }, (_, k) => rows.map((row) => row[k]));
  const lengths = columns.map((column) => Math.sqrt(dot(column, column)));
  const rest = [...values];
  const r = columns.map(() => Array<number>(predictors).fill(0));
  const projections: number[] = [];
  for (const [k, column] of columns.entries()) {
    const length = Math.sqrt(dot(column, column));
    if (!(length > DEPENDENT * lengths[k])) return undefined;
    for (let i = 0; i < column.length; i++) column[i] /= length;
    r[k][k] = length;
    for (let j = k + 1; j < predictors; j++) r[k][j] = removeAlong(column, columns[j]);
    projections.push(removeAlong(column, rest));
  }
  const coefficients = solveUpper(r, projections);
  const variance = values.length > predictors ? dot(rest, rest) / (values.length - predictors) : NaN;
  // (Rᵀ R)⁻¹ = R⁻¹ R⁻ᵀ, whose diagonal holds the squared lengths of the rows of R⁻¹.
  const squares = Array<number>(predictors).fill(0);
  for (let k = 0; k < predictors; k++) {
    const unit = squares.map((_, j) => (j === k ? 1 : 0));
    solveUpper(r, unit).forEach((entry, row) => (squares[row] += entry * entry));
  }
  return { coefficients, standardErrors: squares.map((square) => Math.sqrt(variance * square)) };
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

/** Takes the part along a unit vector out of a vector, and returns its length. */
function removeAlong(unit: readonly number[], vector: number[]): number {
  const length = dot(unit, vector);
  for (let i = 0; i < vector.length; i++) vector[i] -= length * unit[i];
  return length;
}

function solveUpper(r: readonly (readonly number[])[], right: readonly number[]): number[] {
  const solution = [...right];
  for (let row = r.length - 1; row >= 0; row--) {
    for (let k = row + 1; k < r.length; k++) solution[row] -= r[row][k] * solution[k];
    solution[row] /= r[row][row];
  }
  return solution;
}

function dot(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, value, i) => sum + value * other[i], 0);
}
