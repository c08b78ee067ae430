import { describe, expect, it } from "vitest";
import { besselRatio } from "../../src/physics/theory/bessel-ratio.js";
import {
  binaryOrder,
  exactSphereOrder,
  exactThreshold,
  largeDimensionSphereOrder,
} from "../../src/physics/theory/sphere-order.js";
import { readCase } from "../cases.js";

interface Attention {
  data: {
    order_parameter: { D: number; R: number; beta: number; m_largeD: number; m_vMF: number }[];
    uniform_field: { D: number; R: number; beta: number; h: number; m: number }[];
  };
}

interface Sphere {
  data: {
    curves: Record<
      string,
      { n: number; R?: number; R2?: number; beta_c: number; rows: { beta: number; m?: number; m_exact?: number }[] }
    >;
    single_site_response: { D: number; kappa: number; m: number }[];
  };
}

interface CurieWeiss {
  data: { infinite_N: { T: number; m: number; m_h0p1: number }[] };
}

describe("order of row-stochastic couplings", () => {
  it("reproduces the single-site response", () => {
    for (const { D, kappa, m } of readCase<Sphere>("kinetic/on-sphere-meanfield").data.single_site_response) {
      const radius = Math.sqrt(D / 2 - 1);
      expect(Math.abs((radius * besselRatio(D, kappa)) / m - 1), `D ${D} kappa ${kappa}`).toBeLessThan(1e-12);
    }
  });

  it("agrees with coth k - 1/k for three components, and with 1 - (D-1)/2k far out", () => {
    for (const k of [0.1, 1, 10, 300]) expect(besselRatio(3, k)).toBeCloseTo(1 / Math.tanh(k) - 1 / k, 13);
    expect(besselRatio(512, 0.01) / (0.01 / 512)).toBeCloseTo(1 - 0.01 ** 2 / (512 * 514), 15);
    expect(besselRatio(8, 1e5)).toBeCloseTo(1 - 7 / 2e5, 8);
    expect(besselRatio(8, 0)).toBe(0);
  });

  it("reproduces both responses without field, at D = 8 to 512", () => {
    for (const row of readCase<Attention>("kinetic/attention-exact-fixed-points").data.order_parameter) {
      const large = largeDimensionSphereOrder(row.beta, row.R);
      expect(Math.abs(large - row.m_largeD), JSON.stringify(row)).toBeLessThan(1e-11 * row.R);
      const exact = exactSphereOrder(row.beta, row.D, row.R);
      expect(Math.abs(exact - row.m_vMF), JSON.stringify(row)).toBeLessThan(1e-11 * row.R);
    }
  });

  it("reproduces the large-D response in a uniform field, and the exact one solves its own equation", () => {
    for (const row of readCase<Attention>("kinetic/attention-exact-fixed-points").data.uniform_field) {
      expect(Math.abs(largeDimensionSphereOrder(row.beta, row.R, row.h) - row.m)).toBeLessThan(1e-12);
      const a = exactSphereOrder(row.beta, row.D, row.R, row.h);
      expect(a).toBeCloseTo(row.R * besselRatio(row.D, row.beta * row.R * (row.h + a)), 12);
    }
  });

  it("reproduces the O(n) mean-field curves on both radii", () => {
    for (const [name, curve] of Object.entries(readCase<Sphere>("kinetic/on-sphere-meanfield").data.curves)) {
      const radius = curve.R ?? Math.sqrt(curve.R2!);
      expect(exactThreshold(curve.n, radius)).toBeCloseTo(curve.beta_c, 12);
      for (const { beta, m, m_exact } of curve.rows) {
        const expected = (m ?? m_exact)!;
        // On the threshold itself the tables hold the rounding of their own solver, about 1e-8.
        const allowed = Math.abs(beta / curve.beta_c - 1) < 1e-11 ? 1e-7 : 1e-11;
        expect(Math.abs(exactSphereOrder(beta, curve.n, radius) - expected), `${name} ${beta}`).toBeLessThan(allowed);
      }
    }
  });

  it("reproduces Curie-Weiss", () => {
    for (const { T, m, m_h0p1 } of readCase<CurieWeiss>("kinetic/curie-weiss").data.infinite_N) {
      expect(Math.abs(binaryOrder(1 / T) - m), `T ${T}`).toBeLessThan(1e-11);
      expect(Math.abs(binaryOrder(1 / T, 0.1) - m_h0p1), `T ${T}, field`).toBeLessThan(1e-12);
    }
  });
});
