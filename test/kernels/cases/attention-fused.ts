/** Cases of the kernels that carry attention through one online softmax. */
import { attentionFieldBinary } from "../../../src/reference/attention-field-binary.js";
import { attentionFieldSphere } from "../../../src/reference/attention-field-sphere.js";
import { attentionReaction } from "../../../src/reference/attention-reaction.js";
import { ROW_STATISTICS } from "../../../src/reference/attention-rows.js";
import { pad } from "../../../src/reference/layout.js";
import { MASKS } from "../../../src/reference/scores.js";
import { MASKED } from "../../../src/reference/scores.js";
import type { CaseArray, KernelCase, MeasurableCase, Tolerance } from "../../kernel-cases.js";
import {
  asMagnitudes,
  asPartialRows,
  asStatistics,
  blockOutput,
  frozenStatistics,
  LOGITS,
  type LogitsName,
  onlyKinds,
  relative,
  rowArrays,
  type Rows,
} from "./attention-inputs.js";
import {
  Draws,
  input,
  lengthOf,
  makeCase,
  ODD_SIZES,
  type Shape,
  siteScalars,
  siteVectors,
  unread,
  unwritten,
} from "./inputs.js";

type Sphere = KernelCase<"attention-field-sphere">;
type Binary = KernelCase<"attention-field-binary">;
type Reaction = KernelCase<"attention-reaction">;
type Merge = KernelCase<"attention-merge">;
type FieldParams = Rows & Pick<Sphere["params"], "dimension" | "weightKinds" | "splits">;
type FieldConstants = Sphere["constants"];
type FieldArrayName = keyof Parameters<typeof attentionFieldSphere>[0];

/** What a field kernel reads; the state has the shape `states`. */
function fieldInputs(params: FieldParams, { MASK, MOMENTS }: FieldConstants, logits: LogitsName, states: Shape) {
  const { systems, columns, weightKinds } = params;
  const draws = new Draws(31);
  const rowInputs = rowArrays(draws, params, MASK, logits);
  const state = draws.normal(states);
  const weights =
    MOMENTS > 0
      ? onlyKinds(
          draws.uniform(siteScalars(systems * weightKinds, columns), 0, 1),
          columns,
          weightKinds,
          (kind) => kind < MOMENTS,
        )
      : new Float64Array(4).fill(NaN);
  return { ...rowInputs, state, weights };
}

/** The arrays of a field kernel; `evaluate` is its twin, and the field has `shape` a split, `stride` numbers a row. */
function fieldArrays(
  params: FieldParams,
  constants: FieldConstants,
  inputs: ReturnType<typeof fieldInputs>,
  { shape, stride }: { shape: Shape; stride: number },
  evaluate: (arrays: Parameters<typeof attentionFieldSphere>[0]) => void,
): Readonly<Record<FieldArrayName, CaseArray>> {
  const { systems, systemsPerCoupling, rows, splits } = params;
  const { MASK, MOMENTS, FROZEN } = constants;
  const ofSplits = siteVectors(splits * systems, rows, 4);
  const ofRows = siteVectors(systems / systemsPerCoupling, rows, ROW_STATISTICS);
  const partial = splits > 1 && !FROZEN;
  const before = FROZEN
    ? frozenStatistics(inputs, params, MASK)
    : new Float64Array(lengthOf(partial ? ofSplits : ofRows));
  // The weights of an average are positive: the magnitudes of its terms are the average of |m|.
  const field = new Float64Array(lengthOf(shape));
  const squares = siteScalars(splits * systems * MOMENTS, rows);
  evaluate({
    ...inputs,
    state: inputs.state.map(Math.abs),
    field,
    moments: new Float64Array(lengthOf(squares)),
    statistics: before.slice(),
  });
  return {
    queries: input(inputs.queries),
    keys: input(inputs.keys),
    available: input(inputs.available),
    state: input(inputs.state),
    weights: input(inputs.weights),
    field: blockOutput(params, shape, stride, asMagnitudes(field)),
    moments: MOMENTS > 0 ? blockOutput(params, squares, 1, relative) : unwritten(),
    statistics: FROZEN
      ? ({ role: "in-out", values: before, content: () => "untouched", tolerance: asStatistics } as const)
      : partial
        ? blockOutput(params, ofSplits, 4, asPartialRows, "unspecified")
        : blockOutput(params, ofRows, ROW_STATISTICS, asStatistics, "unspecified"),
  };
}

