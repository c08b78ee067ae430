/** What follows from a Gram matrix, from the growth of a perturbation, and from the decay of a residual. Float64. */
import { symmetricEigenvalues } from "./symmetric-eigenvalues.js";

/** exp of the entropy of singular values over their sum; those that rounding may have made count as zero. */
export function effectiveRank(gram: ArrayLike<number>, dimension: number, roundoff: number): number {
  const eigenvalues = symmetricEigenvalues(gram, dimension);
  const floor = dimension * roundoff * eigenvalues[dimension - 1];
  const singular = eigenvalues.filter((value) => value > floor).map(Math.sqrt);
  const total = singular.reduce((sum, value) => sum + value, 0);
  if (!(total > 0)) return NaN;
  return Math.exp(-singular.reduce((sum, value) => sum + (value / total) * Math.log(value / total), 0));
}

/** (Σ_k λ_k)² / Σ_k λ_k²: the squares of the trace and of the Frobenius norm, without any eigenvalue. */
export function participationRank(gram: ArrayLike<number>, dimension: number): number {
  let trace = 0;
  let square = 0;
  for (let a = 0; a < dimension; a++) {
    trace += gram[a * dimension + a];
    for (let b = 0; b < dimension; b++) square += gram[a * dimension + b] ** 2;
  }
  return trace ** 2 / square;
}

/** The slope of ln |w_k| from its increments: a complex pair makes it swing about a line. */
export function growthRate(increments: readonly number[]): number {
  // A perturbation that has died out has no logarithm: the map is nilpotent on what it reached.
  if (increments.some((value) => value === -Infinity)) return -Infinity;
  let total = 0;
  return slope([0, ...increments.map((value) => (total += value))]);
}

/** Residuals that a rate is fitted to. */
const FITTED = 16;

/** The factor by which the last residuals fall a step. */
export function relaxationRate(residuals: readonly number[]): number {
  return residuals.length < 2 ? NaN : Math.exp(slope(residuals.slice(-FITTED).map(Math.log)));
}

/** Slope of equally spaced values, by least squares. */
function slope(values: readonly number[]): number {
  const centre = (values.length - 1) / 2;
  const covariance = values.reduce((sum, value, k) => sum + (k - centre) * value, 0);
  return covariance / values.reduce((sum, _, k) => sum + (k - centre) ** 2, 0);
}
