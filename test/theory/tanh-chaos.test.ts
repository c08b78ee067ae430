import { describe, expect, it } from "vitest";
import { tanhChaosLyapunov, tanhChaosOverlap } from "../../src/physics/theory/tanh-chaos.js";
import { readCase } from "../cases.js";

interface Chaos {
  data: { discrete: { g: number; q: number; lyapunov: number }[] };
}

describe("random tanh map at N -> infinity", () => {
  it("reproduces every tabulated overlap and Lyapunov exponent", () => {
    for (const { g, q, lyapunov } of readCase<Chaos>("kinetic/tanh-network-chaos").data.discrete) {
      expect(Math.abs(tanhChaosOverlap(g) - q), `g ${g}`).toBeLessThan(1e-11);
      expect(Math.abs(tanhChaosLyapunov(g) - lyapunov), `g ${g}`).toBeLessThan(1e-11);
    }
  });

  it("agrees with 25-digit arithmetic at g = 2.3", () => {
    expect(tanhChaosOverlap(2.3)).toBeCloseTo(0.598176278818864832, 13);
    expect(tanhChaosLyapunov(2.3)).toBeCloseTo(0.20533697646343297, 13);
  });

  it("has the known limits", () => {
    expect(tanhChaosOverlap(0.3)).toBe(0);
    expect(tanhChaosLyapunov(0.3)).toBe(Math.log(0.3));
    expect(tanhChaosLyapunov(0)).toBe(-Infinity);
    // λ grows as (g - 1)² from 1 on, and g² ∫Dz sech⁴ -> (4/3) g/√(2π).
    expect(tanhChaosLyapunov(1.001) / 0.001 ** 2).toBeCloseTo(tanhChaosLyapunov(1.0005) / 0.0005 ** 2, 2);
    for (const gain of [1e-6, 1e-9]) {
      const below = 1 - 1 / (1 + gain);
      expect(tanhChaosLyapunov(1 + gain) / ((2 / 3) * below ** 2)).toBeCloseTo(1, 5);
    }
    const g = 1e5;
    expect(tanhChaosLyapunov(g)).toBeCloseTo(Math.log((4 * g) / (3 * Math.sqrt(2 * Math.PI))) / 2, 4);
    expect(1 - tanhChaosOverlap(g)).toBeCloseTo(Math.sqrt(2 / Math.PI) / g, 9);
  });
});
