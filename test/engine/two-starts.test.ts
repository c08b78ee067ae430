/** The check of two starts where the sign of a state lives longer than a run: below T_c of the Curie-Weiss model. */
import { expect, test } from "vitest";
import { batchOf } from "../../src/engine/batch.js";
import type { MonteCarloResult } from "../../src/engine/chain-results.js";
import { monteCarlo } from "../../src/engine/monte-carlo.js";
import { engine, precisions, realised } from "../oracles/engines.js";

async function sampleOf(system: object, precision: "f32" | "f64", burnIn: number): Promise<MonteCarloResult> {
  const identity = () => ({ seed: 17, point: 0, sample: 0 });
  const options = { chains: 65, burnIn, steps: 60, thin: 1, start: "both", observe: [], identity } as const;
  const [[result]] = await monteCarlo(await engine(precision), batchOf(await realised(system)), options);
  return result;
}

const cold = { spins: { kind: "binary", count: 128 }, beta: 1.4, couplings: { kind: "curie-weiss" } };

test.each(precisions)("%s: states that differ in sign alone agree", async (precision) => {
  const { thermalisation, status, spins } = await sampleOf(cold, precision, 40);
  // m = 0.82, and a barrier that nothing crosses in a hundred steps: chains that started up are up, of the others half.
  expect(spins.reduce((sum, spin) => sum + spin, 0) / spins.length).toBeGreaterThan(0.5);
  expect(thermalisation.zScores.overlap).toBeDefined();
  expect(status).toBe("completed");
});

test.each(precisions)("%s: a start that still shows is found", async (precision) => {
  // A field against the start: up is metastable at this size.
  const { thermalisation, status } = await sampleOf(
    { ...cold, field: { kind: "constant", value: -0.06 } },
    precision,
    5,
  );
  expect(Math.abs(thermalisation.zScores["absolute-magnetization"] ?? 0)).toBeGreaterThan(4);
  expect(status).toBe("not-thermalised");
});
