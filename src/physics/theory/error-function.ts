/**
 * erf(x) = (2/sqrt(pi)) int_0^x exp(-t^2) dt, to a few units in the last place.
 *
 * Below 2.5 by the series of positive terms (2/sqrt(pi)) exp(-x^2) sum_k 2^k x^(2k+1)/(2k+1)!!, above by the continued
 * fraction of 1 - erf. Source: Abramowitz & Stegun 7.1.6, 7.1.14.
 */
export function erf(x: number): number {
  if (x < 0) return -erf(-x);
  if (x < 2.5) {
    let term = x;
    let sum = x;
    for (let k = 1; term > sum * 1e-17; k++) {
      term *= (2 * x * x) / (2 * k + 1);
      sum += term;
    }
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
  }
  // 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + ...)))), from the far end.
  let fraction = x;
  for (let k = 80; k >= 1; k--) fraction = x + k / 2 / fraction;
  return 1 - Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
}
