/** What chains measure against exact enumeration, at fixed seeds: nothing may be off by more than four standard errors. */
import { describe, expect, test } from "vitest";
import { batchOf } from "../../src/engine/batch.js";
import type { MonteCarloResult } from "../../src/engine/chain-results.js";
import { blocksFor } from "../../src/engine/chain-correlations.js";
import { monteCarlo, type MonteCarloOptions } from "../../src/engine/monte-carlo.js";
import { jackknife } from "../../src/physics/chain-statistics.js";
import type { ObservableName } from "../../src/physics/observables.js";
import { blockOf } from "../../src/reference/accumulate-products.js";
import { ExactChain } from "../../src/reference/exact-chain.js";
import { readCase } from "../../src/verify/oracles/case-files.js";
import { engine, flat, type Precision, precisions, realised, run } from "../oracles/engines.js";

const spins = { kind: "binary" };
const identity = () => ({ seed: 17, point: 0, sample: 0 });
const defaults = { burnIn: 20, thin: 1, start: "both", observe: [], identity } as const;

async function sampleOf(
  precision: Precision,
  input: object,
  options: Partial<MonteCarloOptions> & Pick<MonteCarloOptions, "chains" | "steps">,
): Promise<MonteCarloResult> {
  const system = await realised(input);
  const [[result]] = await monteCarlo(await engine(precision), batchOf(system), { ...defaults, ...options });
  return result;
}

interface Kinetic {
  data: { cases: { tag: string; N: number; H: number[]; J: number[][] }[] };
}

const { cases } = readCase<Kinetic>("kinetic/kinetic-ising-exact-small-N").data;
const asymmetric = cases.filter(({ tag }) => tag.startsWith("asymmetric"));
const exactOf = ({ N, H, J }: Kinetic["data"]["cases"][number], shift = 0) =>
  new ExactChain(
    N,
    Float64Array.from(flat(J)),
    Float64Array.from(H, (x) => x + shift),
    1,
  );
const spinOf = (s: number, i: number) => ((s >> i) & 1 ? 1 : -1);
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

