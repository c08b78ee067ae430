import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CpuExecutor } from "../../src/engine/cpu-executor.js";
import { batchOf } from "../../src/engine/batch.js";
import { DEFAULT_MEMORY, openExecutor } from "../../src/engine/devices.js";
import type { Executor } from "../../src/engine/executor.js";
import type { System } from "../../src/engine/realise.js";
import { simulate } from "../../src/engine/simulate.js";
import { type ClosureName, closureNames, momentRule } from "../../src/physics/closures.js";
import { asymmetryFor } from "../../src/physics/symmetry.js";
import { attentionSystem } from "../../src/verify/load-system.js";
import { chooseRows, verifyResult, verifyStep } from "../../src/verify/verify-step.js";
import { COUPLINGS, SPINS, systemOf } from "./systems.js";

const OPTIONS = { rows: 16, seed: 1 };
const cpu = new CpuExecutor(DEFAULT_MEMORY, "chosen by the test");
let gpu: Executor;

beforeAll(async () => {
  gpu = await openExecutor({ select: process.env.ONSAGER_DEVICE || undefined });
});
afterAll(() => gpu?.dispose());

const couplingKinds = Object.keys(COUPLINGS) as (keyof typeof COUPLINGS)[];
const spinKinds = Object.keys(SPINS) as (keyof typeof SPINS)[];
const closuresOf = ({ spins, couplings, sites }: System) =>
  closureNames
    .filter((name) => typeof momentRule(name, spins) === "string")
    .filter((name) => asymmetryFor(name, couplings, sites) === undefined);

describe("chosen rows are what the engine computes for all rows", () => {
  test.each(spinKinds)("%s spins", async (spins) => {
    for (const couplings of couplingKinds) {
      const system = await systemOf(spins, couplings);
      for (const closure of closuresOf(system)) {
        const report = await verifyStep(cpu, system, closure, OPTIONS);
        expect(report.maximumError, `${couplings}, ${closure}`).toBeLessThan(1e-13);
        expect(report).toMatchObject({ pass: true, rows: 16, sites: 37, unsolved: 0 });
        expect(report.checked).toContain("float64 is compared with float64");
        // Plain f32 is f32: far from float64, near to it.
        expect(report.plainMaximumError, `${couplings}, ${closure}`).toBeGreaterThan(1e-9);
        expect(report.plainMaximumError, `${couplings}, ${closure}`).toBeLessThan(1e-5);
      }
    }
  });
});

describe("the GPU passes", () => {
  test.each<[keyof typeof SPINS, readonly (keyof typeof COUPLINGS)[]]>([
    ["binary", ["dense", "gaussian", "plus-minus", "causal attention", "attention to the state"]],
    ["large-d sphere", ["independent gaussian", "diluted", "masked attention", "attention to the field"]],
    ["exact sphere", ["curie-weiss", "attention to the state"]],
  ])("%s spins", async (spins, kinds) => {
    for (const couplings of kinds) {
      const system = await systemOf(spins, couplings);
      for (const closure of closuresOf(system)) {
        const report = await verifyStep(gpu, system, closure, OPTIONS);
        expect(report, `${couplings}, ${closure}`).toMatchObject({ pass: true, rows: 16, unsolved: 0 });
        expect(report.rmsError).toBeLessThanOrEqual(report.maximumError);
        expect(report.maximumError, "f32 is not float64").toBeGreaterThan(0);
      }
    }
  });

  test("in row blocks where J does not fit", async () => {
    const system = await attentionSystem({ sites: 500, dimension: 16, causal: true, seed: 2 });
    const select = process.env.ONSAGER_DEVICE || undefined;
    // J and its scores take 2 MB.
    const small = await openExecutor({ select, memoryLimit: 700_000 });
    const report = await verifyStep(small, system, "onsager", OPTIONS);
    small.dispose();
    expect(report).toMatchObject({ pass: true, sites: 500 });
    expect(report).toEqual(await verifyStep(gpu, system, "onsager", OPTIONS));
  });
});

async function step(system: System, closure: ClosureName, executor: Executor = cpu): Promise<Float64Array> {
  const [[{ state }]] = await simulate(executor, batchOf(system), {
    closure,
    run: { steps: 1 },
    observe: [],
    states: true,
  });
  return state ?? new Float64Array();
}

