import { describe, expect, it } from "vitest";
import { vectorOverlap, vectorOverlapAfter, type VectorCouplings } from "../../src/physics/theory/vector-couplings.js";

const model = (beta: number, deviation: number, fieldNorm: number, more: Partial<VectorCouplings> = {}) => ({
  beta,
  deviation,
  fieldNorm,
  ...more,
});

describe("sphere spins with independent couplings and fields in random directions", () => {
  it("solves the equations of section 12.3 as they are printed there, for the large-d response", () => {
    for (const [beta, g, xi] of [
      [0.7, 1, 0.5],
      [2, 0.3, 0.1],
      [4, 1, 0.5],
      [50, 2, 0.01],
      [1, 0, 1],
    ]) {
      const at = model(beta, g, xi);
      const naive = vectorOverlap(1, "naive", at);
      const n2 = xi ** 2 + g ** 2 * naive;
      expect((beta ** 2 * n2) / (1 + Math.sqrt(1 + beta ** 2 * n2)) ** 2).toBeCloseTo(naive, 13);
      const q = vectorOverlap(1, "onsager", at);
      const left = (2 * Math.sqrt(q)) / (beta * (1 - q)) + (beta / 2) * g ** 2 * (1 - q) * Math.sqrt(q);
      expect(left / Math.sqrt(xi ** 2 + g ** 2 * q)).toBeCloseTo(1, 12);
      const c = beta / (1 + Math.sqrt(1 + beta ** 2 * (xi ** 2 + g ** 2)));
      expect(vectorOverlap(1, "gaussian-field", at) / ((c * xi) ** 2 / (1 - (c * g) ** 2))).toBeCloseTo(1, 12);
    }
  });

  it("follows a start to the nearest of three roots of the Onsager equation", () => {
    const at = model(100, 0.5, 1);
    const [low, high] = [0, 1].map((start) => vectorOverlap(start, "onsager", at));
    expect(high - low).toBeGreaterThan(0.5);
    for (const q of [low, high]) {
      const left = (2 * Math.sqrt(q)) / (100 * (1 - q)) + 50 * 0.25 * (1 - q) * Math.sqrt(q);
      expect(left / Math.sqrt(1 + 0.25 * q)).toBeCloseTo(1, 10);
    }
  });

  it("comes to the steady state by steps", () => {
    for (const closure of ["naive", "onsager", "gaussian-field"] as const) {
      const at = model(2, 1, 0.5);
      expect(vectorOverlapAfter(300, 0.9, closure, at)).toBeCloseTo(vectorOverlap(0.9, closure, at), 13);
      expect(vectorOverlapAfter(0, 0.9, closure, at)).toBe(0.9);
    }
    // Without fields gaussian-field contracts |m| by c each step (equations 12.3).
    const c = 2 / (1 + Math.sqrt(5));
    expect(vectorOverlapAfter(3, 0.4, "gaussian-field", model(2, 1, 0))).toBeCloseTo(0.4 * c ** 6, 15);
  });

  it("tends to the large-d response as D grows, R² = D/2 - 1", () => {
    const dimension = 1e5;
    const exact = { dimension, radius: Math.sqrt(dimension / 2 - 1) };
    for (const closure of ["naive", "onsager", "gaussian-field"] as const) {
      const limit = vectorOverlap(1, closure, model(1.5, 1, 0.5));
      expect(vectorOverlap(1, closure, model(1.5, 1, 0.5, { exact })) / limit).toBeCloseTo(1, 4);
    }
    expect(vectorOverlap(1, "naive", model(4, 1, 0, { exact }))).toBeCloseTo(0.5, 4);
  });

  it("without fields: naive orders by itself above βg = 2, the others never", () => {
    expect(vectorOverlap(1, "naive", model(2, 1, 0))).toBe(0);
    expect(vectorOverlap(1, "naive", model(1.25, 2, 0))).toBeCloseTo(0.2, 14);
    for (const closure of ["onsager", "gaussian-field"] as const)
      expect(vectorOverlap(1, closure, model(9, 2, 0))).toBe(0);
    expect(vectorOverlap(1, "naive", model(0, 2, 1))).toBe(0);
  });
});