describe.each(precisions)("%s", (precision) => {
  test.each(asymmetric)("C and D of $tag, with errors that are neither too small nor too large", async (each) => {
    const { N, H, J } = each;
    const exact = exactOf(each).stationary();
    const system = { spins, field: H, couplings: { kind: "dense", matrix: J } };
    const { correlations } = await sampleOf(precision, system, { chains: 96, steps: 30, correlations: true });
    const found = correlations!;
    for (const [values, errors, expected] of [
      [found.equalTime, found.equalTimeErrors, exact.equalTime],
      [found.delayed, found.delayedErrors, exact.delayed],
    ]) {
      const scores = Array.from(values, (value, k) => (value - expected[k]) / errors[k]);
      expect(Math.max(...scores.map(Math.abs))).toBeLessThanOrEqual(4);
      // 25 or 64 numbers, which are not independent.
      const spread = mean(scores.map((z) => z * z));
      expect(spread).toBeGreaterThan(0.4);
      expect(spread).toBeLessThan(2);
    }
    expect(found.blocks).toBe(96);
    expect(values(found.equalTime, N)).toEqual(values(transposed(found.equalTime, N), N));
  });

  test("blocks of chains give the C and the errors of the chains themselves", async () => {
    const [sites, chains] = [256, 20];
    const field = { kind: "gaussian", std: 0.5 };
    const system = { spins: { ...spins, count: sites }, field, couplings: { kind: "gaussian", std: 0.5 }, seed: 5 };
    const options = { chains, steps: 1, burnIn: 1, correlations: true, chainMeans: true } as const;
    const { correlations, chainMeans } = await sampleOf(precision, system, options);
    const blocks = blocksFor(chains, sites);
    expect([blocks, correlations!.blocks]).toEqual([16, 16]);
    const parts = Array.from({ length: blocks }, (_, block) => blockOf(chainMeans!, block, blocks));
    expect(new Set(parts.map(({ length }) => length))).toEqual(new Set([1, 2]));
    for (const [i, k] of [
      [0, 1],
      [17, 255],
      [200, 3],
    ]) {
      const covariance = (leftOut?: number) => {
        const kept = parts.flatMap((part, block) => (block === leftOut ? [] : [...part]));
        return mean(kept.map((m) => m[i] * m[k])) - mean(kept.map((m) => m[i])) * mean(kept.map((m) => m[k]));
      };
      const sizes = parts.map(({ length }) => length);
      const { value, standardError } = jackknife(blocks, covariance, sizes);
      expect(correlations!.equalTime[i * sites + k]).toBeCloseTo(value, 5);
      expect(correlations!.equalTimeErrors[i * sites + k]).toBeCloseTo(standardError, 5);
    }
  });

  test("response, variance, Binder cumulant of overlaps, energy gap and cosine of the exact chain", async () => {
    const [each] = asymmetric;
    const { N, H, J } = each;
    const { law } = exactOf(each).stationary();
    const average = (of: (s: number) => number) => law.reduce((sum, p, s) => sum + p * of(s), 0);
    const spin = (s: number) => Array.from({ length: N }, (_, i) => spinOf(s, i));
    const M = (s: number) => mean(spin(s));
    const q = (power: number) => average((a) => average((b) => mean(spin(a).map((x, i) => x * spinOf(b, i))) ** power));
    const fields = (s: number) => J.map((row, i) => H[i] + row.reduce((sum, J_ij, j) => sum + J_ij * spinOf(s, j), 0));
    const delta = 1e-4;
    const [above, below] = [delta, -delta].map((shift) => mean(exactOf(each, shift).stationary().means));
    const square = average((s) => M(s) ** 2);
    const expected: Partial<Record<ObservableName, number>> = {
      susceptibility: (above - below) / (2 * delta),
      variance: N * (square - average((s) => Math.abs(M(s))) ** 2),
      "binder-overlap": 1 - q(4) / (3 * q(2) ** 2),
      "energy-gap": average((s) => mean(fields(s).map((h) => 2 * Math.abs(h)))),
      "mean-token-cosine": (N * square - 1) / (N - 1),
    };
    const observe = Object.keys(expected) as ObservableName[];
    const system = { spins, field: H, couplings: { kind: "dense", matrix: J } };
    const size = precision === "f64" ? { chains: 128, steps: 400 } : { chains: 32, steps: 160 };
    const found = await sampleOf(precision, system, { ...size, observe });
    for (const name of observe) {
      const error = found.standardErrors[name]!;
      expect(error, name).toBeGreaterThan(0);
      expect(error, name).toBeLessThan(0.15 * Math.max(0.1, Math.abs(expected[name]!)));
      expect(Math.abs(found.observables[name]! - expected[name]!) / error, name).toBeLessThanOrEqual(4);
    }
    // The fluctuation is no response out of equilibrium, and the longer run can tell.
    if (precision === "f32") return;
    const difference = Math.abs(expected.susceptibility! - N * (square - average(M) ** 2));
    expect(difference).toBeGreaterThan(4 * found.standardErrors.susceptibility!);
  });

  test("variance and Binder cumulant of the synchronous Curie-Weiss chain at N = 16", async () => {
    const { parallel } = readCase<CurieWeiss>("kinetic/curie-weiss").data.finite_N;
    const row = parallel.find(({ N, T }) => N === 16 && T === 1)!;
    const observe = ["variance", "binder"] as const;
    const system = { spins: { ...spins, count: 16 }, couplings: { kind: "curie-weiss" } };
    const found = await sampleOf(precision, system, { chains: 32, steps: 400, observe });
    const expected = { variance: 16 * (row.m2 - row.abs_m ** 2), binder: row.binder };
    for (const name of observe) {
      const z = (found.observables[name]! - expected[name]) / found.standardErrors[name]!;
      expect(Math.abs(z), name).toBeLessThanOrEqual(4);
    }
    expect(found.splitRhat["absolute-magnetization"]).toBeLessThan(1.05);
  });

  test("overlaps with patterns and magnetizations of species are sums over the means of chains", async () => {
    const patterns = [
      [1, -1, 1, 1, -1, 1, -1, -1],
      [1, 1, 1, -1, -1, 1, 1, -1],
    ];
    const J = patterns[0].map((_, i) =>
      patterns[0].map((_, j) => (i === j ? 0 : patterns.reduce((sum, xi) => sum + (xi[i] * xi[j]) / 8, 0))),
    );
    const field = [0.3, 0, 0.1, 0, -0.2, 0.1, 0, 0];
    const beta = 0.7;
    const { means } = new ExactChain(8, Float64Array.from(flat(J)), Float64Array.from(field), beta).stationary();
    const observe = ["pattern-overlap", "magnetization:left"] as const;
    const system = { spins, beta, field, couplings: { kind: "hopfield", patterns }, species: species(4) };
    const found = await sampleOf(precision, system, { chains: 32, steps: 100, observe });
    const expected = [mean(means.map((m, i) => m * patterns[0][i])), mean(means.slice(0, 4))];
    observe.forEach((name, k) => {
      const z = (found.observables[name]! - expected[k]) / found.standardErrors[name]!;
      expect(Math.abs(z), name).toBeLessThanOrEqual(4);
    });
    expect(found.observables["magnetization:left"]).toBeCloseTo(mean(found.state.slice(0, 4)), 6);
  });

  test.each([spins, { kind: "sphere", dimension: 5 }])("energy gaps of a closure, $kind", async (kind) => {
    const system = { spins: { ...kind, count: 70 }, field: { kind: "gaussian", std: 0.6 }, couplings, seed: 4 };
    const observe = ["energy-gap", "smallest-energy-gap"] as const;
    const options = { closure: "naive", run: { steps: 3 }, observe, couplings: true } as const;
    const { state, couplings: J, observables } = await run(precision, system, options);
    const { field, spins: own } = await realised(system);
    const D = own.components;
    const gaps = Array.from({ length: 70 }, (_, i) => {
      const h = Array.from({ length: D }, (_, k) => {
        let sum = field[i * D + k];
        for (let j = 0; j < 70; j++) sum += J![i * 70 + j] * state[j * D + k];
        return sum;
      });
      return 2 * own.radius * Math.hypot(...h);
    });
    const digits = precision === "f64" ? 12 : 5;
    expect(observables["energy-gap"]).toBeCloseTo(mean(gaps), digits);
    expect(observables["smallest-energy-gap"]).toBeCloseTo(Math.min(...gaps), digits);
  });
});

test("what chains are too short or too thin for", async () => {
  const system = { spins: { ...spins, count: 8 }, couplings: { kind: "curie-weiss" } };
  const short = await sampleOf("f64", system, { chains: 4, steps: 3, observe: ["susceptibility"] });
  expect(short.observables.susceptibility).toBeNaN();
  expect(short.status).not.toBe("diverged");
  expect(short.splitRhat["absolute-magnetization"]).toBeNaN();
  const thin = sampleOf("f64", system, { chains: 4, steps: 9, thin: 3, observe: ["susceptibility"] });
  await expect(thin).rejects.toThrow(/thin 3/);
});

interface CurieWeiss {
  data: { finite_N: { parallel: { N: number; T: number; abs_m: number; m2: number; binder: number }[] } };
}

const couplings = { kind: "gaussian", std: 0.8 };
const species = (count: number) => [{ name: "left", count }, { name: "right" }];
const transposed = (matrix: Float64Array, n: number) =>
  matrix.map((_, at) => matrix[(at % n) * n + Math.floor(at / n)]);
/** To the digits that sums in f32 leave. */
const values = (matrix: Float64Array, n: number) => Array.from(matrix.subarray(0, n * n), (value) => value.toFixed(5));
