/**
 * The fused attention kernels in straightforward f32: two passes over the keys, one sum after the other, every result
 * rounded. Their error is the yardstick for the error of a GPU. The arguments are those of the float64 twins.
 */
import type { attentionCouplings } from "../reference/attention-couplings.js";
import type { attentionFieldBinary } from "../reference/attention-field-binary.js";
import type { attentionFieldSphere } from "../reference/attention-field-sphere.js";
import type { attentionMerge } from "../reference/attention-merge.js";
import type { attentionReaction } from "../reference/attention-reaction.js";
import {
  type FieldArrays,
  type FieldConstants,
  type FieldParams,
  ROW_STATISTICS,
  type RowSums,
  splitKeys,
} from "../reference/attention-rows.js";
import { pad } from "../reference/layout.js";
import { MASKED, MASKS } from "../reference/scores.js";

const round = Math.fround;

type RowArrays = Pick<FieldArrays, "queries" | "keys" | "available">;
type RowShape = Pick<FieldParams, "rows" | "columns" | "dimension">;

/** Available keys from .. to of a row, and their scores. */
function scoredKeys(
  { queries, keys, available }: RowArrays,
  { rows, columns, dimension }: RowShape,
  MASK: number,
  { coupling, row, from, to }: { coupling: number; row: number; from: number; to: number },
): { readonly j: number; readonly score: number }[] {
  const stride = pad(dimension);
  const found = [];
  for (let j = from; j < to; j++) {
    if ((MASK === MASKS.causal && j > row) || (MASK === MASKS.user && available[row * columns + j] === 0)) continue;
    let score = 0;
    for (let k = 0; k < dimension; k++) {
      const query = queries[(coupling * pad(rows) + row) * stride + k];
      score = round(score + round(query * keys[(coupling * pad(columns) + j) * stride + k]));
    }
    found.push({ j, score });
  }
  return found;
}

/** Calls `visit` for every row of a block, of every system. */
function forEachRow(
  { systems, systemsPerCoupling, rowStart, rowCount }: Omit<FieldParams, "weightKinds" | "splits">,
  visit: (system: number, coupling: number, row: number) => void,
): void {
  for (let s = 0; s < systems; s++) {
    for (let r = 0; r < rowCount; r++) visit(s, Math.floor(s / systemsPerCoupling), rowStart + r);
  }
}

/** Fields and moments of `components` numbers a site that stand `stride` apart. */
function field(
  arrays: FieldArrays,
  params: FieldParams,
  { MASK, MOMENTS, STATISTICS, FROZEN }: FieldConstants,
  components: number,
  stride: number,
): void {
  const { systems, systemsPerCoupling, rows, columns, weightKinds, splits } = params;
  for (let split = 0; split < splits; split++) {
    const [from, to] = splitKeys(split, params);
    forEachRow(params, (s, coupling, row) => {
      const target = split * systems + s;
      const found = scoredKeys(arrays, params, MASK, { coupling, row, from, to });
      const rowOfCoupling = ROW_STATISTICS * (coupling * pad(rows) + row);
      const maximum = FROZEN
        ? arrays.statistics[rowOfCoupling + 4]
        : found.reduce((largest, { score }) => Math.max(largest, score), MASKED);
      const weights = found.map(({ score }) => round(Math.exp(round(score - maximum))));
      const sum = (term: (key: number) => number) => found.reduce((total, _, key) => round(total + term(key)), 0);
      const linear = FROZEN ? arrays.statistics[rowOfCoupling + 5] : sum((key) => weights[key]);
      const inverse = !FROZEN && splits > 1 ? 1 : linear > 0 ? round(1 / linear) : 0;
      for (let k = 0; k < components; k++) {
        const site = s * pad(columns) * stride + k;
        const value = sum((key) => round(weights[key] * arrays.state[site + found[key].j * stride]));
        arrays.field[(target * pad(rows) + row) * stride + k] = round(value * inverse);
      }
      for (let kind = 0; kind < MOMENTS; kind++) {
        const site = (s * weightKinds + kind) * pad(columns);
        const value = sum((key) => round(round(weights[key] ** 2) * arrays.weights[site + found[key].j]));
        arrays.moments[(target * MOMENTS + kind) * pad(rows) + row] = round(value * round(inverse ** 2));
      }
      if (FROZEN || (splits === 1 && s % systemsPerCoupling !== 0)) return;
      const shifted = STATISTICS ? sum((key) => round(weights[key] * round(found[key].score - maximum))) : 0;
      const square = STATISTICS ? sum((key) => round(weights[key] ** 2)) : 0;
      const sums = { maximum, linear, shifted, square, counted: found.length };
      if (splits > 1) {
        arrays.statistics.set([maximum, linear, shifted, square], 4 * (target * pad(rows) + row));
      } else {
        arrays.statistics.set(rowStatistics(sums, STATISTICS), rowOfCoupling);
      }
    });
  }
}

function rowStatistics({ maximum, linear, shifted, square, counted }: RowSums, withSums: boolean): number[] {
  if (linear === 0) return [0, 0, 0, 0, maximum, 0, 0, 0];
  const log = round(Math.log(linear));
  const participation = round(square / round(linear ** 2));
  const [entropy, shared] = withSums ? [round(log - round(shifted / linear)), participation] : [0, 0];
  return [round(maximum + log), entropy, shared, counted, maximum, linear, 0, 0];
}

