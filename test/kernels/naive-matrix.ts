/** The plain evaluation that the strategy "subgroup-matrix" is held to: operands rounded, everything else in f32. */
import type { attentionFieldSphere } from "../../src/reference/attention-field-sphere.js";
import { splitKeys } from "../../src/reference/attention-rows.js";
import { pad } from "../../src/reference/layout.js";
import { MASKED } from "../../src/reference/scores.js";

const f32 = Math.fround;

/** The nearest number of 11 bits, of any size: f16 for those who choose their units, as the shader does. */
export function f16round(value: number): number {
  if (value === 0 || !Number.isFinite(value)) return value;
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(value))) - 10);
  const quotient = value / unit;
  const below = Math.floor(quotient);
  const excess = quotient - below;
  const up = excess > 0.5 || (excess === 0.5 && below % 2 !== 0);
  return (up ? below + 1 : below) * unit;
}

/** Two passes over the keys. `round` rounds q, k, p and m; every other operation is rounded to f32. */
export function naiveMatrix(
  round: (value: number) => number,
  arrays: Parameters<typeof attentionFieldSphere>[0],
  params: Parameters<typeof attentionFieldSphere>[1],
  { MASK, MOMENTS, STATISTICS, FROZEN }: Parameters<typeof attentionFieldSphere>[2],
): void {
  const { systems, systemsPerCoupling, rows, columns, dimension, components, weightKinds, splits } = params;
  const queries = arrays.queries.map(round);
  const keys = arrays.keys.map(round);
  const state = arrays.state.map(round);
  const stride = pad(components);
  for (let target = 0; target < splits * systems; target++) {
    const system = target % systems;
    const coupling = Math.floor(system / systemsPerCoupling);
    const [from, to] = splitKeys(Math.floor(target / systems), params);
    for (let row = params.rowStart; row < params.rowStart + params.rowCount; row++) {
      const taken: number[] = [];
      const scores: number[] = [];
      for (let j = from; j < to; j++) {
        if ((MASK === 1 && j > row) || (MASK === 2 && arrays.available[row * columns + j] === 0)) continue;
        const query = (coupling * pad(rows) + row) * pad(dimension);
        const key = (coupling * pad(columns) + j) * pad(dimension);
        let score = 0;
        for (let k = 0; k < dimension; k++) score = f32(score + f32(queries[query + k] * keys[key + k]));
        taken.push(j);
        scores.push(score);
      }
      const place = 8 * (coupling * pad(rows) + row);
      const maximum = FROZEN ? arrays.statistics[place + 4] : Math.max(MASKED, ...scores);
      const shifts = scores.map((score) => f32(score - maximum));
      const weights = shifts.map((shift) => f32(Math.exp(shift)));
      const sum = (term: (key: number) => number) => taken.reduce((total, _, key) => f32(total + f32(term(key))), 0);
      const linear = FROZEN ? arrays.statistics[place + 5] : sum((key) => weights[key]);
      const inverse = !FROZEN && splits > 1 ? 1 : linear > 0 ? f32(1 / linear) : 0;
      for (let k = 0; k < components; k++) {
        const site = system * pad(columns) * stride + k;
        const value = sum((key) => round(weights[key]) * state[site + taken[key] * stride]);
        arrays.field[(target * pad(rows) + row) * stride + k] = f32(value * inverse);
      }
      for (let kind = 0; kind < MOMENTS; kind++) {
        const site = (system * weightKinds + kind) * pad(columns);
        const value = sum((key) => f32(weights[key] ** 2) * arrays.weights[site + taken[key]]);
        arrays.moments[(target * MOMENTS + kind) * pad(rows) + row] = f32(value * f32(inverse ** 2));
      }
      if (FROZEN) continue;
      const shifted = STATISTICS ? sum((key) => weights[key] * shifts[key]) : 0;
      const square = STATISTICS ? sum((key) => weights[key] ** 2) : 0;
      if (splits > 1) {
        arrays.statistics.set([maximum, linear, shifted, square], 4 * (target * pad(rows) + row));
      } else if (system % systemsPerCoupling === 0) {
        const log = f32(Math.log(linear));
        const entropy = STATISTICS ? f32(log - f32(shifted / linear)) : 0;
        const filled = [
          f32(maximum + log),
          entropy,
          f32(square / f32(linear ** 2)),
          taken.length,
          maximum,
          linear,
          0,
          0,
        ];
        arrays.statistics.set(linear > 0 ? filled : [0, 0, 0, 0, maximum, 0, 0, 0], place);
      }
    }
  }
}
