import { describe, expect, test } from "vitest";
import { failureLines, layersText } from "../../src/cli/bench-layers-text.js";
import { isTooLarge } from "../../src/cli/exit-codes.js";
import { openExecutor } from "../../src/engine/devices.js";
import { fitCosts } from "../../src/sweep/layers/exponents.js";
import { layersFigure } from "../../src/sweep/layers/figure.js";
import { type LayersOutcome, measureLayers } from "../../src/sweep/layers/measure.js";
import type { LayerRow } from "../../src/sweep/layers/rows.js";
import { type LayerPlan, type LayerSeries, planSeries } from "../../src/sweep/layers/series.js";

const PLAN: LayerPlan = {
  sites: [256, 1024, 4096, 16384, 65536, 262144, 1048576],
  dimensions: [64, 16, 256],
  heads: [1, 4],
  closures: ["onsager", "gaussian-field"],
  sources: ["state"],
  precisions: ["f32", "f64"],
  all: false,
  seconds: 0.5,
  smallSystems: 0,
};

function rowOf(series: LayerSeries, sites: number, seconds: number): LayerRow {
  return {
    ...series,
    sites,
    stepsPerSecond: 1 / seconds,
    lowerQuartile: 0.9 / seconds,
    upperQuartile: 1.1 / seconds,
    gflops: 1,
    rounds: 5,
    stepsPerRound: 3,
    peakBytes: 1e6,
    strategy: { name: "portable", precision: series.precision === "f32" ? "f32" : "f64" },
    adapter: "an adapter",
    driver: "a driver",
    date: "2026-11-22T00:00:00.000Z",
  };
}

/** t = 1e-9 N² d, and what a launch takes at the smallest N. */
function syntheticRows(plan: LayerPlan): LayerRow[] {
  return planSeries(plan).flatMap((series) =>
    plan.sites.map((sites) => {
      const work = 1e-9 * sites ** 2 * series.dimension * series.heads;
      return rowOf(series, sites, sites < plan.sites[plan.sites.length - 3] ? work + 1 : work);
    }),
  );
}

function syntheticOutcome(plan: LayerPlan): LayersOutcome {
  const rows = syntheticRows(plan);
  const report = {
    ...{
      quantity: "m(1)",
      start: "given" as const,
      checked: "",
      rows: 16,
      sites: 256,
      unsolved: 0,
      seed: 1,
      maximumError: 1e-7,
    },
    ...{
      plainPrecision: "f32" as const,
      rmsError: 1e-8,
      plainMaximumError: 1e-7,
      plainRmsError: 1e-8,
      allowed: 3e-7,
      pass: true,
    },
  };
  const verification = planSeries(plan).map((series) => ({ ...series, ...report }));
  const gaps = planSeries(plan).map((series) => ({ ...series, sites: 2 ** 21, cause: "memory" as const, reason: "" }));
  const exponents = fitCosts(rows);
  return { plan, devices: [], rows, gaps, verification, exponents, smallSystems: undefined, wallSeconds: 1 };
}

describe("a plan", () => {
  test("varies one list at a time around the first entries", () => {
    expect(
      planSeries(PLAN).map(({ dimension, heads, closure, precision }) => [dimension, heads, closure, precision]),
    ).toEqual([
      [64, 1, "onsager", "f32"],
      [16, 1, "onsager", "f32"],
      [256, 1, "onsager", "f32"],
      [64, 1, "gaussian-field", "f32"],
      [64, 4, "onsager", "f32"],
      [64, 1, "onsager", "f64"],
    ]);
  });

  test("or takes every combination", () => {
    const series = planSeries({ ...PLAN, all: true });
    expect(series).toHaveLength(3 * 2 * 2 * 2);
    expect(new Set(series.map((each) => JSON.stringify(each))).size).toBe(series.length);
    expect(series[0]).toEqual(planSeries(PLAN)[0]);
  });
});

describe("cost exponents", () => {
  test("are those of the work, whatever launches cost at small N", () => {
    const [reference, ...others] = fitCosts(syntheticRows(PLAN));
    expect(reference).toMatchObject({ closure: "onsager", heads: 1, precision: "f32", points: 9, range: 16 });
    expect(reference.sites.value).toBeCloseTo(2, 10);
    expect(reference.dimension?.value).toBeCloseTo(1, 10);
    expect(reference.sites.standardError).toBeLessThan(1e-10);
    expect(others.map(({ dimension }) => dimension)).toEqual([undefined, undefined, undefined]);
    for (const { sites } of others) expect(sites.value).toBeCloseTo(2, 10);
  });

  test("are not there for one N", () => {
    const [series] = planSeries(PLAN);
    expect(fitCosts([rowOf(series, 256, 1)])).toEqual([]);
  });
});

