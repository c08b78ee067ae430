/**
 * The fully asymmetric Sherrington-Kirkpatrick model under synchronous Glauber dynamics, N -> infinity.
 *
 *     m(t+1) = < int Dz tanh beta (H + J0 m(t) + dJ z) >_H          Dz = standard normal measure
 *
 * with J_ij independent N(J0/N, dJ^2/N) (J_ij and J_ji unrelated) and fields H uniform on [-H0, H0]. The fields of
 * different sites are independent Gaussians in this limit, so the equation is exact, and `gaussian-field` solves it.
 *
 * Sources: Derrida, Gardner & Zippelius, Europhys. Lett. 4, 167 (1987); Crisanti & Sompolinsky, PRA 36, 4922 (1987);
 * Aguilera, Igarashi & Shimazaki, Nat. Commun. 14, 3685 (2023).
 */
import { findRoot } from "./root.js";

/** Ensemble of couplings and fields, all in units of energy. */
export interface AsymmetricSk {
  /** J0: the couplings have mean J0/N. */
  readonly couplingMean: number;
  /** dJ >= 0: the couplings have standard deviation dJ/sqrt(N). */
  readonly couplingDeviation: number;
  /** H0 >= 0: fields are uniform on [-H0, H0]. */
  readonly fieldHalfWidth: number;
}

/**
 * One step of the order parameter from m(t) to m(t+1).
 *
 * @param magnetization m(t)
 * @param beta inverse temperature of the spins
 * @param model the ensemble
 */
export function asymmetricSkStep(magnetization: number, beta: number, model: AsymmetricSk): number {
  const { couplingMean, couplingDeviation, fieldHalfWidth } = model;
  return gaussianAverage(
    (z) => meanTanh(beta * (couplingMean * magnetization + couplingDeviation * z), beta * fieldHalfWidth),
    beta * couplingDeviation,
  );
}

/**
 * Steady magnetization m >= 0 reached from the all-up state, at N -> infinity.
 *
 * @param beta inverse temperature of the spins, >= 0
 * @param model the ensemble; for J0 <= 0 the only fixed point is m = 0
 * @returns m in [0, 1], zero at and below the critical beta
 */
export function asymmetricSkMagnetization(beta: number, model: AsymmetricSk): number {
  // The map is odd, increasing and concave for m > 0, so a positive fixed point exists exactly if its slope at 0 exceeds 1.
  if (!(criticalRatio(beta, model) > 1)) return 0;
  const excess = (m: number): number => asymmetricSkStep(m, beta, model) / m - 1;
  if (!(excess(1) < 0)) return 1;
  let lower = 0.5;
  while (!(excess(lower) > 0)) {
    lower /= 2;
    if (lower < 1e-9) return 0;
  }
  return findRoot(excess, lower, 1);
}

/**
 * Inverse temperature of the transition, 1 = beta J0 < int Dz sech^2 beta (H + dJ z) >_H.
 *
 * @param model the ensemble
 * @returns beta_c, or Infinity when the disorder or the fields keep the model disordered down to zero temperature
 *   (without fields: dJ >= J0 sqrt(2/pi))
 */
export function asymmetricSkCriticalBeta(model: AsymmetricSk): number {
  if (!(model.couplingMean > 0) || zeroTemperatureRatio(model) <= 1) return Infinity;
  // The right-hand side grows with beta, is at most 1 at beta = 1/J0 and tends to the zero-temperature ratio > 1.
  const lower = 1 / model.couplingMean;
  if (criticalRatio(lower, model) >= 1) return lower;
  let upper = 2 * lower;
  while (criticalRatio(upper, model) <= 1) upper *= 2;
  return findRoot((beta) => criticalRatio(beta, model) - 1, lower, upper);
}

/** Slope of the map at m = 0: beta J0 < int Dz sech^2 beta (H + dJ z) >_H. */
function criticalRatio(beta: number, model: AsymmetricSk): number {
  const { couplingMean, couplingDeviation, fieldHalfWidth } = model;
  const average = gaussianAverage(
    (z) => meanSech2(beta * couplingDeviation * z, beta * fieldHalfWidth),
    beta * couplingDeviation,
  );
  return beta * couplingMean * average;
}

/** Limit of {@link criticalRatio} for beta -> infinity: 2 J0 times the density of H + dJ z at zero. */
function zeroTemperatureRatio({ couplingMean, couplingDeviation, fieldHalfWidth }: AsymmetricSk): number {
  if (fieldHalfWidth === 0) return (couplingMean / couplingDeviation) * Math.sqrt(2 / Math.PI);
  if (couplingDeviation === 0) return couplingMean / fieldHalfWidth;
  // int_0^{H0/dJ} of the normal density, by Simpson's rule.
  const end = Math.min(fieldHalfWidth / couplingDeviation, 9);
  const intervals = 1000;
  let sum = 0;
  for (let i = 0; i <= intervals; i++) {
    const weight = i === 0 || i === intervals ? 1 : i % 2 === 1 ? 4 : 2;
    sum += weight * Math.exp(-0.5 * ((end * i) / intervals) ** 2);
  }
  const mass = (sum * end) / (3 * intervals) / Math.sqrt(2 * Math.PI);
  return (2 * couplingMean * mass) / fieldHalfWidth;
}

/**
 * int Dz f(z) by the trapezoid rule on [-9, 9], which converges exponentially for functions of tanh(steepness z).
 *
 * @param f the function to average
 * @param steepness how fast f varies: its poles are pi / (2 steepness) away from the real axis
 */
function gaussianAverage(f: (z: number) => number, steepness: number): number {
  if (steepness === 0) return f(0);
  const intervals = 2 * Math.ceil(Math.max(1000, 40 * steepness));
  const step = 18 / intervals;
  let sum = 0;
  for (let i = 0; i <= intervals; i++) {
    const z = -9 + i * step;
    sum += Math.exp(-0.5 * z * z) * f(z);
  }
  return (sum * step) / Math.sqrt(2 * Math.PI);
}

/** Average of tanh(a + u) over u uniform on [-w, w]. */
function meanTanh(a: number, w: number): number {
  if (w === 0) return Math.tanh(a);
  // ln cosh(a+w) - ln cosh(a-w), in a form that does not cancel for small w.
  if (w < 1) return Math.atanh(Math.tanh(a) * Math.tanh(w)) / w;
  return (logCosh(a + w) - logCosh(a - w)) / (2 * w);
}

/** Average of sech^2(a + u) over u uniform on [-w, w]. */
function meanSech2(a: number, w: number): number {
  if (w < 1) return (w === 0 ? 1 : Math.sinh(2 * w) / (2 * w)) / (Math.cosh(a + w) * Math.cosh(a - w));
  return (Math.tanh(a + w) - Math.tanh(a - w)) / (2 * w);
}

function logCosh(a: number): number {
  const magnitude = Math.abs(a);
  return magnitude + Math.log1p(Math.exp(-2 * magnitude)) - Math.LN2;
}
