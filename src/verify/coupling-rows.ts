/** Rows of J for chosen sites, whatever the couplings, at a cost of O(rows · N · d): the whole matrix is never formed. */
import { normalScores } from "../engine/attention-couplings.js";
import { couplingSeeds, couplingStrengths, ensembleOf } from "../engine/random-couplings.js";
import type { System } from "../engine/realise.js";
import { speciesArrays, unitCouplings } from "../engine/species-couplings.js";
import type { Couplings, HopfieldCouplings, RandomCouplings, SpeciesCouplings } from "../physics/couplings.js";
import { pad } from "../reference/layout.js";
import { rotaryAngles } from "../reference/query-key-transform.js";
import { MASKED, MASKS } from "../reference/scores.js";
import type { Arithmetic } from "./arithmetic.js";

type Attention = Extract<Couplings, { kind: "attention" }>;

/** @returns J for the chosen rows, [head][rows][pad(N)] */
export function couplingRows(system: System, rows: readonly number[], arithmetic: Arithmetic): Float64Array {
  const { couplings, sites } = system;
  if (couplings.kind === "random") return randomRows(couplings, sites, rows, arithmetic);
  switch (couplings.kind) {
    case "attention":
      return attentionRows(couplings, system, rows, arithmetic);
    case "random-softmax": {
      const scores = randomRows(normalScores(couplings, sites), sites, rows, arithmetic);
      if (couplings.mask === "causal") {
        rows.forEach((row, r) => scores.fill(MASKED, r * pad(sites) + row + 1, r * pad(sites) + sites));
      }
      return softmaxRows(scores, 1, rows.length, sites, arithmetic);
    }
    case "species":
      return speciesRows(couplings, sites, rows, arithmetic);
    case "hopfield":
      return hebbRows(couplings, sites, rows, arithmetic);
  }
  return headRows(couplings.matrix, { rows, heads: 1, width: sites, paddedRows: rows.length }, arithmetic);
}

/** Rows of an [N][heads · width] array as [head][paddedRows][stride], with zeros in the padding. */
export function headRows(
  values: Float64Array,
  shape: {
    readonly rows: readonly number[];
    readonly heads: number;
    readonly width: number;
    readonly paddedRows?: number;
    readonly stride?: number;
  },
  { load }: Arithmetic,
): Float64Array {
  const { rows, heads, width, paddedRows = pad(rows.length), stride = pad(width) } = shape;
  const packed = new Float64Array(heads * paddedRows * stride);
  for (let head = 0; head < heads; head++) {
    rows.forEach((row, r) => {
      const from = (row * heads + head) * width;
      const to = (head * paddedRows + r) * stride;
      for (let k = 0; k < width; k++) packed[to + k] = load(values[from + k]);
    });
  }
  return packed;
}

export function allRows(count: number): number[] {
  return Array.from({ length: count }, (_, row) => row);
}

function randomRows(
  couplings: RandomCouplings,
  sites: number,
  rows: readonly number[],
  { kernels, load }: Arithmetic,
): Float64Array {
  const width = pad(sites);
  const seeds = Float64Array.from(couplingSeeds(couplings, sites));
  const strengths = Float64Array.from(couplingStrengths(couplings, sites), load);
  const chosen = new Float64Array(rows.length * width);
  rows.forEach((rowStart, r) => {
    const arrays = { seeds, strengths, couplings: chosen.subarray(r * width, (r + 1) * width) };
    const params = { couplings: 1, rowStart, rowCount: 1, columns: sites };
    kernels["random-couplings"](arrays, params, { ...ensembleOf(couplings), CAUSAL: false });
  });
  return chosen;
}

function attentionRows(
  couplings: Attention,
  system: System,
  rows: readonly number[],
  arithmetic: Arithmetic,
): Float64Array {
  const { heads, sites } = system;
  const { dimension, mask } = couplings;
  const { products, load } = arithmetic;
  const count = rows.length;
  const scores = new Float64Array(heads * count * pad(sites));
  products.scores(
    {
      queries: features(couplings, system, "query", rows, arithmetic),
      keys: features(couplings, system, "key", allRows(sites), arithmetic),
      scales: new Float64Array(heads).fill(load(couplings.scale)),
      available: availableKeys(couplings, sites, rows),
      scores,
    },
    { couplings: heads, rows: count, rowStart: 0, rowCount: count, columns: sites, dimension, querySharing: 1 },
    { MASK: mask === "none" ? MASKS.none : MASKS.user },
  );
  return softmaxRows(scores, heads, count, sites, arithmetic);
}

function softmaxRows(
  scores: Float64Array,
  heads: number,
  rows: number,
  columns: number,
  { kernels }: Arithmetic,
): Float64Array {
  const chosen = new Float64Array(scores.length);
  kernels.softmax(
    { scores, couplings: chosen, statistics: new Float64Array(4 * heads * pad(rows)) },
    { couplings: heads, rows, rowStart: 0, rowCount: rows, columns },
  );
  return chosen;
}

