import { describe, expect, test } from "vitest";
import type { SiteVariance } from "../../src/reference/responses.js";
import {
  responseDerivatives,
  responseFromMean,
  responseInverse,
  responseVariance,
} from "../../src/reference/responses.js";
import { readCase } from "../cases.js";
import { largestError, largestRelativeError } from "./accuracy.js";
import type { ResponseRow } from "./response-points.js";
import { RESPONSES, mean, rows } from "./response-points.js";

interface CurveRow {
  beta: number;
  m: number;
  radial_eigenvalue: number;
  transverse_eigenvalue: number;
}

interface BalCurveRow {
  beta: number;
  m_exact: number;
  m_over_R_largeD: number;
}

interface MeanFieldCase {
  data: {
    single_site_response: {
      D: number;
      beta: number;
      h: number;
      m: number;
      tau: number;
      rho: number;
      m_largeD: number;
      tau_largeD: number;
      rho_largeD: number;
    }[];
    largeD_relative_error: { D: number[]; error: number[]; slope: number };
    curves: Record<string, { n: number; R?: number; R2?: number; rows: (CurveRow | BalCurveRow)[] }>;
  };
}

const meanField = readCase<MeanFieldCase>("kinetic/on-sphere-meanfield").data;

function tangentials(variances: readonly SiteVariance[]): number[] {
  return variances.map(({ tangential }) => tangential);
}

function radials(variances: readonly SiteVariance[]): number[] {
  return variances.map(({ radial }) => radial);
}

