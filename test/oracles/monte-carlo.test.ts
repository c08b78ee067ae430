/** The sampler against exact results, at fixed seeds: nothing may be off by more than four standard errors. */
import { describe, expect, test } from "vitest";
import { batchOf } from "../../src/engine/batch.js";
import type { MonteCarloResult } from "../../src/engine/chain-results.js";
import { monteCarlo, type MonteCarloOptions } from "../../src/engine/monte-carlo.js";
import { ExactChain } from "../../src/reference/exact-chain.js";
import { engine, type Precision, precisions, realised } from "./engines.js";

const defaults = { burnIn: 0, thin: 1, start: "both", observe: [] } as const;

async function sampleOf(
  precision: Precision,
  input: object,
  options: Partial<MonteCarloOptions> & Pick<MonteCarloOptions, "chains" | "steps">,
): Promise<MonteCarloResult> {
  const identity = () => ({ seed: 11, point: 0, sample: 0 });
  const system = await realised(input);
  const [[result]] = await monteCarlo(await engine(precision), batchOf(system), { ...defaults, identity, ...options });
  return result;
}

/** |z| <= 4 for each number, and 1 ± 4 sqrt(2/n) for the mean of z² where errors are known. */
function expectAgreement(found: ArrayLike<number>, exact: ArrayLike<number>, errors: ArrayLike<number>): void {
  for (let k = 0; k < found.length; k++) {
    const deviation = Math.abs(found[k] - exact[k]);
    expect(deviation, `${found[k]} for ${exact[k]}`).toBeLessThanOrEqual(4 * errors[k] + 1e-5);
  }
}

describe.each(precisions)("%s", (precision) => {
  const chains = precision === "f64" ? 1024 : 4096;

  test("a product law of means is where chains may start", async () => {
    const initial = [0.6, -0.9, 0, 1, -1];
    const J = initial.map((_, i) => initial.map((_, j) => (i === j ? 0.4 : 0)));
    const system = { spins: { kind: "binary" }, couplings: { kind: "dense", matrix: J }, initial };
    const { state } = await sampleOf(precision, system, { chains, steps: 1, start: "given" });
    const t = Math.tanh(0.4);
    const errors = initial.map((mean) => (t * Math.sqrt(1 - mean * mean)) / Math.sqrt(chains));
    expectAgreement(
      state,
      initial.map((mean) => t * mean),
      errors,
    );
  });

  test("species with temperatures of their own: means, entropy production and rate of the exact chain", async () => {
    const J = [
      [0.2, 0.7, -0.3, 0.5],
      [-0.4, 0, 0.6, 0.1],
      [0.8, -0.2, 0.3, -0.6],
      [0.1, 0.9, 0.4, -0.1],
    ];
    const field = [0.2, -0.1, 0.3, 0];
    const species = [
      { name: "cold", count: 2, beta: 1.4 },
      { name: "hot", count: 2, beta: 0.5 },
    ];
    const exact = new ExactChain(4, Float64Array.from(J.flat()), Float64Array.from(field), [1.4, 1.4, 0.5, 0.5]);
    const stationary = exact.stationary();
    expect(stationary.productionByCurrents).toBeCloseTo(stationary.productionByPaths, 12);
    const observe = ["entropy-production", "entropy-rate"] as const;
    const system = { spins: { kind: "binary" }, species, field, couplings: { kind: "dense", matrix: J } };
    const found = await sampleOf(precision, system, { chains: 64, burnIn: 30, steps: 60, observe });
    expectAgreement(found.state, stationary.means, found.stateErrors);
    expectAgreement(
      [4 * found.observables["entropy-production"]!, found.observables["entropy-rate"]!],
      [stationary.productionByPaths, stationary.entropyRate],
      [4 * found.standardErrors["entropy-production"]!, found.standardErrors["entropy-rate"]!],
    );
  });
});
