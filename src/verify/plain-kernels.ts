/**
 * The kernels of a step in straightforward f32: sums run one after the other, the softmax takes two passes, every result
 * is rounded. Their error is the yardstick for the error of a GPU. The arguments are those of the float64 twins.
 */
import { RandomMatrix } from "../reference/coupling-row.js";
import type { fieldBinary } from "../reference/field-binary.js";
import type { fieldSphere } from "../reference/field-sphere.js";
import { INVERSE_NORMAL_COEFFICIENTS } from "../reference/inverse-normal.js";
import { pad } from "../reference/layout.js";
import { type momentWeights, RESPONSES } from "../reference/moment-weights.js";
import type { queryKeyTransform } from "../reference/query-key-transform.js";
import type { randomCouplings } from "../reference/random-couplings.js";
import type { reactionWeights } from "../reference/reaction-weights.js";
import { responseFromMean } from "../reference/responses.js";
import { MASKED, type scores, ZERO_DIAGONAL } from "../reference/scores.js";
import type { softmax } from "../reference/softmax.js";
import { speciesCouplings } from "../reference/species-couplings.js";
import { sphereTapStart } from "../reference/sphere-tap-start.js";
import { plainBinaryUpdate, plainSphereTap, plainSphereUpdate } from "./plain-updates.js";

const round = Math.fround;

/** What is multiplied and added in this order to make a product: a part of each operand. */
type Terms = (left: Float64Array, right: Float64Array) => readonly (readonly [Float64Array, Float64Array])[];

/** Operands as they stand. */
const whole: Terms = (left, right) => [[left, right]];

export const plainScores =
  (terms: Terms = whole): typeof scores =>
  (arrays, params, { MASK }) => {
    const pairs = terms(arrays.queries, arrays.keys);
    const { couplings, rows, rowStart, rowCount, columns, dimension, querySharing } = params;
    const stride = pad(dimension);
    const width = pad(columns);
    for (let c = 0; c < couplings; c++) {
      for (let r = 0; r < rowCount; r++) {
        const i = rowStart + r;
        const query = (Math.floor(c / querySharing) * pad(rows) + i) * stride;
        const out = (c * rowCount + r) * width;
        for (let j = 0; j < columns; j++) {
          const key = (c * width + j) * stride;
          let sum = 0;
          for (const [left, right] of pairs) {
            for (let k = 0; k < dimension; k++) sum = round(sum + round(left[query + k] * right[key + k]));
          }
          if (MASK === ZERO_DIAGONAL && j === i) sum = 0;
          const masked = (MASK === 1 && j > i) || (MASK === 2 && arrays.available[i * columns + j] === 0);
          arrays.scores[out + j] = masked ? MASKED : round(arrays.scales[c] * sum);
        }
        arrays.scores.fill(0, out + columns, out + width);
      }
    }
  };

const plainQueryKeyTransform: typeof queryKeyTransform = (arrays, params, { NORMALISE, ROTATE }) => {
  const { couplings, rows, dimension } = params;
  const stride = pad(dimension);
  for (let index = 0; index < couplings * pad(rows); index++) {
    const vector = arrays.vectors.subarray(index * stride, (index + 1) * stride);
    let factor = arrays.scales[Math.floor(index / pad(rows))];
    if (NORMALISE) {
      let square = 0;
      for (const value of vector) square = round(square + round(value * value));
      factor = square > 0 ? round(factor / round(Math.sqrt(square))) : 0;
    }
    for (let k = 0; k < stride; k += 2) {
      const [x, y] = [round(factor * vector[k]), round(factor * vector[k + 1])];
      const at = (index % pad(rows)) * stride + k;
      const [cosine, sine] = ROTATE ? [arrays.rotations[at], arrays.rotations[at + 1]] : [1, 0];
      vector[k] = round(round(x * cosine) - round(y * sine));
      vector[k + 1] = round(round(x * sine) + round(y * cosine));
    }
  }
};

