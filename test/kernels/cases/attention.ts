/** Cases of the kernels that make attention couplings. */
import { MASKED, MASKS, ZERO_DIAGONAL } from "../../../src/reference/scores.js";
import { pad } from "../../../src/reference/layout.js";
import type { KernelCase } from "../../kernel-cases.js";
import {
  asNaive,
  Draws,
  exact,
  input,
  makeCase,
  matrixRows,
  ODD_SIZES,
  output,
  siteVectors,
  unread,
} from "./inputs.js";

type Scores = KernelCase<"scores">;
type Softmax = KernelCase<"softmax">;
type Heads = KernelCase<"concatenate-heads">;

type MaskName = keyof typeof MASKS;

/** A third of the keys is missing, and every fourth row has none. */
function isAvailable(row: number, column: number): boolean {
  return row % 4 !== 2 && (7 * row + 3 * column) % 5 > 1;
}

export function scoresCase(params: Scores["params"], constants: Scores["constants"], note = "", scale = 1): Scores {
  const { couplings, rows, rowCount, columns, dimension, querySharing } = params;
  return makeCase<"scores">(params, constants, note, () => {
    const draws = new Draws(1);
    const available = Float64Array.from({ length: rows * columns }, (_, index) =>
      Number(isAvailable(Math.floor(index / columns), index % columns)),
    );
    return {
      queries: input(draws.normal(siteVectors(Math.ceil(couplings / querySharing), rows, dimension))),
      keys: input(draws.normal(siteVectors(couplings, columns, dimension))),
      scales: input(Float64Array.from({ length: couplings }, (_, c) => (scale * (1 + c / 8)) / Math.sqrt(dimension))),
      available: constants.MASK === MASKS.user ? input(available) : unread(),
      scores: output(matrixRows(couplings, rowCount, columns), asNaive),
    };
  });
}

const wholeScores = { couplings: 1, rows: 5, rowStart: 0, rowCount: 5, columns: 5, dimension: 7, querySharing: 1 };
const square = (n: number, rest: Partial<Scores["params"]> = {}) => ({
  ...wholeScores,
  rows: n,
  rowCount: n,
  columns: n,
  ...rest,
});

export const scoresCases: readonly Scores[] = [
  ...ODD_SIZES.map((n) => scoresCase(square(n), { MASK: MASKS.none })),
  ...[1, 2, 3, 4, 5, 8, 13, 61, 63, 64, 65, 130].map((dimension) =>
    scoresCase(square(5, { dimension, columns: 6 }), { MASK: MASKS.none }),
  ),
  scoresCase(square(7, { columns: 13 }), { MASK: MASKS.none }),
  scoresCase(square(13, { columns: 7, couplings: 3 }), { MASK: MASKS.none }),
  ...[1, 4, 5, 13].map((n) => scoresCase(square(n), { MASK: MASKS.causal })),
  ...[3, 5, 13].map((n) => scoresCase(square(n, { columns: n + 1 }), { MASK: MASKS.user })),
  ...[1, 5, 66].map((n) => scoresCase(square(n, { couplings: 2 }), { MASK: ZERO_DIAGONAL })),
  scoresCase(square(13, { rowStart: 4, rowCount: 5 }), { MASK: ZERO_DIAGONAL }),
  // Row blocks; masks count rows of the whole matrix.
  scoresCase(square(7, { rowStart: 4, rowCount: 3, couplings: 2 }), { MASK: MASKS.none }),
  scoresCase(square(13, { rowStart: 4, rowCount: 5 }), { MASK: MASKS.causal }),
  scoresCase(square(9, { rowStart: 8, rowCount: 1, couplings: 3 }), { MASK: MASKS.user }),
  scoresCase(square(13, { rowStart: 3, rowCount: 6 }), { MASK: MASKS.user }),
  // Features times weights: several matrices share the queries, and the padding rows are asked for.
  scoresCase(square(5, { rowCount: 8, columns: 3, couplings: 6, querySharing: 3 }), { MASK: MASKS.none }),
  scoresCase(square(6, { rowCount: 8, columns: 4, couplings: 4, querySharing: 2 }), { MASK: MASKS.none }),
  scoresCase(square(13), { MASK: MASKS.causal }, "logits ±1e4", 1e4),
];

/** Scores of a row, before the mask. */
const LOGITS = {
  normal: (draw: number) => draw,
  "logits ±1e4": (draw: number) => 1e4 * draw,
  "logits 1e4 + normal": (draw: number) => 1e4 + draw,
  "all equal": () => 3,
  "gap of 20": (_draw: number, column: number) => (column === 0 ? 20 : 0),
  // Every key is a new maximum, or only the first is.
  rising: (_draw: number, column: number) => column / 4,
  falling: (_draw: number, column: number) => -column / 4,
} as const;

