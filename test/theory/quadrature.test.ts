import { describe, expect, it } from "vitest";
import { erf } from "../../src/physics/theory/error-function.js";
import { boxedNormalDensity, gaussianAverage, integrate } from "../../src/physics/theory/quadrature.js";
import { sech2 } from "../../src/physics/hyperbolic.js";

describe("Gaussian averages", () => {
  it("are exact for polynomials and exponentials at narrow laws", () => {
    for (const deviation of [0, 1e-8, 0.1, 0.7, 1]) {
      expect(gaussianAverage((a) => a * a, 0.3, deviation)).toBeCloseTo(0.09 + deviation ** 2, 14);
      expect(gaussianAverage(Math.exp, 0.3, deviation) / Math.exp(0.3 + deviation ** 2 / 2)).toBeCloseTo(1, 13);
    }
  });

  it("satisfy Stein's identity E (a - m) tanh a = s² E sech² a on every scale", () => {
    for (const deviation of [1e-3, 0.5, 0.999, 1.001, 3, 20, 1e3, 1e6, 1e12]) {
      for (const shift of [0, 0.4, 2.5]) {
        const mean = shift * deviation;
        const left = gaussianAverage((a) => ((a - mean) / deviation) * Math.tanh(a), mean, deviation);
        const right = deviation * gaussianAverage(sech2, mean, deviation);
        expect(Math.abs(left - right), `${deviation} ${shift}`).toBeLessThan(1e-13);
      }
    }
  });

  it("resolve a step in the tail of a wide law, with its relative accuracy", () => {
    // deviation -> infinity: sech² is a peak of area 2, sech⁴ one of area 4/3.
    for (const z of [0, 3, 12, 30]) {
      const deviation = 1e9;
      const density = Math.exp((-z * z) / 2) / (deviation * Math.sqrt(2 * Math.PI));
      expect(gaussianAverage(sech2, z * deviation, deviation) / (2 * density)).toBeCloseTo(1, 9);
      expect(gaussianAverage((a) => sech2(a) ** 2, -z * deviation, deviation) / ((4 / 3) * density)).toBeCloseTo(1, 9);
    }
    expect(gaussianAverage(Math.tanh, 1e20, 1e12)).toBeCloseTo(1, 14);
  });

  it("has weights that sum to one, and boxes too", () => {
    for (const [width, deviation] of [
      [0, 1],
      [1e-9, 1],
      [0.9, 1],
      [1.1, 1],
      [40, 1],
    ]) {
      const ends = Array.from({ length: 101 }, (_, k) => k - 50);
      const total = integrate((x) => boxedNormalDensity(x, width, deviation), ends, []);
      expect(total, `${width}`).toBeCloseTo(1, 13);
    }
  });
});

it("erf agrees with tabulated values and with its own derivative", () => {
  // Abramowitz & Stegun, table 7.1.
  expect(erf(0.5)).toBeCloseTo(0.5204998778, 10);
  expect(erf(1)).toBeCloseTo(0.8427007929, 10);
  expect(erf(2)).toBeCloseTo(0.995322265, 9);
  expect(erf(-1)).toBe(-erf(1));
  expect(erf(1e-20) / 1e-20).toBeCloseTo(2 / Math.sqrt(Math.PI), 14);
  // int_x^y: both sides of the change of method.
  const between = integrate((t) => (2 / Math.sqrt(Math.PI)) * Math.exp(-t * t), [2.3, 2.5, 2.7], []);
  expect(erf(2.7) - erf(2.3)).toBeCloseTo(between, 15);
  expect(erf(30)).toBe(1);
});
