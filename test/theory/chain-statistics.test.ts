/** Autocorrelation times, jackknife errors and z-scores against closed forms. */
import { expect, test } from "vitest";
import {
  integratedAutocorrelationTime,
  jackknife,
  linearResponses,
  splitRhat,
  zScore,
} from "../../src/physics/chain-statistics.js";
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

test("groups of any sizes give the standard error of a mean, on average", () => {
  const sizes = [1, 2, 5, 1, 3, 4, 2, 6];
  const total = 24;
  const runs = 2000;
  const values = noise(runs, total);
  let squares = 0;
  for (let run = 0; run < runs; run++) {
    const own = values.subarray(run * total, (run + 1) * total);
    const groups = sizes.map((size, k) => {
      const start = sizes.slice(0, k).reduce((sum, each) => sum + each, 0);
      return own.subarray(start, start + size);
    });
    const mean = (leftOut?: number) => summarize(groups.flatMap((group, k) => (k === leftOut ? [] : [...group]))).mean;
    squares += jackknife(sizes.length, mean, sizes).standardError ** 2 / runs;
  }
  // The variance of the mean is 1/24; its estimate from 8 groups spreads by about 0.6, over 2000 runs by 0.014.
  expect(squares * total).toBeGreaterThan(0.94);
  expect(squares * total).toBeLessThan(1.06);
});

test("split R̂ of chains by hand, of equal laws, of chains apart and of drift", () => {
  // Halves [1, 2], [3, 5], [2, 4], [4, 4]: W = (0.5 + 2 + 2 + 0)/4, variance of the means 1.5, 4, 3, 4 is 1.395833.
  expect(
    splitRhat([
      [1, 2, 3, 5],
      [2, 4, 4, 4],
    ]),
  ).toBeCloseTo(Math.sqrt(0.5 + 1.3958333333333333 / 1.125), 12);
  const chains = Array.from({ length: 8 }, (_, chain) => noise(8, 2000).subarray(chain * 2000, (chain + 1) * 2000));
  expect(Math.abs(splitRhat(chains) - 1)).toBeLessThan(0.005);
  expect(splitRhat(chains.map((chain, k) => chain.map((value) => value + (k < 4 ? 1 : -1))))).toBeGreaterThan(1.3);
  expect(splitRhat(chains.map((chain) => chain.map((value, t) => value + t / 1000)))).toBeGreaterThan(1.1);
  expect(splitRhat([[2, 2, 2, 2]])).toBe(1);
  expect(splitRhat([[1, 1, 2, 2]])).toBe(Infinity);
  expect(splitRhat([[1, 2, 3]])).toBeNaN();
});

test("the response of an autoregression S <- a S + b + ξ to b is 1/(1 - a), for either sign of a", () => {
  for (const a of [-0.8, 0, 0.6]) {
    const draws = noise(32, 4000);
    const chains = Array.from({ length: 32 }, (_, chain) => {
      const values: number[] = [];
      const means: number[] = [];
      let x = 0;
      for (let t = 0; t < 4000; t++) {
        means.push(a * x + 3);
        values.push((x = a * x + 3 + draws[chain * 4000 + t]));
      }
      return { values, means };
    });
    const found = summarize(linearResponses(chains));
    expect(Math.abs(found.mean - 1 / (1 - a)) / found.standardError).toBeLessThanOrEqual(4);
    expect(found.standardError).toBeLessThan(0.05);
  }
  expect(linearResponses([{ values: [1, 2, 1], means: [1, 1, 1] }])).toEqual([NaN]);
});
