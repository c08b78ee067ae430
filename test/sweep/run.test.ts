import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openExecutor } from "../../src/engine/devices.js";
import type { Executor } from "../../src/engine/executor.js";
import { runSweep } from "../../src/sweep/run.js";
import { parseSweeps } from "../../src/sweep/spec.js";
import { cellAt, type Column } from "../../src/files/table.js";
import { resultColumns, summariseRows, summaryColumns, summaryTable } from "../../src/sweep/tables.js";
import { describeOutcome } from "../../src/sweep/write.js";

const noFiles = () => Promise.reject(new Error("no files here"));
const document = {
  name: "small",
  system: {
    spins: { kind: "binary", count: 37 },
    couplings: { kind: "gaussian", mean: 1, std: 0.3 },
    field: { kind: "uniform", halfWidth: 0.5 },
    initial: { kind: "constant", value: 1 },
  },
  axes: { beta: [0.5, 1.5, 2.5], closure: ["naive", "tap"], "couplings.std": [0.1, 0.6] },
  samples: 3,
  seed: 7,
  steps: 12,
  observe: ["magnetization", "overlap", "susceptibility"],
};
const select = process.env.ONSAGER_DEVICE;

let executor: Executor;
beforeAll(async () => {
  executor = await openExecutor({ select });
});
afterAll(() => executor.dispose());

/** Header and rows as text, as they stand in a CSV file. */
function lines(columns: readonly Column[]): string[][] {
  const rows = columns[0].values.length;
  return [
    columns.map(({ name }) => name),
    ...Array.from({ length: rows }, (_, row) => columns.map((column) => String(cellAt(column, row) ?? ""))),
  ];
}

describe("a sweep", () => {
  test("writes one row a point, closure and sample, in the order of the axes", async () => {
    const [sweep] = parseSweeps(document, "spec");
    const outcome = await runSweep(executor, sweep, { load: noFiles, context: "spec" });
    const [header, ...rows] = lines(resultColumns(outcome));
    expect(header).toEqual([
      ..."beta,closure,couplings.std,sites,sample,seed,magnetization,overlap,susceptibility".split(","),
      ..."residual,inner_residual,iterations,status,point,adapter".split(","),
    ]);
    expect(rows).toHaveLength(3 * 2 * 2 * 3);
    expect(rows[0].slice(0, 6)).toEqual(["0.5", "naive", "0.1", "37", "0", "7"]);
    expect(rows.at(-1)?.slice(0, 6)).toEqual(["2.5", "tap", "0.6", "37", "2", "7"]);
    expect(rows.flat()).not.toContain("NaN");

    const summary = summariseRows(outcome);
    const [summaryHeader, ...means] = lines(summaryColumns(outcome, summary));
    expect(summaryHeader.slice(3, 8)).toEqual([
      "samples",
      "converged",
      "error_from",
      "magnetization_mean",
      "magnetization_standard_error",
    ]);
    // Those of the exact results too, which stand where a theory has one.
    expect(summaryHeader).toContain("magnetization_exact");
    const described = describeOutcome(outcome).columns.summary;
    expect(described.map(({ name }) => name)).toEqual(summaryHeader);
    expect(described.find(({ name }) => name === "magnetization_exact")?.description).toMatch(
      /^the exact synchronous dynamics, N → ∞/,
    );
    expect(means).toHaveLength(12);
    const first = rows.slice(0, 3).map((row) => Number(row[6]));
    expect(Number(means[0][6])).toBeCloseTo((first[0] + first[1] + first[2]) / 3, 12);
    expect(outcome.verification.map(({ closure }) => closure).sort()).toEqual(["naive", "tap"]);
    expect(outcome.verification.every(({ pass }) => pass)).toBe(true);
    for (const line of summaryTable(outcome, summary).split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });

  test("gives the same numbers however the work is batched", async () => {
    const [sweep] = parseSweeps(document, "spec");
    const together = await runSweep(executor, sweep, { load: noFiles, context: "spec" });
    // Each matrix takes 37 · 40 · 4 bytes; a quarter of this limit holds one.
    const small = await openExecutor({ select, memoryLimit: 4 * 8000 + 200_000 });
    try {
      const apart: string[][] = [];
      // All but the point, which counts the points of a sweep.
      const numbers = (columns: Column[]) => lines(columns.filter(({ name }) => name !== "point")).slice(1);
      for (const beta of document.axes.beta) {
        const [part] = parseSweeps({ ...document, axes: { ...document.axes, beta: [beta] } }, "spec");
        const outcome = await runSweep(small, part, { load: noFiles, context: "spec" });
        apart.push(...numbers(resultColumns(outcome)));
      }
      expect(apart).toEqual(numbers(resultColumns(together)));
    } finally {
      small.dispose();
    }
  });

  test("crosses the ensembles of random couplings", async () => {
    const system = { ...document.system, couplings: { kind: "diluted", connectivity: 5, mean: 1 } };
    const axes = {
      beta: [0.5, 1],
      "couplings.law": ["gaussian", "plus-minus"],
      "couplings.symmetry": [0, 0.5, 1],
      "couplings.connectivity": [5, 37],
    };
    const [sweep] = parseSweeps({ ...document, system, axes, samples: 2 }, "spec");
    const { rows, verification } = await runSweep(executor, sweep, { load: noFiles, context: "spec" });
    expect(rows).toHaveLength(2 * 2 * 3 * 2 * 2);
    expect(verification.every(({ pass }) => pass)).toBe(true);
    // J is shared by temperatures and by nothing else: no two other rows agree.
    const seen = new Set(rows.map(({ observables }) => observables.magnetization));
    expect(seen.size).toBe(rows.length);
  });

  test("marks what did not converge and counts it", async () => {
    // Naive mean field of strong asymmetric couplings wanders chaotically (equations 12.6, g = 15).
    const chaotic = {
      name: "chaos",
      system: {
        spins: { kind: "binary", count: 64 },
        couplings: { kind: "gaussian", std: 3 },
        initial: { kind: "uniform", halfWidth: 0.5 },
      },
      axes: { beta: [0.1, 5] },
      steady: true,
    };
    const [sweep] = parseSweeps(chaotic, "spec");
    const outcome = await runSweep(executor, sweep, { load: noFiles, context: "spec" });
    expect(outcome.rows.map(({ status }) => status)).toEqual(["converged", "max-iter"]);
    const summary = summariseRows(outcome);
    expect(summary.map(({ converged }) => converged)).toEqual([1, 0]);
    expect(summaryTable(outcome, summary)).toContain("1 run did not converge");
  });
});
