/** The cases that the strategy "subgroup-matrix" of attention-field-sphere is compared by, and how errors are measured. */
import type { attentionFieldSphere } from "../../../src/reference/attention-field-sphere.js";
import { pad } from "../../../src/reference/layout.js";

export type Arrays = Record<keyof Parameters<typeof attentionFieldSphere>[0], Float64Array>;
export type Params = Parameters<typeof attentionFieldSphere>[1];
export type Constants = Parameters<typeof attentionFieldSphere>[2];

export const OUTPUTS = ["field", "moments", "statistics"] as const;

export interface MatrixCase {
  readonly rows: number;
  readonly columns?: number;
  readonly d: number;
  readonly D: number;
  readonly mask?: number;
  readonly splits?: number;
  readonly systems?: number;
  readonly systemsPerCoupling?: number;
  /** The largest |q|, |k| and |m|. */
  readonly sizes?: readonly [number, number, number];
  /** By how much |m| grows from the first key to the last. */
  readonly growth?: number;
  /** Rows where the blocks begin. */
  readonly blocks?: readonly number[];
  /** The field alone. */
  readonly plain?: boolean;
  /** A second call with M and Z of the first, and with `splits`, which the first has not. */
  readonly frozen?: boolean;
}

/** Few different constants: each set of them takes a software adapter seconds to compile. */
export const matrixCases: readonly MatrixCase[] = [
  { rows: 1, d: 13, D: 7 },
  { rows: 65, d: 13, D: 7 },
  { rows: 65, d: 13, D: 7, splits: 3, systems: 2 },
  { rows: 97, d: 13, D: 7, mask: 1, blocks: [0, 64, 68] },
  { rows: 97, d: 13, D: 7, mask: 1, splits: 3 },
  { rows: 17, columns: 130, d: 5, D: 16, mask: 1 },
  { rows: 130, columns: 17, d: 5, D: 16, mask: 1 },
  { rows: 97, d: 13, D: 7, mask: 2, systems: 3, systemsPerCoupling: 3 },
  { rows: 97, d: 13, D: 7, mask: 2, splits: 3 },
  { rows: 97, d: 13, D: 7, mask: 2, splits: 3, plain: true },
  { rows: 1025, columns: 65, d: 13, D: 7, sizes: [1e3, 1, 1e3] },
  { rows: 65, columns: 257, d: 13, D: 7, growth: 1e9 },
  { rows: 97, d: 13, D: 7, mask: 1, frozen: true, splits: 3, systems: 3, systemsPerCoupling: 3 },
  { rows: 1025, columns: 65, d: 13, D: 7, mask: 1, frozen: true, sizes: [1e3, 1, 1] },
  { rows: 33, columns: 129, d: 65, D: 72 },
];

/** Numbers between -1 and 1, the same at every call. */
function sequence(): () => number {
  let state = 12_345;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 31 - 1;
}

const single = new Float32Array(1);
const bits = new Uint32Array(single.buffer);

/** A number of f32 that is not half way between two of f16: drivers round those as they like. */
function unambiguous(value: number): number {
  single[0] = value;
  bits[0] |= 1;
  return single[0];
}

/** [batch][pad(rows)][pad(columns)], the padding zero. */
function filled(batch: number, rows: number, columns: number, value: (row: number) => number): Float64Array {
  const array = new Float64Array(batch * pad(rows) * pad(columns));
  for (let unit = 0; unit < batch * rows * columns; unit++) {
    const row = Math.floor(unit / columns);
    const place = (Math.floor(row / rows) * pad(rows) + (row % rows)) * pad(columns) + (unit % columns);
    array[place] = unambiguous(value(row % rows));
  }
  return array;
}

/** Arrays, outputs being NaN, and parameters of a call. */
export function buildMatrixCase(each: MatrixCase): { arrays: Arrays; params: Params; constants: Constants } {
  const { rows, columns = rows, d, D, mask = 0, splits = 1, systems = 1, systemsPerCoupling = 1 } = each;
  const { growth = 1, plain = false } = each;
  const [q, k, m] = each.sizes ?? [2 / Math.sqrt(d), 1, 1];
  const uniform = sequence();
  const couplings = systems / systemsPerCoupling;
  const arrays = {
    queries: filled(couplings, rows, d, () => q * uniform()),
    keys: filled(couplings, columns, d, () => k * uniform()),
    // Some rows without a key, some with the last one alone.
    available: Float64Array.from({ length: mask === 2 ? rows * columns : 4 }, (_, unit) => {
      const [row, column] = [Math.floor(unit / columns), unit % columns];
      return row % 5 === 2 ? 0 : row % 7 === 3 ? Number(column === columns - 1) : Number(uniform() > 0);
    }),
    state: filled(systems, columns, D, (key) => m * growth ** (key / columns) * uniform()),
    weights: filled(1, 2 * systems, columns, () => Math.abs(uniform())).slice(0, 2 * systems * pad(columns)),
  };
  const shape = { systems, systemsPerCoupling, rows, rowStart: 0, rowCount: rows, columns };
  const params = { ...shape, dimension: d, components: D, weightKinds: 2, splits };
  return {
    arrays: { ...arrays, ...emptyOutputs(params) },
    params,
    constants: { MASK: mask, MOMENTS: plain ? 0 : 2, STATISTICS: !plain, FROZEN: false },
  };
}

export function emptyOutputs({ splits, systems, systemsPerCoupling, rows, components }: Params) {
  const statistics = splits > 1 ? 4 * splits * systems : (8 * systems) / systemsPerCoupling;
  return {
    field: new Float64Array(splits * systems * pad(rows) * pad(components)).fill(NaN),
    moments: new Float64Array(2 * splits * systems * pad(rows)).fill(NaN),
    statistics: new Float64Array(statistics * pad(rows)).fill(NaN),
  };
}

/** The arrays after an evaluation, which writes into copies of the outputs. */
export function evaluated(arrays: Arrays, evaluate: (arrays: Arrays) => void): Arrays {
  const copy = { ...arrays };
  for (const output of OUTPUTS) copy[output] = arrays[output].slice();
  evaluate(copy);
  return copy;
}

/**
 * The largest error of each output, a field in units of Σ_j J_ij |m_j|, logarithms in units of 1 or their size. Infinite
 * where one has a number and the other has none.
 */
export function largestErrors(expected: Arrays, magnitudes: Arrays, got: Arrays, sums: boolean): Map<string, number> {
  const names = sums ? ["M", "Z", "E", "Y"] : ["L", "H", "Y₂", "keys", "M", "Z", "-", "-"];
  const largest = new Map<string, number>();
  for (const output of OUTPUTS) {
    expected[output].forEach((wanted, index) => {
      const found = got[output][index];
      const name = output === "statistics" ? names[index % names.length] : output;
      let error = Math.abs(found - wanted) / unitOf(name, wanted, magnitudes[output][index]);
      if (Object.is(wanted, found) || wanted === found) error = 0;
      largest.set(name, Math.max(largest.get(name) ?? 0, Number.isNaN(error) ? Infinity : error));
    });
  }
  return largest;
}

function unitOf(name: string, wanted: number, magnitude: number): number {
  if (name === "field") return magnitude;
  return ["L", "H", "M", "E"].includes(name) ? Math.max(1, Math.abs(wanted)) : Math.abs(wanted);
}
