import { describe, expect, it } from "vitest";
import { curieWeissMagnetization } from "../../src/physics/theory/curie-weiss.js";
import { exactSphereOrder } from "../../src/physics/theory/sphere-order.js";
import { readCase } from "../cases.js";

interface CurieWeiss {
  data: { infinite_N: { T: number; m: number; m_h0p1: number }[]; amplitude_at_1e_minus_6: number };
}

const { data } = readCase<CurieWeiss>("kinetic/curie-weiss");

describe("Curie-Weiss at N -> infinity", () => {
  it("reproduces every tabulated magnetization", () => {
    for (const { T, m, m_h0p1 } of data.infinite_N) {
      expect(Math.abs(curieWeissMagnetization(T) - m), `T ${T}`).toBeLessThan(1e-11);
      expect(Math.abs(curieWeissMagnetization(T, 1, 0.1) - m_h0p1), `T ${T}, field`).toBeLessThan(1e-12);
    }
  });

  it("inverts T(m) = m / artanh(m), at any coupling", () => {
    for (const m of [1e-4, 0.02, 0.3, 0.7, 0.99, 1 - 1e-9]) {
      for (const coupling of [0.2, 1, 7]) {
        const temperature = (coupling * m) / Math.atanh(m);
        const got = curieWeissMagnetization(temperature, coupling);
        // Near T_c, m² is what T fixes.
        expect(Math.abs(got ** 2 - m ** 2), `${m} ${coupling}`).toBeLessThan(2e-14);
      }
    }
  });

  it("has the exponent 1/2 and the amplitude √3 at the transition", () => {
    const epsilon = 1e-6;
    expect(curieWeissMagnetization(1 - epsilon) / Math.sqrt(epsilon)).toBeCloseTo(data.amplitude_at_1e_minus_6, 8);
    expect(curieWeissMagnetization(1)).toBe(0);
    expect(curieWeissMagnetization(1, 1, 1e-9) / Math.cbrt(3e-9)).toBeCloseTo(1, 5);
  });

  it("keeps its digits next to the transition, on both sides and in a field (40-digit arithmetic)", () => {
    for (const [T, field, m] of [
      [1 - 1e-6, 0, 0.0017320501147733386],
      [1 - 1e-10, 0, 1.732050879154857e-5],
      [1 - 1e-10, 1e-12, 1.449183124397197e-4],
      [1, 1e-12, 1.4422495643074085e-4],
      [1 + 1e-10, 1e-12, 1.4353160047307428e-4],
    ]) {
      expect(Math.abs(curieWeissMagnetization(T, 1, field) / m - 1), `T ${T}, h ${field}`).toBeLessThan(1e-13);
    }
    expect(curieWeissMagnetization(Infinity, 1, 0.3)).toBe(0);
  });

  it("has limits at zero and infinite temperature, follows the field, and takes negative couplings", () => {
    expect(curieWeissMagnetization(0)).toBe(1);
    expect(curieWeissMagnetization(0, 0)).toBe(0);
    expect(curieWeissMagnetization(0, -2, 0.5)).toBe(0.25);
    expect(curieWeissMagnetization(Infinity)).toBe(0);
    expect(curieWeissMagnetization(0.4, 1, -0.2)).toBe(-curieWeissMagnetization(0.4, 1, 0.2));
    expect(curieWeissMagnetization(0.7, 0, 0.3)).toBeCloseTo(Math.tanh(0.3 / 0.7), 15);
    const m = curieWeissMagnetization(0.6, -1.5, 0.8);
    expect(m).toBeCloseTo(Math.tanh((0.8 - 1.5 * m) / 0.6), 14);
  });

  it("is O(n) with one component", () => {
    for (const beta of [0.5, 1.2, 3, 1e4]) {
      expect(exactSphereOrder(beta, 1, 1)).toBeCloseTo(curieWeissMagnetization(1 / beta), 13);
      expect(exactSphereOrder(beta, 1, 1, 0.2, 0.7)).toBeCloseTo(curieWeissMagnetization(1 / beta, 0.7, 0.2), 13);
    }
  });
});
