import { describe, expect, it } from "vitest";
import { besselRatio } from "../../src/physics/theory/bessel-ratio.js";
import { exactSphereOrder, exactThreshold, largeDimensionSphereOrder } from "../../src/physics/theory/sphere-order.js";
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

  it("agrees with 25-digit arithmetic at other parameters", () => {
    expect(exactSphereOrder(3, 7, 2)).toBeCloseTo(1.368330576195687173, 13);
  });

  it("solves m = R A_n(beta R (h + J m)) from one component to many, cold and in fields", () => {
    for (const n of [1, 2, 17, 1000]) {
      for (const [beta, field, coupling] of [
        [0.1, 0.3, 2],
        [5, 1e-6, 1],
        [300, 0, 2.5],
        [1e4, 0.5, -0.4],
      ]) {
        const radius = 1.7;
        const m = exactSphereOrder(beta, n, radius, field, coupling);
        const mapped = radius * besselRatio(n, beta * radius * (field + coupling * m));
        // A steep map turns the last digit of m into many: compare what stands beside it.
        const slope = Math.max(1, beta * radius * radius * Math.abs(coupling));
        expect(Math.abs(m - mapped) / slope, `n ${n} beta ${beta}`).toBeLessThan(1e-14);
      }
    }
    expect(exactSphereOrder(1e12, 3, 2)).toBeCloseTo(2, 11);
    expect(exactSphereOrder(0, 3, 2, 1)).toBe(0);
  });

  it("starts as R sqrt((n+2)/n) sqrt(beta/beta_c - 1)", () => {
    for (const n of [2, 3, 100]) {
      const m = exactSphereOrder(exactThreshold(n, 2, 0.5) * (1 + 1e-6), n, 2, 0, 0.5);
      expect(m / (2 * Math.sqrt((n + 2) / n) * 1e-3)).toBeCloseTo(1, 5);
    }
  });

  it("evaluates the Bessel ratio on both sides of its change of method", () => {
    for (const dimension of [2, 3, 30, 1e5]) {
      const edge = 1e4 * dimension;
      for (const kappa of [0.999 * edge, 1.001 * edge, 1e5 * edge]) {
        const third = ((dimension - 1) * (dimension - 3)) / (8 * kappa ** 3);
        const expansion =
          1 - (dimension - 1) / (2 * kappa) + ((dimension - 1) * (dimension - 3)) / (8 * kappa * kappa) + third;
        expect(Math.abs(besselRatio(dimension, kappa) - expansion), `${dimension} ${kappa}`).toBeLessThan(1e-12);
      }
    }
  });
});