function hebbRows(
  { patterns, count, normalisation }: HopfieldCouplings,
  sites: number,
  rows: readonly number[],
  { kernels, load }: Arithmetic,
): Float64Array {
  const stride = pad(count);
  const bySite = (from: readonly number[]) => {
    const packed = new Float64Array(pad(from.length) * stride);
    from.forEach((site, r) => {
      for (let mu = 0; mu < count; mu++) packed[r * stride + mu] = load(patterns[mu * sites + site]);
    });
    return packed;
  };
  const chosen = new Float64Array(rows.length * pad(sites));
  const unmasked = new Float64Array(1);
  kernels.scores(
    {
      queries: bySite(rows),
      keys: bySite(allRows(sites)),
      scales: Float64Array.of(load(1 / normalisation)),
      available: unmasked,
      scores: chosen,
    },
    {
      couplings: 1,
      rows: rows.length,
      rowStart: 0,
      rowCount: rows.length,
      columns: sites,
      dimension: count,
      querySharing: 1,
    },
    { MASK: MASKS.none },
  );
  rows.forEach((row, r) => (chosen[r * pad(sites) + row] = 0));
  return chosen;
}

function speciesRows(
  couplings: SpeciesCouplings,
  sites: number,
  rows: readonly number[],
  arithmetic: Arithmetic,
): Float64Array {
  const width = pad(sites);
  const { means, deviations, speciesOf } = speciesArrays(couplings, sites);
  const { load } = arithmetic;
  const of = new Float64Array(width);
  of.set(speciesOf);
  const chosen = randomRows(unitCouplings(couplings), sites, rows, arithmetic);
  rows.forEach((rowStart, r) =>
    arithmetic.kernels["species-couplings"](
      {
        speciesOf: of,
        means: means.map(load),
        deviations: deviations.map(load),
        couplings: chosen.subarray(r * width, (r + 1) * width),
      },
      { couplings: 1, rowStart, rowCount: 1, columns: sites, species: Math.sqrt(means.length) },
      { INDEPENDENT: couplings.symmetry === 0 },
    ),
  );
  return chosen;
}

/** Queries or keys of the given sites, [head][pad(sites)][pad(d)], with qkNorm and RoPE; the scale is not in them. */
function features(
  couplings: Attention,
  system: System,
  side: "query" | "key",
  rows: readonly number[],
  arithmetic: Arithmetic,
): Float64Array {
  const { qkNorm: NORMALISE = false, ropeBase, dimension } = couplings;
  const vectors = rawFeatures(couplings, system, side, rows, arithmetic);
  if (!NORMALISE && ropeBase === undefined) return vectors;
  const { heads } = system;
  const rotations = ropeBase === undefined ? vectors : rotaryAngles(rows, dimension, ropeBase).map(arithmetic.load);
  arithmetic.kernels["query-key-transform"](
    { rotations, scales: new Float64Array(heads).fill(1), vectors },
    { couplings: heads, rows: rows.length, dimension },
    { NORMALISE, ROTATE: ropeBase !== undefined },
  );
  return vectors;
}

/** As they are given, or W times the features. */
function rawFeatures(
  { dimension, features }: Attention,
  { heads, field, initial, spins }: System,
  side: "query" | "key",
  rows: readonly number[],
  arithmetic: Arithmetic,
): Float64Array {
  const { kernels } = arithmetic;
  if (features.source === "given") {
    const values = side === "query" ? features.queries : features.keys;
    return headRows(values, { rows, heads, width: dimension }, arithmetic);
  }
  const width = heads * spins.components;
  const weights = side === "query" ? features.queryWeights : features.keyWeights;
  const product = new Float64Array(heads * pad(rows.length) * pad(dimension));
  kernels.scores(
    {
      queries: headRows(features.source === "field" ? field : initial, { rows, heads: 1, width }, arithmetic),
      keys: weightRows(weights, heads, dimension, width, arithmetic),
      scales: new Float64Array(heads).fill(1),
      available: new Float64Array(1),
      scores: product,
    },
    {
      couplings: heads,
      rows: rows.length,
      rowStart: 0,
      rowCount: pad(rows.length),
      columns: dimension,
      dimension: width,
      querySharing: heads,
    },
    { MASK: MASKS.none },
  );
  return product;
}

/** W, [heads · d][width], as [head][pad(d)][pad(width)]. */
function weightRows(
  weights: Float64Array,
  heads: number,
  dimension: number,
  width: number,
  arithmetic: Arithmetic,
): Float64Array {
  const stride = pad(dimension) * pad(width);
  const packed = new Float64Array(heads * stride);
  for (let head = 0; head < heads; head++) {
    const rows = allRows(dimension).map((row) => head * dimension + row);
    packed.set(headRows(weights, { rows, heads: 1, width }, arithmetic), head * stride);
  }
  return packed;
}

/** The mask of the chosen rows, [rows][N]: a causal mask becomes one of these, since row r stands for site rows[r]. */
function availableKeys({ mask, available }: Attention, sites: number, rows: readonly number[]): Float64Array {
  if (mask === "none") return new Float64Array(1);
  const chosen = new Float64Array(rows.length * sites);
  rows.forEach((row, r) => {
    if (available === undefined) chosen.fill(1, r * sites, r * sites + row + 1);
    else chosen.set(available.subarray(row * sites, (row + 1) * sites), r * sites);
  });
  return chosen;
}
