/** The couplings and outputs of the 2023 and 2026 spin-transformer modules (oracles D1, D2), and explicit rows (A6). */
import { describe, expect, it } from "vitest";
import { readCase } from "../cases.js";
import { expectWithin, flat, largestError, precisions, type Precision, run } from "./engines.js";

type Matrix = number[][];

interface Modules {
  inputs: { N: number; heads: number; beta: number; R_head: number; X: Matrix; W_qk: Matrix; W_v: Matrix };
  expected: Record<"J_2023_code" | "J_2023_eq_sqrtD" | "J_2023_causal" | "J_2026" | "J_2026_causal", Matrix[]> &
    Record<
      | "x_normalised"
      | "module_2023_published"
      | "module_2023_causal_published"
      | "module_2023_jvariant"
      | "init_2026"
      | "step1_2026_causal"
      | "fixed_point_2026_causal",
      Matrix
    >;
}

interface ExplicitRows {
  data: {
    explicit_qk: {
      X: Matrix;
      Wq: Matrix;
      Wk: Matrix;
      scale: number;
      softmax: Matrix;
      Y2: number[];
      entropy: number[];
      logsumexp: number[];
    };
  };
}

const { inputs, expected } = readCase<Modules>("bal/08_softmax_module");
const { N, heads, beta, X, W_qk, W_v } = inputs;
const width = X[0].length;
const dimension = width / heads;
const spins = { kind: "sphere", dimension, response: "large-d" };
const tolerance = (precision: Precision) => (precision === "f64" ? 1e-11 : 5e-6);

/** Every head of every row scaled to a norm. */
function scaledHeads(rows: Matrix, norm: number): Matrix {
  return rows.map((row) =>
    row.map((value, column) => {
      const from = dimension * Math.floor(column / dimension);
      return (norm * value) / Math.hypot(...row.slice(from, from + dimension));
    }),
  );
}

const times = (rows: Matrix, weights: Matrix): Matrix =>
  rows.map((row) => weights.map((weight) => weight.reduce((sum, value, k) => sum + value * row[k], 0)));

const module2023 = (scale: number, mask: "none" | "causal", initial: object | Matrix) => ({
  spins,
  beta,
  couplings: {
    kind: "attention",
    weights: { query: W_qk.slice(0, width), key: W_qk.slice(width) },
    heads,
    source: "field",
    scale,
    mask,
  },
  field: expected.x_normalised,
  initial,
});

/** Unit queries and keys a head, temperature √D. */
function module2026(mask: "none" | "causal", field: Matrix, initial: object | Matrix) {
  const features = scaledHeads(X, inputs.R_head);
  const projected = times(features, W_qk);
  const queries = scaledHeads(
    projected.map((row) => row.slice(0, width)),
    1,
  );
  const keys = scaledHeads(
    projected.map((row) => row.slice(width)),
    1,
  );
  const couplings = { kind: "attention", queries, keys, heads, scale: Math.sqrt(dimension), mask };
  return { spins, beta, couplings, field, initial };
}

const zero = { kind: "zero" };

describe.each(precisions)("spin-transformer modules, %s", (precision) => {
  it("has features of norm R a head", () => {
    expectWithin(flat(scaledHeads(X, inputs.R_head)), expected.x_normalised, 1e-11, "D1 x_normalised");
  });

  it.each([
    ["J_2023_code", 1, "none"],
    ["J_2023_eq_sqrtD", 1 / 4, "none"],
    ["J_2023_causal", 1, "causal"],
  ] as const)("makes %s from the field", async (key, scale, mask) => {
    const options = { closure: "naive", run: { steps: 1 }, couplings: true } as const;
    const { couplings } = await run(precision, module2023(scale, mask, zero), options);
    expectWithin(couplings!, expected[key], tolerance(precision), `${precision} D1 ${key}`);
  });

  it.each([
    ["J_2026", "none"],
    ["J_2026_causal", "causal"],
  ] as const)("makes %s from unit queries and keys", async (key, mask) => {
    const options = { closure: "naive", run: { steps: 1 }, couplings: true } as const;
    const { couplings } = await run(precision, module2026(mask, X, zero), options);
    expectWithin(couplings!, expected[key], tolerance(precision), `${precision} D2 ${key}`);
  });

  it.each([
    ["none", "module_2023_published"],
    ["causal", "module_2023_causal_published"],
  ] as const)("reproduces the 2023 module, mask %s", async (mask, key) => {
    // Start F(x + J m_0), every component of m_0 being 1/√D: one naive step.
    const ones = expected.x_normalised.map((row) => row.map(() => 1 / Math.sqrt(dimension)));
    const first = await run(precision, module2023(1, mask, ones), { closure: "naive", run: { steps: 1 } });
    const start = Array.from({ length: N }, (_, i) => [...first.state.subarray(i * width, (i + 1) * width)]);
    const options = { closure: "tap-published", run: { steady: {} } } as const;
    const { state, status } = await run(precision, module2023(1, mask, start), options);
    expect(status).toBe("converged");
    expectWithin(state, expected[key], tolerance(precision), `${precision} D1 ${key}`);
    if (mask === "none") expect(largestError(state, expected.module_2023_jvariant)).toBeGreaterThan(1e-5);
  });

  it("reproduces the 2026 module: learned start, one causal step, fixed point", async () => {
    const learned = times(scaledHeads(X, inputs.R_head), W_v);
    const alone = { ...module2026("none", learned, { kind: "field" }) };
    const start = await run(precision, alone, { closure: "naive", run: { steps: 0 } });
    expectWithin(start.state, expected.init_2026, tolerance(precision), `${precision} D2 init`);
    const system = module2026("causal", X, expected.init_2026);
    const step = await run(precision, system, { closure: "naive", run: { steps: 1 } });
    expectWithin(step.state, expected.step1_2026_causal, tolerance(precision), `${precision} D2 step`);
    const steady = await run(precision, system, { closure: "naive", run: { steady: {} } });
    expect(steady.status).toBe("converged");
    expectWithin(steady.state, expected.fixed_point_2026_causal, tolerance(precision), `${precision} D2 fixed point`);
  });

  it("has the rows of an explicit QKᵀ", async () => {
    const {
      X: features,
      Wq,
      Wk,
      scale,
      softmax,
      Y2,
      entropy,
      logsumexp,
    } = readCase<ExplicitRows>("kinetic/attention-exact-fixed-points").data.explicit_qk;
    const project = (weights: Matrix) =>
      features.map((row) => weights[0].map((_, a) => row.reduce((sum, value, k) => sum + value * weights[k][a], 0)));
    const system = {
      spins: { kind: "binary" },
      couplings: { kind: "attention", queries: project(Wq), keys: project(Wk), scale },
    };
    const observe = ["participation", "entropy", "log-sum-exp"] as const;
    const options = { closure: "naive", run: { steps: 1 }, couplings: true, observe } as const;
    const { couplings, observables } = await run(precision, system, options);
    const allowed = precision === "f64" ? 1e-13 : 2e-6;
    expectWithin(couplings!, softmax, allowed, `${precision} A6 J`);
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const found = observe.map((name) => observables[name]!);
    expectWithin(found, [Y2, entropy, logsumexp].map(mean), allowed, `${precision} A6 rows`);
  });
});
