/** Laws on the sphere S^(d-1) that depend on the angle theta from an axis alone, by quadrature in theta. */
import { quadratureRule } from "./quadrature.js";

/** Averages over laws exp(sum_k h_k P_k(cos theta)) sin^(d-2) theta on nodes that resolve a width of sqrt(2 spread). */
export class ZonalLaw {
  /** P_k at the nodes, [k][node], from k = 1. */
  readonly #harmonics: readonly Float64Array[];
  /** ln of the weights of the uniform law, which sum to 1. */
  readonly #measure: Float64Array;

  constructor(
    dimension: number,
    private readonly weights: readonly number[],
    spread: number,
  ) {
    const depth = Math.ceil(Math.log2(Math.PI / Math.sqrt(2 * spread))) + 2;
    const ends = Array.from({ length: depth + 1 }, (_, k) => Math.PI * 2 ** -k).reverse();
    // Panels grow with the angle, as the width of sin^(d-2) theta does about any of them, and hold few periods of P_k.
    const pieces = (from: number, to: number) =>
      Math.ceil(Math.max(((to - from) * weights.length) / 12, Math.sqrt(dimension) / 3));
    const { nodes, weights: steps } = quadratureRule([0, ...ends], pieces);
    const logs = nodes.map((theta, j) => Math.log(steps[j]) + (dimension - 2) * Math.log(Math.sin(theta)));
    const total = logSum(logs);
    this.#measure = Float64Array.from(logs, (value) => value - total);
    const cosines = Float64Array.from(nodes, Math.cos);
    const harmonics = [cosines.map(() => 1), cosines];
    for (let k = 1; k < weights.length; k++) {
      const [before, now] = [harmonics[k - 1], harmonics[k]];
      const [up, down] = [(2 * k + dimension - 2) / (k + dimension - 2), k / (k + dimension - 2)];
      harmonics.push(cosines.map((t, j) => up * t * now[j] - down * before[j]));
    }
    this.#harmonics = harmonics.slice(1);
  }

  /** E P_k for all k. */
  moments(drive: readonly number[]): number[] {
    const { law } = this.#law(drive);
    return this.#harmonics.map((harmonic) => average(law, harmonic));
  }

  /** ln E_uniform exp(sum_k h_k P_k) */
  logPartition(drive: readonly number[]): number {
    return this.#law(drive).logPartition;
  }

  #law(drive: readonly number[]): { law: Float64Array; logPartition: number } {
    const exponents = this.#measure.slice();
    drive.forEach((h, k) => {
      const harmonic = this.#harmonics[k];
      for (let j = 0; j < exponents.length; j++) exponents[j] += h * harmonic[j];
    });
    const logPartition = logSum(exponents);
    return { law: exponents.map((value) => Math.exp(value - logPartition)), logPartition };
  }

  /**
   * One step towards G_k(kappa, m) = m_k with m_1 held: changes of (kappa, m_2, m_3, ...), and the largest G_k - m_k
   * before it. dG_j/dm_k = kappa w_k Cov(P_j, P_k), dG_j/dkappa = sum_k w_k m_k Cov(P_j, P_k).
   */
  newtonStep(ratio: number, moments: readonly number[]): { residual: number; change: number[] } {
    const { law } = this.#law(this.weights.map((weight, k) => ratio * weight * moments[k]));
    const means = this.#harmonics.map((harmonic) => average(law, harmonic));
    const count = means.length;
    const centred = this.#harmonics.map((harmonic, k) => harmonic.map((value) => value - means[k]));
    const covariance = centred.map(() => new Array<number>(count).fill(0));
    centred.forEach((one, j) => {
      const weighted = one.map((value, node) => value * law[node]);
      for (let k = 0; k <= j; k++) covariance[j][k] = covariance[k][j] = average(weighted, centred[k]);
    });
    const matrix = covariance.map((row, j) => {
      const byRatio = row.reduce((sum, value, k) => sum + this.weights[k] * moments[k] * value, 0);
      return row.map((value, k) => (k === 0 ? byRatio : ratio * this.weights[k] * value - Number(j === k)));
    });
    const right = moments.map((moment, k) => moment - means[k]);
    const residual = right.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return { residual, change: solved(matrix, right, count) };
  }
}

function average(law: Float64Array, values: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < law.length; j++) sum += law[j] * values[j];
  return sum;
}

function logSum(exponents: ArrayLike<number>): number {
  let largest = -Infinity;
  for (let j = 0; j < exponents.length; j++) largest = Math.max(largest, exponents[j]);
  let sum = 0;
  for (let j = 0; j < exponents.length; j++) sum += Math.exp(exponents[j] - largest);
  return largest + Math.log(sum);
}

/** The solution of A x = b by elimination with row pivots; both are overwritten. */
function solved(matrix: number[][], right: number[], count: number): number[] {
  for (let column = 0; column < count; column++) {
    let pivot = column;
    for (let row = column + 1; row < count; row++) {
      if (Math.abs(matrix[row][column]) > Math.abs(matrix[pivot][column])) pivot = row;
    }
    [matrix[column], matrix[pivot]] = [matrix[pivot], matrix[column]];
    [right[column], right[pivot]] = [right[pivot], right[column]];
    for (let row = column + 1; row < count; row++) {
      const factor = matrix[row][column] / matrix[column][column];
      if (factor === 0) continue;
      for (let k = column; k < count; k++) matrix[row][k] -= factor * matrix[column][k];
      right[row] -= factor * right[column];
    }
  }
  for (let row = count - 1; row >= 0; row--) {
    for (let k = row + 1; k < count; k++) right[row] -= matrix[row][k] * right[k];
    right[row] /= matrix[row][row];
  }
  return right;
}
