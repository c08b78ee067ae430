/** Linear least squares as a linear map of the data, which is what errors are propagated through. */

/** A predictor whose part that the others do not explain is shorter than this, relative to itself, is one of them. */
const DEPENDENT = 1e-9;

/**
 * B of the least-squares solution c = B y of y_i = Σ_k c_k x_ik, by modified Gram-Schmidt: X = Q R, B = R⁻¹ Qᵀ, and
 * B Bᵀ = (Xᵀ X)⁻¹. Of a square X it is the inverse. Source: Björck, Numerical Methods for Least Squares Problems (1996), 2.4.
 *
 * @param rows x_i, one row a value; a constant term is a predictor that is 1 everywhere
 * @returns a row a predictor; undefined if they are linearly dependent, as they are with fewer values than predictors
 */
export function pseudoInverse(rows: readonly (readonly number[])[]): number[][] | undefined {
  if (rows.length === 0) return undefined;
  const predictors = rows[0].length;
  const columns = Array.from({ length: predictors }, (_, k) => rows.map((row) => row[k]));
  const lengths = columns.map((column) => Math.sqrt(dot(column, column)));
  const r = columns.map(() => Array<number>(predictors).fill(0));
  for (const [k, column] of columns.entries()) {
    const length = Math.sqrt(dot(column, column));
    if (!(length > DEPENDENT * lengths[k])) return undefined;
    for (let i = 0; i < column.length; i++) column[i] /= length;
    r[k][k] = length;
    for (let j = k + 1; j < predictors; j++) r[k][j] = removeAlong(column, columns[j]);
  }
  for (let row = predictors - 1; row >= 0; row--) {
    const target = columns[row];
    for (let k = row + 1; k < predictors; k++) {
      for (let i = 0; i < target.length; i++) target[i] -= r[row][k] * columns[k][i];
    }
    for (let i = 0; i < target.length; i++) target[i] /= r[row][row];
  }
  return columns;
}

export function dot(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, value, i) => sum + value * other[i], 0);
}

/** Takes the part along a unit vector out of a vector, and returns its length. */
function removeAlong(unit: readonly number[], vector: number[]): number {
  const length = dot(unit, vector);
  for (let i = 0; i < vector.length; i++) vector[i] -= length * unit[i];
  return length;
}
