/**
 * The fully asymmetric Sherrington-Kirkpatrick model under synchronous Glauber dynamics, N -> infinity.
 *
 *     m(t+1) = < int Dz tanh u >_H,   u = beta (H + J0 m(t) + dJ z)          Dz = standard normal measure
 *     q(t+1) = < int Dx Dy tanh beta (H + J0 m + dJ x) tanh beta (H + J0 m + dJ (q x + sqrt(1-q^2) y)) >_H
 *     sigma/N = beta^2 dJ^2 (1-q) < int Dz sech^2 u >_H              nats per spin and step
 *
 * with J_ij independent N(J0/N, dJ^2/N) (J_ij and J_ji unrelated) and fields H uniform on [-H0, H0]. The fields of
 * different sites are independent Gaussians in this limit, so the equation is exact, and `gaussian-field` solves it.
 *
 * Sources: Derrida, Gardner & Zippelius, Europhys. Lett. 4, 167 (1987); Crisanti & Sompolinsky, PRA 36, 4922 (1987);
 * Aguilera, Igarashi & Shimazaki, Nat. Commun. 14, 3685 (2023).
 */
import { erf } from "./error-function.js";
import { boxedNormalDensity, gaussianAverage, integrate } from "./quadrature.js";
import { findRoot, positiveFixedPoint } from "./root.js";

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
  const width = beta * fieldHalfWidth;
  return gaussianAverage(
    (a) => meanTanh(a, width),
    beta * couplingMean * magnetization,
    beta * couplingDeviation,
    width > 0 ? [-width, width] : [0],
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
  return steadyState(beta, model).magnetization;
}

function solveMagnetization(beta: number, model: AsymmetricSk): number {
  // The map is odd, increasing and concave for m > 0, so a positive fixed point exists exactly if its slope at 0 exceeds 1.
  if (!(criticalRatio(beta, model) > 1)) return 0;
  return positiveFixedPoint((m) => asymmetricSkStep(m, beta, model));
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

/**
 * Steady overlap q of two histories with the same couplings and fields and independent noise, (1/N) sum_i <s_i>^2.
 *
 * @param beta inverse temperature of the spins, >= 0
 * @param model the ensemble
 * @returns q in [0, 1]; 0 without magnetization and fields
 */
export function asymmetricSkOverlap(beta: number, model: AsymmetricSk): number {
  const state = steadyState(beta, model);
  state.overlap ??= solveOverlap(state.magnetization, beta, model);
  return state.overlap;
}

/** The state asked for last: all results of one point share it, and cold it takes seconds. */
let latest: { key: string; magnetization: number; overlap?: number } | undefined;

function steadyState(beta: number, model: AsymmetricSk) {
  const key = [beta, model.couplingMean, model.couplingDeviation, model.fieldHalfWidth].join();
  if (latest?.key !== key) latest = { key, magnetization: solveMagnetization(beta, model) };
  return latest;
}

function solveOverlap(magnetization: number, beta: number, model: AsymmetricSk): number {
  if (magnetization === 0 && model.fieldHalfWidth === 0) return 0;
  // A power series in q with positive coefficients, >= 0 at q = 0 and <= 1 at q = 1: one fixed point below 1.
  const excess = (q: number): number => overlapStep(q, magnetization, beta, model) - q;
  if (excess(1) >= 0) return 1;
  return findRoot(excess, 0, 1);
}

/**
 * Entropy production of the steady state, in nats per spin and step.
 *
 * @param beta inverse temperature of the spins, >= 0
 * @param model the ensemble
 */
export function asymmetricSkEntropyProduction(beta: number, model: AsymmetricSk): number {
  const overlap = asymmetricSkOverlap(beta, model);
  const slope = meanSlope(asymmetricSkMagnetization(beta, model), beta, model);
  return (beta * model.couplingDeviation) ** 2 * (1 - overlap) * slope;
}

/** The map of q at fixed m, as the mean square of what the noise leaves of tanh. */
function overlapStep(q: number, magnetization: number, beta: number, model: AsymmetricSk): number {
  const mean = beta * model.couplingMean * magnetization;
  const shared = beta * model.couplingDeviation * Math.sqrt(q);
  const own = beta * model.couplingDeviation * Math.sqrt(1 - q);
  const width = beta * model.fieldHalfWidth;
  const square = (a: number): number => gaussianAverage(Math.tanh, a, own) ** 2;
  if (width === 0) return gaussianAverage(square, mean, shared);
  const kink = { at: 0, width: 1 };
  if (shared === 0) return integrate(square, [mean - width, mean + width], [kink]) / (2 * width);
  // The shared part of the field is uniform plus Gaussian: flat, with an edge of width `shared` at either end.
  const steps = Array.from({ length: 10 }, (_, k) => (2 * k - 9) * shared);
  const breakpoints = [...steps.map((x) => mean - width + x), ...steps.map((x) => mean + width + x)];
  breakpoints.sort((a, b) => a - b);
  return integrate((a) => boxedNormalDensity(a - mean, width, shared) * square(a), breakpoints, [kink]);
}

/** Slope of the map at m = 0: beta J0 < int Dz sech^2 beta (H + dJ z) >_H. */
function criticalRatio(beta: number, model: AsymmetricSk): number {
  return beta * model.couplingMean * meanSlope(0, beta, model);
}

/** < int Dz sech^2 beta (H + J0 m + dJ z) >_H. */
function meanSlope(magnetization: number, beta: number, model: AsymmetricSk): number {
  const { couplingMean, couplingDeviation, fieldHalfWidth } = model;
  const width = beta * fieldHalfWidth;
  return gaussianAverage(
    (a) => meanSech2(a, width),
    beta * couplingMean * magnetization,
    beta * couplingDeviation,
    width > 0 ? [-width, width] : [0],
  );
}

/** Limit of {@link criticalRatio} for beta -> infinity: 2 J0 times the density of H + dJ z at zero. */
function zeroTemperatureRatio({ couplingMean, couplingDeviation, fieldHalfWidth }: AsymmetricSk): number {
  if (fieldHalfWidth === 0) return (couplingMean / couplingDeviation) * Math.sqrt(2 / Math.PI);
  return (couplingMean * erf(fieldHalfWidth / (couplingDeviation * Math.SQRT2))) / fieldHalfWidth;
}

/** Average of tanh(a + u) over u uniform on [-w, w]. */
function meanTanh(a: number, w: number): number {
  if (w === 0) return Math.tanh(a);
  // ln cosh(a+w) - ln cosh(a-w), in forms that do not cancel for small w and for large a.
  if (w < 1) return Math.atanh(Math.tanh(a) * Math.tanh(w)) / w;
  const tails = Math.log1p(Math.exp(-2 * Math.abs(a + w))) - Math.log1p(Math.exp(-2 * Math.abs(a - w)));
  return (Math.max(-w, Math.min(w, a)) + tails / 2) / w;
}

/** Average of sech^2(a + u) over u uniform on [-w, w]: (tanh(a+w) - tanh(a-w))/(2w), without its cancellation. */
function meanSech2(a: number, w: number): number {
  const tails = (1 + Math.exp(-2 * Math.abs(a + w))) * (1 + Math.exp(-2 * Math.abs(a - w)));
  const inside = w === 0 ? 2 : -Math.expm1(-4 * w) / (2 * w);
  return (2 * inside * Math.exp(-2 * Math.max(Math.abs(a) - w, 0))) / tails;
}
