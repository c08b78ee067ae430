/** Which figures a sweep draws: closures against chains, observables against time, collapse in another variable than N. */
import { describe, expect, test } from "vitest";
import { openExecutor } from "../../src/engine/devices.js";
import { summarize } from "../../src/physics/statistics.js";
import { closureErrorFigures } from "../../src/sweep/closure-errors.js";
import type { Figure } from "../../src/sweep/figures/figure.js";
import { sweepFigures } from "../../src/sweep/plots.js";
import { runSweep } from "../../src/sweep/run.js";
import { scalingFigures, scalingText } from "../../src/sweep/scaling-figures.js";
import { scalingResults } from "../../src/sweep/scaling.js";
import { parseSweeps } from "../../src/sweep/spec.js";
import { summariseRows } from "../../src/sweep/tables.js";

async function outcomeOf(changes: Record<string, unknown>) {
  const base = {
    name: "figures",
    system: {
      spins: { kind: "binary", count: 10 },
      couplings: { kind: "gaussian", mean: 1, std: 0.4 },
      initial: { kind: "constant", value: 0.5 },
    },
    samples: 3,
    seed: 2,
  };
  const [sweep] = parseSweeps({ ...base, ...changes }, "spec");
  const executor = await openExecutor({ select: "cpu" });
  const outcome = await runSweep(executor, sweep, {
    load: () => Promise.reject(new Error("no files")),
    context: "spec",
  });
  executor.dispose();
  return { outcome, summary: summariseRows(outcome) };
}

const pointsOf = (figure: Figure | undefined) =>
  (figure?.panels[0].series ?? []).flatMap((series) => (series.kind === "points" ? [series] : []));

describe("closures beside chains", () => {
  const axes = { beta: [0.5, 1, 1.5], closure: ["naive", "monte-carlo", "tap"] };
  const chains = { steps: 8, monteCarlo: { chains: 8, burnIn: 4 }, observe: ["magnetization", "binder"] };

  test("their differences sample by sample, with the error of these, in the styles of the observable's figure", async () => {
    const { outcome, summary } = await outcomeOf({ axes, ...chains });
    const figures = closureErrorFigures(outcome, summary);
    // Closures have no Binder cumulant.
    expect([...figures.keys()]).toEqual(["magnetization-closure-error"]);
    const series = pointsOf(figures.get("magnetization-closure-error"));
    expect(series.map(({ name, style }) => [name, style])).toEqual([
      ["naive", 0],
      ["tap", 2],
    ]);
    const valueOf = (beta: number, closure: string, sample: number) =>
      outcome.rows.find((row) => {
        const { values } = outcome.sweep.points[row.point];
        return values[0] === beta && values[1] === closure && row.sample === sample;
      })!.observables.magnetization!;
    for (const { name = "", points } of series) {
      expect(points.map(({ x }) => x)).toEqual(axes.beta);
      for (const { x, y, errorBar } of points) {
        const differences = [0, 1, 2].map((sample) => valueOf(x, name, sample) - valueOf(x, "monte-carlo", sample));
        const { mean, standardError } = summarize(differences);
        expect(y).toBeCloseTo(mean, 12);
        expect(errorBar).toBeCloseTo(standardError, 12);
      }
    }
  });

  test("one sample has the errors of its chains, and without chains there is nothing to compare with", async () => {
    const one = await outcomeOf({ axes, ...chains, samples: 1 });
    const [{ points }] = pointsOf(closureErrorFigures(one.outcome, one.summary).get("magnetization-closure-error"));
    const errors = one.summary.filter(({ values }) => values[1] === "monte-carlo");
    expect(points.map(({ errorBar }) => errorBar)).toEqual(
      errors.map(({ statistics }) => statistics.magnetization?.standardError),
    );
    const without = await outcomeOf({ axes: { ...axes, closure: ["naive", "tap"] }, steps: 8 });
    expect(closureErrorFigures(without.outcome, without.summary).size).toBe(0);
  });
});

