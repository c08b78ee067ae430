/**
 * The plain f32 evaluation of the kernels that sum: one term after the other, every operation rounded. What a kernel may
 * lose is measured against what this loses on the same inputs.
 */
import type { StageName } from "../../src/engine/executor.js";
import type { Ensemble } from "../../src/reference/coupling-row.js";
import { pad } from "../../src/reference/layout.js";
import type { proceduralFieldBinary } from "../../src/reference/procedural-field-binary.js";
import { MASKED, MASKS, ZERO_DIAGONAL } from "../../src/reference/scores.js";
import { ANDERSON_MEMORY } from "../../src/reference/anderson-gram.js";
import { CONTROL, CONTROL_FIELDS } from "../../src/reference/anderson-solve.js";
import { REDUCE_CHUNK } from "../../src/reference/reduce.js";
import { twins } from "../../src/reference/twins.js";
import { plainAttention } from "../../src/verify/plain-attention.js";
import { plainKernels } from "../../src/verify/plain-kernels.js";

type Evaluations = { readonly [K in StageName]?: (...args: Parameters<(typeof twins)[K]>) => void };

const f32 = Math.fround;

/** Σ_k a[i + k s] b[j + k t], k < count. */
function dot(a: Float64Array, i: number, b: Float64Array, j: number, count: number, s = 1, t = 1): number {
  let sum = 0;
  for (let k = 0; k < count; k++) sum = f32(sum + f32(a[i + k * s] * b[j + k * t]));
  return sum;
}

/** Σ_j J_ij² w_j */
function squares(couplings: Float64Array, row: number, weights: Float64Array, site: number, count: number): number {
  let sum = 0;
  for (let j = 0; j < count; j++) sum = f32(sum + f32(f32(couplings[row + j] ** 2) * weights[site + j]));
  return sum;
}

