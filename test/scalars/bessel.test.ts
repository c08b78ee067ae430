import { beforeAll, describe, expect, test } from "vitest";
import type { GpuDevice } from "../../src/gpu/device.js";
import { besselRatio, besselRatioDerivatives, besselRatioInverse } from "../../src/reference/bessel.js";
import { readCase } from "../cases.js";
import { sharedDevice } from "../device.js";
import { geometricGrid, largestRelativeError } from "./accuracy.js";
import { evaluate, pointsOf } from "./evaluate.js";

interface RatioCase {
  expected: { rows: { nu: number; x: number; ratio: number }[] };
}

const { rows } = readCase<RatioCase>("bal/01_bessel_ratio").expected;
const ratios = rows.map(({ ratio }) => ratio);
const DIMENSIONS = [2, 3, 4, 8, 16, 64, 128, 512];
const QUANTITIES = ["a", "slope", "bend", "anisotropy", "complement"] as const;

let device: GpuDevice;

beforeAll(async () => {
  device = await sharedDevice();
});

/** Every dimension with k from 1e-3 to `u` times R² = D/2 - 1 (1/2 for D = 2), the scale on which A saturates. */
function grid(u: number): { dimension: number; k: number }[] {
  return DIMENSIONS.flatMap((dimension) =>
    geometricGrid(1e-3, u * Math.max(dimension / 2 - 1, 0.5), 60).map((k) => ({ dimension, k })),
  );
}

describe("float64", () => {
  test("the ratio hits 70 values of 50 digits", () => {
    const actual = rows.map(({ nu, x }) => besselRatio(2 * nu + 2, x));
    expect(largestRelativeError(actual, ratios)).toBeLessThan(1e-12);
  });

  test("64 steps are good to 1e-7", () => {
    const actual = rows.map(({ nu, x }) => besselRatio(2 * nu + 2, x, 64));
    expect(largestRelativeError(actual, ratios)).toBeLessThan(1e-7);
  });

  test("D = 3 is coth k - 1/k", () => {
    for (const k of [0.5, 1, 3, 10, 1e4, 1e5]) expect(besselRatio(3, k)).toBeCloseTo(1 / Math.tanh(k) - 1 / k, 13);
  });

  test("small arguments follow the series, derivatives included", () => {
    for (const dimension of DIMENSIONS) {
      const at = besselRatioDerivatives(dimension, 0);
      expect(at.a).toBeCloseTo(1 / dimension, 15);
      expect(at.slope).toBeCloseTo(1 / dimension, 15);
      expect(at.anisotropy).toBeCloseTo(2 / (dimension + 2), 15);
      expect(at.bend * dimension ** 2 * (dimension + 2)).toBeCloseTo(6, 13);
      expect(at.complement).toBe(0);
    }
  });

  test("the derivatives satisfy the Riccati equation and its derivative", () => {
    for (const { dimension, k } of grid(8)) {
      const { a, slope, bend, anisotropy, complement } = besselRatioDerivatives(dimension, k);
      const ratio = k * a;
      expect(slope).toBeCloseTo(1 - ratio ** 2 - (dimension - 1) * a, 13);
      // A'' = -2 A A' - (D - 1) a' with k a' = A' - a
      expect(-k * bend).toBeCloseTo(-2 * ratio * slope + ((dimension - 1) * (a - slope)) / k, 11);
      expect(anisotropy * ratio ** 2).toBeCloseTo(a - slope, 14);
      expect(complement / k).toBeCloseTo(1 - ratio, 13);
    }
  });

  test("recurrence and expansion in 1/k agree where one follows the other", () => {
    for (const dimension of DIMENSIONS) {
      const k = Math.max(64 * dimension, 256) + 1;
      const expansion = besselRatioDerivatives(dimension, k);
      const recurrence = besselRatioDerivatives(dimension, k, 64 + Math.ceil(6 * Math.sqrt(k)));
      for (const quantity of QUANTITIES) {
        expect(Math.abs(expansion[quantity] / recurrence[quantity] - 1), quantity).toBeLessThan(1e-12);
      }
    }
  });

  test("the inverse returns the argument", () => {
    for (const dimension of DIMENSIONS) {
      for (const y of [1e-8, 1e-4, 0.1, 0.4999, 0.5001, 0.9, 0.99, 0.999, 1 - 1e-6, 1 - 1e-12]) {
        const k = besselRatioInverse(dimension, y);
        const at = besselRatioDerivatives(dimension, k);
        const residual = y > 0.5 ? at.complement / (k * (1 - y)) - 1 : (k * at.a) / y - 1;
        expect(Math.abs(residual)).toBeLessThan(1e-12);
      }
      expect(besselRatioInverse(dimension, 0)).toBe(0);
    }
  });

  test.each([1, 1.5, -0.1, NaN])("the inverse refuses %d", (y) => {
    expect(() => besselRatioInverse(8, y)).toThrow(RangeError);
  });
});

