import { describe, expect, it } from "vitest";
import { besselRatio } from "../../src/physics/theory/bessel-ratio.js";
import {
  noisyAttentionOrder,
  noisyAttentionTransition,
  orderedBranchOrder,
  orderedLaw,
} from "../../src/physics/theory/noisy-attention-order.js";
import { noisyAttentionThreshold, noisyAttentionTricritical } from "../../src/physics/theory/noisy-attention.js";
import { readCase } from "../cases.js";

interface Clustering {
  data: {
    noisy_transition: {
      beta_star: { d: number; beta_star: number }[];
      K_hash: { d: number; beta: number; K: number }[];
    };
    circle_branch: { beta: number; K: number; r: number; free_energy_minus_uniform: number }[];
  };
}

const { circle_branch, noisy_transition } = readCase<Clustering>("kinetic/attention-clustering").data;
const { beta_star, K_hash } = noisy_transition;

describe("noisy attention", () => {
  it("reproduces every tabulated threshold", () => {
    for (const { d, beta, K } of K_hash) {
      expect(Math.abs(noisyAttentionThreshold(d, beta) / K - 1), `d ${d} beta ${beta}`).toBeLessThan(1e-12);
    }
  });

  it("reproduces the tabulated end of the continuous transition", () => {
    for (const row of beta_star) {
      expect(Math.abs(noisyAttentionTricritical(row.d) / row.beta_star - 1), `d ${row.d}`).toBeLessThan(1e-12);
    }
  });

  it("agrees with 25-digit arithmetic at other parameters", () => {
    expect(noisyAttentionThreshold(5, 7)).toBeCloseTo(0.164796023712042578, 14);
    expect(noisyAttentionThreshold(20, 50) / 2.45248014521934751e-12).toBeCloseTo(1, 12);
    expect(noisyAttentionTricritical(5)).toBeCloseTo(1.44548543246584038, 13);
    expect(noisyAttentionTricritical(1000)).toBeCloseTo(1.002001000004986045, 12);
  });

  it("is elementary for d = 3: I_{3/2} = √(2/πβ) (cosh β - sinh β / β)", () => {
    for (const beta of [0.3, 1.7, 12, 100]) {
      const closed = beta ** 2 / (2 * (Math.cosh(beta) - Math.sinh(beta) / beta));
      expect(noisyAttentionThreshold(3, beta) / closed).toBeCloseTo(1, 12);
    }
  });

  it("has the known limits", () => {
    expect(noisyAttentionThreshold(7, 0)).toBe(3.5);
    expect(noisyAttentionThreshold(2, 1e4)).toBe(0);
    expect(noisyAttentionThreshold(3, 1e300)).toBe(0);
    // (d/2)/0F1(; d/2+1; β²/4), in 40 digits.
    expect(noisyAttentionThreshold(1e15, 1e9) / 3.5622882042647771e-203).toBeCloseTo(1, 11);
    // I_1(β) = e^β/√(2πβ) (1 - 3/(8β)): K_# = β/(2 I_1).
    const beta = 600;
    const leading = (beta / 2) * Math.sqrt(2 * Math.PI * beta) * Math.exp(-beta);
    expect(noisyAttentionThreshold(2, beta) / leading).toBeCloseTo(1 + 3 / (8 * beta), 5);
    expect(noisyAttentionTricritical(1e6)).toBeCloseTo(1, 5);
  });
});

describe("the ordered branch of noisy attention", () => {
  it("reproduces r and the free energy of the table", () => {
    for (const { beta, K, r, free_energy_minus_uniform } of circle_branch.filter(({ beta }) =>
      [0.5, 2.6].includes(beta),
    )) {
      const order = orderedBranchOrder(2, beta, K);
      expect(Math.abs(order - r), `beta ${beta} K ${K}`).toBeLessThan(1e-9);
      const energy = order === 0 ? 0 : orderedLaw(2, beta, order).freeEnergy;
      expect(Math.abs(energy - free_energy_minus_uniform), `beta ${beta} K ${K}`).toBeLessThan(1e-9);
    }
  });

  it("is that of vector spins for β → 0: r = A_d(κ d r)", () => {
    for (const [d, ratio] of [
      [3, 1.3],
      [7, 2],
    ]) {
      const order = noisyAttentionOrder(d, 0, (ratio * d) / 2);
      expect(besselRatio(d, ratio * d * order)).toBeCloseTo(order, 11);
    }
  });

  it("ends where order begins: continuous up to β_*, with a jump beyond", () => {
    const below = noisyAttentionTransition(3, 1.8);
    expect(below).toEqual({ critical: below.critical, jump: 0, least: below.critical });
    const { critical, jump, least } = noisyAttentionTransition(3, 3);
    expect(least).toBeLessThan(critical);
    expect(critical).toBeLessThan(noisyAttentionThreshold(3, 3));
    expect(noisyAttentionOrder(3, 3, critical * (1 - 1e-6))).toBe(0);
    expect(noisyAttentionOrder(3, 3, critical * (1 + 1e-9))).toBeCloseTo(jump, 6);
    expect(orderedBranchOrder(3, 3, (least + critical) / 2)).toBeGreaterThan(0.5);
    expect(orderedBranchOrder(3, 3, 0.999 * least)).toBe(0);
  });

  it("tends to 1 - (d-1)/(4 K e^β) for strong attention", () => {
    const [beta, strength] = [4, 1e4];
    expect(noisyAttentionOrder(2, 200, 1e-60)).toBe(1); // K/K_# = 1e24: no branch to be followed
    expect(1 - noisyAttentionOrder(2, beta, strength)).toBeCloseTo(1 / (4 * strength * Math.exp(beta)), 12);
  });
});
