/** Data collapse: synthetic curves of known exponents, and the exact Curie-Weiss model. */
import { describe, expect, test } from "vitest";
import { collapse, collapseQuality } from "../../src/physics/finite-size-scaling/collapse.js";
import type { ScalingCurve } from "../../src/physics/finite-size-scaling/curves.js";
import { nelderMead } from "../../src/physics/finite-size-scaling/nelder-mead.js";
import { rescale } from "../../src/physics/finite-size-scaling/scaling-form.js";
import { InputError } from "../../src/physics/input-error.js";
import { summarize } from "../../src/physics/statistics.js";
import { calibration, curieWeissMoments, exactCurve, grid, normals, withNoise } from "./curie-weiss-law.js";

const TRUE = { criticalPoint: 1.1, a: 0.4, b: 0.15 };
const START = { criticalPoint: 1.12, a: 0.5, b: 0.1 };
const PARAMETERS = ["criticalPoint", "a", "b"] as const;

const form = (sites: number, x: number) =>
  sites ** -TRUE.b / (1 + Math.exp((x - TRUE.criticalPoint) * sites ** TRUE.a));
const curves = [128, 512, 2048].map((size) => exactCurve(size, grid(0.95, 1.25, 15), form, (mean) => 0.01 * mean));

function collapsed(of: readonly ScalingCurve[], options: Parameters<typeof collapse>[1]) {
  const result = collapse(of, options);
  if (result.status !== "converged") throw new Error(result.reason);
  return result;
}

describe("synthetic curves", () => {
  test("without noise give the exponents back", () => {
    const result = collapsed(curves, { start: START });
    const fine = curves.map(({ sites, points }) => ({
      sites,
      points: points.map((point) => ({ ...point, standardError: point.standardError / 100 })),
    }));
    const close = collapsed(fine, { start: START });
    for (const name of PARAMETERS) {
      // The bias of the spline, which has more knots where errors are small.
      expect(Math.abs(result[name].value - TRUE[name]), name).toBeLessThan(result[name].standardError / 2);
      expect(Math.abs(close[name].value - TRUE[name]), name).toBeLessThan(result[name].standardError / 20);
    }
    expect(result.points).toBe(45);
    const [first] = rescale(curves[0], TRUE);
    expect(first.x).toBeCloseTo((0.95 - 1.1) * 128 ** 0.4, 12);
    expect(first.mean / curves[0].points[0].mean).toBeCloseTo(128 ** 0.15, 12);
  });

  test("errors are those of the noise, and S is about 1", () => {
    const z: Record<(typeof PARAMETERS)[number], number[]> = { criticalPoint: [], a: [], b: [] };
    let quality = 0;
    for (let trial = 0; trial < 60; trial++) {
      const result = collapsed(withNoise(curves, trial), { start: START });
      for (const name of PARAMETERS) z[name].push((result[name].value - TRUE[name]) / result[name].standardError);
      quality += result.quality / 60;
    }
    for (const name of PARAMETERS) {
      // Three standard deviations of a share of 60 are 0.18.
      expect(calibration(z[name]).within, name).toBeGreaterThan(0.5);
      expect(calibration(z[name]).rootMeanSquare, name).toBeGreaterThan(0.7);
      expect(calibration(z[name]).rootMeanSquare, name).toBeLessThan(1.4);
    }
    expect(quality).toBeGreaterThan(0.7);
    expect(quality).toBeLessThan(1.3);
  });

  test("a parameter that is fixed stays, and the others get smaller errors", () => {
    const noisy = withNoise(curves, 7);
    const free = collapsed(noisy, { start: START });
    const bound = collapsed(noisy, { start: { ...START, b: TRUE.b }, fixed: ["b"] });
    expect(bound.b).toEqual({ value: TRUE.b, standardError: 0 });
    expect(bound.criticalPoint.standardError).toBeLessThan(free.criticalPoint.standardError / 2);
    expect(Math.abs(bound.a.value - TRUE.a)).toBeLessThan(3 * bound.a.standardError);
  });

  test("samples that all points of a size share move b by what is common to them", () => {
    const samples = 20;
    const noise = normals(2 * samples, 3);
    const shared = [curves[0], curves[2]].map((curve, place) => {
      const factors = Array.from(noise.slice(place * samples, (place + 1) * samples), (value) => 1 + 0.045 * value);
      const without = factors.map((_, left) => summarize(factors.filter((_, k) => k !== left)).mean);
      const { mean, standardError } = summarize(factors);
      const points = curve.points.map((point) => ({ ...point, mean: point.mean * mean }));
      const withoutSample = without.map((factor) => curve.points.map((point) => point.mean * factor));
      return { curve: { ...curve, points, withoutSample }, relative: standardError / mean };
    });
    const { errors, b } = collapsed(
      shared.map(({ curve }) => curve),
      { start: { ...TRUE, b: 0.1 }, fixed: ["criticalPoint", "a"] },
    );
    expect(errors).toBe("samples");
    // Exact: a factor of one size moves b by δ ln y / ln(N/N').
    const expected = Math.hypot(...shared.map(({ relative }) => relative)) / Math.log(2048 / 128);
    expect(b.standardError / expected).toBeCloseTo(1, 2);
  });
});

