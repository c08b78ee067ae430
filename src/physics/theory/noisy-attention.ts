/**
 * Noisy attention on the sphere, dX_i = K P (1/n) sum_j exp(beta X_i . X_j) X_j dt + dB_i with tokens on S^(d-1).
 *
 *     the uniform law is unstable above   K_# = beta^(d/2) / (2^(d/2) Gamma(d/2) I_{d/2}(beta))
 *     and loses stability continuously iff beta <= beta_*,   I_{d/2+1}(beta_*) / I_{d/2}(beta_*) = 1/d
 *
 * The laws beyond it are in noisy-attention-order.ts.
 *
 * Sources: Mun & Rosenzweig, arXiv:2604.16288, arXiv:2606.05140.
 */
import { besselRatio } from "./bessel-ratio.js";
import { findRoot } from "./root.js";

/**
 * K_#, from the series of I: K_# = (d/2) / sum_k (beta^2/4)^k / (k! (d/2+1)_k). All terms are positive.
 *
 * @param dimension d >= 2
 * @param beta inverse temperature of the attention, >= 0
 * @returns K_# > 0; 0 where it is below the smallest double, from beta near 750 on at small d
 */
export function noisyAttentionThreshold(dimension: number, beta: number): number {
  const order = dimension / 2;
  let exponent = 0;
  let term = 1;
  let sum = 1;
  // Terms rise to one maximum and fall; a sum beyond 1e700 leaves nothing of K_# in a double.
  for (let k = 1; term > sum * 1e-17 && exponent <= 700; k++) {
    term *= (beta / 2 / k) * (beta / 2 / (order + k));
    sum += term;
    if (sum > 1e100) {
      exponent += 100;
      term *= 1e-100;
      sum *= 1e-100;
    }
  }
  return (order / sum) * 10 ** -exponent;
}

/**
 * beta_*, up to which the transition is continuous.
 *
 * @param dimension d >= 2
 * @returns beta_* > 1, tending to 1 for large d
 */
export function noisyAttentionTricritical(dimension: number): number {
  const excess = (beta: number): number => dimension * besselRatio(dimension + 2, beta) - 1;
  let upper = 2;
  while (excess(upper) <= 0) upper *= 2;
  return findRoot(excess, 0, upper);
}
