/** Couplings of binary spins from measured stationary means and correlations: equations 8. */
import { InputError } from "../physics/input-error.js";
import { gaussianGain, gaussianMean } from "./gaussian-average.js";

/** Moments of a stationary chain, matrices row-major: what was measured, or a closure's. */
export interface StationaryMoments {
  /** m, [N]. */
  readonly means: Float64Array;
  /** C_ik = ⟨s_i s_k⟩ - m_i m_k, [N][N]. */
  readonly equalTime: Float64Array;
  /** D_il = ⟨s_i(t) s_l(t-1)⟩ - m_i m_l, [N][N]: the first index is later. */
  readonly delayed: Float64Array;
}

export const inverseMethods = ["naive", "tap", "gaussian-field"] as const;
export type InverseMethod = (typeof inverseMethods)[number];

const HALVINGS = 200;

/**
 * β J, [N][N], row-major: B = D C⁻¹, each row divided by A_i = 1 - m_i² (naive), (1 - m_i²)(1 - F_i) (tap) or the mean gain
 * ∫Dz sech² of a Gaussian field (gaussian-field). Roudi & Hertz 2011; Mézard & Sakellariou 2011.
 * @throws InputError if C is singular, or no Gaussian field has the mean and variance that a row asks for
 */
export function inferCouplings(method: InverseMethod, moments: StationaryMoments): Float64Array {
  const { means, equalTime, delayed } = moments;
  const sites = means.length;
  const rows = solveFromRight(delayed, equalTime, sites);
  for (let i = 0; i < sites; i++) {
    const row = rows.subarray(i * sites, (i + 1) * sites);
    const variance = row.reduce((sum, value, j) => sum + value * value * (1 - means[j] ** 2), 0);
    const gain = rowGain(method, means[i], variance, i);
    row.forEach((value, j) => (row[j] = value / gain));
  }
  return rows;
}

/** A_i; `variance` is Σ_j B_ij² (1 - m_j²). */
function rowGain(method: InverseMethod, m: number, variance: number, site: number): number {
  const naive = 1 - m * m;
  if (method === "naive") return naive;
  if (method === "gaussian-field") return gaussianRowGain(m, variance, site);
  // F (1 - F)² = (1 - m²) Σ_j (J^naive_ij)² (1 - m_j²), which rises up to F = 1/3.
  const right = variance / naive;
  return naive * (1 - rootOfRising((f) => f * (1 - f) ** 2 - right, 0, 1 / 3));
}

/** a of the field (g, V) with ∫Dz tanh(g + z √V) = m and V a² = the variance that B gives. */
function gaussianRowGain(m: number, variance: number, site: number): number {
  const gainAt = (slope: number) => {
    const reach = Math.atanh(Math.abs(m)) + 10 * slope + 1;
    const mean = rootOfRising((g) => gaussianMean(g, slope) - m, -reach, reach);
    return gaussianGain(mean, slope);
  };
  const excess = (slope: number) => (slope * gainAt(slope)) ** 2 - variance;
  let upper = 1;
  while (excess(upper) < 0) {
    upper *= 2;
    if (upper > 64) throw new InputError("moments", `a row ${site} that no Gaussian field has`, "weaker correlations");
  }
  return gainAt(rootOfRising(excess, 0, upper));
}

/** Halves [low, high] until nothing is left between; the end nearest to the root if there is none. */
function rootOfRising(f: (x: number) => number, low: number, high: number): number {
  for (let k = 0; k < HALVINGS; k++) {
    const middle = 0.5 * (low + high);
    if (middle <= low || middle >= high) break;
    if (f(middle) < 0) low = middle;
    else high = middle;
  }
  return 0.5 * (low + high);
}

/** X with X C = D for a symmetric C, row by row, by elimination with pivots: C Xᵀ = Dᵀ. */
function solveFromRight(delayed: Float64Array, equalTime: Float64Array, sites: number): Float64Array {
  const factor = equalTime.slice();
  const solution = new Float64Array(sites * sites);
  // right[k][i] = D_ik
  for (let i = 0; i < sites; i++) for (let k = 0; k < sites; k++) solution[k * sites + i] = delayed[i * sites + k];
  const rowOf = (array: Float64Array, row: number) => array.subarray(row * sites, (row + 1) * sites);
  for (let column = 0; column < sites; column++) {
    let pivot = column;
    for (let row = column + 1; row < sites; row++) {
      if (Math.abs(factor[row * sites + column]) > Math.abs(factor[pivot * sites + column])) pivot = row;
    }
    if (!(Math.abs(factor[pivot * sites + column]) > 0)) {
      throw new InputError("moments", "a singular matrix of equal-time correlations", "one that can be inverted");
    }
    for (const array of [factor, solution]) {
      const [one, other] = [rowOf(array, pivot).slice(), rowOf(array, column).slice()];
      rowOf(array, column).set(one);
      if (pivot !== column) rowOf(array, pivot).set(other);
    }
    for (let row = 0; row < sites; row++) {
      if (row === column) continue;
      const share = factor[row * sites + column] / factor[column * sites + column];
      for (const array of [factor, solution]) {
        const [target, source] = [rowOf(array, row), rowOf(array, column)];
        target.forEach((value, k) => (target[k] = value - share * source[k]));
      }
    }
  }
  const result = new Float64Array(sites * sites);
  for (let i = 0; i < sites; i++) {
    for (let k = 0; k < sites; k++) result[i * sites + k] = solution[k * sites + i] / factor[k * sites + k];
  }
  return result;
}
