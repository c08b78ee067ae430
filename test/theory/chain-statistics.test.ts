/** Autocorrelation times, jackknife errors and z-scores against closed forms. */
import { expect, test } from "vitest";
import { integratedAutocorrelationTime, jackknife, zScore } from "../../src/physics/chain-statistics.js";
import { summarize } from "../../src/physics/statistics.js";
import { gaussianMatrix, STREAMS } from "../../src/reference/random.js";

const noise = (rows: number, columns: number) =>
  gaussianMatrix(rows, columns, { seed: 1, stream: STREAMS.initial, sample: 0 });

test("a first-order autoregression has τ = (1 + a)/(2 (1 - a))", () => {
  for (const a of [0, 0.5, 0.9]) {
    const chains = Array.from({ length: 16 }, (_, chain) => {
      const values = noise(16, 4000).subarray(chain * 4000, (chain + 1) * 4000);
      let x = 0;
      return values.map((value) => (x = a * x + value));
    });
    const { time } = integratedAutocorrelationTime(chains);
    expect(time / ((1 + a) / (2 * (1 - a)))).toBeGreaterThan(0.93);
    expect(time / ((1 + a) / (2 * (1 - a)))).toBeLessThan(1.07);
  }
});

test("chains that are stuck apart, or too short, have no time", () => {
  const stuck = [new Float64Array(100).fill(1), new Float64Array(100).fill(-1)];
  expect(integratedAutocorrelationTime(stuck).time).toBeNaN();
  expect(integratedAutocorrelationTime([new Float64Array(10).fill(2)]).time).toBe(0.5);
});

test("the jackknife error of a mean is its standard error", () => {
  const values = noise(1, 20);
  const mean = (leftOut?: number) => summarize(values.filter((_, k) => k !== leftOut)).mean;
  const { value, standardError } = jackknife(values.length, mean);
  const expected = summarize(values);
  expect(value).toBeCloseTo(expected.mean, 14);
  expect(standardError).toBeCloseTo(expected.standardError, 14);
  expect(jackknife(1, () => 1).standardError).toBeNaN();
});

test("equal means without spread agree, different ones do not", () => {
  const at = (mean: number) => ({ mean, standardError: 0 });
  expect(zScore(at(1), at(1))).toBe(0);
  expect(zScore(at(1), at(0.5))).toBe(Infinity);
});
