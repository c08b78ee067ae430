/** Masks, heads, trajectories, moments and the susceptibility, against the same numbers formed from the states. */
import { describe, expect, it } from "vitest";
import { batchOf } from "../../src/engine/batch.js";
import { type Closure, closureNames, closures as table } from "../../src/physics/closures.js";
import { norms, precisions, realised, run, runBatch } from "../oracles/engines.js";

const random = { kind: "gaussian" };
const sphere = (count: number, dimension = 8) => ({ kind: "sphere", dimension, count });
const single = { closure: "naive", run: { steps: 1 }, couplings: true } as const;
const statistics = ["participation", "entropy", "log-sum-exp"] as const;

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

/** Participation and entropy from the rows of J. */
function rowMeans(couplings: Float64Array, sites: number): [number, number] {
  const sums = (term: (value: number) => number) => couplings.reduce((sum, value) => sum + term(value), 0);
  const rows = couplings.length / sites;
  return [sums((p) => p * p) / rows, sums((p) => (p > 0 ? -p * Math.log(p) : 0)) / rows];
}

describe.each(precisions)("what a run gives out, %s", (precision) => {
  const close = precision === "f64" ? 12 : 5;

  it("lets a fully masked row receive nothing: zeros, never NaN", async () => {
    const sites = 7;
    // Row 3 has no key, row 5 one key, the others all but themselves.
    const allowed = (i: number, j: number) => (i === 3 ? 0 : i === 5 ? Number(j === 1) : Number(i !== j));
    const values = Float64Array.from({ length: sites * sites }, (_, k) => allowed(Math.floor(k / sites), k % sites));
    const system = {
      spins: sphere(sites),
      couplings: { kind: "attention", queries: random, keys: random, dimension: 3, heads: 2, mask: "mask.npy" },
      field: { kind: "direction", norm: 0.5 },
    };
    const arrays = { "mask.npy": { shape: [sites, sites], values } };
    const { couplings, observables, state } = await run(precision, system, { ...single, observe: statistics }, arrays);
    for (let head = 0; head < 2; head++) {
      for (let i = 0; i < sites; i++) {
        const row = couplings!.subarray((head * sites + i) * sites, (head * sites + i + 1) * sites);
        row.forEach((value, j) => (allowed(i, j) ? expect(value).toBeGreaterThan(0) : expect(value).toBe(0)));
        expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(i === 3 ? 0 : 1, 6);
      }
      expect(couplings![head * 49 + 5 * 7 + 1]).toBe(1);
    }
    expect(state.every(Number.isFinite)).toBe(true);
    for (const name of statistics) expect(Number.isFinite(observables[name])).toBe(true);
    const [participation, entropy] = rowMeans(couplings!, sites);
    expect(observables.participation).toBeCloseTo(participation, close);
    expect(observables.entropy).toBeCloseTo(entropy, close);
    const defined = closureNames.filter((name) => (table[name] as Closure).sphere !== undefined);
    for (const closure of defined) {
      const others = await run(precision, system, { closure, run: { steps: 2 } }, arrays);
      expect(others.state.every(Number.isFinite), closure).toBe(true);
    }
  });

  it("treats heads as systems of their own", async () => {
    const [sites, dimension] = [9, 5];
    const width = 2 * dimension;
    const entries = (rows: number, columns: number, phase: number) =>
      Array.from({ length: rows }, (_, i) =>
        Array.from({ length: columns }, (_, k) => 0.4 * Math.sin(phase + 3 * i + 1.7 * k)),
      );
    const field = entries(sites, width, 1);
    const queries = entries(sites, 6, 2);
    const keys = entries(sites, 6, 3);
    const cut = (rows: number[][], head: number, size: number) =>
      rows.map((row) => row.slice(head * size, (head + 1) * size));
    const system = (parts: { field: number[][]; queries: number[][]; keys: number[][]; heads: number }) => ({
      spins: { kind: "sphere", dimension },
      beta: 1.3,
      field: parts.field,
      couplings: { kind: "attention", queries: parts.queries, keys: parts.keys, heads: parts.heads, scale: 5 },
    });
    const observe = ["overlap", "participation", "magnetization"] as const;
    const options = { closure: "tap", run: { steps: 3 }, couplings: true, observe } as const;
    const both = await run(precision, system({ field, queries, keys, heads: 2 }), options);
    const alone = [];
    for (const head of [0, 1]) {
      const parts = { field: cut(field, head, dimension), queries: cut(queries, head, 3), keys: cut(keys, head, 3) };
      alone.push(await run(precision, system({ ...parts, heads: 1 }), options));
    }
    for (const head of [0, 1]) {
      for (let i = 0; i < sites; i++) {
        const from = i * width + head * dimension;
        const own = alone[head].state.subarray(i * dimension, (i + 1) * dimension);
        expect(both.state.subarray(from, from + dimension)).toEqual(own);
      }
      expect(both.couplings!.subarray(head * sites ** 2, (head + 1) * sites ** 2)).toEqual(alone[head].couplings);
    }
    for (const name of observe) {
      expect(both.observables[name]).toBeCloseTo(mean(alone.map(({ observables }) => observables[name]!)), 12);
    }
    expect(both.residual).toBe(Math.max(...alone.map(({ residual }) => residual)));
  });

  it("keeps a trajectory that ends in the state, and stops where it is told", async () => {
    const system = { spins: { kind: "binary", count: 37 }, beta: 1.4, couplings: random, field: random };
    const long = await run(precision, system, { closure: "tap", run: { steps: 9 }, trajectory: true });
    expect(long.trajectory).toHaveLength(9);
    expect(long.trajectory![8]).toEqual(long.state);
    expect(long.iterations).toBe(9);
    const short = await run(precision, system, { closure: "tap", run: { steps: 4 } });
    expect(short.state).toEqual(long.trajectory![3]);
    expect(short.trajectory).toBeUndefined();
    const none = await run(precision, system, { closure: "tap", run: { steps: 0 }, trajectory: true });
    expect(none.trajectory).toEqual([]);
    const start = (await realised(system)).initial;
    expect(Math.max(...none.state.map((value, k) => Math.abs(value - start[k])))).toBeLessThan(1e-7);
  });

  it("forms the moments of binary and sphere states", async () => {
    const observe = ["magnetization", "absolute-magnetization", "overlap", "site-norm"] as const;
    const options = { closure: "naive", run: { steps: 2 }, observe } as const;
    const binary = {
      spins: { kind: "binary", count: 1500 },
      couplings: random,
      field: { kind: "constant", value: -0.3 },
    };
    const { state: m, observables: of } = await run(precision, binary, options);
    expect(of.magnetization).toBeCloseTo(mean(m), close);
    expect(of.magnetization).toBeLessThan(-0.1);
    expect(of["absolute-magnetization"]).toBeCloseTo(Math.abs(mean(m)), close);
    expect(of.overlap).toBeCloseTo(mean(m.map((value) => value ** 2)), close);
    expect(of["site-norm"]).toBeCloseTo(mean(m.map(Math.abs)), close);

    const vectors = {
      spins: sphere(1100, 5),
      couplings: { ...random, std: 0.5 },
      field: { kind: "uniform", halfWidth: 2 },
    };
    const { state, observables } = await run(precision, vectors, options);
    const radius = Math.sqrt(1.5);
    const lengths = norms(state, 5).map((norm) => norm / radius);
    const total = [0, 1, 2, 3, 4].map((k) => state.reduce((sum, value, at) => sum + (at % 5 === k ? value : 0), 0));
    expect(observables.magnetization).toBeCloseTo(Math.hypot(...total) / (1100 * radius), close);
    expect(observables.overlap).toBeCloseTo(mean(lengths.map((norm) => norm ** 2)), close);
    expect(observables["site-norm"]).toBeCloseTo(mean(lengths), close);
  });

  it("reports the rows of the couplings of the final state when they follow it", async () => {
    const weights = { query: random, key: random };
    const system = {
      spins: sphere(11),
      beta: 2.5,
      couplings: { kind: "attention", weights, dimension: 4, source: "state", scale: 0.5 },
      field: { kind: "direction", norm: 0.5 },
    };
    for (const kind of [{ steps: 0 }, { steps: 1 }, { steps: 6 }, { steady: {} }]) {
      const options = { closure: "naive", run: kind, couplings: true, observe: statistics } as const;
      const { couplings, observables, state } = await run(precision, system, options);
      const [participation, entropy] = rowMeans(couplings!, 11);
      expect(observables.participation).toBeCloseTo(participation, close);
      expect(observables.entropy).toBeCloseTo(entropy, close);
      // J(m) of the state as given: the same couplings again.
      const rows = Array.from({ length: 11 }, (_, i) => [...state.subarray(8 * i, 8 * (i + 1))]);
      const again = await run(precision, { ...system, initial: rows }, { ...options, run: { steps: 0 } });
      expect(again.couplings).toEqual(couplings);
    }
  });

  it("responds to a field along the all-ones direction as the row-stochastic map does", async () => {
    // x_i = h n: 2R²a/(β(R² - a²)) = h + a, so χ = ∂a/∂h = 1/(2R²(R² + a²)/(β(R² - a²)²) - 1).
    const observe = ["susceptibility"] as const;
    for (const [beta, h] of [
      [1.2, 0.4],
      [3, 0.2],
    ]) {
      const radius = Math.sqrt(3);
      const weights = { query: random, key: random };
      for (const source of ["field", "state"]) {
        const system = {
          spins: sphere(10),
          beta,
          field: { kind: "constant", value: h / radius },
          couplings: { kind: "attention", weights, dimension: 4, source },
        };
        const { state, observables, status } = await run(precision, system, {
          closure: "naive",
          run: { steady: {} },
          observe,
        });
        expect(status).toBe("converged");
        const a = norms(state, 8)[0];
        const slope = (2 * 3 * (3 + a * a)) / (beta * (3 - a * a) ** 2);
        const error = Math.abs(observables.susceptibility! * (slope - 1) - 1);
        expect(error, `β ${beta}, ${source}`).toBeLessThan(precision === "f64" ? 1e-6 : 1e-3);
      }
    }
  });

  it("gives the susceptibility without touching anything else", async () => {
    const system = { spins: sphere(9), beta: 1.5, couplings: random, field: { kind: "direction" } };
    const options = { closure: "onsager", run: { steady: {} } } as const;
    const batch = batchOf(await realised(system));
    const [[without]] = await runBatch(precision, batch, { ...options, observe: ["overlap"] });
    const [[with_]] = await runBatch(precision, batch, { ...options, observe: ["overlap", "susceptibility"] });
    expect(with_.state).toEqual(without.state);
    expect(with_.observables.overlap).toBe(without.observables.overlap);
    expect(Object.keys(with_.observables)).toEqual(["overlap", "susceptibility"]);
  });
});
