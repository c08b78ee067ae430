/** Ratios of averaged moments against exact values, and against averaging the ratios. */
import { expect, test } from "vitest";
import { crossings } from "../../src/physics/finite-size-scaling/crossings.js";
import { observables } from "../../src/physics/observables.js";
import {
  curveOfSamples,
  jackknifeOfMoments,
  ratioObservables,
  ratioOverSamples,
} from "../../src/physics/ratio-observables.js";
import { summarize } from "../../src/physics/statistics.js";
import { calibration, normals } from "./curie-weiss-law.js";

/** Disorder samples of a Gaussian |M| of n components whose width differs: <|M|²> = n v, <|M|⁴> = n (n+2) v². */
function gaussianSamples(count: number, components: number, trial: number) {
  return Array.from(normals(count, trial), (value) => {
    const v = Math.exp(0.5 * value);
    return { absolute: Math.sqrt(v), square: components * v, fourth: components * (components + 2) * v * v };
  });
}

test("the Binder cumulant of averaged moments is that of the mixed law, not the mean of cumulants", () => {
  for (const components of [1, 3]) {
    // [v²]/[v]² = exp(σ²) of a log-normal v; each sample alone has U₄ = 0.
    const exact = 1 - Math.exp(0.25);
    const z = Array.from({ length: 60 }, (_, trial) => {
      const { value, standardError } = ratioOverSamples("binder", gaussianSamples(200, components, trial), {
        components,
        sites: 64,
      });
      return (value - exact) / standardError;
    });
    expect(calibration(z).within).toBeGreaterThan(0.5);
    expect(calibration(z).rootMeanSquare).toBeLessThan(1.4);
  }
  const [sample] = gaussianSamples(1, 1, 0);
  expect(ratioObservables.binder.ratio(sample, { components: 1, sites: 1 })).toBeCloseTo(0, 14);
  expect(ratioOverSamples("binder", [sample], { components: 1, sites: 1 }).standardError).toBeNaN();
  expect(ratioOverSamples("binder", [], { components: 1, sites: 1 })).toEqual({ value: NaN, standardError: NaN });
});

test("the variance is N ([<M²>] - [<|M|>]²), and the observable of one run has the same formula", () => {
  const moments = { absolute: 0.5, square: 0.3, fourth: 0.2 };
  const { value } = ratioOverSamples("variance", [moments, moments], { components: 1, sites: 100 });
  expect(value).toBeCloseTo(5, 12);
  const whole = { ...moments, components: 3, vector: [], overlap: 0, energy: 0, entropyProduction: 0, entropyRate: 0 };
  expect(observables.binder.sampled(whole)).toBeCloseTo(1 - (3 * 0.2) / (5 * 0.09), 14);
});

test("of a plain mean the jackknife gives the standard error, and the means without each sample", () => {
  const samples = Array.from(normals(30, 1), (value) => ({ value }));
  const values = samples.map(({ value }) => value);
  const result = jackknifeOfMoments(samples, ({ value }) => value);
  expect(result.value).toBeCloseTo(summarize(values).mean, 14);
  expect(result.standardError).toBeCloseTo(summarize(values).standardError, 14);
  expect(result.withoutSample[4]).toBeCloseTo(summarize(values.filter((_, k) => k !== 4)).mean, 14);
});

test("curves keep samples apart by number, also where some are missing", () => {
  const point = (x: number, numbers: readonly number[]) => ({
    x,
    samples: numbers.map((sample) => ({ sample, moments: { value: sample + x } })),
  });
  const curve = curveOfSamples(64, [point(0, [0, 1, 2]), point(1, [2, 0])], ({ value }) => value);
  expect(curve.points.map(({ mean }) => mean)).toEqual([1, 2]);
  expect(curve.withoutSample).toEqual([
    [1.5, 3],
    [1, 2],
    [0.5, 1],
  ]);
  expect(() => curveOfSamples(64, [point(0, [1, 1])], ({ value }) => value)).toThrow(
    "N = 64, x = 0: found a disorder sample twice, expected every sample once",
  );
  const crossed = [64, 128].map((sites) =>
    curveOfSamples(
      sites,
      [0, 1, 2, 3].map((x) => ({
        x,
        samples: [0, 1, 2, 3].map((sample) => ({ sample, moments: { value: (x - 1.5) * sites + sample } })),
      })),
      ({ value }) => value,
    ),
  );
  expect(crossings(crossed)).toMatchObject({ errors: "samples", pairs: [{ status: "crossing" }] });
});
