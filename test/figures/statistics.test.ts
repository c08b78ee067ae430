import { describe, expect, it } from "vitest";
import { quantile, summarize } from "../../src/physics/statistics.js";

describe("summarize", () => {
  it("gives mean, spread and range", () => {
    const summary = summarize([1, 2, 3, 4]);
    expect(summary).toMatchObject({ count: 4, mean: 2.5, minimum: 1, maximum: 4 });
    expect(summary.standardDeviation).toBeCloseTo(Math.sqrt(5 / 3), 14);
    expect(summary.standardError).toBeCloseTo(Math.sqrt(5 / 12), 14);
  });

  it("knows the spread on top of a large offset", () => {
    expect(summarize([1e9 + 1, 1e9 + 2, 1e9 + 3]).standardDeviation).toBeCloseTo(1, 6);
  });

  it("claims no error from one sample, and nothing from none", () => {
    expect(summarize([3])).toEqual({
      count: 1,
      mean: 3,
      standardDeviation: NaN,
      standardError: NaN,
      minimum: 3,
      maximum: 3,
    });
    expect(summarize(new Float64Array())).toMatchObject({ count: 0, mean: NaN, minimum: NaN, maximum: NaN });
  });

  it("does not hide a failed sample", () => {
    expect(summarize([1, NaN, 2])).toMatchObject({ mean: NaN, standardError: NaN, minimum: NaN, maximum: NaN });
  });
});

describe("quantile", () => {
  it("is linear between neighbours, whatever their order", () => {
    expect(quantile([3, 1, 2], 0.5)).toBe(2);
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([10, 20, 30, 40, 50], 0.25)).toBe(20);
    expect(quantile([1, 3], 1)).toBe(3);
    expect(quantile([7], 0.75)).toBe(7);
  });

  it("is not known of nothing", () => {
    expect(quantile([], 0.5)).toBeNaN();
  });
});
