/** `onsager plan`: what a sweep will take, counted and estimated without running it. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { type Block, planBlocks } from "../../src/sweep/blocks.js";
import { secondsLeft } from "../../src/sweep/pace.js";
import type { SweepPlan } from "../../src/sweep/plan.js";
import { parseSweeps } from "../../src/sweep/spec.js";
import { invoke, invokeJson } from "./invoke.js";

const folder = mkdtempSync(join(tmpdir(), "onsager-plan-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

test("points, operations, and what the estimate of the time is worth", async () => {
  const spec = join(folder, "spec.json");
  const system = { spins: { kind: "binary", count: 100 }, couplings: { kind: "gaussian" } };
  const axes = { beta: { from: 1, to: 2, count: 5 }, closure: ["naive", "tap"] };
  writeFileSync(spec, JSON.stringify({ name: "planned", system, axes, samples: 3, steps: 99 }));
  const { code, json } = await invokeJson<SweepPlan[]>("plan", spec, "--device", "cpu", "--blocks", "4");
  expect(code).toBe(0);
  const operations = 2 * 100 * 100 * 100 * 30;
  expect(json[0]).toMatchObject({ name: "planned", points: 10, runs: 30, operations, speed: "nominal" });
  expect(json[0].blocks).toBeGreaterThanOrEqual(4);
  // Half of the runs are tap, whose step takes 2.4 times as long.
  expect(json[0].seconds).toBeCloseTo((operations * 1.7) / 3.5e8, 12);
  const { out } = await invoke("plan", spec, "--device", "cpu");
  expect(out).toMatch(
    /time +about 1 s for the steps alone, by nominal speeds of two idle\s+processors: a loaded machine takes/,
  );
  expect(Math.max(...out.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(80);
});

test("time that is left follows from finished blocks of the same closure and size", () => {
  const axes = { "spins.count": [8, 16], closure: ["naive", "tap"] };
  const system = { spins: { kind: "binary" }, couplings: { kind: "gaussian" } };
  const [sweep] = parseSweeps({ name: "paced", system, axes, samples: 2, steps: 9 }, "spec");
  const sites = sweep.points.map(({ values }) => values[0] as number);
  const blocks = planBlocks(sweep, sites, { work: 1, verify: 0 });
  expect(blocks).toHaveLength(8);
  const closureOf = ({ walks: [[{ point }]] }: Block) => sweep.points[point].values.join(" ");
  const left = (seconds: Readonly<Record<string, number>>) => {
    const known = blocks.filter((block, k) => closureOf(block) in seconds && k % 2 === 0);
    const records = known.map((block) => [block.index, { seconds: seconds[closureOf(block)] }] as const);
    return secondsLeft(sweep, blocks, sites, new Map(records));
  };
  expect(left({})).toBeNull();
  expect(left({ "8 naive": 1, "16 naive": 2, "8 tap": 3, "16 tap": 4 })).toBeCloseTo(10, 12);
  // Another size of the same closure: four times the work. Another closure: 2.4 times that.
  expect(left({ "8 naive": 1 })).toBeCloseTo(1 + 2 * 4 + 2 * 2.4 + 2 * 4 * 2.4, 12);
});
