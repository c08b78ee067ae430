/** Over disorder samples a ratio is that of the averaged moments, with the jackknife over samples. */
import { expect, test } from "vitest";
import type { SampleMoments } from "../../src/physics/moments.js";
import { observables } from "../../src/physics/observables.js";
import type { ResultRow } from "../../src/sweep/run.js";
import { parseSweeps } from "../../src/sweep/spec.js";
import { summariseRows } from "../../src/sweep/tables.js";

const moments = (square: number, fourth: number): SampleMoments => ({
  sites: 16,
  radius: 1,
  beta: 1,
  components: 1,
  vector: [0],
  absolute: 0.2,
  square,
  fourth,
  overlap: NaN,
  overlapSquare: NaN,
  overlapFourth: NaN,
  profiles: {},
  response: NaN,
  fieldLength: NaN,
  energy: NaN,
  entropyProduction: NaN,
  entropyRate: NaN,
});

test("the Binder cumulant of samples", () => {
  const [sweep] = parseSweeps(
    {
      name: "ratios",
      system: { spins: { kind: "binary", count: 16 }, couplings: { kind: "gaussian" } },
      axes: { closure: ["monte-carlo"] },
      samples: 3,
      steps: 10,
      observe: ["binder", "absolute-magnetization"],
    },
    "test",
  );
  const binder = (square: number, fourth: number) =>
    observables.binder.sampled({ ...moments(square, fourth), components: 1 });
  const of: readonly (readonly [number, number])[] = [
    [0.1, 0.02],
    [0.3, 0.2],
    [0.2, 0.05],
  ];
  const rows = of.map((pair, sample): ResultRow => ({
    ...{ point: 0, sample, sites: 16, residual: NaN, innerResidual: NaN, iterations: 10, status: "completed" },
    observables: { binder: binder(...pair), "absolute-magnetization": 0.2 + sample },
    moments: [moments(...pair)],
  }));
  const [{ statistics }] = summariseRows({ sweep, rows });
  const meanOf = (kept: readonly (readonly [number, number])[]): [number, number] => [
    kept.reduce((sum, [square]) => sum + square, 0) / kept.length,
    kept.reduce((sum, [, fourth]) => sum + fourth, 0) / kept.length,
  ];
  const average = (kept: readonly (readonly [number, number])[]) => binder(...meanOf(kept));
  expect(statistics.binder?.mean).toBeCloseTo(average(of), 12);
  const without = of.map((_, k) => average(of.filter((_, sample) => sample !== k)));
  const centre = without.reduce((sum, value) => sum + value, 0) / 3;
  const error = Math.sqrt((2 / 3) * without.reduce((sum, value) => sum + (value - centre) ** 2, 0));
  expect(statistics.binder?.standardError).toBeCloseTo(error, 12);
  expect(statistics["absolute-magnetization"]?.mean).toBeCloseTo(1.2, 12);
});
