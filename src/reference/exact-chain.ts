/**
 * The master equation of synchronous Glauber dynamics, exactly: N <= 16 binary spins, all 2^N configurations (equations 7.5).
 * Bit i of a configuration is (s_i + 1)/2. The transition matrix W(s → s') = Π_i w_i(s'_i | s) is never stored: its 2^N rows are
 * products of N factors each.
 */
import { fieldEntropy, logTwoCosh } from "../physics/hyperbolic.js";
import { binaryMean } from "./responses.js";

/** Configurations are numbered by 16 bits at most: 2^N rows of 2^N factors take minutes beyond. */
export const LARGEST_EXACT = 16;

export interface ExactMoments {
  /** m_i = <s_i(t)>, [N]. */
  readonly means: Float64Array;
  /** C_ik = <s_i(t) s_k(t)> - m_i(t) m_k(t), [N][N]. */
  readonly equalTime: Float64Array;
  /** D_il = <s_i(t) s_l(t-1)> - m_i(t) m_l(t-1), [N][N]. */
  readonly delayed: Float64Array;
}

export interface ExactStationary extends ExactMoments {
  /** π, [2^N]. */
  readonly law: Float64Array;
  /** Largest |π W - π| of a configuration. */
  readonly residual: number;
  /** Nats a step: Σ π(s) W(s→s') ln[W(s→s')/W(s'→s)], and Σ_ij (β_i J_ij - β_j J_ji) D_ij. */
  readonly productionByPaths: number;
  readonly productionByCurrents: number;
  /** Σ_i <ln 2cosh β_i h_i - β_i h_i tanh β_i h_i> / N, nats a step and spin. */
  readonly entropyRate: number;
}

export class ExactChain {
  readonly configurations: number;
  /** a_i(s) = β_i (x_i + Σ_j J_ij s_j), [2^N][N]. */
  readonly #arguments: Float64Array;
  /** β_i, [N]. */
  readonly #betas: ArrayLike<number>;

  /**
   * @param couplings J, [N][N], rows receive
   * @param field x, [N]
   * @param beta one for all sites, or one each
   * @throws RangeError beyond N = 16
   */
  constructor(
    readonly sites: number,
    private readonly couplings: Float64Array,
    field: Float64Array,
    beta: number | ArrayLike<number>,
  ) {
    if (!(sites >= 1 && sites <= LARGEST_EXACT)) {
      throw new RangeError(`exact enumeration takes 1 to ${LARGEST_EXACT} spins, not ${sites}`);
    }
    this.configurations = 2 ** sites;
    this.#betas = typeof beta === "number" ? new Float64Array(sites).fill(beta) : beta;
    this.#arguments = new Float64Array(this.configurations * sites);
    for (let s = 0; s < this.configurations; s++) {
      for (let i = 0; i < sites; i++) {
        let h = field[i];
        for (let j = 0; j < sites; j++) h += couplings[i * sites + j] * spinOf(s, j);
        this.#arguments[s * sites + i] = this.#betas[i] * h;
      }
    }
  }

  /** The law of independent spins with these means; ±1 for a fixed configuration. */
  productLaw(means: ArrayLike<number>): Float64Array {
    return this.#product((i) => (1 + means[i]) / 2);
  }

