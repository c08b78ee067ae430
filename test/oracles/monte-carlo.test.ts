/** The sampler against exact results, at fixed seeds: nothing may be off by more than four standard errors. */
import { describe, expect, test } from "vitest";
import { batchOf } from "../../src/engine/batch.js";
import type { MonteCarloResult } from "../../src/engine/chain-results.js";
import { monteCarlo, type MonteCarloOptions } from "../../src/engine/monte-carlo.js";
import { besselRatio } from "../../src/reference/bessel.js";
import { ExactChain } from "../../src/reference/exact-chain.js";
import { readCase } from "../cases.js";
import { engine, flat, type Precision, precisions, realised } from "./engines.js";

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

interface Kinetic {
  readonly data: {
    readonly cases: readonly { tag: string; N: number; H: number[]; J: number[][]; s0: number[] }[];
  };
}

const { data } = readCase<Kinetic>("kinetic/kinetic-ising-exact-small-N");

/** |z| <= 4 for each number, and 1 ± 4 sqrt(2/n) for the mean of z² where errors are known. */
function expectAgreement(found: ArrayLike<number>, exact: ArrayLike<number>, errors: ArrayLike<number>): void {
  for (let k = 0; k < found.length; k++) {
    const deviation = Math.abs(found[k] - exact[k]);
    expect(deviation, `${found[k]} for ${exact[k]}`).toBeLessThanOrEqual(4 * errors[k] + 1e-5);
  }
}

/** Standard deviation of (s_i - a)(s_k - b), whose mean is the covariance c. */
function covarianceError(c: number, a: number, b: number): number {
  const [a2, b2] = [a * a, b * b];
  const variance = (1 + a2) * (1 + b2) - 2 * b2 * (1 + a2) - 2 * a2 * (1 + b2) + 4 * a * b * (c + a * b) - c * c;
  return Math.sqrt(Math.max(variance, 0));
}

function chainMeans(law: Float64Array, N: number): Float64Array {
  return Float64Array.from({ length: N }, (_, i) => law.reduce((sum, p, s) => sum + p * ((s >> i) & 1 ? 1 : -1), 0));
}

describe.each(precisions)("%s", (precision) => {
  const chains = precision === "f64" ? 1024 : 4096;

  test.each(data.cases.map((each) => [each.tag, each] as const))(
    "m, C and D of few spins at fixed times: %s",
    async (_, { N, H, J, s0 }) => {
      const exact = new ExactChain(N, Float64Array.from(flat(J)), Float64Array.from(H), 1);
      const system = { spins: { kind: "binary" }, couplings: { kind: "dense", matrix: J }, field: H, initial: s0 };
      let law = exact.productLaw(s0);
      for (let t = 1; t <= 3; t++) {
        const next = exact.evolve(law);
        const { means, equalTime, delayed } = exact.moments(law, next);
        const result = await sampleOf(precision, system, {
          chains,
          burnIn: t - 1,
          steps: 1,
          start: "given",
          correlations: true,
        });
        const { state, correlations } = result;
        // Rao–Blackwell means spread less than the spins they stand for, whose errors these are.
        const before = chainMeans(law, N);
        const errors = (covariances: Float64Array, others: Float64Array) =>
          covariances.map((c, at) => covarianceError(c, means[Math.floor(at / N)], others[at % N]));
        // Where less than one chain is expected to differ, one of them is no sign of an error.
        const perChain = (error: number) => Math.max(error / Math.sqrt(chains), 1 / chains);
        const spreads = means.map((mean) => Math.sqrt(1 - mean * mean));
        expectAgreement(state, means, spreads.map(perChain));
        expectAgreement(correlations!.equalTime, equalTime, errors(equalTime, means).map(perChain));
        expectAgreement(correlations!.delayed, delayed, errors(delayed, before).map(perChain));
        expect(result.status).toBe("completed");
        law = next;
      }
    },
    60_000,
  );

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

  test("Curie–Weiss at T = 1, N = 64: <|m|> and the Binder cumulant of the synchronous chain", async () => {
    const system = { spins: { kind: "binary", count: 64 }, couplings: { kind: "curie-weiss" } };
    const { observables, standardErrors, thermalisation, autocorrelation } = await sampleOf(precision, system, {
      chains: precision === "f64" ? 32 : 256,
      burnIn: 100,
      steps: precision === "f64" ? 600 : 200,
      thin: 4,
      observe: ["absolute-magnetization", "binder", "entropy-production", "energy", "overlap"],
    });
    expectAgreement(
      [observables["absolute-magnetization"]!, observables.binder!, observables["entropy-production"]!],
      [0.2780854382, 0.2926285458, 0],
      [standardErrors["absolute-magnetization"]!, standardErrors.binder!, standardErrors["entropy-production"]!],
    );
    expect(standardErrors["absolute-magnetization"]).toBeLessThan(0.02);
    expect(thermalisation.verdict).toBe("passed");
    expect(autocorrelation["absolute-magnetization"]).toBeGreaterThan(2);
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

  test("one-way rings: entropy production N K tanh K, and N βKR² A(βKR²) of spheres", async () => {
    const ring = (N: number, K: number) =>
      Array.from({ length: N }, (_, i) => Array.from({ length: N }, (_, j) => ((i + N - 1) % N === j ? K : 0)));
    const options = { chains: 32, burnIn: 10, steps: 20, observe: ["entropy-production"] as const };
    const binary = { spins: { kind: "binary" }, couplings: { kind: "dense", matrix: ring(4, 0.7) } };
    const found = await sampleOf(precision, { ...binary, field: [0, 0, 0, 0] }, options);
    expectAgreement(
      [4 * found.observables["entropy-production"]!],
      [1.6922297759],
      [4 * found.standardErrors["entropy-production"]!],
    );
    for (const [dimension, beta, radius] of [
      [8, 0.5, Math.sqrt(3)],
      [3, 2, 1],
    ]) {
      const spins = { kind: "sphere", count: 5, dimension, response: "exact", radius };
      const system = { spins, beta, couplings: { kind: "dense", matrix: ring(5, 1) } };
      const sphere = await sampleOf(precision, system, options);
      const k = beta * radius ** 2;
      expectAgreement(
        [sphere.observables["entropy-production"]!],
        [k * besselRatio(dimension, k)],
        [sphere.standardErrors["entropy-production"]!],
      );
      expect(sphere.failedDraws).toBe(0);
    }
  });
});