describe("shader", () => {
  const imports = ["lib/bessel-ratio.wgsl"];

  async function derivatives(points: readonly { dimension: number; k: number }[]): Promise<Float32Array[]> {
    return evaluate(device, {
      imports,
      statements: "let at = bessel_ratio_derivatives(x.x, x.y);",
      expressions: QUANTITIES.map((quantity) => `at.${quantity}`),
      points: pointsOf(points.map(({ dimension, k }) => [dimension, k])),
    });
  }

  test("the ratio is within 7e-7 of the 70 values", async () => {
    const points = pointsOf(rows.map(({ nu, x }) => [2 * nu + 2, x]));
    const [actual] = await evaluate(device, { imports, expressions: ["bessel_ratio(x.x, x.y)"], points });
    expect(largestRelativeError(actual, ratios)).toBeLessThan(7e-7);
  });

  test.each([
    { u: 4, tolerance: 7e-7 },
    { u: 16, tolerance: 5e-6 },
  ])("the derivatives agree with the twin for u <= $u", async ({ u, tolerance }) => {
    const points = grid(u);
    const actual = await derivatives(points);
    QUANTITIES.forEach((quantity, index) => {
      const expected = points.map(({ dimension, k }) => besselRatioDerivatives(dimension, k)[quantity]);
      // A/k and the anisotropy are sums of positive terms.
      const allowed = quantity === "a" || quantity === "anisotropy" ? 5e-7 : tolerance;
      expect(largestRelativeError(actual[index], expected), quantity).toBeLessThan(allowed);
    });
  });

  test("deep saturation costs digits of A' and A'' only, and no argument gives NaN", async () => {
    const points = DIMENSIONS.flatMap((dimension) => [1e3, 1e6, 1e9].map((k) => ({ dimension, k })));
    const actual = await derivatives(points);
    QUANTITIES.forEach((quantity, index) => {
      const expected = points.map(({ dimension, k }) => besselRatioDerivatives(dimension, k)[quantity]);
      const tolerance = quantity === "a" || quantity === "anisotropy" ? 1e-6 : 0.01;
      expect(largestRelativeError(actual[index], expected), quantity).toBeLessThan(tolerance);
    });
    const extremes = await derivatives([0, 1e-38, 1e18, 1e30].map((k) => ({ dimension: 8, k })));
    for (const values of extremes) expect([...values].every((value) => value >= 0 && value < Infinity)).toBe(true);
    expect(extremes[0][3] * 1e30).toBeCloseTo(1, 6);
  });

  test("the inverse agrees with the twin as far as f32 can tell the ratio from 1", async () => {
    const points = DIMENSIONS.flatMap((dimension) =>
      [0, 1e-8, 1e-4, 0.1, 0.4, 0.6, 0.9, 0.99].map((y) => ({ dimension, y: Math.fround(y) })),
    );
    const list = pointsOf(points.map(({ dimension, y }) => [dimension, y]));
    const [actual] = await evaluate(device, { imports, expressions: ["bessel_ratio_inverse(x.x, x.y)"], points: list });
    points.forEach(({ dimension, y }, index) => {
      const expected = besselRatioInverse(dimension, y);
      // A rounding of y by 2^-24 alone moves k by 6e-8/(1 - y).
      expect(Math.abs(actual[index] - expected), `D=${dimension} y=${y}`).toBeLessThanOrEqual(
        (6e-7 / (1 - y)) * expected,
      );
    });
  });

  test("the inverse of 1 and more is finite", async () => {
    const points = pointsOf([1, 1.5, 0.99999994].map((y) => [8, y]));
    const [actual] = await evaluate(device, { imports, expressions: ["bessel_ratio_inverse(x.x, x.y)"], points });
    for (const k of actual) expect(k).toBeCloseTo(actual[2], 0);
    expect(actual[2] / (3.5 / 2 ** -24)).toBeCloseTo(1, 2);
  });
});