describe("a measurement as text and as a figure", () => {
  test("fits 80 columns at any N, and says which N it leaves out", () => {
    const text = layersText(syntheticOutcome({ ...PLAN, all: true, sources: ["state", "field"] }));
    for (const line of text.split("\n")) expect([...line].length, line).toBeLessThanOrEqual(80);
    expect(text).toMatch(/closure +source +heads +d +precision +256 +16384 +1048576 +GFLOP\/s/);
    expect(text).toMatch(/^N +1 of 3; the others are in/m);
  });

  test("has a panel for d and one for the variations at the reference's d", () => {
    const figure = layersFigure(syntheticOutcome(PLAN));
    expect(figure?.panels.map(({ label }) => label)).toEqual([
      "(a) onsager, 1 head, f32",
      "(b) *d* = 64, time ∝ *N*^{*a*}",
    ]);
    const names = figure?.panels.map(({ series }) => series.flatMap(({ name }) => name ?? []));
    expect(names?.[0]).toEqual([...["*d* = 16", "*d* = 64", "*d* = 256"], "time ∝ *N*^{2.00±0.00} *d*^{1.00±0.00}"]);
    expect(names?.[1].map((name) => name.split(",")[0])).toEqual(["onsager", "gaussian-field", "4 heads", "f64"]);
    expect(layersFigure({ ...syntheticOutcome(PLAN), rows: [] })).toBeUndefined();
  });

  test("names a series that fails its check", () => {
    const outcome = syntheticOutcome(PLAN);
    expect(failureLines(outcome)).toEqual([]);
    const [first, ...rest] = outcome.verification;
    const failed = { ...outcome, verification: [{ ...first, maximumError: 1e-3, pass: false }, ...rest] };
    expect(failureLines(failed)).toEqual([
      "onsager, d = 64, 1 head, source state, f32: error 1.0e-3 against float64, allowed 3.0e-7: not timed",
    ]);
  });
});

describe("measuring on the CPU engine", () => {
  const plan: LayerPlan = {
    ...PLAN,
    ...{ dimensions: [4], heads: [1], closures: ["naive", "tap"], precisions: ["f64"], seconds: 0.02 },
  };

  test("grows N until a step takes too long, and says what it would take", async () => {
    const executor = await openExecutor({ select: "cpu" });
    const outcome = await measureLayers(new Map([["f64", executor]]), plan, { strategy: "auto", isTooLarge });
    executor.dispose();
    for (const series of planSeries(plan)) {
      const own = ({ closure }: LayerSeries) => closure === series.closure;
      const [rows, gaps] = [outcome.rows.filter(own), outcome.gaps.filter(own)];
      expect(rows.length).toBeGreaterThan(0);
      expect([...rows, ...gaps].map(({ sites }) => sites)).toEqual(plan.sites);
      for (const { seconds, cause, reason } of gaps) {
        expect(cause).toBe("time");
        expect(seconds).toBeGreaterThan(plan.seconds);
        expect(reason).toMatch(/^needs about .* s a step, --seconds is 0.02$/);
      }
      for (const row of rows) {
        expect(row.lowerQuartile).toBeLessThanOrEqual(row.stepsPerSecond);
        expect(row.upperQuartile).toBeGreaterThanOrEqual(row.stepsPerSecond);
        expect(row.gflops).toBeCloseTo((4 * row.sites ** 2 * 4 * row.stepsPerSecond) / 1e9, 12);
        expect(row.peakBytes).toBeGreaterThan(8 * 4 * 4 * row.sites);
      }
    }
    expect(outcome.verification.map(({ pass, sites }) => [pass, sites])).toEqual([
      [true, 256],
      [true, 256],
    ]);
    expect(executor.liveSlots).toBe(0);
  });

  test("stops where arrays do not fit", async () => {
    const executor = await openExecutor({ select: "cpu", memoryLimit: 2 ** 17 });
    const small: LayerPlan = { ...plan, closures: ["naive"], sites: [16, 512, 4096], seconds: 1 };
    const { rows, gaps } = await measureLayers(new Map([["f64", executor]]), small, { strategy: "auto", isTooLarge });
    executor.dispose();
    expect(rows.map(({ sites }) => sites)).toEqual([16]);
    expect(gaps.map(({ sites, cause }) => [sites, cause])).toEqual([
      [512, "memory"],
      [4096, "memory"],
    ]);
    expect(gaps[1].reason).toBe("needs 524288 bytes for states alone, --memory is 131072");
  });
});