  /** The law one step later, p'(s') = Σ_s p(s) W(s → s'). */
  evolve(law: Float64Array): Float64Array {
    const { sites, configurations } = this;
    const next = new Float64Array(configurations);
    // W(s → ·) is the product of a law of the lower sites and one of the upper ones.
    const half = sites >> 1;
    const lower = new Float64Array(2 ** half);
    const upper = new Float64Array(2 ** (sites - half));
    for (let s = 0; s < configurations; s++) {
      if (law[s] === 0) continue;
      const up = (i: number) => 1 / (1 + Math.exp(-2 * this.#arguments[s * sites + i]));
      fillProduct(lower, half, up);
      fillProduct(upper, sites - half, (i) => up(half + i));
      for (let high = 0; high < upper.length; high++) {
        const weight = law[s] * upper[high];
        const from = high << half;
        for (let low = 0; low < lower.length; low++) next[from + low] += weight * lower[low];
      }
    }
    return next;
  }

  /** m_i = <s_i> of a law. */
  means(law: Float64Array): Float64Array {
    const means = new Float64Array(this.sites);
    for (let s = 0; s < this.configurations; s++) {
      for (let i = 0; i < this.sites; i++) means[i] += law[s] * spinOf(s, i);
    }
    return means;
  }

  /** Moments of the law `next` = evolve(`law`). */
  moments(law: Float64Array, next: Float64Array): ExactMoments {
    const { sites } = this;
    const [means, before] = [next, law].map((each) => this.means(each));
    const equalTime = new Float64Array(sites * sites);
    const delayed = new Float64Array(sites * sites);
    for (let s = 0; s < this.configurations; s++) {
      for (let i = 0; i < sites; i++) {
        const response = binaryMean(this.#arguments[s * sites + i]);
        for (let k = 0; k < sites; k++) {
          equalTime[i * sites + k] += next[s] * spinOf(s, i) * spinOf(s, k);
          delayed[i * sites + k] += law[s] * response * spinOf(s, k);
        }
      }
    }
    for (let i = 0; i < sites; i++) {
      for (let k = 0; k < sites; k++) {
        equalTime[i * sites + k] -= means[i] * means[k];
        delayed[i * sites + k] -= means[i] * before[k];
      }
    }
    return { means, equalTime, delayed };
  }

  /** The law that does not change, by repeated steps from the uniform one, to `tolerance` a configuration. */
  stationary(tolerance = 1e-16, maxSteps = 100_000): ExactStationary {
    const { sites, configurations, couplings } = this;
    let law = new Float64Array(configurations).fill(1 / configurations);
    let residual = Infinity;
    for (let step = 0; step < maxSteps && residual > tolerance; step++) {
      const next = this.evolve(law);
      const total = next.reduce((sum, value) => sum + value, 0);
      residual = next.reduce((worst, value, s) => Math.max(worst, Math.abs(value - law[s])), 0);
      law = next.map((value) => value / total);
      // Rounding keeps the last bits moving: a residual of a few of them is the end.
      if (residual < 1e-15 * Math.max(...law)) break;
    }
    const moments = this.moments(law, law);
    let byCurrents = 0;
    for (let i = 0; i < sites; i++) {
      for (let j = 0; j < sites; j++) {
        const current = this.#betas[i] * couplings[i * sites + j] - this.#betas[j] * couplings[j * sites + i];
        byCurrents += current * moments.delayed[i * sites + j];
      }
    }
    let entropyRate = 0;
    for (let s = 0; s < configurations; s++) {
      for (let i = 0; i < sites; i++) entropyRate += (law[s] * fieldEntropy(this.#arguments[s * sites + i])) / sites;
    }
    return {
      ...moments,
      law,
      residual,
      productionByPaths: this.#productionByPaths(law),
      productionByCurrents: byCurrents,
      entropyRate,
    };
  }

  /** ln W(s→s')/W(s'→s) = Σ_i [s'_i a_i(s) - ln 2cosh a_i(s)] - the same with s and s' exchanged. */
  #productionByPaths(law: Float64Array): number {
    const { sites, configurations } = this;
    const logNorm = new Float64Array(configurations);
    for (let s = 0; s < configurations; s++) {
      for (let i = 0; i < sites; i++) logNorm[s] += logTwoCosh(this.#arguments[s * sites + i]);
    }
    let sum = 0;
    for (let s = 0; s < configurations; s++) {
      const row = this.#row(s);
      for (let to = 0; to < configurations; to++) {
        let log = logNorm[to] - logNorm[s];
        for (let i = 0; i < sites; i++) {
          log += spinOf(to, i) * this.#arguments[s * sites + i] - spinOf(s, i) * this.#arguments[to * sites + i];
        }
        sum += law[s] * row[to] * log;
      }
    }
    return sum;
  }

  /** W(s → ·), [2^N]. */
  #row(s: number): Float64Array {
    return this.#product((i) => 1 / (1 + Math.exp(-2 * this.#arguments[s * this.sites + i])));
  }

  /** Π_i of the probability of +1 or its complement, doubling the configurations site by site. */
  #product(up: (site: number) => number): Float64Array {
    const law = new Float64Array(this.configurations);
    fillProduct(law, this.sites, up);
    return law;
  }
}

/** The law of `sites` independent spins, each up with its own probability. */
function fillProduct(law: Float64Array, sites: number, up: (site: number) => number): void {
  law[0] = 1;
  for (let i = 0; i < sites; i++) {
    const p = up(i);
    for (let s = 2 ** i - 1; s >= 0; s--) {
      law[s + 2 ** i] = law[s] * p;
      law[s] *= 1 - p;
    }
  }
}

function spinOf(configuration: number, site: number): number {
  return ((configuration >> site) & 1) === 1 ? 1 : -1;
}
