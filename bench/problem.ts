/** The attention field F = softmax(scale Q Kᵀ) V: inputs, cost, and rows of it in float64. */
import { gaussianMatrix, STREAMS, type Stream, uniformMatrix } from "../src/reference/random.js";

export interface AttentionProblem {
  readonly n: number;
  readonly d: number;
  readonly scale: number;
  /** n × d each, row after row. */
  readonly queries: Float32Array;
  readonly keys: Float32Array;
  /** The states m_j, half as long as R = √d on average. */
  readonly values: Float32Array;
  /** w_j = 1 - |m_j|²/R² of the Onsager sums. */
  readonly weights: Float32Array;
}

export interface AttentionField {
  /** n × d. */
  readonly field: Float32Array;
  /** Σ_j J_ij² w_j, where the contestant computes it. */
  readonly moments?: Float32Array;
}

/** A field that is further off than this is wrong, in whatever precision. */
export const WRONG = 1e-3;
const SEED = 1;
const CHECKED_ROWS = 32;

export function drawProblem(n: number, d: number): AttentionProblem {
  const draw = (stream: Stream, scale = 1) =>
    Float32Array.from(gaussianMatrix(n, d, { seed: SEED, stream, sample: 0 }, scale));
  const values = draw(STREAMS.initial, 0.5);
  const weights = Float32Array.from({ length: n }, (_, j) => {
    const state = values.subarray(j * d, (j + 1) * d);
    return 1 - state.reduce((sum, m) => sum + m * m, 0) / d;
  });
  return { n, d, scale: 1 / Math.sqrt(d), queries: draw(STREAMS.queries), keys: draw(STREAMS.keys), values, weights };
}

/** Operations of the two products; the softmax is not counted, whoever computes it. */
export function attentionFlops({ n, d }: AttentionProblem): number {
  return 4 * n * n * d;
}

/** Bytes that nobody can avoid: Q, K and V read once, F written once, in f32. */
export function compulsoryBytes({ n, d }: AttentionProblem): number {
  return 4 * 4 * n * d;
}

/**
 * The largest error of random rows of the field and of their moments against float64, each relative to the largest entry
 * of its row; Infinity for anything that is no number.
 */
export function fieldError(problem: AttentionProblem, { field, moments }: AttentionField): number {
  const { n, d } = problem;
  if (field.length !== n * d) return Infinity;
  let largest = 0;
  const note = (error: number) => {
    largest = Number.isFinite(error) ? Math.max(largest, error) : Infinity;
  };
  for (const row of checkedRows(n)) {
    const exact = exactRow(problem, row);
    const scale = Math.max(...exact.field.map(Math.abs));
    for (let c = 0; c < d; c++) note(Math.abs(field[row * d + c] - exact.field[c]) / scale);
    if (moments !== undefined) note(Math.abs(moments[row] - exact.moment) / exact.moment);
  }
  return largest;
}

function checkedRows(n: number): number[] {
  const chosen = uniformMatrix(1, CHECKED_ROWS - 2, { seed: SEED, stream: STREAMS.verificationRows, sample: 0 });
  return [...new Set([0, n - 1, ...Array.from(chosen, (u) => Math.floor(u * n))])];
}

function exactRow({ n, d, scale, queries, keys, values, weights }: AttentionProblem, row: number) {
  const scores = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    for (let c = 0; c < d; c++) scores[j] += queries[row * d + c] * keys[j * d + c];
    scores[j] *= scale;
  }
  const maximum = scores.reduce((a, b) => Math.max(a, b));
  const exponentials = scores.map((score) => Math.exp(score - maximum));
  const normaliser = exponentials.reduce((a, b) => a + b);
  const field = new Float64Array(d);
  let moment = 0;
  exponentials.forEach((exponential, j) => {
    const coupling = exponential / normaliser;
    for (let c = 0; c < d; c++) field[c] += coupling * values[j * d + c];
    moment += coupling * coupling * weights[j];
  });
  return { field, moment };
}
