import { describe, expect, it } from "vitest";
import { curieWeissMagnetization } from "../../src/physics/theory/curie-weiss.js";
import { hopfieldCapacity, hopfieldMagnetization } from "../../src/physics/theory/hopfield.js";
import { readCase } from "../cases.js";

interface Hopfield {
  data: {
    alpha_c: number;
    m_at_alpha_c: number;
    T0: { alpha: number; m: number }[];
    finite_T: { alpha: number; T: number; m: number | null }[];
    retrieval_spinodal: { alpha: number; T_M: number }[];
  };
}

const { data } = readCase<Hopfield>("kinetic/hopfield-retrieval");

describe("retrieval in the Hopfield model", () => {
  it("reproduces the tabulated overlaps at T = 0, and the capacity", () => {
    for (const { alpha, m } of data.T0) {
      expect(Math.abs(hopfieldMagnetization(alpha, 0) - m), `alpha ${alpha}`).toBeLessThan(1e-12);
    }
    expect(hopfieldMagnetization(data.alpha_c * (1 - 1e-12), 0)).toBeCloseTo(data.m_at_alpha_c, 5);
    expect(hopfieldMagnetization(data.alpha_c * (1 + 1e-12), 0)).toBe(0);
    expect(hopfieldCapacity(0)).toBeCloseTo(data.alpha_c, 13);
    expect(hopfieldCapacity(1e-6)).toBeCloseTo(data.alpha_c, 6);
    expect(hopfieldCapacity(1)).toBe(0);
  });

  it("reproduces the tabulated overlaps at T > 0, and where there is none", () => {
    for (const { alpha, T, m } of data.finite_T) {
      expect(Math.abs(hopfieldMagnetization(alpha, T) - (m ?? 0)), `alpha ${alpha} T ${T}`).toBeLessThan(1e-11);
    }
  });

  it("ends where the tabulated spinodal is, at the loads at which the table resolves it", () => {
    // The tabulated T_M of loads up to 0.08 come from slow iterations that had not left the ghost of the solution.
    for (const { alpha, T_M } of data.retrieval_spinodal.filter(({ alpha }) => alpha >= 0.1)) {
      expect(hopfieldMagnetization(alpha, T_M - 1e-3), `alpha ${alpha}`).toBeGreaterThan(0.9);
      expect(hopfieldMagnetization(alpha, T_M + 1e-3), `alpha ${alpha}`).toBe(0);
    }
  });

  it("agrees with 25-digit arithmetic at other parameters", () => {
    expect(hopfieldMagnetization(0.07, 0.25)).toBeCloseTo(0.992877325471587192, 12);
  });

  it("joins its limits: T -> 0, alpha -> 0, and no retrieval at high temperature or load", () => {
    for (const alpha of [1e-3, 0.05, 0.13]) {
      expect(Math.abs(hopfieldMagnetization(alpha, 1e-9) - hopfieldMagnetization(alpha, 0))).toBeLessThan(1e-10);
    }
    for (const T of [0.2, 0.6, 0.95]) {
      expect(hopfieldMagnetization(0, T)).toBe(curieWeissMagnetization(T));
      expect(Math.abs(hopfieldMagnetization(1e-9, T) - curieWeissMagnetization(T))).toBeLessThan(1e-5);
    }
    expect(hopfieldMagnetization(0, 0)).toBe(1);
    expect(hopfieldMagnetization(0.01, 1)).toBe(0);
    expect(hopfieldMagnetization(5, 0.1)).toBe(0);
  });
});
