/** The quickstart's physics, from the very file that `npm start` runs: what its figures claim. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { openExecutor } from "../../src/engine/devices.js";
import type { Executor } from "../../src/engine/executor.js";
import { readDocument } from "../../src/files/documents.js";
import { asymmetricSkCriticalBeta, asymmetricSkMagnetization } from "../../src/physics/theory/asymmetric-sk.js";
import { softmaxRowAverages } from "../../src/physics/theory/softmax-rem.js";
import { runSweep } from "../../src/sweep/run.js";
import { parseSweeps, type Sweep } from "../../src/sweep/spec.js";
import { summariseRows, type SummaryRow } from "../../src/sweep/tables.js";

let executor: Executor;
let sweeps: Sweep[];
beforeAll(async () => {
  executor = await openExecutor({ select: process.env.ONSAGER_DEVICE });
  sweeps = parseSweeps(await readDocument("examples/quickstart.yaml"), "quickstart");
});
afterAll(() => executor.dispose());

function named(name: string): Sweep {
  const sweep = sweeps.find((one) => one.name === name);
  if (sweep === undefined) throw new Error(`the quickstart has no sweep ${name}`);
  return sweep;
}

async function run(sweep: Sweep): Promise<SummaryRow[]> {
  const load = () => Promise.reject(new Error("no files here"));
  const outcome = await runSweep(executor, sweep, { load, context: "quickstart" });
  expect(outcome.verification.length).toBeGreaterThan(0);
  for (const report of outcome.verification) expect(report).toMatchObject({ pass: true });
  return summariseRows(outcome);
}

test("asymmetric SK: tap follows the N → ∞ curve on the ordered side and vanishes on the other", async () => {
  const model = { couplingMean: 1, couplingDeviation: 0.1, fieldHalfWidth: 0.5 };
  const critical = asymmetricSkCriticalBeta(model);
  expect(critical).toBeCloseTo(1.110840041, 8);
  // The figure has naive too, of which nothing is claimed here.
  const { input } = named("asymmetric-sk");
  const [sweep] = parseSweeps({ ...input, axes: { ...input.axes, closure: ["tap"] } }, "quickstart");
  const rows = await run(sweep);
  expect(rows.length).toBeGreaterThanOrEqual(21);
  for (const { values, statistics, samples } of rows) {
    const beta = values[0] as number;
    const at = statistics["absolute-magnetization"]!;
    expect(samples).toBeGreaterThanOrEqual(4);
    if (beta >= 1.3 * critical) {
      const difference = Math.abs(at.mean - asymmetricSkMagnetization(beta, model));
      expect(difference, `beta ${beta}`).toBeLessThanOrEqual(4 * at.standardError + 0.01);
    }
    if (beta <= 0.7 * critical) expect(at.mean, `beta ${beta}`).toBeLessThanOrEqual(0.1);
  }
});

test("sphere attention: R √(1 - 2/β) above β = 2 to 1e-4 R, nothing below", async () => {
  const rows = await run(named("attention-order"));
  for (const { values, statistics, converged } of rows) {
    const beta = values[0] as number;
    expect(converged, `beta ${beta}`).toBe(1);
    const exact = beta > 2 ? Math.sqrt(1 - 2 / beta) : 0;
    expect(Math.abs(statistics.magnetization!.mean - exact), `beta ${beta}`).toBeLessThanOrEqual(1e-4);
  }
});

test("participation: the exact finite-N average within four standard errors", async () => {
  // The figure's four samples tell their own spread poorly (the error bar of a mean of four is itself uncertain by 40 %),
  // so the statement is tested with more samples, at fewer scales.
  const { input } = named("attention-participation");
  const axes = { "couplings.scale": [0.4, 1, 3.2], "spins.count": [128, 512] };
  const [sweep] = parseSweeps({ ...input, axes, samples: 24 }, "quickstart");
  for (const { values, statistics } of await run(sweep)) {
    const [scale, count] = values as number[];
    const at = statistics.participation!;
    const error = Math.abs(at.mean - softmaxRowAverages(count, scale).participation);
    expect(error, `λ ${scale}, N ${count}`).toBeLessThan(4 * at.standardError);
  }
});