export function attentionFieldSphereCase(
  params: Sphere["params"],
  constants: Sphere["constants"],
  logits: LogitsName = "normal",
  title = "",
): MeasurableCase<"attention-field-sphere"> {
  const { systems, rows, columns, components, splits } = params;
  const inputs = () => fieldInputs(params, constants, logits, siteVectors(systems, columns, components));
  const note = [title, logits].filter((part) => part !== "").join(", ");
  const shape = { shape: siteVectors(splits * systems, rows, components), stride: pad(components) };
  const kernelCase = makeCase<"attention-field-sphere">(params, constants, note, () =>
    fieldArrays(params, constants, inputs(), shape, (arrays) => attentionFieldSphere(arrays, params, constants)),
  );
  return { ...kernelCase, inputs };
}

export function attentionFieldBinaryCase(
  params: Binary["params"],
  constants: Binary["constants"],
  logits: LogitsName = "normal",
): Binary {
  const { systems, rows, columns, splits } = params;
  return makeCase<"attention-field-binary">(params, constants, logits, () => {
    const inputs = fieldInputs(params, constants, logits, siteScalars(systems, columns));
    const shape = { shape: siteScalars(splits * systems, rows), stride: 1 };
    return fieldArrays(params, constants, inputs, shape, (arrays) => attentionFieldBinary(arrays, params, constants));
  });
}

/** Sites that have a row each have a mean as well. */
export function attentionReactionCase(
  params: Reaction["params"],
  constants: Reaction["constants"],
  logits: LogitsName = "normal",
): Reaction {
  const { systems, rows, columns, components, weightKinds } = params;
  return makeCase<"attention-reaction">(params, constants, logits, () => {
    const draws = new Draws(32);
    const inputs = rowArrays(draws, params, constants.MASK, logits);
    const statistics = frozenStatistics(inputs, params, constants.MASK);
    const mean = draws.normal(siteVectors(systems, rows, components));
    const state = draws.normal(siteVectors(systems, columns, components));
    // Only the last of the weights of a system is read.
    const drawn = draws.uniform(siteScalars(systems * weightKinds, columns), 0, 1);
    const weights = onlyKinds(drawn, columns, weightKinds, (kind) => kind === weightKinds - 1);
    const shape = siteVectors(systems, rows, components);
    const magnitudes = new Float64Array(lengthOf(shape));
    attentionReaction(
      { ...inputs, statistics, mean: mean.map(Math.abs), state: state.map(Math.abs), weights, reaction: magnitudes },
      params,
      constants,
    );
    return {
      queries: input(inputs.queries),
      keys: input(inputs.keys),
      available: input(inputs.available),
      statistics: input(statistics),
      mean: input(mean),
      state: input(state),
      weights: input(weights),
      reaction: blockOutput(params, shape, pad(components), asMagnitudes(magnitudes)),
    };
  });
}

