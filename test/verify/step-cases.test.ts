/** The systems that benchmarks measure, at small sizes: one step passes the float64 check of random rows. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { openExecutor } from "../../src/engine/devices.js";
import type { Executor } from "../../src/engine/executor.js";
import { verifyStep } from "../../src/verify/verify-step.js";
import { drawStepCase, type StepCase, type StepCaseName, stepCases } from "../step-cases.js";

let executor: Executor;

beforeAll(async () => {
  executor = await openExecutor({ select: process.env.ONSAGER_DEVICE || undefined });
});
afterAll(() => executor?.dispose());

const runs = Object.entries<StepCase>(stepCases).flatMap(([name, { closures, strategy }]) =>
  closures.map((closure) => ({ name: name as StepCaseName, closure, strategy })),
);

test.each(runs)("$name, $closure", async ({ name, closure, strategy }) => {
  const system = await drawStepCase(name, 261, 8);
  const report = await verifyStep(executor, system, closure, { rows: 32, seed: 1, strategy });
  expect(report).toMatchObject({ pass: true, rows: 32, unsolved: 0 });
});
