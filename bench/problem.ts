/** The attention field F = softmax(Q Kᵀ) V: the inputs of a case of the kernel tests, its cost, and rows of it in float64. */
import { attentionFieldSphere } from "../src/reference/attention-field-sphere.js";
import { ROW_STATISTICS } from "../src/reference/attention-rows.js";
import { pad } from "../src/reference/layout.js";
import { chooseRows } from "../src/verify/verify-step.js";
import { measuredCases } from "../test/kernel-cases.js";
import type { Precision } from "./rows.js";

export const CASE = "attention-field";

export interface AttentionProblem {
  readonly n: number;
  readonly d: number;
  /** In the memory layout of the kernels, in f32. */
  readonly inputs: Readonly<Record<"queries" | "keys" | "state" | "weights", Float64Array>>;
  /** n × d each, row after row, for those who know no padding. Factors of the scores are in the queries. */
  readonly queries: Float32Array;
  readonly keys: Float32Array;
  readonly values: Float32Array;
  /** The checked rows by the float64 twin. */
  readonly exact: { readonly rows: readonly number[] } & Readonly<
    Record<"field" | "moments" | "statistics", Float64Array>
  >;
}

export interface AttentionField {
  /** n × d. */
  readonly field: Float32Array;
  /** Σ_j J_ij² w_j and row statistics, where the contestant computes them. */
  readonly sums?: { readonly moments: Float64Array; readonly statistics: Float64Array };
}

/** A field that is further off than this is wrong: some hundred times the rounding of its precision. */
export const WRONG: Readonly<Record<Precision, number>> = { f32: 1e-4, f64: 1e-4, "split-f16": 1e-4, f16: 1e-2 };

const SEED = 1;
const CHECKED_ROWS = 32;
const PARTICIPATION = 2;

export function drawProblem(n: number, d: number): AttentionProblem {
  const { params, constants, inputs: draw } = measuredCases[CASE](n, d);
  const drawn = draw();
  const rounded = (name: string) => drawn[name].map(Math.fround);
  const inputs = {
    queries: rounded("queries"),
    keys: rounded("keys"),
    state: rounded("state"),
    weights: rounded("weights"),
  };
  const rows = [...new Set([0, ...chooseRows(n, CHECKED_ROWS - 2, SEED), n - 1])];
  const stride = pad(d);
  const queries = new Float64Array(pad(rows.length) * stride);
  rows.forEach((row, r) => queries.set(inputs.queries.subarray(row * stride, (row + 1) * stride), r * stride));
  const exact = {
    rows,
    field: new Float64Array(queries.length),
    moments: new Float64Array(pad(rows.length)),
    statistics: new Float64Array(ROW_STATISTICS * pad(rows.length)),
  };
  const few = { ...params, rows: rows.length, rowCount: rows.length };
  attentionFieldSphere({ ...inputs, available: drawn.available, queries, ...exact }, few, constants);
  const plain = (values: Float64Array) => withoutPadding(values, n, d);
  return { n, d, inputs, queries: plain(inputs.queries), keys: plain(inputs.keys), values: plain(inputs.state), exact };
}

/** [pad(n)][pad(d)] as n × d. */
export function withoutPadding(values: Float64Array, n: number, d: number): Float32Array {
  const stride = pad(d);
  const plain = new Float32Array(n * d);
  for (let row = 0; row < n; row++) plain.set(values.subarray(row * stride, row * stride + d), row * d);
  return plain;
}

/** Operations of the two products; the softmax is not counted, whoever computes it. */
export function attentionFlops({ n, d }: { readonly n: number; readonly d: number }): number {
  return 4 * n * n * d;
}

/** Bytes that nobody can avoid: Q, K and V read once, F written once, in f32. */
export function compulsoryBytes({ n, d }: { readonly n: number; readonly d: number }): number {
  return 4 * 4 * n * d;
}

/**
 * The largest error of random rows against float64: of the field, relative to the largest entry of its row, of moments and
 * participation, relative to themselves. Infinity for anything that is no number.
 */
export function fieldError({ n, d, exact }: AttentionProblem, { field, sums }: AttentionField): number {
  if (field.length !== n * d) return Infinity;
  let largest = 0;
  const note = (error: number) => {
    largest = Number.isFinite(error) ? Math.max(largest, error) : Infinity;
  };
  exact.rows.forEach((row, r) => {
    const wanted = exact.field.subarray(r * pad(d), r * pad(d) + d);
    const scale = wanted.reduce((size, value) => Math.max(size, Math.abs(value)), 0);
    wanted.forEach((value, c) => note(Math.abs(field[row * d + c] - value) / scale));
    if (sums === undefined) return;
    const participation = (statistics: Float64Array, at: number) => statistics[at * ROW_STATISTICS + PARTICIPATION];
    note(Math.abs(sums.moments[row] / exact.moments[r] - 1));
    note(Math.abs(participation(sums.statistics, row) / participation(exact.statistics, r) - 1));
  });
  return largest;
}
