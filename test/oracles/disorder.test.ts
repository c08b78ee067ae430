/** Averages over disorder: the random energy model behind softmax rows (H1), and naive mean field at large N (I2, I4). */
import { describe, expect, it } from "vitest";
import { readCase } from "../cases.js";
import { precisions, realised, run, runBatch, sharing, sideBySide } from "./engines.js";

interface SoftmaxRem {
  data: { rem_scaling: { N: number; b: number; beta: number; ElnZ: number; EY2: number; ES: number }[] };
}

interface Chaos {
  data: {
    discrete: { g: number; q: number; lyapunov: number }[];
    transients: { g: number; q0: number; c0: number; rows: { t: number; q: number; c: number }[] }[];
  };
}

interface RandomCouplings {
  data: { random_J_order_parameter: { beta_g: number; Q_over_R2_nMF: number; decay_factor_closure: number }[] };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const standardError = (values: readonly number[]) =>
  Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)) / (values.length - 1));
const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, k) => sum + value * b[k], 0);

describe.each(precisions)("softmax rows as a random energy model, %s", (precision) => {
  // Unit queries and Gaussian keys: each row of scores is iid N(0, β²). Rows share the keys, so the error is between samples.
  const { rem_scaling } = readCase<SoftmaxRem>("kinetic/softmax-rem").data;
  const samples = 8;

  // f32 differs from f64 in the seventh digit only, so half of the table is enough there.
  it.each(precision === "f64" ? [0.5, 1, 1.5, 2] : [1, 2])("N = 1024, β = %d √(2 ln N)", async (b) => {
    const row = rem_scaling.find((other) => other.N === 1024 && other.b === b)!;
    const systems = await Promise.all(
      Array.from({ length: samples }, (_, sample) =>
        realised({
          spins: { kind: "binary", count: row.N },
          couplings: {
            kind: "attention",
            queries: { kind: "direction" },
            keys: { kind: "gaussian" },
            dimension: 32,
            scale: row.beta,
          },
          seed: 5,
          sample,
        }),
      ),
    );
    const observe = ["participation", "entropy", "log-sum-exp"] as const;
    const options = { closure: "naive", run: { steps: 1 }, observe } as const;
    const results = (await runBatch(precision, sideBySide(systems), options)).flat();
    const seen = (name: (typeof observe)[number]) => results.map(({ observables }) => observables[name]!);
    for (const [name, exact] of [
      ["participation", row.EY2],
      ["entropy", row.ES],
      ["log-sum-exp", row.ElnZ],
    ] as const) {
      const values = seen(name);
      const z = (mean(values) - exact) / standardError(values);
      expect(Math.abs(z), name).toBeLessThan(4);
    }
    // Σ_j α_j s_j = ln Z - S, and on average β² (1 - E Y2): Gaussian integration by parts, at any N and β.
    const gaps = results.map(
      (_, k) => seen("log-sum-exp")[k] - seen("entropy")[k] - row.beta ** 2 * (1 - seen("participation")[k]),
    );
    expect(Math.abs(mean(gaps)) / standardError(gaps)).toBeLessThan(4);
  });
});