/** Splits without keys have M = MASKED and no sums; with `empty` every third row has none in any split. */
export function attentionMergeCase(params: Merge["params"], constants: Merge["constants"], note = ""): Merge {
  const { systems, systemsPerCoupling, rows, componentStride, splits } = params;
  const { MOMENTS, FROZEN } = constants;
  return makeCase<"attention-merge">(params, constants, note, () => {
    const draws = new Draws(33);
    const parts = splits * systems;
    const fields = {
      batch: parts,
      rows,
      rowStride: pad(rows),
      columns: componentStride,
      columnStride: componentStride,
    };
    const partialField = draws.normal(fields);
    const partialMoments = draws.uniform(siteScalars(parts * MOMENTS, rows), 0, 1);
    const partialRows = draws.uniform(siteVectors(parts, rows, 4), 0, 1);
    for (let at = 0; at < parts * pad(rows); at++) {
      const [split, row] = [Math.floor(at / (systems * pad(rows))), at % pad(rows)];
      if (row >= rows) continue;
      // The largest key of a split has the weight 1, of two or more keys.
      const [maximum, sum, shifted, square] = partialRows.subarray(4 * at, 4 * at + 4);
      partialRows.set([20 * maximum - 10, 1 + sum, -sum * (1 + shifted), 1 + sum * square], 4 * at);
      const isEmpty = (note === "empty" && row % 3 === 1) || (!FROZEN && split % 3 === 1 && row % 4 !== 2);
      if (!isEmpty) continue;
      partialRows.set([MASKED, 0, 0, 0], 4 * at);
      partialField.fill(0, at * componentStride, (at + 1) * componentStride);
      for (let kind = 0; kind < MOMENTS; kind++) {
        partialMoments[(Math.floor(at / pad(rows)) * MOMENTS + kind) * pad(rows) + row] = 0;
      }
    }
    const ofRows = siteVectors(systems / systemsPerCoupling, rows, ROW_STATISTICS);
    return {
      partialField: input(partialField),
      partialMoments: MOMENTS > 0 ? input(partialMoments) : unread(),
      partialRows: FROZEN ? unread() : input(partialRows),
      field: blockOutput(params, { ...fields, batch: systems }, componentStride, asField),
      moments: MOMENTS > 0 ? blockOutput(params, siteScalars(systems * MOMENTS, rows), 1, relative) : unwritten(),
      statistics: FROZEN ? unwritten() : blockOutput(params, ofRows, ROW_STATISTICS, asStatistics, "unspecified"),
    };
  });
}

/** Averages of normal numbers. */
const asField: Tolerance = { rule: "naive", unit: (_, value) => 1 + Math.abs(value) };

const whole = (n: number) => ({
  systems: 1,
  systemsPerCoupling: 1,
  rows: n,
  rowStart: 0,
  rowCount: n,
  columns: n,
  dimension: 5,
  weightKinds: 1,
});
const ofField = { MASK: MASKS.none, MOMENTS: 1, STATISTICS: true, FROZEN: false };
const cross = { rows: 7, rowCount: 7, columns: 67 };
const logitsNames = Object.keys(LOGITS) as LogitsName[];

