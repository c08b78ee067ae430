/** Crossings of Binder cumulants: exact curves of the Curie-Weiss model, and the errors of noisy ones. */
import { expect, test } from "vitest";
import { crossings } from "../../src/physics/finite-size-scaling/crossings.js";
import type { ScalingCurve } from "../../src/physics/finite-size-scaling/curves.js";
import { InputError } from "../../src/physics/input-error.js";
import { findRoot } from "../../src/physics/theory/root.js";
import { readCase } from "../cases.js";
import {
  calibration,
  curieWeissBinder,
  curieWeissMoments,
  exactCurve,
  grid,
  normals,
  withNoise,
} from "./curie-weiss-law.js";

interface CurieWeiss {
  data: {
    binder_at_Tc: number;
    finite_N: { parallel: { N: number; T: number; abs_m: number; m2: number; binder: number }[] };
  };
}

const { data } = readCase<CurieWeiss>("kinetic/curie-weiss");

const exactCrossing = (one: number, other: number) =>
  findRoot((x) => curieWeissBinder(other, x) - curieWeissBinder(one, x), 0.9, 1.1);

const SIZES = [64, 128, 256, 512];
const CROSSINGS = SIZES.slice(1).map((size, k) => exactCrossing(SIZES[k], size));

test("the law of the tests is that of the case file", () => {
  for (const { N, T, abs_m, m2, binder } of data.finite_N.parallel) {
    const { absolute, square } = curieWeissMoments(N, T);
    expect(absolute / abs_m - 1, `${N} ${T}`).toBeCloseTo(0, 10);
    expect(square / m2 - 1).toBeCloseTo(0, 10);
    expect(curieWeissBinder(N, T)).toBeCloseTo(binder, 10);
  }
});

test("crossings of exact curves are exact, and tend to T_c = 1 and 0.2705201", () => {
  const sizes = [256, 512, 1024, 2048, 4096];
  const curves = sizes.map((size) => exactCurve(size, grid(0.97, 1.03, 25), curieWeissBinder, () => 1e-5));
  const { pairs, criticalPoint, criticalValue, errors, pointsLeftOut } = crossings(curves);
  expect({ errors, pointsLeftOut }).toEqual({ errors: "points", pointsLeftOut: 0 });
  pairs.forEach((pair, k) => {
    if (pair.status === "none") throw new Error(pair.reason);
    const exact = exactCrossing(sizes[k], sizes[k + 1]);
    expect(Math.abs(pair.x.value - exact)).toBeLessThan(2 * pair.x.standardError);
    expect(Math.abs(pair.value.value - curieWeissBinder(sizes[k], exact))).toBeLessThan(2 * pair.value.standardError);
  });
  // The mean is off by the drift, which is flagged; a line in 1/N leaves a twentieth of it.
  const drift = Math.abs(exactCrossing(256, 512) - 1);
  expect(Math.abs(criticalPoint?.driftZ ?? 0)).toBeGreaterThan(20);
  expect(Math.abs((criticalPoint?.best.value ?? NaN) - 1)).toBeLessThan(drift / 20);
  const shift = Math.abs(curieWeissBinder(256, 1) - data.binder_at_Tc);
  expect(Math.abs((criticalValue?.best.value ?? NaN) - data.binder_at_Tc)).toBeLessThan(shift / 5);
});

test("errors of crossings and of the critical point are those of the noise", () => {
  const curves = SIZES.map((size) => exactCurve(size, grid(0.85, 1.15, 13), curieWeissBinder, () => 0.004));
  const z: number[] = [];
  const critical: number[] = [];
  for (let trial = 0; trial < 60; trial++) {
    const { pairs, criticalPoint } = crossings(withNoise(curves, trial));
    pairs.forEach((pair, k) => {
      if (pair.status === "crossing") z.push((pair.x.value - CROSSINGS[k]) / pair.x.standardError);
    });
    if (criticalPoint) critical.push((criticalPoint.best.value - 1) / criticalPoint.best.standardError);
  }
  expect(z.length).toBeGreaterThan(170);
  // 180 and 60 values: three standard deviations of the shares are 0.10 and 0.18; the limit in 1/N has a bias of its own.
  expect(calibration(z).within).toBeGreaterThan(0.58);
  expect(calibration(z).within).toBeLessThan(0.79);
  expect(calibration(z).rootMeanSquare).toBeLessThan(1.4);
  expect(critical).toHaveLength(60);
  expect(calibration(critical).within).toBeGreaterThan(0.5);
});

const SHARED_XS = grid(0.85, 1.15, 21);
const SHARED_MEANS = SIZES.map((sites) => SHARED_XS.map((x) => curieWeissBinder(sites, x)));