describe.each(precisions)("random tanh maps, %s", (precision) => {
  const { discrete, transients } = readCase<Chaos>("kinetic/tanh-network-chaos").data;
  const chaotic = discrete.filter(({ g }) => [1.5, 3].includes(g));
  const sites = 2048;
  const network = (g: number, initial: readonly number[]) =>
    realised({
      spins: { kind: "binary", count: sites },
      beta: g,
      couplings: { kind: "gaussian" },
      initial,
      seed: 17,
    });
  const start = Array.from({ length: sites }, (_, i) => (i % 3 === 0 ? -1 : 1));

  it("follows the overlaps of one and of two states over ten steps", async () => {
    // Two configurations ±√q0 with overlap c0 = q0 (1 - 2 flipped/N) for every g, all in the same couplings.
    const pairs = transients.flatMap(({ g, q0, c0 }) => {
      const first = start.map((sign) => sign * Math.sqrt(q0));
      const flipped = Math.round((sites * (1 - c0 / q0)) / 2);
      return [
        network(g, first),
        network(
          g,
          first.map((value, i) => (i < flipped ? -value : value)),
        ),
      ];
    });
    const options = { closure: "naive", run: { steps: 10 }, trajectory: true } as const;
    const [results] = await runBatch(precision, sharing(await Promise.all(pairs)), options);
    const width = 4 / Math.sqrt(sites);
    transients.forEach(({ g, rows }, k) => {
      const [a, b] = [results[2 * k].trajectory!, results[2 * k + 1].trajectory!];
      for (let t = 1; t <= 10; t++) {
        expect(Math.abs(dot(a[t - 1], a[t - 1]) / sites - rows[t].q), `g ${g}: q at ${t}`).toBeLessThan(width);
        expect(Math.abs(dot(a[t - 1], b[t - 1]) / sites - rows[t].c), `g ${g}: c at ${t}`).toBeLessThan(width);
      }
    });
  });

  it("never settles: the overlap and the Lyapunov exponent of the chaotic state", async () => {
    const half = start.map((value) => value / 2);
    const near = half.map((value, i) => value + (i % 2 === 0 ? 1e-9 : -1e-9));
    // f32 does not resolve the second start.
    const starts = precision === "f64" ? [half, near] : [half];
    const systems = chaotic.flatMap(({ g }) => starts.map((initial) => network(g, initial)));
    const options = { closure: "naive", run: { steps: 46 }, trajectory: true } as const;
    const [results] = await runBatch(precision, sharing(await Promise.all(systems)), options);
    chaotic.forEach(({ g, q, lyapunov }, k) => {
      const [{ trajectory: a, residual }, other] = results.slice(starts.length * k, starts.length * (k + 1));
      const late = mean(a!.slice(20).map((state) => dot(state, state) / sites));
      expect(Math.abs(late - q), `q at g ${g}`).toBeLessThan(0.01);
      expect(residual, `g ${g}`).toBeGreaterThan(0.1);
      if (other === undefined) return;
      // Late enough to have forgotten the direction of the perturbation, early enough for it to be small.
      const gap = (t: number) => {
        const difference = a![t].map((value, i) => value - other.trajectory![t][i]);
        return Math.log(dot(difference, difference)) / 2;
      };
      const found = (gap(45) - gap(15)) / 30;
      expect(Math.abs(found - lyapunov), `Lyapunov exponent at g ${g}`).toBeLessThan(0.03);
    });
  });
});

describe.each(precisions)("vector spins in random couplings without a field, %s", (precision) => {
  const table = readCase<RandomCouplings>("kinetic/vector-spin-tap").data.random_J_order_parameter;
  const sites = 1024;
  const system = (betaG: number, dimension: number, norm: number) => ({
    spins: { kind: "sphere", dimension, response: "large-d", count: sites },
    beta: betaG,
    couplings: { kind: "gaussian" },
    initial: { kind: "direction", norm },
    seed: 23,
  });

  it.each(table.filter(({ beta_g }) => [1, 2, 5].includes(beta_g)))(
    "βg = $beta_g: gaussian-field decays by $decay_factor_closure a step",
    async ({ beta_g, decay_factor_closure }) => {
      const options = { closure: "gaussian-field", run: { steps: 3 }, trajectory: true } as const;
      const { trajectory } = await run(precision, system(beta_g, 16, 0.02), options);
      const squares = trajectory!.map((state) => dot(state, state));
      const factor = Math.sqrt(squares[2] / squares[0]);
      expect(Math.abs(factor / decay_factor_closure - 1)).toBeLessThan(0.03);
    },
  );

  it("βg = 5: naive orders where nothing orders", async () => {
    const { Q_over_R2_nMF } = table.find(({ beta_g }) => beta_g === 5)!;
    const options = { closure: "naive", run: { steps: 12 }, observe: ["overlap"] } as const;
    const { observables } = await run(precision, system(5, 32, 0.5), options);
    expect(Math.abs(observables.overlap! / Q_over_R2_nMF - 1)).toBeLessThan(0.03);
  });
});
