/** `onsager plan`: what a sweep will take, counted and estimated without running it. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { SweepPlan } from "../../src/sweep/plan.js";
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
  expect(json[0]).toMatchObject({ name: "planned", points: 10, runs: 30, operations, speedIsMeasured: true });
  expect(json[0].blocks).toBeGreaterThanOrEqual(4);
  expect(json[0].seconds).toBeCloseTo(operations / 3.5e8, 12);
  const { out } = await invoke("plan", spec, "--device", "cpu");
  expect(out).toMatch(/time +1 s, by the nominal speed of naive mean field on two idle\s+processors; spheres with tap/);
  expect(Math.max(...out.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(80);
});
