/** Eigenvalues of symmetric matrices that are known. */
import { expect, it } from "vitest";
import { symmetricEigenvalues } from "../../src/physics/symmetric-eigenvalues.js";
import { effectiveRank, growthRate, relaxationRate } from "../../src/physics/spectra.js";
import { gaussianMatrix, STREAMS } from "../../src/reference/random.js";

const matrix = (n: number, entry: (i: number, j: number) => number) =>
  Float64Array.from({ length: n * n }, (_, at) => entry(Math.floor(at / n), at % n));

it.each([1, 2, 3, 10, 65])("finds the eigenvalues of the chain of %i sites", (n) => {
  const chain = matrix(n, (i, j) => (i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0));
  symmetricEigenvalues(chain, n).forEach((value, k) => {
    expect(Math.abs(value - (2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1))))).toBeLessThan(1e-14);
  });
});

it("finds the trace and the square of a random matrix, multiple eigenvalues, and zeros", () => {
  const n = 48;
  const draws = gaussianMatrix(n, n, { seed: 1, stream: STREAMS.initial, sample: 0 });
  const random = matrix(n, (i, j) => draws[Math.max(i, j) * n + Math.min(i, j)]);
  const values = symmetricEigenvalues(random, n);
  const trace = values.reduce((sum, value) => sum + value, 0);
  expect(Math.abs(trace - random.reduce((sum, value, at) => sum + (at % (n + 1) === 0 ? value : 0), 0))).toBeLessThan(
    1e-11,
  );
  const square = values.reduce((sum, value) => sum + value ** 2, 0);
  expect(Math.abs(square / random.reduce((sum, value) => sum + value ** 2, 0) - 1)).toBeLessThan(1e-12);
  // All ones: N once, 0 otherwise. The identity: 1 throughout.
  const ones = symmetricEigenvalues(new Float64Array(49).fill(1), 7);
  ones.forEach((value, k) => expect(value).toBeCloseTo(k === 6 ? 7 : 0, 12));
  expect(effectiveRank(new Float64Array(49).fill(1), 7, 2 ** -53)).toBeCloseTo(1, 12);
  symmetricEigenvalues(
    matrix(6, (i, j) => Number(i === j)),
    6,
  ).forEach((value) => expect(value).toBeCloseTo(1, 14));
  expect(symmetricEigenvalues(Float64Array.of(1, NaN, NaN, 1), 2)).toEqual([NaN, NaN]);
});

it("fits growth through the swing of a complex pair, and decay", () => {
  const logs = Array.from({ length: 201 }, (_, k) => k * Math.log(0.9) + 0.3 * Math.cos(1.1 * k));
  const increments = logs.slice(1).map((value, k) => value - logs[k]);
  expect(Math.abs(growthRate(increments) - Math.log(0.9))).toBeLessThan(1e-4);
  expect(growthRate([-1, -Infinity])).toBe(-Infinity);
  expect(relaxationRate([1, 0.3, 0.09, 0.027])).toBeCloseTo(0.3, 12);
  expect(relaxationRate([1])).toBeNaN();
});