describe("steps as an axis", () => {
  test("a trajectory a point, joined, and no more of them than can be told apart", async () => {
    const beta = [0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.6, 1.8];
    const { outcome, summary } = await outcomeOf({ axes: { beta, steps: [1, 2, 3, 4], closure: ["naive", "tap"] } });
    const figures = sweepFigures(outcome, summary);
    const { x, series } = figures.get("magnetization-trajectory")!.panels[0];
    expect(x).toMatchObject({ label: "time *t* (steps)", scale: "linear" });
    const points = series.filter(({ kind }) => kind === "points");
    expect(points.map(({ name }) => name)).toEqual(
      [0.2, 0.8, 1.2, 1.8].flatMap((value) => [`*β* = ${value}, naive`, `*β* = ${value}, tap`]),
    );
    expect(series.filter(({ kind }) => kind === "line")).toHaveLength(8);
  });

  test("times that double are drawn on a logarithmic axis, without the samples of a steps count of chains", async () => {
    const { outcome, summary } = await outcomeOf({
      axes: { steps: [1, 2, 4, 8, 16, 32, 64], closure: ["naive", "monte-carlo"] },
      monteCarlo: { chains: 2, burnIn: 0 },
    });
    const figures = sweepFigures(outcome, summary);
    expect([...figures.keys()]).toEqual(["magnetization-trajectory"]);
    const figure = figures.get("magnetization-trajectory");
    expect(figure?.panels[0].x.scale).toBe("log");
    expect(pointsOf(figure).map(({ name }) => name)).toEqual(["naive"]);
    expect(closureErrorFigures(outcome, summary).size).toBe(0);
  });
});

test("a collapse in ln N, over the exact curves of every size", async () => {
  const collapse = {
    observable: "participation",
    variable: "rem",
    start: { a: 0.5, b: 0.5 },
    fixed: ["criticalPoint", "a"],
    within: [0.4, 1.7],
  };
  const { outcome, summary } = await outcomeOf({
    system: { spins: { kind: "binary", count: 8 }, couplings: { kind: "random-softmax" } },
    axes: { "couplings.scale": { from: 1, to: 6, count: 11 }, "spins.count": [16, 64] },
    samples: 8,
    steps: 1,
    observe: ["participation"],
    scaling: { along: "couplings.scale", collapse: [collapse] },
  });
  const results = scalingResults(outcome, summary);
  const [{ curves, result }] = results;
  for (const { sites, points } of curves) {
    const scaled = points.map(({ x }) => x / Math.sqrt(2 * Math.log(sites)));
    expect(Math.min(...scaled)).toBeGreaterThanOrEqual(0.4);
    expect(Math.max(...scaled)).toBeLessThanOrEqual(1.7);
  }
  expect(result).toMatchObject({ status: "converged", criticalPoint: { value: 1, standardError: 0 } });
  expect(scalingText(results)[0]).toMatch(
    /^collapse of participation: of x\/√\(2 ln N\) and ln N: x_c = 1, a = 0.5, b = 0\.\d+\(/,
  );
  const [[name, { panels }]] = [...scalingFigures(outcome, results)];
  expect(name).toBe("participation-collapse-rem");
  expect(panels[0].x.label).toBe("(*λ*/√(2 ln *N*) − *x*_{c}) (ln *N*)^{0.5},  *x*_{c} = 1");
  expect(panels[0].series.map(({ kind }) => kind)).toEqual(["line", "line", "points", "points"]);
});

describe("axes that advance together", () => {
  const drawn = async (second: number[]) => {
    const axes = { beta: [0.5, 0.8, 1, 1.3], "couplings.std": second };
    const observe = ["magnetization"];
    const { outcome, summary } = await outcomeOf({ axes, zip: [["beta", "couplings.std"]], steps: 4, observe });
    return pointsOf(sweepFigures(outcome, summary).get("magnetization")).map(({ points }) => points.map(({ x }) => x));
  };

  test("are one series where each value has its own companion", async () => {
    expect(await drawn([0.1, 0.2, 0.3, 0.4])).toEqual([[0.5, 0.8, 1, 1.3]]);
  });

  test("are one series a value where that has a range of its own", async () => {
    expect(await drawn([0.1, 0.1, 0.3, 0.3])).toEqual([
      [0.5, 0.8],
      [1, 1.3],
    ]);
  });
});