describe("numbers from elsewhere", () => {
  const all = { rows: 37, seed: 0 };

  test.each(spinKinds)("pass if they are right, %s spins", async (spins) => {
    const system = await systemOf(spins, "causal attention");
    const result = await step(system, "onsager");
    expect(verifyResult(result, "mine.npy", system, "onsager", all)).toMatchObject({ pass: true, checked: "mine.npy" });
    // Rounded to f32, as numpy's float32 would save them.
    const report = verifyResult(Float64Array.from(result, Math.fround), "mine.npy", system, "onsager", all);
    expect(report.pass).toBe(true);
    expect(report.maximumError).toBeGreaterThan(1e-9);
  });

  test.each<[string, (value: number) => number]>([
    ["off by 2e-6", (value) => value * (1 + 2e-6)],
    ["zero", () => 0],
    ["not a number", () => NaN],
    ["infinite", () => -Infinity],
  ])("fail if one row is %s", async (_, corrupt) => {
    const system = await systemOf("large-d sphere", "independent gaussian");
    const result = await step(system, "naive");
    for (let k = 20 * 5; k < 21 * 5; k++) result[k] = corrupt(result[k]);
    expect(verifyResult(result, "mine.npy", system, "naive", all).pass).toBe(false);
  });

  test("fail if they are of another closure", async () => {
    const system = await systemOf("binary", "dense");
    expect(verifyResult(await step(system, "tap"), "mine.npy", system, "naive", all).pass).toBe(false);
  });
});

test("a row without a root in float64 is left out, and a check of no row at all fails", async () => {
  const system = await systemOf("large-d sphere", "independent gaussian", { beta: 6 });
  const report = await verifyStep(cpu, system, "tap-published", { rows: 37, seed: 0 });
  expect(report.unsolved).toBeGreaterThan(0);
  const result = new Float64Array(37 * 5);
  for (let seed = 0; seed < 200; seed++) {
    const one = verifyResult(result, "zeros", system, "tap-published", { rows: 1, seed });
    if (one.unsolved === 1) {
      expect(one).toMatchObject({ pass: false, maximumError: 0 });
      return;
    }
  }
  expect.fail("no seed chose an unsolved row");
});

const withoutField = (system: System, factor: number): System => ({
  ...system,
  field: new Float64Array(system.field.length),
  initial: system.initial.map((value) => factor * value),
});

test("a state that has died out counts as zero, not as a relative error", async () => {
  const faint = withoutField(await systemOf("large-d sphere", "causal attention"), 1e-30);
  for (const closure of ["naive", "tap", "onsager"] as const) {
    const result = await step(faint, closure, gpu);
    expect(verifyResult(result, "the GPU", faint, closure, OPTIONS), closure).toMatchObject({ pass: true });
  }
});

describe("a step from zero would prove nothing, and is taken from a random state", () => {
  test.each<[keyof typeof SPINS, keyof typeof COUPLINGS]>([
    ["binary", "independent gaussian"],
    ["binary", "curie-weiss"],
    ["large-d sphere", "curie-weiss"],
    ["exact sphere", "attention to the state"],
  ])("%s spins, %s", async (spins, couplings) => {
    const dead = withoutField(await systemOf(spins, couplings), 0);
    for (const closure of closuresOf(dead).filter((name) => name !== "tap-published")) {
      const report = await verifyStep(gpu, dead, closure, OPTIONS);
      expect(report, closure).toMatchObject({ start: "random", pass: true, unsolved: 0 });
      expect(report.maximumError, closure).toBeGreaterThan(1e-9);
      expect(report.plainMaximumError, closure).toBeGreaterThan(1e-9);
    }
  });

  test("unless some site has a mean that relative errors apply to", async () => {
    const system = await systemOf("binary", "independent gaussian");
    const dead = withoutField(system, 0);
    const reportFrom = async (value: number) =>
      (await verifyStep(cpu, { ...dead, initial: dead.initial.with(5, value) }, "naive", OPTIONS)).start;
    expect([await reportFrom(9.9e-4), await reportFrom(1e-3)]).toEqual(["random", "given"]);
    expect((await verifyStep(cpu, system, "naive", OPTIONS)).start).toBe("given");
  });
});

test("rows are different, ascending, fixed by the seed, and every row has its turn", () => {
  expect(chooseRows(5, 64, 0)).toEqual([0, 1, 2, 3, 4]);
  expect(chooseRows(1000, 64, 7)).toEqual(chooseRows(1000, 64, 7));
  expect(chooseRows(1000, 64, 7)).not.toEqual(chooseRows(1000, 64, 8));
  const counts = new Float64Array(10);
  for (let seed = 0; seed < 2000; seed++) {
    const rows = chooseRows(10, 3, seed);
    expect(new Set(rows).size).toBe(3);
    expect([...rows].sort((one, other) => one - other)).toEqual(rows);
    for (const row of rows) counts[row]++;
  }
  // 600 each, with a standard deviation of 20.
  for (const count of counts) expect(Math.abs(count - 600)).toBeLessThan(100);
});