export function softmaxCase(
  params: Softmax["params"],
  constants: Softmax["constants"],
  logits: keyof typeof LOGITS = "normal",
  mask: MaskName | "every key" = "none",
): Softmax {
  const { couplings, rows, rowStart, rowCount, columns } = params;
  const block = matrixRows(couplings, rowCount, columns);
  const masked = (row: number, column: number) =>
    (mask === "causal" && column > row) || (mask === "user" && !isAvailable(row, column)) || mask === "every key";
  const note = [logits === "normal" ? "" : logits, mask === "none" ? "" : `mask ${mask}`];
  return makeCase<"softmax">(params, constants, note.filter((part) => part !== "").join(", "), () => {
    const scores = new Draws(2).normal(block);
    for (let row = 0; row < couplings * rowCount; row++) {
      for (let column = 0; column < columns; column++) {
        const at = row * pad(columns) + column;
        const score = LOGITS[logits](scores[at], column);
        scores[at] = masked(rowStart + (row % rowCount), column) ? MASKED : score;
      }
    }
    return {
      scores: input(scores),
      // Relative, down to weights that vanish beside any other.
      couplings: output(block, { rule: "naive", unit: (_, weight) => Math.max(weight, 1e-30) }),
      statistics: {
        role: "output",
        length: 4 * couplings * pad(rows),
        content: (index) => {
          const row = Math.floor(index / 4) % pad(rows);
          if (row >= rows) return "unspecified";
          return row >= rowStart && row < rowStart + rowCount ? "value" : "untouched";
        },
        // Participation is relative; log-sum-exp and entropy are sums with ln Z and have its error.
        tolerance: {
          rule: "naive",
          unit: (index, value) => (index % 4 === 2 ? Math.max(value, 1e-30) : 1 + Math.abs(value)),
        },
      },
    };
  });
}

const rowsOf = (n: number, rest: Partial<Softmax["params"]> = {}) => ({
  couplings: 1,
  rows: 7,
  rowStart: 0,
  rowCount: 7,
  columns: n,
  ...rest,
});

export const softmaxCases: readonly Softmax[] = [
  ...[...ODD_SIZES, 127, 128, 129, 1021].map((n) => softmaxCase(rowsOf(n), {})),
  ...(Object.keys(LOGITS) as (keyof typeof LOGITS)[]).map((logits) => softmaxCase(rowsOf(130), {}, logits)),
  softmaxCase(rowsOf(13, { rows: 13, rowCount: 13, couplings: 2 }), {}, "normal", "causal"),
  softmaxCase(rowsOf(66, { rows: 66, rowCount: 66 }), {}, "logits ±1e4", "causal"),
  softmaxCase(rowsOf(7, { couplings: 3 }), {}, "normal", "user"),
  softmaxCase(rowsOf(67), {}, "logits 1e4 + normal", "user"),
  ...[1, 5, 65].map((n) => softmaxCase(rowsOf(n), {}, "normal", "every key")),
  softmaxCase(rowsOf(7, { rowStart: 4, rowCount: 3, couplings: 2 }), {}),
  softmaxCase(rowsOf(13, { rows: 13, rowStart: 4, rowCount: 5, couplings: 2 }), {}, "normal", "user"),
  softmaxCase(rowsOf(9, { rows: 9, rowStart: 8, rowCount: 1, couplings: 3 }), {}, "normal", "causal"),
  // More workgroups than one dimension holds.
  softmaxCase(rowsOf(1, { rows: 65_537, rowCount: 65_537 }), {}),
];

export function concatenateHeadsCase(params: Heads["params"], constants: Heads["constants"]): Heads {
  const { models, heads, sites, components, componentStride } = params;
  return makeCase<"concatenate-heads">(params, constants, "", () => {
    const state = {
      batch: models * heads,
      rows: sites,
      rowStride: pad(sites),
      columns: components,
      columnStride: componentStride,
    };
    return {
      // What lies in the padding of the state is not copied.
      state: input(new Draws(3).normal(state, 1, NaN)),
      features: output(siteVectors(models, sites, heads * components), exact),
    };
  });
}

export const concatenateHeadsCases: readonly Heads[] = [
  ...[1, 2, 3, 4, 5, 13, 65].map((sites) => heads({ sites })),
  ...[1, 2, 4, 5, 7, 64, 130].map((components) => heads({ components, componentStride: pad(components) })),
  ...[1, 2, 5].map((count) => heads({ heads: count, models: 2 })),
  heads({ heads: 3, components: 1, componentStride: 1, sites: 7, models: 2 }),
];

function heads(some: Partial<Heads["params"]>): Heads {
  return concatenateHeadsCase({ models: 1, heads: 3, sites: 5, components: 3, componentStride: 4, ...some }, {});
}
