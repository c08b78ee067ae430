import { describe, expect, it } from "vitest";
import { noisyAttentionThreshold, noisyAttentionTricritical } from "../../src/physics/theory/noisy-attention.js";
import { readCase } from "../cases.js";

interface Clustering {
  data: {
    noisy_transition: {
      beta_star: { d: number; beta_star: number }[];
      K_hash: { d: number; beta: number; K: number }[];
    };
  };
}

const { beta_star, K_hash } = readCase<Clustering>("kinetic/attention-clustering").data.noisy_transition;

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
    // I_1(β) = e^β/√(2πβ) (1 - 3/(8β)): K_# = β/(2 I_1).
    const beta = 600;
    const leading = (beta / 2) * Math.sqrt(2 * Math.PI * beta) * Math.exp(-beta);
    expect(noisyAttentionThreshold(2, beta) / leading).toBeCloseTo(1 + 3 / (8 * beta), 5);
    expect(noisyAttentionTricritical(1e6)).toBeCloseTo(1, 5);
  });
});
