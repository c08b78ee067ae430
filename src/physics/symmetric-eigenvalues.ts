/**
 * All eigenvalues of a symmetric matrix, in rising order: Householder's reduction to tridiagonal form, then bisection by
 * Sturm counts, which leaves no eigenvalue out and converges for any matrix (Golub & Van Loan, sections 8.3 and 8.4).
 * @param matrix n × n, row by row; the lower triangle is read
 */
export function symmetricEigenvalues(matrix: ArrayLike<number>, n: number): number[] {
  const { diagonal, squares } = tridiagonal(Float64Array.from(matrix), n);
  const reach = diagonal.map((value, k) => Math.sqrt(squares[k]) + Math.sqrt(squares[k + 1] ?? 0) + Math.abs(value));
  const bound = Math.max(...reach);
  if (!Number.isFinite(bound)) return new Array<number>(n).fill(NaN);
  return Array.from({ length: n }, (_, rank) => {
    let [low, high] = [-bound, bound];
    for (;;) {
      const middle = (low + high) / 2;
      if (!(middle > low && middle < high)) return middle;
      if (countBelow(diagonal, squares, middle) > rank) high = middle;
      else low = middle;
      if (high - low <= 2 ** -54 * bound) return (low + high) / 2;
    }
  });
}

/** The diagonal, and the squares of the entries below it: squares[k] couples k - 1 and k. */
function tridiagonal(a: Float64Array, n: number): { diagonal: Float64Array; squares: Float64Array } {
  const squares = new Float64Array(n);
  const v = new Float64Array(n);
  const p = new Float64Array(n);
  for (let k = 0; k < n - 1; k++) {
    let square = 0;
    for (let i = k + 1; i < n; i++) square += a[i * n + k] ** 2;
    squares[k + 1] = square;
    if (square === 0) continue;
    // The reflection I - 2 v vᵀ / |v|² takes the column to its first entry; it acts from both sides on what is left.
    const first = a[(k + 1) * n + k];
    const length = first > 0 ? -Math.sqrt(square) : Math.sqrt(square);
    for (let i = k + 1; i < n; i++) v[i] = a[i * n + k];
    v[k + 1] -= length;
    const norm = 2 * (square - first * length);
    if (norm === 0) continue;
    let along = 0;
    for (let i = k + 1; i < n; i++) {
      let sum = 0;
      for (let j = k + 1; j <= i; j++) sum += a[i * n + j] * v[j];
      for (let j = i + 1; j < n; j++) sum += a[j * n + i] * v[j];
      p[i] = (2 * sum) / norm;
      along += p[i] * v[i];
    }
    const share = along / norm;
    for (let i = k + 1; i < n; i++) p[i] -= share * v[i];
    for (let i = k + 1; i < n; i++) {
      for (let j = k + 1; j <= i; j++) a[i * n + j] -= v[i] * p[j] + p[i] * v[j];
    }
  }
  return { diagonal: Float64Array.from({ length: n }, (_, k) => a[k * n + k]), squares };
}

/** Eigenvalues below x: the negative pivots of the tridiagonal matrix minus x. */
function countBelow(diagonal: Float64Array, squares: Float64Array, x: number): number {
  let count = 0;
  let pivot = 1;
  for (let k = 0; k < diagonal.length; k++) {
    pivot = diagonal[k] - x - squares[k] / (pivot === 0 ? Number.MIN_VALUE : pivot);
    if (pivot < 0) count++;
  }
  return count;
}