/** Curves whose points at one size share 24 samples: an offset of its own for every sample, and a little noise. */
function sharingSamples(trial: number): ScalingCurve[] {
  const xs = SHARED_XS;
  const samples = 24;
  const noise = normals(SIZES.length * samples * (xs.length + 1), trial);
  let next = 0;
  return SIZES.map((sites, size) => {
    const values = Array.from({ length: samples }, () => {
      const offset = 0.02 * noise[next++];
      return SHARED_MEANS[size].map((mean) => mean + offset + 0.004 * noise[next++]);
    });
    const sums = xs.map((_, k) => values.reduce((sum, row) => sum + row[k], 0));
    const points = xs.map((x, k) => {
      const mean = sums[k] / samples;
      const squares = values.reduce((sum, row) => sum + (row[k] - mean) ** 2, 0);
      return { x, mean, standardError: Math.sqrt(squares / (samples * (samples - 1))) };
    });
    return {
      sites,
      points,
      withoutSample: values.map((row) => row.map((value, k) => (sums[k] - value) / (samples - 1))),
    };
  });
}

test("points that share samples need the jackknife over samples: as independent points their errors are too small", () => {
  const z = { samples: [] as number[], points: [] as number[] };
  for (let trial = 0; trial < 40; trial++) {
    const curves = sharingSamples(trial);
    const alone = curves.map(({ sites, points }) => ({ sites, points }));
    for (const { errors, pairs } of [crossings(curves), crossings(alone)]) {
      pairs.forEach((pair, k) => {
        if (pair.status === "crossing") z[errors].push((pair.x.value - CROSSINGS[k]) / pair.x.standardError);
      });
    }
  }
  expect(calibration(z.samples).rootMeanSquare).toBeLessThan(1.3);
  expect(calibration(z.samples).within).toBeGreaterThan(0.55);
  expect(calibration(z.points).rootMeanSquare).toBeGreaterThan(1.3 * calibration(z.samples).rootMeanSquare);
});

test("propagated jackknife errors are those of leaving a sample out of one size and crossing again", () => {
  const curves = sharingSamples(0).slice(2);
  const position = (from: readonly ScalingCurve[]) => {
    const [pair] = crossings(from).pairs;
    return pair.status === "crossing" ? pair.x : { value: NaN, standardError: NaN };
  };
  const variance = curves.reduce((sum, { withoutSample = [] }, left) => {
    const without = withoutSample.map((row) => {
      const points = curves[left].points.map((point, k) => ({ ...point, mean: row[k] }));
      return position(curves.map((curve, k) => (k === left ? { ...curve, points } : curve))).value;
    });
    const mean = without.reduce((total, value) => total + value, 0) / without.length;
    return sum + (1 - 1 / without.length) * without.reduce((total, value) => total + (value - mean) ** 2, 0);
  }, 0);
  // They differ by the second order, and by fits over another range.
  expect(position(curves).standardError / Math.sqrt(variance)).toBeGreaterThan(0.8);
  expect(position(curves).standardError / Math.sqrt(variance)).toBeLessThan(1.25);
});

test("where nothing crosses there is a reason and no number", () => {
  const reasons = (curves: readonly ScalingCurve[]) => {
    const { pairs, criticalPoint } = crossings(curves);
    expect(criticalPoint).toBeUndefined();
    return pairs.map((pair) => (pair.status === "none" ? pair.reason : "crosses"));
  };
  const ordered = SIZES.map((size) => exactCurve(size, grid(0.5, 0.8, 9), curieWeissBinder, () => 1e-3));
  expect(reasons(ordered)[0]).toMatch(/no change of sign beyond the errors in 0.5 to 0.8: at best/);
  const flat = SIZES.map((size) =>
    exactCurve(
      size,
      grid(0.9, 1.1, 9),
      () => 0.3,
      () => 1e-3,
    ),
  );
  expect(reasons(withNoise(flat, 1)).every((reason) => reason.startsWith("no change of sign"))).toBe(true);
  const apart = [64, 128].map((size, k) => exactCurve(size, grid(k, k + 0.5, 5), curieWeissBinder, () => 1e-3));
  expect(reasons(apart)).toEqual(["the two curves have no range in common"]);
  const exact = SIZES.map((size) => exactCurve(size, grid(0.9, 1.1, 9), curieWeissBinder, () => 0));
  expect(reasons(exact)[0]).toBe("a curve with fewer than two points with an error");
  expect(crossings(exact).pointsLeftOut).toBe(36);
});

test("contradictory curves are refused in one line", () => {
  const [one, other] = SIZES.map((size) => exactCurve(size, [0.9, 1, 1.1], curieWeissBinder, () => 1e-3));
  const refused = (curves: readonly ScalingCurve[], message: string) => {
    expect(() => crossings(curves)).toThrow(InputError);
    expect(() => crossings(curves)).toThrow(message);
  };
  refused([one], "curves: found 1 sizes, expected two at least");
  refused([one, one], "curves: found the sizes 64, 64, expected different sizes above 0");
  refused([one, { ...other, withoutSample: [[1, 1, 1]] }], "found samples of 1 of 2 sizes");
  refused(
    [one, other].map((curve) => ({ ...curve, withoutSample: [[1, 1]] })),
    "N = 64: found 2 means without a sample, expected 3",
  );
  refused([one, { ...other, points: [...other.points, other.points[1]] }], "N = 128: found two points at x = 1");
});
