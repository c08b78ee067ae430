/**
 * The fused attention kernels in straightforward f32: two passes over the keys of a row, sums one after the other, every
 * result rounded. Their error is the yardstick for the error of a GPU. The arguments are those of the float64 twins;
 * without splits of the keys, and not FROZEN.
 */
import type { attentionFieldBinary } from "../reference/attention-field-binary.js";
import type { attentionFieldSphere } from "../reference/attention-field-sphere.js";
import type { attentionReaction } from "../reference/attention-reaction.js";
import { ROW_STATISTICS } from "../reference/attention-rows.js";
import { pad } from "../reference/layout.js";
import { MASKED } from "../reference/scores.js";

const round = Math.fround;

type Arrays = Parameters<typeof attentionFieldSphere>[0];
type Params = Omit<Parameters<typeof attentionFieldSphere>[1], "splits" | "components">;
type RowArrays = Pick<Arrays, "queries" | "keys" | "available">;

/** Available keys of one row, and their scores. */
function scoredKeys(
  { queries, keys, available }: RowArrays,
  { rows, columns, dimension }: Pick<Params, "rows" | "columns" | "dimension">,
  MASK: number,
  { coupling, row }: { coupling: number; row: number },
): { readonly places: Uint32Array; readonly scores: Float64Array } {
  const stride = pad(dimension);
  const query = (coupling * pad(rows) + row) * stride;
  const places = Uint32Array.from({ length: columns }, (_, j) => j).filter(
    (j) => !(MASK === 1 && j > row) && !(MASK === 2 && available[row * columns + j] === 0),
  );
  const scores = new Float64Array(places.length);
  places.forEach((j, key) => {
    const at = (coupling * pad(columns) + j) * stride;
    let sum = 0;
    for (let k = 0; k < dimension; k++) sum = round(sum + round(queries[query + k] * keys[at + k]));
    scores[key] = sum;
  });
  return { places, scores };
}

function forEachRow(
  { systems, systemsPerCoupling, rowStart, rowCount }: Params,
  visit: (system: number, coupling: number, row: number) => void,
): void {
  for (let s = 0; s < systems; s++) {
    for (let r = 0; r < rowCount; r++) visit(s, Math.floor(s / systemsPerCoupling), rowStart + r);
  }
}

/** Fields of `components` numbers a site that stand `stride` apart. */
function field(
  arrays: Arrays,
  params: Params,
  MASK: number,
  MOMENTS: number,
  components: number,
  stride: number,
): void {
  const { systemsPerCoupling, rows, columns, weightKinds } = params;
  forEachRow(params, (s, coupling, row) => {
    const { places, scores } = scoredKeys(arrays, params, MASK, { coupling, row });
    const maximum = scores.reduce((largest, score) => Math.max(largest, score), MASKED);
    const weights = scores.map((score) => round(Math.exp(round(score - maximum))));
    const sum = (term: (key: number) => number) =>
      weights.reduce((total, _, key) => round(total + round(term(key))), 0);
    const linear = sum((key) => weights[key]);
    const inverse = linear > 0 ? round(1 / linear) : 0;
    const target = (s * pad(rows) + row) * stride;
    const sums = arrays.field.subarray(target, target + components).fill(0);
    places.forEach((j, key) => {
      const site = (s * pad(columns) + j) * stride;
      for (let k = 0; k < components; k++) sums[k] = round(sums[k] + round(weights[key] * arrays.state[site + k]));
    });
    for (let k = 0; k < components; k++) sums[k] = round(sums[k] * inverse);
    for (let kind = 0; kind < MOMENTS; kind++) {
      const first = (s * weightKinds + kind) * pad(columns);
      const value = sum((key) => round(weights[key] ** 2) * arrays.weights[first + places[key]]);
      arrays.moments[(s * MOMENTS + kind) * pad(rows) + row] = round(value * round(inverse ** 2));
    }
    if (s % systemsPerCoupling !== 0) return;
    const log = round(Math.log(linear));
    const entropy = round(log - round(sum((key) => weights[key] * round(scores[key] - maximum)) * inverse));
    const participation = round(sum((key) => weights[key] ** 2) * round(inverse ** 2));
    const statistics = [round(maximum + log), entropy, participation, places.length, maximum, linear, 0, 0];
    arrays.statistics.set(
      linear > 0 ? statistics : [0, 0, 0, 0, maximum, 0, 0, 0],
      ROW_STATISTICS * (coupling * pad(rows) + row),
    );
  });
}

export const plainAttentionFieldSphere: typeof attentionFieldSphere = (arrays, params, { MASK, MOMENTS }) =>
  field(arrays, params, MASK, MOMENTS, params.components, pad(params.components));

export const plainAttentionFieldBinary: typeof attentionFieldBinary = (arrays, params, { MASK, MOMENTS }) =>
  field(arrays, params, MASK, MOMENTS, 1, 1);

export const plainAttentionReaction: typeof attentionReaction = (arrays, params, { MASK }) => {
  const { rows, columns, components, weightKinds } = params;
  const stride = pad(components);
  forEachRow(params, (s, coupling, row) => {
    const mean = (s * pad(rows) + row) * stride;
    const [maximum, linear] = arrays.statistics.subarray(ROW_STATISTICS * (coupling * pad(rows) + row) + 4);
    const inverse = linear > 0 ? round(1 / linear) : 0;
    const { places, scores } = scoredKeys(arrays, params, MASK, { coupling, row });
    const sums = arrays.reaction.subarray(mean, mean + components).fill(0);
    places.forEach((j, key) => {
      const site = (s * pad(columns) + j) * stride;
      let gram = 0;
      for (let k = 0; k < components; k++) gram = round(gram + round(arrays.mean[mean + k] * arrays.state[site + k]));
      const coupled = round(round(Math.exp(round(scores[key] - maximum))) * inverse);
      const anisotropy = arrays.weights[(s * weightKinds + weightKinds - 1) * pad(columns) + j];
      const weight = round(round(round(coupled ** 2) * anisotropy) * gram);
      for (let k = 0; k < components; k++) sums[k] = round(sums[k] + round(weight * arrays.state[site + k]));
    });
  });
};
