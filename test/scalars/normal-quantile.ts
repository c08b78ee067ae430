/** Inverse of the normal distribution function in float64, by another way than the one under test. */

/** The z > 0 with upper tail p < 1/2, by Newton on log Q(z). */
export function upperQuantile(p: number): number {
  // Above the root and close to it in the tail: Q(z) <= exp(-z²/2)/2.
  let z = Math.sqrt(-2 * Math.log(2 * p));
  for (let step = 0; step < 12; step++) {
    const tail = upperTail(z);
    z += (Math.log(tail / p) * tail) / density(z);
  }
  return z;
}

/** Q(z) = erfc(z / sqrt 2)/2: the Taylor series about 0 below 3, Laplace's continued fraction above. */
function upperTail(z: number): number {
  if (z < 3) {
    let term = z;
    let sum = z;
    for (let n = 3; n < 120; n += 2) {
      term *= (z * z) / n;
      sum += term;
    }
    return 0.5 - sum * density(z);
  }
  let fraction = z;
  for (let n = 200; n >= 1; n--) fraction = z + n / fraction;
  return density(z) / fraction;
}

function density(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}
