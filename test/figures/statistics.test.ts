import { describe, expect, it } from "vitest";
import { summarize } from "../../src/sweep/statistics.js";

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
