/** The precision of attention's products: what may be asked for, that nothing else is computed, and how it is checked. */
import { beforeAll, describe, expect, test, type TestContext } from "vitest";
import { batchOf } from "../../src/engine/batch.js";
import { CpuExecutor } from "../../src/engine/cpu-executor.js";
import type { CouplingRequest } from "../../src/engine/coupling-strategy.js";
import type { System } from "../../src/engine/realise.js";
import { simulate } from "../../src/engine/simulate.js";
import type { ClosureName } from "../../src/physics/closures.js";
import type { ObservableName } from "../../src/physics/observables.js";
import { FLOAT64_OF_F32, PLAIN } from "../../src/verify/arithmetic.js";
import { evaluateRows } from "../../src/verify/step-rows.js";
import { verifyStep } from "../../src/verify/verify-step.js";
import { useGpu } from "../kernels/compare.js";
import { systemOf } from "../verify/systems.js";

const gpu = useGpu();
let attention: System;

beforeAll(async () => {
  attention = await systemOf("large-d sphere", "causal attention");
});

const simulated = (request: CouplingRequest, system = attention, observe: ObservableName[] = [], executor = gpu()) =>
  simulate(executor, batchOf(system), { closure: "naive", run: { steps: 1 }, observe, ...request });

describe("refused in one line", () => {
  test.each<[CouplingRequest, RegExp]>([
    [
      { strategy: "subgroup-matrix" },
      /^precision: found f32 with the strategy subgroup-matrix, expected f16 or split-f16$/,
    ],
    [
      { strategy: "subgroup-matrix", precision: "f32" },
      /^precision: found f32 with the strategy subgroup-matrix, expected f16 or split-f16$/,
    ],
    [
      { strategy: "portable", precision: "f16" },
      /^precision: found f16 with the strategy portable, expected f32, or subgroup-matrix$/,
    ],
    [
      { strategy: "stored", precision: "split-f16" },
      /^precision: found split-f16 with the strategy stored, expected f32, or subgroup-matrix$/,
    ],
  ])("%j", async (request, message) => {
    await expect(simulated(request)).rejects.toThrow(message);
  });

  test("couplings and spins that multiply no matrices", async () => {
    const dense = await systemOf("large-d sphere", "dense");
    await expect(simulated({ precision: "f16" }, dense)).rejects.toThrow(
      /^precision: found f16 for dense couplings, expected f32, or attention couplings$/,
    );
    const binary = await systemOf("binary", "causal attention");
    await expect(simulated({ precision: "f16" }, binary)).rejects.toThrow(
      /^precision: found f16: attention-field-binary multiplies no matrices, expected f32$/,
    );
  });

  test("the CPU engine", async () => {
    const cpu = new CpuExecutor(Infinity, "chosen by the test");
    for (const precision of ["f32", "f16"] as const) {
      await expect(simulate(cpu, batchOf(attention), { ...STEP, precision })).rejects.toThrow(
        new RegExp(`^precision: found ${precision} on the CPU engine, expected a GPU, or none`),
      );
    }
  });

  test("the susceptibility, a difference as small as the rounding of f16", async () => {
    await expect(simulated({ precision: "f16" }, attention, ["susceptibility"])).rejects.toThrow(
      /^precision: found f16 for the susceptibility, expected f32 or split-f16$/,
    );
  });

  test("an adapter without matrices, whose reason is told", async ({ skip }) => {
    const { matrices } = gpu().traits;
    if (typeof matrices !== "string") return skip("the adapter has matrices");
    for (const strategy of ["auto", "subgroup-matrix"] as const) {
      await expect(simulated({ strategy, precision: "f16" })).rejects.toThrow(
        `precision: found f16: ${matrices}, expected f32`,
      );
    }
  });
});

const STEP = { closure: "naive", run: { steps: 1 }, observe: [] } as const;

test("plain loops have the error of their precision", () => {
  const rows = Array.from({ length: attention.sites }, (_, row) => row);
  const exact = evaluateRows(attention, "onsager", rows, FLOAT64_OF_F32).values;
  const errorOf = (precision: keyof typeof PLAIN) => {
    const { values } = evaluateRows(attention, "onsager", rows, PLAIN[precision]);
    return Math.max(...values.map((value, index) => Math.abs(value - exact[index])));
  };
  const errors = { f32: errorOf("f32"), split: errorOf("split-f16"), f16: errorOf("f16") };
  expect(errors.f16).toBeGreaterThan(1e-4);
  expect(errors.f16).toBeLessThan(2e-2);
  expect(errors.split).toBeGreaterThan(1e-8);
  expect(errors.split).toBeLessThan(4 * errors.f32);
});

describe.each(["f16", "split-f16"] as const)("%s on an adapter with matrices", (precision) => {
  const needMatrices = ({ skip }: TestContext) => {
    const { matrices } = gpu().traits;
    if (typeof matrices === "string") skip(matrices);
  };

  test("auto is subgroup-matrix, and the report says so", async (context) => {
    needMatrices(context);
    const [[{ strategy }]] = await simulated({ precision });
    expect(strategy).toMatchObject({ name: "subgroup-matrix", precision, tile: { SPLIT: precision !== "f16" } });
    expect(strategy.reason).toBeUndefined();
  });

  test.for<[ClosureName, Parameters<typeof systemOf>[1]]>([
    ["naive", "causal attention"],
    ["onsager", "masked attention"],
    ["tap", "attention to the field"],
  ])("%s, %s: passes verification, by the error of its own precision", async ([closure, couplings], context) => {
    needMatrices(context);
    const system = await systemOf("large-d sphere", couplings);
    const report = await verifyStep(gpu(), system, closure, { rows: 37, seed: 1, precision });
    expect(report).toMatchObject({ pass: true, plainPrecision: precision, unsolved: 0 });
    expect(report.checked).toMatch(new RegExp(`^${precision} of .*, strategy subgroup-matrix$`));
    if (precision === "f16") expect(report.maximumError).toBeGreaterThan(1e-5);
    else expect(report.maximumError).toBeLessThan(1e-5);
  });

  test("the reaction of TAP is in f32, which the report says; frozen steps stay near those of f32", async (context) => {
    needMatrices(context);
    const options = { closure: "tap", run: { steps: 3 }, observe: [], states: true } as const;
    const [[found]] = await simulate(gpu(), batchOf(attention), { ...options, precision });
    const [[expected]] = await simulate(gpu(), batchOf(attention), options);
    expect(found.strategy.reason).toMatch(/^the reaction is in f32, by (portable|subgroups)$/);
    const worst = Math.max(...(expected.state ?? []).map((value, k) => Math.abs(value - (found.state?.[k] ?? NaN))));
    expect(worst).toBeLessThan(precision === "f16" ? 2e-2 : 2e-5);
  });
});