const plainRandomCouplings: typeof randomCouplings = (arrays, params, constants) => {
  const { couplings, rowStart, rowCount, columns } = params;
  for (let c = 0; c < couplings; c++) {
    const own = (values: Float64Array) => values.subarray(4 * c, 4 * c + 4);
    const matrix = new RandomMatrix(own(arrays.seeds), own(arrays.strengths), constants, plainInverseNormal);
    for (let r = 0; r < rowCount; r++) {
      const start = (c * rowCount + r) * pad(columns);
      const row = arrays.couplings.subarray(start, start + pad(columns)).fill(0);
      matrix.writeRow(rowStart + r, columns, row);
      if (constants.CAUSAL) row.fill(MASKED, rowStart + r + 1, columns);
      row.forEach((value, j) => (row[j] = round(value)));
    }
  }
};

/** `inverseNormal` with every operation on its polynomial rounded. */
function plainInverseNormal(word: number): number {
  const negative = word < 0x80000000;
  const odd = 2 * (negative ? word : 0xffffffff - word) + 1;
  const octave = Math.clz32(odd);
  const x = round(2 - (odd * 2 ** octave) / 2 ** 31);
  const coefficients = INVERSE_NORMAL_COEFFICIENTS.subarray(8 * octave, 8 * octave + 8);
  const sum = coefficients.reduceRight((value, coefficient) => round(round(value * x) + coefficient), 0);
  const magnitude = round((15 / 64) * octave + sum);
  return negative ? -magnitude : magnitude;
}

/** J alone: the row statistics are not part of a step. */
const plainSoftmax: typeof softmax = (arrays, { couplings, rowCount, columns }) => {
  const width = pad(columns);
  for (let row = 0; row < couplings * rowCount; row++) {
    const scores = arrays.scores.subarray(row * width, row * width + columns);
    const weights = arrays.couplings.subarray(row * width, (row + 1) * width).fill(0);
    let maximum = MASKED;
    for (let j = 0; j < columns; j++) maximum = Math.max(maximum, scores[j]);
    let total = 0;
    for (let j = 0; j < columns; j++) {
      if (!(scores[j] > MASKED)) continue;
      weights[j] = round(Math.exp(round(scores[j] - maximum)));
      total = round(total + weights[j]);
    }
    for (let j = 0; j < columns && total > 0; j++) weights[j] = round(weights[j] / total);
  }
};

const plainFieldBinary: typeof fieldBinary = (arrays, params, { MOMENTS }) => {
  const { systems, systemsPerCoupling, rows, rowStart, rowCount, columns } = params;
  const width = pad(columns);
  for (let s = 0; s < systems; s++) {
    const matrix = Math.floor(s / systemsPerCoupling) * rowCount * width;
    for (let r = 0; r < rowCount; r++) {
      let linear = 0;
      let square = 0;
      for (let j = 0; j < columns; j++) {
        const coupling = arrays.couplings[matrix + r * width + j];
        linear = round(linear + round(coupling * arrays.state[s * width + j]));
        if (MOMENTS > 0) {
          square = round(square + round(round(coupling * coupling) * arrays.weights[s * width + j]));
        }
      }
      const target = s * pad(rows) + rowStart + r;
      arrays.field[target] = linear;
      if (MOMENTS > 0) arrays.moments[target] = square;
    }
  }
};