const sphere: typeof attentionFieldSphere = (arrays, params, constants) =>
  field(arrays, params, constants, params.components, pad(params.components));

const binary: typeof attentionFieldBinary = (arrays, params, constants) => field(arrays, params, constants, 1, 1);

const couplings: typeof attentionCouplings = (arrays, params, { MASK }) => {
  const { rows, rowStart, rowCount, columns, systems, systemsPerCoupling } = params;
  const matrices = { ...params, systems: systems / systemsPerCoupling, systemsPerCoupling: 1 };
  forEachRow(matrices, (_, coupling, row) => {
    const rowOfCoupling = ROW_STATISTICS * (coupling * pad(rows) + row);
    const [maximum, linear] = arrays.statistics.subarray(rowOfCoupling + 4, rowOfCoupling + 6);
    const inverse = linear > 0 ? round(1 / linear) : 0;
    const target = (coupling * rowCount + row - rowStart) * pad(columns);
    arrays.couplings.fill(0, target, target + pad(columns));
    for (const { j, score } of scoredKeys(arrays, params, MASK, { coupling, row, from: 0, to: columns })) {
      arrays.couplings[target + j] = round(round(Math.exp(round(score - maximum))) * inverse);
    }
  });
};

const reaction: typeof attentionReaction = (arrays, params, { MASK }) => {
  const { rows, columns, components, weightKinds } = params;
  const stride = pad(components);
  forEachRow(params, (s, coupling, row) => {
    const mean = (s * pad(rows) + row) * stride;
    const rowOfCoupling = ROW_STATISTICS * (coupling * pad(rows) + row);
    const [maximum, linear] = arrays.statistics.subarray(rowOfCoupling + 4, rowOfCoupling + 6);
    const inverse = linear > 0 ? round(1 / linear) : 0;
    const sums = arrays.reaction.subarray(mean, mean + components).fill(0);
    for (const { j, score } of scoredKeys(arrays, params, MASK, { coupling, row, from: 0, to: columns })) {
      const site = (s * pad(columns) + j) * stride;
      let gram = 0;
      for (let k = 0; k < components; k++) gram = round(gram + round(arrays.mean[mean + k] * arrays.state[site + k]));
      const anisotropy = arrays.weights[(s * weightKinds + weightKinds - 1) * pad(columns) + j];
      const weight = round(round(round(round(Math.exp(round(score - maximum))) ** 2) * anisotropy) * gram);
      for (let k = 0; k < components; k++) sums[k] = round(sums[k] + round(weight * arrays.state[site + k]));
    }
    sums.forEach((sum, k) => (sums[k] = round(sum * round(inverse ** 2))));
  });
};

const merge: typeof attentionMerge = (arrays, params, { MASK, MOMENTS, STATISTICS, FROZEN }) => {
  const { systems, systemsPerCoupling, rows, columns, componentStride, splits } = params;
  const { partialField, partialMoments, partialRows } = arrays;
  forEachRow({ ...params, dimension: 0 }, (s, coupling, row) => {
    const at = (split: number) => (split * systems + s) * pad(rows) + row;
    const every = Array.from({ length: splits }, (_, split) => split);
    const maximum = FROZEN ? 0 : Math.max(...every.map((split) => partialRows[4 * at(split)]));
    const drops = every.map((split) => (FROZEN ? 0 : round(partialRows[4 * at(split)] - maximum)));
    const scales = drops.map((drop) => round(Math.exp(drop)));
    const sum = (term: (split: number) => number) => every.reduce((total, split) => round(total + term(split)), 0);
    const linear = FROZEN ? 1 : sum((split) => round(scales[split] * partialRows[4 * at(split) + 1]));
    const inverse = linear > 0 ? round(1 / linear) : 0;
    for (let k = 0; k < componentStride; k++) {
      const value = sum((split) => round(scales[split] * partialField[at(split) * componentStride + k]));
      arrays.field[at(0) * componentStride + k] = round(value * inverse);
    }
    for (let kind = 0; kind < MOMENTS; kind++) {
      const of = (split: number) => ((split * systems + s) * MOMENTS + kind) * pad(rows) + row;
      const value = sum((split) => round(round(scales[split] ** 2) * partialMoments[of(split)]));
      arrays.moments[of(0)] = round(value * round(inverse ** 2));
    }
    if (FROZEN || s % systemsPerCoupling !== 0) return;
    const shifted = sum((split) => {
      const [, sumOfSplit, shiftedOfSplit] = partialRows.subarray(4 * at(split), 4 * at(split) + 3);
      return round(scales[split] * round(shiftedOfSplit + round(drops[split] * sumOfSplit)));
    });
    const square = sum((split) => round(round(scales[split] ** 2) * partialRows[4 * at(split) + 3]));
    const counted = MASK === MASKS.causal ? Math.min(row + 1, columns) : columns;
    const sums = { maximum, linear, shifted, square, counted };
    arrays.statistics.set(rowStatistics(sums, STATISTICS), ROW_STATISTICS * (coupling * pad(rows) + row));
  });
};

export const plainAttention = {
  "attention-field-sphere": sphere,
  "attention-field-binary": binary,
  "attention-reaction": reaction,
  "attention-couplings": couplings,
  "attention-merge": merge,
} as const;
