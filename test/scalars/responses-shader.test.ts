import { beforeAll, describe, expect, test } from "vitest";
import type { GpuDevice } from "../../src/gpu/device.js";
import {
  responseDerivatives,
  responseFromMean,
  responseInverse,
  responseVariance,
} from "../../src/reference/responses.js";
import { sharedDevice } from "../device.js";
import { largestRelativeError } from "./accuracy.js";
import { evaluate, pointsOf } from "./evaluate.js";
import { RESPONSES, mean, rows } from "./response-points.js";

/** Field or mean norm, β, R and D, rounded to f32: the twin takes the rounded numbers. */
type Point = readonly number[];

const points: readonly Point[] = rows.map((row) => [row.h_norm, row.beta, row.R, row.D].map(Math.fround));

let device: GpuDevice;

beforeAll(async () => {
  device = await sharedDevice();
});

describe.each(RESPONSES)("shader, %s", (response) => {
  /** Member by member of what `call` returns, [member][point]. */
  async function members(list: readonly Point[], call: string, names: readonly string[]): Promise<Float32Array[]> {
    return evaluate(device, {
      imports: ["lib/responses.wgsl"],
      declarations: `const RESPONSE: u32 = ${response === "exact" ? 1 : 0}u;`,
      statements: `let at = ${call};`,
      expressions: names.map((name) => (name === "" ? "at" : `at.${name}`)),
      points: pointsOf(list),
    });
  }

  test("mean within 5e-7", async () => {
    const [gains] = await members(points, "response_gain(x.x, x.y, x.z, x.w)", [""]);
    const means = points.map(([h], index) => h * gains[index]);
    const twins = points.map(([h, beta, R, D]) => mean(h, beta, R, D, response));
    expect(largestRelativeError(means, twins)).toBeLessThan(5e-7);
  });

  test.each([
    { name: "tangential", tolerance: 5e-7 },
    { name: "radial", tolerance: response === "exact" ? 2e-6 : 5e-7 },
    { name: "anisotropy", tolerance: 5e-7 },
  ] as const)("variance in the field, $name, within $tolerance", async ({ name, tolerance }) => {
    const [actual] = await members(points, "response_variance(x.x, x.y, x.z, x.w)", [name]);
    const twins = points.map(([h, beta, R, D]) => responseVariance(h, beta, R, D, response)[name]);
    expect(largestRelativeError(actual, twins)).toBeLessThan(tolerance);
  });

  test.each([
    { name: "f", tolerance: 5e-7 },
    { name: "g", tolerance: 5e-7 },
    { name: "f1", tolerance: 2e-6 },
    { name: "g1", tolerance: 2e-6 },
    { name: "f2", tolerance: 2e-6 },
  ] as const)("derivative $name within $tolerance", async ({ name, tolerance }) => {
    const [actual] = await members(points, "response_derivatives(x.x, x.y, x.z, x.w)", [name]);
    const twins = points.map(([h, beta, R, D]) => responseDerivatives(h, beta, R, D, response)[name]);
    expect(largestRelativeError(actual, twins)).toBeLessThan(tolerance);
  });

  test("variances and field of a given mean", async () => {
    const column = response === "exact" ? "m_exact" : "m_largeD";
    const list = rows.map((row) => [row[column], row.beta, row.R, row.D].map(Math.fround));
    const names = ["tangential", "radial", "anisotropy"] as const;
    const variances = await members(list, "response_from_mean(x.x, x.z, x.w)", names);
    const [fields] = await members(list, "response_inverse(x.x, x.y, x.z, x.w)", [""]);
    list.forEach(([m, beta, R, D], index) => {
      const twin = responseFromMean(m, R, D, response);
      // y = |m|/R is rounded to f32, and a relative change ε of y changes 1 - y by ε y/(1 - y). ρ goes with (1 - y)².
      const tolerance = 5e-7 / (1 - m / R);
      const where = `D=${D} m/R=${m / R}`;
      names.forEach((name, member) => {
        const allowed = name === "radial" ? 2 * tolerance : tolerance;
        expect(Math.abs(variances[member][index] / twin[name] - 1), `${name} ${where}`).toBeLessThan(allowed);
      });
      const field = responseInverse(m, beta, R, D, response);
      expect(Math.abs(fields[index] / field - 1), where).toBeLessThan(tolerance);
    });
  });

  test("no field and huge fields give finite numbers", async () => {
    const extremes = [0, 1e-30, 1e10, 1e20, 1e30].map((h) => [h, 1.5, 2, 10]);
    const names = ["f", "f1", "f2", "g", "g1"];
    const derivatives = await members(extremes, "response_derivatives(x.x, x.y, x.z, x.w)", names);
    const variances = await members(extremes, "response_variance(x.x, x.y, x.z, x.w)", [
      "tangential",
      "radial",
      "anisotropy",
    ]);
    for (const list of [...derivatives, ...variances]) expect([...list].every(Number.isFinite)).toBe(true);
    const [f, ...others] = derivatives[0];
    expect(f).toBe(0);
    for (const saturated of others.slice(1)) expect(Math.abs(saturated - 2)).toBeLessThan(2e-6);
  });

  test("a saturated mean has no variance", async () => {
    const list = [2, 2.0000002].map((m) => [m, 1, 2, 10]);
    const variances = await members(list, "response_from_mean(x.x, x.z, x.w)", ["tangential", "radial", "anisotropy"]);
    for (const values of variances) expect([...values].every((value) => value >= 0 && value < 1e-6)).toBe(true);
  });
});
