import { beforeAll, describe, expect, test } from "vitest";
import type { GpuDevice } from "../../src/gpu/device.js";
import { binaryMean, binaryVariance } from "../../src/reference/responses.js";
import { readCase } from "../cases.js";
import { sharedDevice } from "../device.js";
import { geometricGrid, largestRelativeError } from "./accuracy.js";
import { evaluate, pointsOf } from "./evaluate.js";

const UNIT_IN_THE_LAST_PLACE = 2 ** -23;

let device: GpuDevice;

beforeAll(async () => {
  device = await sharedDevice();
});

async function onGpu(expression: string, values: readonly number[]): Promise<Float32Array> {
  const points = pointsOf(values.map((value) => [value]));
  const [results] = await evaluate(device, { imports: ["lib/hyperbolic.wgsl"], expressions: [expression], points });
  return results;
}

describe("accurate_exp", () => {
  test("is within two units in the last place over the normal range", async () => {
    const grid = Array.from({ length: 40_001 }, (_, index) => Math.fround(-87.3 + (176 * index) / 40_000));
    const values = [...grid, ...geometricGrid(1e-8, 80, 2001), ...geometricGrid(-1e-8, -80, 2001)];
    const exponentials = await onGpu("accurate_exp(x.x)", values);
    expect(largestRelativeError(exponentials, values.map(Math.exp))).toBeLessThan(2 * UNIT_IN_THE_LAST_PLACE);
  });

  test("is exactly 1 at 0, and 0 or the largest finite number where f32 ends", async () => {
    const [one, ...ends] = await onGpu("accurate_exp(x.x)", [0, -88, -1e4, -1e30, 88.8, 1e4, 1e30]);
    expect(one).toBe(1);
    expect(ends.slice(0, 3)).toEqual([0, 0, 0]);
    for (const value of ends.slice(3)) expect(Math.abs(value / 3.4028235e38 - 1)).toBeLessThan(1e-5);
  });
});

describe("binary response", () => {
  const grid = [...geometricGrid(1e-8, 20, 20_001), 0.6249999, 0.625, 0.6250001];

  test("the mean is within 5e-7 of tanh over [1e-8, 20], and odd", async () => {
    const means = await onGpu("binary_mean(x.x)", grid);
    expect(largestRelativeError(means, grid.map(binaryMean))).toBeLessThan(5e-7);
    const opposite = await onGpu("binary_mean(-x.x)", grid);
    expect(opposite).toEqual(means.map((value) => -value));
  });

  test("the variance is within 5e-7 of sech² over [1e-8, 20], and even", async () => {
    const variances = await onGpu("binary_variance(x.x)", grid);
    expect(largestRelativeError(variances, grid.map(binaryVariance))).toBeLessThan(5e-7);
    expect(await onGpu("binary_variance(-x.x)", grid)).toEqual(variances);
  });

  test("huge arguments saturate", async () => {
    const huge = [30, 100, 1e4, 1e30, 3e38];
    expect([...(await onGpu("binary_mean(x.x)", huge))]).toEqual(huge.map(() => 1));
    expect([...(await onGpu("binary_mean(-x.x)", huge))]).toEqual(huge.map(() => -1));
    expect([...(await onGpu("binary_variance(x.x)", huge))].slice(1)).toEqual([0, 0, 0, 0]);
    expect([...(await onGpu("binary_mean(x.x)", [0]))]).toEqual([0]);
    expect([...(await onGpu("binary_variance(x.x)", [0]))]).toEqual([1]);
  });

  test("the twins hit the infinite Curie-Weiss model: m = tanh(m/T), relaxation by sech²(m/T)/T", () => {
    interface CurieWeiss {
      data: { infinite_N: { T: number; m: number; relax_eigenvalue: number }[] };
    }
    for (const { T, m, relax_eigenvalue } of readCase<CurieWeiss>("kinetic/curie-weiss").data.infinite_N) {
      expect(binaryMean(m / T)).toBeCloseTo(m, 11);
      expect(binaryVariance(m / T) / T).toBeCloseTo(relax_eigenvalue, 11);
    }
  });

  test("the twin's variance keeps its digits where 1 - tanh² has none", () => {
    expect(binaryVariance(20) / (4 * Math.exp(-40))).toBeCloseTo(1, 12);
    expect(binaryVariance(0.3)).toBeCloseTo(1 - Math.tanh(0.3) ** 2, 15);
  });
});