export const naiveF32: Evaluations = {
  ...plainAttention,

  "subtract-diagonal": (arrays, { systems, systemsPerCoupling, sites, componentStride }) => {
    const length = pad(sites) * componentStride;
    for (let index = 0; index < systems * length; index++) {
      const site =
        Math.floor(index / (length * systemsPerCoupling)) * pad(sites) + Math.floor((index % length) / componentStride);
      arrays.field[index] = f32(arrays.field[index] - f32(arrays.diagonal[site] * arrays.state[index]));
    }
  },

  "species-couplings": plainKernels["species-couplings"],
  "query-key-transform": plainKernels["query-key-transform"],

  scores: (arrays, params, { MASK }) => {
    const { couplings, rows, rowStart, rowCount, columns, dimension, querySharing } = params;
    const stride = pad(dimension);
    for (let c = 0; c < couplings; c++) {
      for (let r = 0; r < rowCount; r++) {
        const i = rowStart + r;
        const query = (Math.floor(c / querySharing) * pad(rows) + i) * stride;
        for (let j = 0; j < columns; j++) {
          const product = dot(arrays.queries, query, arrays.keys, (c * pad(columns) + j) * stride, dimension);
          const sum = MASK === ZERO_DIAGONAL && j === i ? 0 : product;
          const masked =
            (MASK === MASKS.causal && j > i) || (MASK === MASKS.user && arrays.available[i * columns + j] === 0);
          arrays.scores[(c * rowCount + r) * pad(columns) + j] = f32(masked ? MASKED : arrays.scales[c] * sum);
        }
      }
    }
  },

  softmax: (arrays, { couplings, rows, rowStart, rowCount, columns }) => {
    for (let row = 0; row < couplings * rowCount; row++) {
      const base = row * pad(columns);
      const scores = arrays.scores.subarray(base, base + columns);
      const available = [...scores.keys()].filter((j) => scores[j] > MASKED);
      const maximum = available.reduce((largest, j) => Math.max(largest, scores[j]), -Infinity);
      let total = 0;
      let shifted = 0;
      let square = 0;
      const weights = available.map((j) => f32(Math.exp(f32(scores[j] - maximum))));
      available.forEach((j, k) => {
        total = f32(total + weights[k]);
        shifted = f32(shifted + f32(weights[k] * f32(scores[j] - maximum)));
        square = f32(square + f32(weights[k] ** 2));
      });
      arrays.couplings.fill(0, base, base + columns);
      available.forEach((j, k) => (arrays.couplings[base + j] = f32(weights[k] / total)));
      const log = f32(Math.log(total));
      const target = 4 * (Math.floor(row / rowCount) * pad(rows) + rowStart + (row % rowCount));
      arrays.statistics.set(
        available.length > 0
          ? [f32(maximum + log), f32(log - f32(shifted / total)), f32(square / f32(total ** 2)), available.length]
          : [0, 0, 0, 0],
        target,
      );
    }
  },

  "field-binary": (arrays, { systems, systemsPerCoupling, rows, rowStart, rowCount, columns }, { MOMENTS }) => {
    for (let s = 0; s < systems; s++) {
      for (let r = 0; r < rowCount; r++) {
        const row = (Math.floor(s / systemsPerCoupling) * rowCount + r) * pad(columns);
        const target = s * pad(rows) + rowStart + r;
        arrays.field[target] = dot(arrays.couplings, row, arrays.state, s * pad(columns), columns);
        if (MOMENTS === 0) continue;
        arrays.moments[target] = squares(arrays.couplings, row, arrays.weights, s * pad(columns), columns);
      }
    }
  },

  "field-sphere": (arrays, params, { MOMENTS }) => {
    const { systems, systemsPerCoupling, rows, rowStart, rowCount, columns, dimension, weightKinds } = params;
    const stride = pad(dimension);
    for (let s = 0; s < systems; s++) {
      for (let r = 0; r < rowCount; r++) {
        const row = (Math.floor(s / systemsPerCoupling) * rowCount + r) * pad(columns);
        for (let k = 0; k < dimension; k++) {
          const site = s * pad(columns) * stride + k;
          arrays.field[(s * pad(rows) + rowStart + r) * stride + k] = dot(
            arrays.couplings,
            row,
            arrays.state,
            site,
            columns,
            1,
            stride,
          );
        }
        for (let kind = 0; kind < MOMENTS; kind++) {
          const site = (s * weightKinds + kind) * pad(columns);
          const sum = squares(arrays.couplings, row, arrays.weights, site, columns);
          arrays.moments[(s * MOMENTS + kind) * pad(rows) + rowStart + r] = sum;
        }
      }
    }
  },

  "procedural-field-binary": (arrays, params, constants) => {
    const couplings = drawnRows(arrays, params, constants);
    naiveF32["field-binary"]?.({ ...arrays, couplings }, params, constants);
  },

  "procedural-field-sphere": (arrays, params, constants) => {
    const couplings = drawnRows(arrays, params, constants);
    naiveF32["field-sphere"]?.({ ...arrays, couplings }, params, constants);
  },

  "matrix-product": (arrays, { systems, sites, leftSharing, rightSharing }, { TRANSPOSED, WEIGHTED }) => {
    const width = pad(sites);
    for (let s = 0; s < systems; s++) {
      const right = Math.floor(s / rightSharing) * sites * width;
      for (let i = 0; i < sites; i++) {
        const row = (Math.floor(s / leftSharing) * sites + i) * width;
        const left = arrays.left.slice(row, row + sites);
        if (WEIGHTED) left.forEach((value, j) => (left[j] = f32(value * arrays.weights[s * width + j])));
        for (let k = 0; k < sites; k++) {
          const [from, stride] = TRANSPOSED ? [right + k * width, 1] : [right + k, width];
          arrays.product[(s * sites + i) * width + k] = dot(left, 0, arrays.right, from, sites, 1, stride);
        }
      }
    }
  },

  "row-sums": (arrays, { systems, sites, factorSharing }, { PRODUCT }) => {
    const width = pad(sites);
    const ones = new Float64Array(sites).fill(1);
    for (let s = 0; s < systems; s++) {
      for (let i = 0; i < sites; i++) {
        const factor = (Math.floor(s / factorSharing) * sites + i) * width;
        const [factors, from] = PRODUCT ? [arrays.factors, factor] : [ones, 0];
        arrays.sums[s * width + i] = dot(arrays.values, (s * sites + i) * width, factors, from, sites);
      }
    }
  },

  "reaction-weights": (arrays, { systems, systemsPerCoupling, rowCount, columns }) => {
    const width = pad(columns);
    const block = rowCount * width;
    for (let s = 0; s < systems; s++) {
      for (let k = 0; k < block; k++) {
        const coupling = arrays.couplings[Math.floor(s / systemsPerCoupling) * block + k];
        const anisotropy = arrays.weights[(s * 3 + 2) * width + (k % width)];
        arrays.reactions[s * block + k] = f32(f32(f32(coupling ** 2) * anisotropy) * arrays.reactions[s * block + k]);
      }
    }
  },

  "component-gram": (arrays, { systems, sites, dimension }) => {
    const stride = pad(dimension);
    for (let s = 0; s < systems; s++) {
      const site = s * pad(sites) * stride;
      for (let a = 0; a < dimension; a++) {
        for (let b = 0; b < dimension; b++) {
          const sum = dot(arrays.state, site + a, arrays.state, site + b, sites, stride, stride);
          arrays.gram[(s * stride + a) * stride + b] = sum;
        }
      }
    }
  },

  housekeeping: (arrays, params, { KINDS }) => {
    const { systems, systemsPerCoupling, sites, components, componentStride } = params;
    const width = pad(sites);
    for (let s = 0; s < systems; s++) {
      const matrix = Math.floor(s / systemsPerCoupling) * sites * width;
      const weight = (kind: number, site: number) => arrays.weights[(s * KINDS + kind) * width + site];
      const product = (i: number, j: number) => {
        const [a, b] = [i, j].map((site) => (s * width + site) * componentStride);
        return dot(arrays.state, a, arrays.state, b, components);
      };
      const trace = (i: number) => f32(weight(2, i) * product(i, i));
      for (let i = 0; i < sites; i++) {
        let sum = 0;
        for (let j = 0; j < sites; j++) {
          const difference = f32(arrays.couplings[matrix + i * width + j] - arrays.couplings[matrix + j * width + i]);
          let overlap = f32(weight(0, i) * weight(0, j));
          if (KINDS === 3) {
            const [ti, tj] = [weight(1, i), weight(1, j)];
            overlap = f32(f32(components * ti) * tj);
            overlap = f32(overlap - f32(ti * trace(j)));
            overlap = f32(overlap - f32(trace(i) * tj));
            const along = product(i, j);
            overlap = f32(overlap + f32(f32(weight(2, i) * along) * f32(weight(2, j) * along)));
          }
          sum = f32(sum + f32(f32(difference * difference) * overlap));
        }
        arrays.production[s * width + i] = sum;
      }
    }
  },

  reduce: (arrays, { batch, rows, rowStride, columns, columnStride, chunks }, { OPERATION }) => {
    for (let index = 0; index < batch * columns * chunks; index++) {
      const chunk = index % chunks;
      const column = Math.floor(index / chunks) % columns;
      const entry = Math.floor(index / (chunks * columns));
      let sum = 0;
      for (let row = chunk * REDUCE_CHUNK; row < Math.min(rows, (chunk + 1) * REDUCE_CHUNK); row++) {
        const value = arrays.values[(entry * rowStride + row) * columnStride + column];
        sum = f32(sum + (OPERATION === 0 ? value : OPERATION === 1 ? f32(value * value) : Math.abs(value)));
      }
      arrays.results[index] = sum;
    }
  },

  "anderson-gram": (arrays, { systems, length, slot, filled }) => {
    for (let system = 0; system < systems; system++) {
      const base = system * ANDERSON_MEMORY ** 2;
      for (let other = 0; other < filled; other++) {
        const [own, its] = [slot, other].map((kept) => (kept * systems + system) * length);
        const sum = dot(arrays.residuals, own, arrays.residuals, its, length);
        arrays.gram[base + slot * ANDERSON_MEMORY + other] = sum;
        arrays.gram[base + other * ANDERSON_MEMORY + slot] = sum;
      }
    }
  },

  // The decisions are exact and not repeated here: only weights that differ from the plain step are solved for again.
  "anderson-solve": (arrays, params) => {
    twins["anderson-solve"](arrays, params);
    for (let system = 0; system < params.systems; system++) {
      const weights = arrays.coefficients.subarray(system * ANDERSON_MEMORY, (system + 1) * ANDERSON_MEMORY);
      const history = arrays.control[system * CONTROL_FIELDS + CONTROL.history];
      if (weights[params.slot] === 1 || !(weights[params.slot] === weights[params.slot])) continue;
      const slots = Array.from({ length: history }, (_, a) => (params.slot + ANDERSON_MEMORY - a) % ANDERSON_MEMORY);
      const gram = arrays.gram.subarray(system * ANDERSON_MEMORY ** 2, (system + 1) * ANDERSON_MEMORY ** 2);
      solveWeights(slots, gram).forEach((weight, a) => (weights[slots[a]] = weight));
    }
  },
};

