/** Inputs and tolerances that the cases of the fused attention kernels share. */
import { attentionFieldBinary } from "../../../src/reference/attention-field-binary.js";
import { ROW_STATISTICS } from "../../../src/reference/attention-rows.js";
import { pad } from "../../../src/reference/layout.js";
import { MASKS } from "../../../src/reference/scores.js";
import type { CaseArray, Tolerance } from "../../kernel-cases.js";
import { type Draws, output, type Shape, siteVectors, valuesIn } from "./inputs.js";

/** The rows of every system of a fused kernel, and those that a call takes. */
export interface Rows {
  readonly systems: number;
  readonly systemsPerCoupling: number;
  readonly rows: number;
  readonly rowStart: number;
  readonly rowCount: number;
  readonly columns: number;
}

/** Every fourth row has no key, every eighth the last one only, and the others lack a third of them. */
function isAvailable(row: number, column: number, columns: number): boolean {
  if (row % 4 === 2) return false;
  return row % 8 === 1 ? column === columns - 1 : (7 * row + 3 * column) % 5 > 1;
}

/** A score is scale × (normal of unit variance), or an offset or slope that every query and key share, and the rest. */
export const LOGITS = {
  normal: { scale: 1 },
  "logits ±1e3": { scale: 1e3 },
  "logits 300 + normal": { scale: 1, shared: () => 300 },
  "logits -300 + normal": { scale: 1, shared: () => -300 },
  "all equal": { scale: 0 },
  // Nearly every key is a new maximum, or only the first is.
  rising: { scale: 0.05, shared: (key: number) => key / 4 },
  falling: { scale: 0.05, shared: (key: number) => -key / 4 },
} as const;
export type LogitsName = keyof typeof LOGITS;

/** Queries, keys and who is available to whom; with a shared score the first component carries it, and d > 1. */
export function rowArrays(draws: Draws, params: Rows & { dimension: number }, MASK: number, logits: LogitsName) {
  const { systems, systemsPerCoupling, rows, columns, dimension } = params;
  const couplings = systems / systemsPerCoupling;
  const { scale, ...rest } = LOGITS[logits];
  const queries = draws.normal(siteVectors(couplings, rows, dimension), scale / Math.sqrt(dimension));
  const keys = draws.normal(siteVectors(couplings, columns, dimension));
  if ("shared" in rest) {
    const stride = pad(dimension);
    for (let q = 0; q < queries.length; q += stride) if (Math.floor(q / stride) % pad(rows) < rows) queries[q] = 1;
    for (let k = 0; k < keys.length; k += stride) {
      const key = Math.floor(k / stride) % pad(columns);
      if (key < columns) keys[k] = rest.shared(key);
    }
  }
  const available = Float64Array.from({ length: MASK === MASKS.user ? rows * columns : 4 }, (_, index) =>
    MASK === MASKS.user ? Number(isAvailable(Math.floor(index / columns), index % columns, columns)) : NaN,
  );
  return { queries, keys, available };
}

/** Statistics of all rows, as an earlier call left them: what is frozen. */
export function frozenStatistics(
  { queries, keys, available }: ReturnType<typeof rowArrays>,
  { systems, systemsPerCoupling, rows, columns, dimension }: Rows & { dimension: number },
  MASK: number,
): Float64Array {
  const couplings = systems / systemsPerCoupling;
  const statistics = new Float64Array(ROW_STATISTICS * couplings * pad(rows)).fill(NaN);
  const none = new Float64Array(couplings * Math.max(pad(rows), pad(columns)));
  attentionFieldBinary(
    { queries, keys, available, state: none, weights: none, field: none.slice(), moments: none, statistics },
    {
      systems: couplings,
      systemsPerCoupling: 1,
      rows,
      rowStart: 0,
      rowCount: rows,
      columns,
      dimension,
      weightKinds: 0,
      splits: 1,
    },
    { MASK, MOMENTS: 0, STATISTICS: false, FROZEN: false },
  );
  return statistics;
}

/** `values` with the weights that no sum takes made NaN, so that one that is read shows. */
export function onlyKinds(
  values: Float64Array,
  columns: number,
  weightKinds: number,
  isRead: (kind: number) => boolean,
) {
  for (let kind = 0; kind < values.length / pad(columns); kind++) {
    if (!isRead(kind % weightKinds)) values.fill(NaN, kind * pad(columns), (kind + 1) * pad(columns));
  }
  return values;
}

/** An output [..][pad(rows)][stride] of which a block writes its rows, and the last block the padding rows too. */
export function blockOutput(
  { rows, rowStart, rowCount }: Rows,
  shape: Shape,
  stride: number,
  tolerance: Tolerance,
  padding: "zero" | "unspecified" = "zero",
): CaseArray {
  const inside = valuesIn(shape);
  return output(shape, tolerance, (index) => {
    const row = Math.floor(index / stride) % pad(rows);
    if (row >= rows) return padding === "unspecified" ? padding : rowStart + rowCount === rows ? "zero" : "untouched";
    return row >= rowStart && row < rowStart + rowCount ? inside(index) : "untouched";
  });
}

/** Relative to the magnitudes of a sum of terms; what f32 flushes to zero counts nothing. */
export function asMagnitudes(magnitudes: Float64Array): Tolerance {
  return { rule: "naive", unit: (index) => Math.max(magnitudes[index], 1e-30) };
}

/** Sums of positive terms. */
export const relative: Tolerance = { rule: "naive", unit: (_, value) => Math.max(value, 1e-30) };

/** Participation is relative; log-sum-exp and entropy are sums with ln Z and have its error. */
export const asStatistics: Tolerance = {
  rule: "naive",
  unit: (index, value) => (index % ROW_STATISTICS === 2 ? Math.max(value, 1e-30) : 1 + Math.abs(value)),
};

/** Of several splits, the sums (M, Z, E, Y). */
export const asPartialRows: Tolerance = { rule: "naive", unit: (_, value) => 1 + Math.abs(value) };