test("|m| of the exact Curie-Weiss model tends to a = 1/2, b = 1/4, T_c = 1", () => {
  const at = (smallest: number) => {
    const of = [1, 2, 4, 8].map((factor) => {
      const size = smallest * factor;
      const xs = grid(1 - 1.5 / Math.sqrt(size), 1 + 1.5 / Math.sqrt(size), 11);
      return exactCurve(
        size,
        xs,
        (n, x) => curieWeissMoments(n, x).absolute,
        (mean) => 0.003 * mean,
      );
    });
    const { criticalPoint, a, b } = collapsed(of, { start: { criticalPoint: 1, a: 0.45, b: 0.2 } });
    return { point: Math.abs(criticalPoint.value - 1), a: Math.abs(a.value - 1 / 2), b: Math.abs(b.value - 1 / 4) };
  };
  const [small, large] = [at(128), at(2048)];
  // Corrections to scaling are of order N^(-1/2): sixteen times the size leaves a quarter of them.
  expect(large.a).toBeLessThan(small.a / 3);
  expect(large.b).toBeLessThan(small.b / 3);
  expect(large.point).toBeLessThan(small.point / 10);
  expect(large.a).toBeLessThan(0.01);
  expect(large.b).toBeLessThan(0.01);
});

test("S of curves that do not collapse is large, and what cannot be fitted has a reason", () => {
  expect(collapseQuality(curves, TRUE)).toBeLessThan(0.1);
  expect(collapseQuality(curves, { ...TRUE, b: 0 })).toBeGreaterThan(10);
  const far = collapse(curves, { start: { criticalPoint: 9, a: 0.5, b: 0.1 } });
  expect(far).toMatchObject({
    status: "not-converged",
    reason: "at the start 0 of 45 points have neighbours of another size",
  });
  const flat = curves.map(({ sites, points }) => ({ sites, points: points.map((point) => ({ ...point, mean: 1 })) }));
  expect(collapse(withNoise(flat, 1), { start: START })).toMatchObject({
    status: "not-converged",
    reason: "the curves do not vary beyond their errors",
  });
  expect(() => collapse(curves, { start: START, fixed: PARAMETERS })).toThrow(InputError);
});

test("the simplex finds the minimum of Rosenbrock's valley", () => {
  const valley = ([x, y]: readonly number[]) => (1 - x) ** 2 + 100 * (y - x * x) ** 2;
  const { at, converged } = nelderMead(valley, [-1.2, 1], [0.5, 0.5]);
  expect(converged).toBe(true);
  expect(Math.hypot(at[0] - 1, at[1] - 1)).toBeLessThan(1e-2);
});
