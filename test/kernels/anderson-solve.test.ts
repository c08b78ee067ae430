import { expect, test } from "vitest";
import { ANDERSON_MEMORY } from "../../src/reference/anderson-gram.js";
import { buildCase } from "../kernel-cases.js";
import { compareWithTwin, prepare, runOnGpu, useGpu } from "./compare.js";

compareWithTwin("anderson-solve");

const gpu = useGpu();

/** Gram matrices that determine no weights, of vectors [slot][component] in units of 1. */
const DEGENERATE: Record<string, number[][]> = {
  "equal vectors": [[1], [1], [1], [1], [1]],
  "multiples of one vector": [[1], [0.5], [0.25], [2], [-1]],
  "nearly equal vectors": [0, 1, 2, 3, 4].map((k) => [1, 1e-4 * k]),
  "a vector of zeros": [
    [1, 0],
    [0, 1],
    [0, 0],
    [1, 1],
    [1, -1],
  ],
};

test.each(Object.keys(DEGENERATE))("%s: weights that sum to 1 and leave no longer a residual", async (name) => {
  const slot = 2;
  const one = buildCase["anderson-solve"]({ systems: 6, slot, goal: 1e-4, accept: 1e-2, patience: 4 }, {});
  const arrays = prepare(one);
  const vectors = DEGENERATE[name];
  const gram = vectors.flatMap((a) => vectors.map((b) => a.reduce((sum, value, k) => sum + value * b[k], 0)));
  const size = ANDERSON_MEMORY ** 2;
  // The sixth decision of the cases mixes all five slots.
  (arrays.gram as Float64Array).set(gram.map(Math.fround), 5 * size);
  const { coefficients } = await runOnGpu(gpu(), "anderson-solve", one, arrays);
  const weights = coefficients.subarray(5 * ANDERSON_MEMORY);
  expect(Math.abs(weights.reduce((sum, weight) => sum + weight, 0) - 1)).toBeLessThan(1e-5);
  const square = (row: ArrayLike<number>) =>
    gram.reduce((sum, value, k) => sum + value * row[Math.floor(k / 5)] * row[k % 5], 0);
  const plain = [0, 0, 1, 0, 0];
  const scale = gram.filter((_, k) => k % 6 === 0).reduce((sum, value) => sum + value, 0) / 5;
  // The ridge and the rounding of the Gram matrix count for up to 1e-5 of its mean diagonal.
  expect(square(weights)).toBeLessThanOrEqual(square(plain) + 1e-5 * scale);
});