export const plainFieldSphere =
  (terms: Terms = whole): typeof fieldSphere =>
  (arrays, params, { MOMENTS }) => {
    const pairs = terms(arrays.couplings, arrays.state);
    const { systems, systemsPerCoupling, rows, rowStart, rowCount, columns, dimension, weightKinds } = params;
    const width = pad(columns);
    const stride = pad(dimension);
    for (let s = 0; s < systems; s++) {
      const matrix = Math.floor(s / systemsPerCoupling) * rowCount * width;
      for (let r = 0; r < rowCount; r++) {
        const row = s * pad(rows) + rowStart + r;
        const linear = arrays.field.subarray(row * stride, (row + 1) * stride).fill(0);
        const squares = [0, 0];
        for (let j = 0; j < columns; j++) {
          const coupling = arrays.couplings[matrix + r * width + j];
          const site = (s * width + j) * stride;
          for (const [left, right] of pairs) {
            const factor = left[matrix + r * width + j];
            for (let k = 0; k < dimension; k++) linear[k] = round(linear[k] + round(factor * right[site + k]));
          }
          for (let kind = 0; kind < MOMENTS; kind++) {
            const weight = arrays.weights[(s * weightKinds + kind) * width + j];
            squares[kind] = round(squares[kind] + round(round(coupling * coupling) * weight));
          }
        }
        for (let kind = 0; kind < MOMENTS; kind++) {
          arrays.moments[(s * MOMENTS + kind) * pad(rows) + rowStart + r] = squares[kind];
        }
      }
    }
  };

const plainMomentWeights: typeof momentWeights = (arrays, params, { KINDS, PUBLISHED, RESPONSE }) => {
  const { systems, sites, components, componentStride, radius } = params;
  const padded = pad(sites);
  arrays.weights.fill(0, 0, systems * KINDS * padded);
  for (let s = 0; s < systems; s++) {
    for (let site = 0; site < sites; site++) {
      const at = (s * padded + site) * componentStride;
      let square = 0;
      for (let k = 0; k < components; k++) square = round(square + round(arrays.state[at + k] ** 2));
      const norm = Math.min(round(Math.sqrt(square)), radius);
      const target = s * KINDS * padded + site;
      arrays.weights[target] = round(round(radius - norm) * round(radius + norm));
      if (KINDS !== 3) continue;
      const variance = PUBLISHED
        ? { tangential: 1, anisotropy: 1 }
        : responseFromMean(norm, radius, components, RESPONSES[RESPONSE]);
      arrays.weights[target + padded] = round(variance.tangential);
      arrays.weights[target + 2 * padded] = round(variance.anisotropy);
    }
  }
};

const plainReactionWeights: typeof reactionWeights = (arrays, params) => {
  const { systems, systemsPerCoupling, rowCount, columns } = params;
  const width = pad(columns);
  const block = rowCount * width;
  for (let s = 0; s < systems; s++) {
    const matrix = Math.floor(s / systemsPerCoupling) * block;
    for (let k = 0; k < block; k++) {
      const coupling = arrays.couplings[matrix + k];
      const weight = round(round(coupling * coupling) * arrays.weights[(s * 3 + 2) * width + (k % width)]);
      arrays.reactions[s * block + k] = round(weight * arrays.reactions[s * block + k]);
    }
  }
};

/** The twin, its results rounded: the start of an iteration, which forgets its rounding. */
function rounded<Arrays extends Readonly<Record<string, Float64Array>>, Params, Constants>(
  twin: (arrays: Arrays, params: Params, constants: Constants) => void,
  ...results: readonly (keyof Arrays)[]
): (arrays: Arrays, params: Params, constants: Constants) => void {
  return (arrays, params, constants) => {
    twin(arrays, params, constants);
    for (const name of results) arrays[name].forEach((value, index, array) => (array[index] = round(value)));
  };
}

export const plainKernels = {
  scores: plainScores(),
  softmax: plainSoftmax,
  "query-key-transform": plainQueryKeyTransform,
  "random-couplings": plainRandomCouplings,
  "species-couplings": rounded(speciesCouplings, "couplings"),
  "moment-weights": plainMomentWeights,
  "field-binary": plainFieldBinary,
  "field-sphere": plainFieldSphere(),
  "binary-update": plainBinaryUpdate,
  "sphere-update": plainSphereUpdate,
  "sphere-tap-start": rounded(sphereTapStart, "local", "effective", "mean", "sites"),
  "sphere-tap": plainSphereTap,
  "reaction-weights": plainReactionWeights,
} as const;