/** Changes of a case of 13 sites that the kernels of both kinds of spins share, its constants, and its logits. */
const fieldChanges: readonly (readonly [Partial<FieldParams>, Partial<FieldConstants>, LogitsName?])[] = [
  ...[...ODD_SIZES, 130, 257].map((n) => [whole(n), {}] as const),
  [{ rows: 7, rowCount: 7, columns: 67, systems: 2 }, {}],
  [{ columns: 7, systems: 4, systemsPerCoupling: 2 }, {}],
  ...[1, 3].map((systemsPerCoupling) => [{ ...whole(9), systems: 6, systemsPerCoupling }, {}] as const),
  ...logitsNames.slice(1).map((logits) => [whole(66), {}, logits] as const),
  // Blocks of rows start at multiples of four; masks count rows of the whole matrix.
  [{ ...whole(7), rowStart: 4, rowCount: 3, systems: 3, systemsPerCoupling: 3 }, {}],
  [{ rowStart: 4, rowCount: 5, systems: 6 }, {}],
  [{ ...whole(9), rowStart: 8, rowCount: 1, systems: 2 }, { MASK: MASKS.causal }],
  [{ ...whole(66), rowStart: 4, rowCount: 40 }, { MASK: MASKS.causal }, "logits ±1e3"],
  [{ rowStart: 4, rowCount: 6 }, { MASK: MASKS.user }],
  ...[1, 4, 5, 13, 270].map((n) => [whole(n), { MASK: MASKS.causal }] as const),
  [{ ...whole(66), columns: 13 }, { MASK: MASKS.causal }],
  ...[5, 66, 270].map((n) => [whole(n), { MASK: MASKS.user }] as const),
  [{ ...whole(66), systems: 6, systemsPerCoupling: 3 }, { MASK: MASKS.user }, "logits -300 + normal"],
  ...[1, 5, 64].map((n) => [{ ...whole(n), weightKinds: 0 }, { MOMENTS: 0 }] as const),
  ...[4, 270].map((n) => [{ ...whole(n), systems: 3, weightKinds: 3 }, { MOMENTS: 2 }] as const),
  ...[13, 65].map((n) => [whole(n), { STATISTICS: false }] as const),
  // Sums of several splits before they are merged; with 130 keys the last of seven splits is empty, with 13 all but one.
  ...[2, 7].map((splits) => [{ ...whole(130), systems: 3, systemsPerCoupling: 3, splits }, {}] as const),
  ...[2, 7].map((splits) => [{ systems: 2, splits }, {}] as const),
  [{ ...whole(65), splits: 7 }, {}, "rising"],
  ...[2, 7].map((splits) => [{ ...whole(130), splits }, { MASK: MASKS.causal }] as const),
  [{ ...whole(65), systems: 2, weightKinds: 3, splits: 2 }, { MOMENTS: 2 }],
  [{ ...whole(65), splits: 2 }, { STATISTICS: false }],
  [{ rowStart: 4, rowCount: 5, splits: 7 }, {}],
  // Frozen couplings.
  ...[1, 13, 270].map((n) => [{ ...whole(n), systems: 3, systemsPerCoupling: 3 }, { FROZEN: true }] as const),
  ...(["logits 300 + normal", "logits -300 + normal", "logits ±1e3"] as const).map(
    (logits) => [whole(66), { FROZEN: true }, logits] as const,
  ),
  [whole(66), { FROZEN: true, MASK: MASKS.causal }],
  [whole(66), { FROZEN: true, MASK: MASKS.user }],
  ...[2, 7].map((splits) => [{ ...whole(130), splits }, { FROZEN: true }] as const),
  [{ ...cross, splits: 7 }, { FROZEN: true }],
  [{ rowStart: 4, rowCount: 5 }, { FROZEN: true }],
  // What else the engine asks for.
  ...[MASKS.causal, MASKS.user].flatMap((MASK) =>
    [0, 2].flatMap((MOMENTS) =>
      [false, true].map(
        (FROZEN) =>
          [
            { ...whole(33), weightKinds: MOMENTS },
            { MASK, MOMENTS, FROZEN },
          ] as const,
      ),
    ),
  ),
  [
    { ...whole(33), weightKinds: 0 },
    { MOMENTS: 0, FROZEN: true },
  ],
  [
    { ...whole(33), weightKinds: 2 },
    { MOMENTS: 2, FROZEN: true },
  ],
];

/** d and D on both sides of the quads of a lane. */
const DIMENSIONS = [1, 3, 5, 17, 33, 65];
const PAIRS = [
  [5, 17],
  [65, 3],
  [3, 65],
  [17, 33],
] as const;

/** The field of n sites in d dimensions, with all sums: what benchmarks measure, at their sizes. */
export const measuredAttentionField = (n: number, d: number) =>
  attentionFieldSphereCase(
    { ...whole(n), dimension: d, components: d, splits: 1 },
    ofField,
    "normal",
    "attention-field",
  );

export const attentionFieldSphereCases: readonly Sphere[] = [
  ...[64, 128].map((d) => measuredAttentionField(97, d)),
  ...fieldChanges.map(([params, constants, logits]) =>
    attentionFieldSphereCase(
      { ...whole(13), components: 3, splits: 1, ...params },
      { ...ofField, ...constants },
      logits,
    ),
  ),
  ...[...DIMENSIONS.map((d) => [d, d] as const), ...PAIRS].map(([dimension, components]) =>
    attentionFieldSphereCase({ ...whole(31), dimension, components, splits: 1 }, ofField),
  ),
];

export const attentionFieldBinaryCases: readonly Binary[] = [
  ...fieldChanges.map(([params, constants, logits]) =>
    attentionFieldBinaryCase({ ...whole(13), splits: 1, ...params }, { ...ofField, ...constants }, logits),
  ),
  ...DIMENSIONS.map((dimension) =>
    attentionFieldBinaryCase({ ...whole(33), systems: 2, dimension, splits: 1 }, ofField),
  ),
];

