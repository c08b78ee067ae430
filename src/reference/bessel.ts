/**
 * Ratio of modified Bessel functions A(k) = I_{D/2}(k) / I_{D/2-1}(k), its first two derivatives and its inverse: the
 * twin of shaders/lib/bessel-ratio.wgsl, whose head states the recurrence (DLMF 10.29.1) and its start (between the
 * bounds of Amos 1974).
 *
 * 64 + ceil(6 sqrt(k + 1)) steps reach rounding: 4e-16 relative in A, 1e-13 in A' up to k = 64 D. Beyond k = 64 D and
 * 256 the expansion in 1/k takes over, which is exact to rounding there and needs no thousands of steps.
 */
export interface BesselRatio {
  /** A/k, 1/D at k = 0. */
  readonly a: number;
  /** A'. */
  readonly slope: number;
  /** -A''/k. */
  readonly bend: number;
  /** (A/k - A')/A², 2/(D + 2) at k = 0. */
  readonly anisotropy: number;
  /** k (1 - A). */
  readonly complement: number;
}

const EXPANSION_TERMS = 12;
const NEWTON_STEPS = 12;

/** A(k), k >= 0. */
export function besselRatio(dimension: number, k: number, steps?: number): number {
  return k * besselRatioOverK(dimension, k, steps);
}

/** A(k)/k, k >= 0. A given number of recurrence `steps` shows the truncation of the shader, which takes 64. */
export function besselRatioOverK(dimension: number, k: number, steps?: number): number {
  if (steps === undefined && isLarge(dimension, k)) return expansion(dimension, k).a;
  const count = steps ?? recurrenceSteps(k);
  const square = k * k;
  const p = dimension / 2 - 0.5 + count;
  let a = 1 / (p + Math.sqrt(p * (p + 1) + square));
  for (let step = count - 1; step >= 0; step--) a = 1 / (dimension + 2 * step + square * a);
  return a;
}

export function besselRatioDerivatives(dimension: number, k: number, steps?: number): BesselRatio {
  if (steps === undefined && isLarge(dimension, k)) return expansion(dimension, k);
  const count = steps ?? recurrenceSteps(k);
  const square = k * k;
  const p = dimension / 2 - 0.5 + count;
  const root = Math.sqrt(p * (p + 1) + square);
  const lean = (p * (p + 1)) / root;
  let a = 1 / (p + root);
  let slope = a * a * (p + lean);
  let bend = ((2 * slope + (a * lean) / root) * a) / root;
  let anisotropy = 0;
  let complement = k * a * (p + (p * (p + 1)) / (root + k));
  for (let step = count - 1; step >= 0; step--) {
    const d = dimension + 2 * step;
    const slopeAbove = slope;
    anisotropy = a + slope;
    a = 1 / (d + square * a);
    slope = a * a * (d - square * slopeAbove);
    bend = a * a * (2 * slopeAbove - square * bend) + 2 * a * anisotropy * slope;
    complement = k * (d - complement) * a;
  }
  return { a, slope, bend, anisotropy, complement };
}

/**
 * The k with A(k) = y, 0 <= y < 1, by Newton from k = y (D - y²)/(1 - y²) (Banerjee et al., JMLR 6, 2005). Above y =
 * 1/2 the residual comes from 1 - A and 1 - y, which keep their digits as y nears 1.
 */
export function besselRatioInverse(dimension: number, y: number): number {
  if (!(y >= 0 && y < 1)) throw new RangeError(`a Bessel ratio lies in [0, 1), not ${y}`);
  let k = (y * (dimension - y * y)) / ((1 - y) * (1 + y));
  for (let step = 0; step < NEWTON_STEPS; step++) {
    const at = besselRatioDerivatives(dimension, k);
    const excess = y > 0.5 ? 1 - y - at.complement / k : k * at.a - y;
    const change = excess / at.slope;
    k -= change;
    // Convergence is quadratic: what is left after a change of 1e-9 k is less than rounding.
    if (Math.abs(change) <= 1e-9 * k) break;
  }
  return k;
}

function recurrenceSteps(k: number): number {
  return 64 + Math.ceil(6 * Math.sqrt(k + 1));
}

function isLarge(dimension: number, k: number): boolean {
  return k > 64 * dimension && k > 256;
}

/**
 * A = Σ α_m k^-m, α_0 = 1. The Riccati equation A' = 1 - A² - (D - 1) A/k gives
 * α_m = ((m - D) α_{m-1} - Σ_{i=1}^{m-1} α_i α_{m-i})/2. Terms fall by D/(2k) < 1/128 or faster.
 */
function expansion(dimension: number, k: number): BesselRatio {
  const terms = new Float64Array(EXPANSION_TERMS + 1); // α_m k^-m
  terms[0] = 1;
  for (let m = 1; m <= EXPANSION_TERMS; m++) {
    let term = ((m - dimension) * terms[m - 1]) / k;
    for (let i = 1; i < m; i++) term -= terms[i] * terms[m - i];
    terms[m] = term / 2;
  }
  let ratio = 0;
  let slope = 0;
  let bend = 0;
  let complement = 0;
  for (let m = EXPANSION_TERMS; m >= 1; m--) {
    ratio += terms[m];
    slope -= (m * terms[m]) / k;
    bend -= (m * (m + 1) * terms[m]) / k ** 3;
    complement -= terms[m] * k;
  }
  ratio += 1;
  return { a: ratio / k, slope, bend, anisotropy: (ratio / k - slope) / ratio ** 2, complement };
}
