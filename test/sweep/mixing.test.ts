/** τ_int and R̂ of the chains of a sweep: in its tables, and in a line where they say that chains have not mixed. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { folder, run, specify } from "./small-sweep.js";

const chains = {
  system: { spins: { kind: "binary", count: 16 }, couplings: { kind: "curie-weiss" } },
  axes: { beta: [0.2, 1], closure: ["monte-carlo"] },
  monteCarlo: { chains: 8, burnIn: 20 },
  observe: ["magnetization"],
};

const table = (path: string, name: string): Record<string, string>[] => {
  const [head, ...lines] = readFileSync(join(path, name), "utf8").trimEnd().split("\n");
  return lines.map((line) => Object.fromEntries(line.split(",").map((cell, k) => [head.split(",")[k], cell])));
};

test("tables have both, the summary the worst of the samples, and a line names the worst point", async () => {
  const path = join(folder, "slow");
  const { code, out } = await run(specify("slow", { ...chains, samples: 2, steps: 200 }), path);
  expect(code).toBe(0);
  const results = table(path, "results.csv");
  const summary = table(path, "summary.csv");
  expect(summary).toHaveLength(2);
  for (const row of summary) {
    const samples = results.filter(({ beta }) => beta === row.beta);
    expect(samples).toHaveLength(2);
    for (const column of ["absolute-magnetization_split_rhat", "absolute-magnetization_autocorrelation_time"]) {
      const values = samples.map((sample) => Number(sample[column]));
      expect(Number(row[column])).toBe(Math.max(...values));
    }
  }
  // A synchronous step at β = 0.2 forgets the last one but for 0.2 of it: 1/2 + 0.2/0.8 steps; at T_c it takes about √N.
  const [fast, slow] = summary.map((row) => Number(row["magnetization_autocorrelation_time"]));
  expect(fast).toBeGreaterThan(0.5);
  expect(fast).toBeLessThan(1.1);
  expect(slow).toBeGreaterThan(2);
  const ratios = summary.map((row) => Number(row["absolute-magnetization_split_rhat"]));
  expect(ratios[0]).toBeLessThan(1.01);
  expect(ratios[1]).toBeGreaterThan(1.01);
  expect(out.replaceAll(/\s+/g, " ")).toContain(`R̂ of chains is above 1.01, of 2 points: of m at 1 (`);
  expect(out.replaceAll(/\s+/g, " ")).toContain(`of |m| at 1 (${ratios[1].toPrecision(3)} at beta 1)`);
  expect(readFileSync(join(path, "report.html"), "utf8")).toContain("not mixed there");
  const { outcome } = JSON.parse(readFileSync(join(path, "manifest.json"), "utf8")) as {
    outcome: { columns: { summary: { name: string; unit?: string }[] } };
  };
  const described = outcome.columns.summary.find(({ name }) => name === "magnetization_autocorrelation_time");
  expect(described).toMatchObject({ unit: "steps" });
});

test("says nothing where chains have mixed, or there are none", async () => {
  const mixed = await run(
    specify("mixed", { ...chains, axes: { ...chains.axes, beta: [0.2, 0.4] }, steps: 200 }),
    join(folder, "mixed"),
  );
  expect(mixed).toMatchObject({ code: 0 });
  expect(mixed.out).not.toContain("R̂");
  const closures = await run(specify("closures"), join(folder, "closures"));
  expect(closures.out).not.toContain("R̂");
  expect(readFileSync(join(folder, "closures", "summary.csv"), "utf8")).not.toContain("rhat");
});