const reaction = (
  changes: Partial<Reaction["params"]>,
  MASK: number = MASKS.none,
  logits: LogitsName = "normal",
): Reaction => attentionReactionCase({ ...whole(13), components: 3, weightKinds: 3, ...changes }, { MASK }, logits);

export const attentionReactionCases: readonly Reaction[] = [
  ...[...ODD_SIZES, 130, 257].map((n) => reaction({ ...whole(n), systems: 2 })),
  // Past D = 128 more threads share a row in the strategy "portable".
  ...[...DIMENSIONS.map((d) => [d, d] as const), ...PAIRS, [5, 130] as const].map(([dimension, components]) =>
    reaction({ rows: 31, rowCount: 31, columns: 31, dimension, components }),
  ),
  reaction(cross),
  reaction({ columns: 7, systems: 4, systemsPerCoupling: 2 }),
  ...[1, 3].map((systemsPerCoupling) => reaction({ systems: 6, systemsPerCoupling })),
  ...logitsNames.slice(1).map((logits) => reaction({ ...whole(66), weightKinds: 3 }, MASKS.none, logits)),
  reaction({ ...whole(7), rowStart: 4, rowCount: 3, systems: 3, systemsPerCoupling: 3 }),
  reaction({ rowStart: 4, rowCount: 5, systems: 6 }),
  ...[4, 13, 270].map((n) => reaction(whole(n), MASKS.causal)),
  reaction({ ...whole(66), rowStart: 4, rowCount: 40 }, MASKS.causal, "logits ±1e3"),
  ...[5, 66].map((n) => reaction({ ...whole(n), systems: 3, systemsPerCoupling: 3 }, MASKS.user)),
  reaction({ ...whole(66), rowStart: 8, rowCount: 58 }, MASKS.user, "logits 300 + normal"),
];

const merge = (changes: Partial<Merge["params"]>, constants: Partial<Merge["constants"]> = {}, note = ""): Merge => {
  const { systems, systemsPerCoupling, rows, rowStart, rowCount, columns } = whole(13);
  const sizes = { systems, systemsPerCoupling, rows, rowStart, rowCount, columns, componentStride: 4, splits: 3 };
  return attentionMergeCase({ ...sizes, ...changes }, { ...ofField, ...constants }, note);
};

export const attentionMergeCases: readonly Merge[] = [
  ...[1, 2, 3, 7].map((splits) => merge({ splits, systems: 2 })),
  ...[1, 4, 8, 68].map((componentStride) => merge({ componentStride, rows: 5, rowCount: 5 })),
  ...[1, 4, 63, 65].map((n) => merge({ rows: n, rowCount: n, columns: n + 1 })),
  ...[1, 3].map((systemsPerCoupling) => merge({ systems: 6, systemsPerCoupling })),
  merge({ splits: 7 }, {}, "empty"),
  merge({ systems: 2, columns: 7 }, { MASK: MASKS.causal }),
  ...[0, 2].map((MOMENTS) => merge({ systems: 2 }, { MOMENTS })),
  merge({}, { STATISTICS: false }),
  merge({ rowStart: 4, rowCount: 5, systems: 2 }),
  merge({ rowStart: 8, rowCount: 5, systems: 2 }, { MASK: MASKS.causal }),
  ...[1, 7].map((splits) => merge({ splits, systems: 3, systemsPerCoupling: 3 }, { FROZEN: true })),
  merge({ rowStart: 4, rowCount: 5 }, { FROZEN: true, MOMENTS: 2 }),
  // What else the engine asks for.
  ...[0, 1, 2].map((MOMENTS) => merge({ systems: 3 }, { MASK: MASKS.causal, MOMENTS, FROZEN: true })),
  ...[0, 2].map((MOMENTS) => merge({ systems: 3 }, { MASK: MASKS.causal, MOMENTS })),
  merge({ systems: 3 }, { MOMENTS: 0, FROZEN: true }),
];
