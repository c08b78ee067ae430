/**
 * A_D(kappa) = I_{D/2}(kappa) / I_{D/2-1}(kappa), the mean cosine of a von Mises-Fisher spin, in float64.
 *
 * Evaluated by the continued fraction A_D = 1/(D/kappa + 1/((D+2)/kappa + 1/((D+4)/kappa + ...))) with the modified
 * Lentz algorithm. All terms are positive, so nothing cancels; about 6 sqrt(kappa) + 20 terms are needed, 36 kappa/D at most. Dividing two
 * Bessel functions instead would underflow at large D. Far above D the expansion in D/kappa takes over, whose terms
 * follow from A' = 1 - A^2 - (D-1) A/kappa. Source: Abramowitz & Stegun 9.1.73, 9.7.1; Lentz, Appl. Opt. 15, 668 (1976). The float64 twin of the GPU kernel uses the downward recurrence instead: the two check each other.
 *
 * @param dimension D >= 1
 * @param kappa concentration beta R |h| >= 0; odd in it
 * @returns a number in [0, 1]
 */
export function besselRatio(dimension: number, kappa: number): number {
  if (kappa === 0) return 0;
  if (kappa < 0) return -besselRatio(dimension, -kappa);
  if (kappa > 1e4 * dimension) return largeKappaRatio(dimension, kappa);
  // The fraction is 1/T with T = b_0 + 1/(b_1 + 1/(b_2 + ...)), b_j = (D + 2 j)/kappa.
  let value = dimension / kappa;
  let forward = value;
  let backward = 0;
  for (let j = 1; j < 1e7; j++) {
    const term = (dimension + 2 * j) / kappa;
    backward = 1 / (term + backward);
    forward = term + 1 / forward;
    const change = forward * backward;
    value *= change;
    if (Math.abs(change - 1) < Number.EPSILON) break;
  }
  return Math.min(1, 1 / value);
}

function largeKappaRatio(dimension: number, kappa: number): number {
  const coefficients = [1];
  for (let k = 1; k <= 4; k++) {
    let square = 0;
    for (let i = 1; i < k; i++) square += coefficients[i] * coefficients[k - i];
    coefficients.push(((k - dimension) * coefficients[k - 1] - square) / 2);
  }
  return coefficients.reduceRight((sum, coefficient) => sum / kappa + coefficient, 0);
}