/** The rows of J that a procedural kernel draws, [coupling][rowCount][pad(columns)], in plain f32. */
function drawnRows(
  { seeds, strengths }: { readonly seeds: Float64Array; readonly strengths: Float64Array },
  { systems, systemsPerCoupling, rowStart, rowCount, columns }: Parameters<typeof proceduralFieldBinary>[1],
  constants: Ensemble,
): Float64Array {
  const matrices = systems / systemsPerCoupling;
  const couplings = new Float64Array(matrices * rowCount * pad(columns));
  const params = { couplings: matrices, rowStart, rowCount, columns };
  plainKernels["random-couplings"]({ seeds, strengths, couplings }, params, { ...constants, CAUSAL: false });
  return couplings;
}

/** Weights of the kept iterates by Cholesky: minimise aᵀ (K + ridge) a at Σ a = 1. */
function solveWeights(slots: readonly number[], gram: Float64Array): number[] {
  const n = slots.length;
  const at = (a: number, b: number) => gram[slots[a] * ANDERSON_MEMORY + slots[b]];
  const scale = f32(slots.reduce((sum, _, a) => f32(sum + at(a, a)), 0) / n);
  const factor = slots.map(() => new Float64Array(n));
  for (let a = 0; a < n; a++) {
    for (let b = 0; b <= a; b++) {
      let value = f32(at(a, b) / scale);
      if (a === b) value = f32(value + f32(1e-6));
      value = f32(value - dot(factor[a], 0, factor[b], 0, b));
      factor[a][b] = a === b ? f32(Math.sqrt(value)) : f32(value / factor[b][b]);
    }
  }
  const y = new Float64Array(n);
  for (let a = 0; a < n; a++) y[a] = f32(f32(1 - dot(factor[a], 0, y, 0, a)) / factor[a][a]);
  for (let a = n - 1; a >= 0; a--) {
    let value = y[a];
    for (let k = a + 1; k < n; k++) value = f32(value - f32(factor[k][a] * y[k]));
    y[a] = f32(value / factor[a][a]);
  }
  const total = y.reduce((sum, value) => f32(sum + value), 0);
  return Array.from(y, (value) => f32(value / total));
}
