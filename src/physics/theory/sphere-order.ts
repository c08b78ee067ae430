/**
 * The order parameter of O(n) mean field: naive mean field of spheres with rows of J that share a sum.
 *
 * When every row of J sums to J (any softmax attention, any mask: 1; J_ij = J/N: J), the uniform states m_i = a n are
 * mapped onto themselves, a <- F(h + J a), whatever the couplings are. These are the stable fixed points a >= 0 of that
 * scalar map in a uniform field x_i = h n. Source: Stanley, Phys. Rev. 176, 718 (1968) for the exact response; Bal, "Spin-Model
 * Transformers" (2023) for the large-D response.
 */
import { besselRatio } from "./bessel-ratio.js";
import { findRoot } from "./root.js";

/**
 * Inverse temperature above which spins on a sphere order by themselves, with the exact response: D / (R^2 J).
 *
 * @param dimension components D of one spin
 * @param radius R = |s_i|
 * @param coupling J > 0, the sum of a row of couplings
 */
export function exactThreshold(dimension: number, radius: number, coupling = 1): number {
  return dimension / (radius * radius * coupling);
}

/** Inverse temperature above which the large-D response orders, for every D and R. */
export const LARGE_DIMENSION_THRESHOLD = 2;

/**
 * |m| of the exact response: the largest root of a = R A_D(beta R (h + J a)).
 *
 * @param beta inverse temperature, >= 0
 * @param dimension components D of one spin, >= 1
 * @param radius R
 * @param field h >= 0, along the direction of order
 * @param coupling J, the sum of a row of couplings
 * @returns a in [0, R]; 0 at and below the threshold when there is no field
 */
export function exactSphereOrder(beta: number, dimension: number, radius: number, field = 0, coupling = 1): number {
  const concentration = beta * radius * radius * coupling;
  const map = (y: number): number => besselRatio(dimension, beta * radius * field + concentration * y);
  if (map(1) === 1) return radius;
  if (field > 0) return radius * findRoot((y) => map(y) - y, 0, 1);
  if (concentration <= dimension) return 0;
  // Divided by y, so that the trivial root is gone: the ratio falls from beta J R^2 / D at y = 0 to less than 1 at y = 1.
  return radius * findRoot((y) => (y === 0 ? concentration / dimension : map(y) / y) - 1, 0, 1);
}

/**
 * |m| of the large-D response: R sqrt(1 - 2/beta) without field; in a field the root of
 * 2 R^2 a = beta (R^2 - a^2) (h + a).
 *
 * @param beta inverse temperature, >= 0
 * @param radius R
 * @param field h >= 0
 * @returns a in [0, R)
 */
export function largeDimensionSphereOrder(beta: number, radius: number, field = 0): number {
  if (!(field > 0)) return beta > LARGE_DIMENSION_THRESHOLD ? radius * Math.sqrt(1 - 2 / beta) : 0;
  const h = field / radius;
  return radius * findRoot((y) => beta * (1 - y) * (1 + y) * (h + y) - 2 * y, 0, 1);
}
