/** Ratios of averaged moments against exact values, and against averaging the ratios. */
import { expect, test } from "vitest";
import { curveOfSamples, functionOfMoments, meanOfSamples } from "../../src/physics/disorder-averages.js";
import { crossings } from "../../src/physics/finite-size-scaling/crossings.js";
import type { SampleMoments } from "../../src/physics/moments.js";
import { observables } from "../../src/physics/observables.js";
import { summarize } from "../../src/physics/statistics.js";
import { calibration, normals } from "./curie-weiss-law.js";

/** Disorder samples of a Gaussian |M| of n components whose width differs: <|M|²> = n v, <|M|⁴> = n (n+2) v². */
function gaussianSamples(count: number, components: number, trial: number): SampleMoments[] {
  return Array.from(normals(count, trial), (value) => {
    const v = Math.exp(0.5 * value);
    const nothing = { overlap: NaN, overlapSquare: NaN, overlapFourth: NaN, profiles: {}, response: NaN, energy: NaN };
    const rates = { fieldLength: NaN, entropyProduction: NaN, entropyRate: NaN };
    const system = { sites: 64, radius: 1, beta: 1, components, vector: [0] };
    const moments = { absolute: Math.sqrt(v), square: components * v, fourth: components * (components + 2) * v * v };
    return { ...nothing, ...rates, ...system, ...moments };
  });
}

const binderOf = (samples: readonly SampleMoments[]) => functionOfMoments(samples, observables.binder.sampled);

test("the Binder cumulant of averaged moments is that of the mixed law, not the mean of cumulants", () => {
  for (const components of [1, 3]) {
    // [v²]/[v]² = exp(σ²) of a log-normal v; each sample alone has U₄ = 0.
    const exact = 1 - Math.exp(0.25);
    const z = Array.from({ length: 60 }, (_, trial) => {
      const { value, standardError } = binderOf(gaussianSamples(200, components, trial));
      return (value - exact) / standardError;
    });
    expect(calibration(z).within).toBeGreaterThan(0.5);
    expect(calibration(z).rootMeanSquare).toBeLessThan(1.4);
  }
  const [sample] = gaussianSamples(1, 1, 0);
  expect(binderOf([sample]).value).toBeCloseTo(0, 14);
  expect(binderOf([sample]).standardError).toBeNaN();
  expect(meanOfSamples([])).toEqual({ value: NaN, standardError: NaN, withoutSample: [] });
});

test("of a plain mean the jackknife gives the standard error, and the means without each sample", () => {
  const values = Array.from(normals(30, 1));
  const result = meanOfSamples(values);
  expect(result.value).toBeCloseTo(summarize(values).mean, 14);
  expect(result.standardError).toBeCloseTo(summarize(values).standardError, 14);
  expect(result.withoutSample[4]).toBeCloseTo(summarize(values.filter((_, k) => k !== 4)).mean, 14);
});

test("curves keep samples apart by number, also where some are missing", () => {
  const point = (x: number, numbers: readonly number[], value: (sample: number) => number) => ({
    x,
    samples: numbers,
    ...meanOfSamples(numbers.map(value)),
  });
  const shifted = (x: number, numbers: readonly number[]) => point(x, numbers, (sample) => sample + x);
  const curve = curveOfSamples(64, [shifted(0, [0, 1, 2]), shifted(1, [2, 0])]);
  expect(curve.points.map(({ mean }) => mean)).toEqual([1, 2]);
  expect(curve.withoutSample).toEqual([
    [1.5, 3],
    [1, 2],
    [0.5, 1],
  ]);
  expect(() => curveOfSamples(64, [shifted(0, [1, 1])])).toThrow(
    "N = 64, x = 0: found a disorder sample twice, expected every sample once",
  );
  const crossed = [64, 128].map((sites) =>
    curveOfSamples(
      sites,
      [0, 1, 2, 3].map((x) => point(x, [0, 1, 2, 3], (sample) => (x - 1.5) * sites + sample)),
    ),
  );
  expect(crossings(crossed)).toMatchObject({ errors: "samples", pairs: [{ status: "crossing" }] });
});