describe("responses", () => {
  test.each(RESPONSES)("%s: mean, variances and inverse of 135 published points", (response) => {
    const expectPublished = (name: keyof ResponseRow, actual: readonly number[]) => {
      const published = rows.map((row) => row[name]);
      expect(largestRelativeError(actual, published), name).toBeLessThan(1e-11);
    };
    const column = response === "exact" ? "exact" : "largeD";
    const means = rows.map((row) => mean(row.h_norm, row.beta, row.R, row.D, response));
    expectPublished(`m_${column}`, means);
    const inField = rows.map((row) => responseVariance(row.h_norm, row.beta, row.R, row.D, response));
    const ofMean = rows.map((row, index) => responseFromMean(means[index], row.R, row.D, response));
    for (const variances of [inField, ofMean]) {
      expectPublished(`var_tan_${column}`, tangentials(variances));
      expectPublished(`var_rad_${column}`, radials(variances));
    }
    const fields = rows.map((row, index) => responseInverse(means[index], row.beta, row.R, row.D, response));
    expectPublished("h_norm", fields);
  });

  test("the exact covariance has the trace R² - |m|²", () => {
    for (const { D, R, beta, h_norm } of rows) {
      const { tangential, radial } = responseVariance(h_norm, beta, R, D, "exact");
      const trace = (D - 1) * tangential + radial;
      expect(Math.abs(trace / (R ** 2 - mean(h_norm, beta, R, D, "exact") ** 2) - 1)).toBeLessThan(1e-11);
    }
  });

  test("54 further points of both responses", () => {
    for (const row of meanField.single_site_response) {
      const R = Math.sqrt(row.D / 2 - 1);
      for (const response of RESPONSES) {
        const { tangential, radial } = responseVariance(row.h, row.beta, R, row.D, response);
        const actual = [mean(row.h, row.beta, R, row.D, response), tangential, radial];
        const exact = [row.m, row.tau, row.rho];
        const expected = response === "exact" ? exact : [row.m_largeD, row.tau_largeD, row.rho_largeD];
        expect(largestError(actual, expected)).toBeLessThan(1e-11);
      }
    }
  });

  test("the large-d response errs by 1/D", () => {
    const { D: dimensions, error, slope } = meanField.largeD_relative_error;
    const errors = dimensions.map((D) => {
      const R = Math.sqrt(D / 2 - 1);
      return mean(R, 1, R, D, "large-d") / mean(R, 1, R, D, "exact") - 1;
    });
    expect(largestRelativeError(errors, error)).toBeLessThan(1e-10);
    expect(logarithmicSlope(dimensions, errors)).toBeCloseTo(slope, 6);
    expect(Math.abs(logarithmicSlope(dimensions.slice(2), errors.slice(2)) + 1)).toBeLessThan(0.05);
  });

  test.each(Object.keys(meanField.curves))("%s: m = F(J m) along the order parameter's curve", (name) => {
    const { n, R = Math.sqrt(n / 2 - 1), rows: points } = meanField.curves[name];
    for (const point of points) {
      const m = "m" in point ? point.m : point.m_exact;
      const at = responseDerivatives(m, point.beta, R, n, "exact");
      // At the threshold itself the file's m is the 1e-8 at which its root search stopped.
      expect(Math.abs(at.f - m)).toBeLessThan(1e-11);
      if ("m" in point) {
        expect(at.f1).toBeCloseTo(point.radial_eigenvalue, 9);
        expect(at.g).toBeCloseTo(point.transverse_eigenvalue, 9);
      } else {
        const largeD = R * point.m_over_R_largeD;
        expect(Math.abs(mean(largeD, point.beta, R, n, "large-d") - largeD)).toBeLessThan(1e-11);
      }
    }
  });

  test.each(RESPONSES)("%s: derivatives are those of the mean, and the covariance is F'/β", (response) => {
    const step = 1e-4;
    for (const { D, R, beta, h_norm: h } of rows) {
      const at = responseDerivatives(h, beta, R, D, response);
      const [below, above] = [h - step * R, h + step * R].map((field) =>
        responseDerivatives(field, beta, R, D, response),
      );
      const difference = (name: "f" | "f1" | "g") => (above[name] - below[name]) / (2 * step * R);
      expect(difference("f") / beta).toBeCloseTo(at.f1 / beta, 6);
      expect((difference("f1") * R) / beta ** 2).toBeCloseTo((at.f2 * R) / beta ** 2, 6);
      expect((difference("g") * R) / beta ** 2).toBeCloseTo((at.g1 * R) / beta ** 2, 6);
      expect(at.f).toBeCloseTo(at.g * h, 13);
      const { tangential, radial, anisotropy } = responseVariance(h, beta, R, D, response);
      expect(tangential * beta).toBeCloseTo(at.g, 13);
      expect(radial * beta).toBeCloseTo(at.f1, 12);
      expect(Math.abs((anisotropy * at.f ** 2) / (tangential - radial) - 1)).toBeLessThan(1e-7);
    }
  });

  test("no field: every value is the finite limit", () => {
    const [R, D, beta] = [2, 10, 1.5];
    expect(responseDerivatives(0, beta, R, D, "exact").g).toBeCloseTo((beta * R * R) / D, 15);
    expect(responseVariance(0, beta, R, D, "exact").anisotropy).toBeCloseTo(2 / (D + 2), 14);
    expect(responseFromMean(0, R, D, "exact").anisotropy).toBeCloseTo(2 / (D + 2), 14);
    expect(responseDerivatives(0, beta, R, D, "large-d")).toMatchObject({ f: 0, f1: beta / 2, g: beta / 2 });
    expect(responseFromMean(0, R, D, "large-d")).toEqual({ tangential: 0.5, radial: 0.5, anisotropy: 1 / R ** 2 });
  });

  test.each(RESPONSES)("%s: a norm of R is the mean of no field", (response) => {
    expect(() => responseInverse(2, 1, 2, 10, response)).toThrow(RangeError);
    const { tangential, radial } = responseFromMean(2, 2, 10, response);
    expect(Math.max(tangential, radial)).toBeLessThan(1e-14);
    expect(Math.min(tangential, radial)).toBeGreaterThan(0);
  });
});

/** Least-squares slope of log y against log x. */
function logarithmicSlope(x: readonly number[], y: readonly number[]): number {
  const [u, v] = [x, y].map((list) => list.map(Math.log));
  const [meanU, meanV] = [u, v].map((list) => list.reduce((sum, value) => sum + value, 0) / list.length);
  const covariance = u.reduce((sum, value, index) => sum + (value - meanU) * (v[index] - meanV), 0);
  return covariance / u.reduce((sum, value) => sum + (value - meanU) ** 2, 0);
}
