/** tied, qkNorm and RoPE against softmax(λ q kᵀ) written out in float64, frozen and following the state. */
import { describe, expect, it } from "vitest";
import { gaussianMatrix } from "../../src/reference/random.js";
import { expectWithin, precisions, realised, run } from "./engines.js";

const N = 9;
const D = 6;
const drawn = (rows: number, columns: number, sample: number) => {
  const values = gaussianMatrix(rows, columns, { seed: 8, stream: 3, sample });
  return Array.from({ length: rows }, (_, row) => [...values.subarray(row * columns, (row + 1) * columns)]);
};
const queries = drawn(N, D, 0);
const keys = drawn(N, D, 1);
const state = drawn(N, D, 2).map((m) => m.map((value) => (0.5 * value) / Math.hypot(...m)));
const weights = { query: drawn(D, D, 3), key: drawn(D, D, 4) };

const product = (a: number[][], b: number[][]) =>
  a.map((x) => b.map((y) => x.reduce((sum, value, k) => sum + value * y[k], 0)));
const unit = (v: number[]) => v.map((value) => value / Math.hypot(...v));

/** Every pair as a complex number times exp(i p base^(-2r/d)). */
function rotated(v: number[], position: number, base: number): number[] {
  return v.map((value, k) => {
    const pair = k - (k % 2);
    const angle = position * base ** (-pair / D);
    const other = k % 2 === 0 ? -v[k + 1] : v[k - 1];
    return value * Math.cos(angle) + other * Math.sin(angle);
  });
}

function softmaxRows(scores: number[][]): number[][] {
  return scores.map((row) => {
    const weight = row.map((score) => Math.exp(score - Math.max(...row)));
    const total = weight.reduce((sum, value) => sum + value, 0);
    return weight.map((value) => value / total);
  });
}

interface Options {
  readonly tied?: boolean;
  readonly qkNorm?: boolean;
  readonly rope?: boolean | { readonly base: number };
  readonly scale?: number;
}

function explicit(q: number[][], k: number[][], { qkNorm, rope, scale }: Options): number[][] {
  const base = rope === true ? 10_000 : rope ? rope.base : undefined;
  const transformed = (rows: number[][]) =>
    rows.map((row) => (qkNorm ? unit(row) : row)).map((row, p) => (base === undefined ? row : rotated(row, p, base)));
  const lambda = scale ?? (qkNorm ? Math.sqrt(D) : 1);
  return softmaxRows(product(transformed(q), transformed(k)).map((row) => row.map((score) => lambda * score)));
}

const cases: readonly Options[] = [
  { tied: true },
  { qkNorm: true },
  { qkNorm: true, scale: 3 },
  { rope: true },
  { rope: { base: 10 }, scale: 0.5 },
  { tied: true, qkNorm: true, rope: true },
];

describe.each(precisions)("attention options, %s", (precision) => {
  const tolerance = precision === "f64" ? 1e-13 : 2e-6;
  const spins = { kind: "sphere", dimension: D };

  it.each(cases)("%j, given queries and keys", async (options) => {
    const { tied = false } = options;
    const couplings = { kind: "attention", queries, ...(!tied && { keys }), ...options };
    const kept = { closure: "naive", run: { steps: 1 }, couplings: true } as const;
    const result = await run(precision, { spins, couplings, initial: state }, kept);
    const expected = explicit(queries, tied ? queries : keys, options);
    expectWithin(result.couplings!, expected, tolerance, "J");
    const fused = await run(precision, { spins, couplings, initial: state }, { closure: "naive", run: { steps: 1 } });
    expectWithin(fused.state, [...result.state], precision === "f64" ? 1e-15 : 1e-6, "fused");
  });

  it.each(cases)("%j, weights on the state", async (options) => {
    const { tied = false } = options;
    const own = tied ? { query: weights.query } : weights;
    const couplings = { kind: "attention", weights: own, source: "state", ...options };
    const system = { spins, couplings, initial: state };
    const { state: first } = await run(precision, system, { closure: "naive", run: { steps: 1 } });
    // The couplings kept are those of the state returned.
    const { couplings: kept } = await run(precision, system, { closure: "naive", run: { steps: 1 }, couplings: true });
    const rows = Array.from({ length: N }, (_, i) => [...first.subarray(i * D, (i + 1) * D)]);
    const q = product(rows, weights.query);
    const k = product(rows, tied ? weights.query : weights.key);
    expectWithin(kept!, explicit(q, k, options), 10 * tolerance, "J");
  });
});

it("tied scores are symmetric before the softmax", async () => {
  const { couplings } = await realised({
    spins: { kind: "binary" },
    couplings: { kind: "attention", queries, tied: true },
  });
  if (couplings.kind !== "attention" || couplings.features.source !== "given") throw new Error("no given attention");
  expect(couplings.features.keys).toEqual(couplings.features.queries);
});

it.each([
  [{ tied: true, keys }, "couplings.tied: found true beside keys, expected queries alone, or weights with query alone"],
  [{ rope: 3 }, "couplings.rope: found 3, expected true, false or { base }"],
  [
    { queries: undefined, weights: { query: weights.query } },
    "couplings.weights.key: found nothing, expected W_K, or tied: true",
  ],
])("%#: bad input gets one line", async (wrong, line) => {
  const system = { spins: { kind: "binary", count: N }, couplings: { kind: "attention", queries, ...wrong } };
  await expect(realised(system)).rejects.toThrow(line);
});

it("odd head dimensions have no pairs to turn", async () => {
  const odd = queries.map((row) => row.slice(1));
  const system = { spins: { kind: "binary" }, couplings: { kind: "attention", queries: odd, tied: true, rope: true } };
  await expect(realised(system)).rejects.toThrow("couplings.rope: found the odd head dimension 5");
});
