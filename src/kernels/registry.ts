/**
 * The kernels: one record each. Dispatch arithmetic, work and traffic follow from the parameters alone; nothing here
 * touches a device. The engine, the tests and the benchmarks read this table.
 */
import type { FusedKernel } from "./strategies.js";
import { REGISTER_TILE, tiles } from "./tiles.js";

export type KernelName = keyof typeof tiles;
export type KernelParams = Readonly<Record<string, number>>;

type Tile = Readonly<Record<string, number>>;

export interface Kernel {
  /** `shaders/NAME.wgsl` and its twin `src/reference/NAME.ts`. */
  readonly name: KernelName;
  readonly shader: URL;
  /** Constants of the shader; those of a fused kernel come with its variant, see `strategies.ts`. */
  readonly tile: Tile;
  /** Workgroups, counted linearly. */
  readonly workgroups: (params: KernelParams, tile: Tile) => number;
  /** Floating-point operations, a multiply-add counted as two. */
  readonly flops: (params: KernelParams) => number;
}

const tilesAlong = (n: number) => Math.ceil(n / REGISTER_TILE);
const tileOf = (name: KernelName): Tile => tiles[name];
const groups = (threads: number, name: KernelName) => Math.ceil(threads / tileOf(name).WORKGROUP_SIZE);
const paddedSites = (p: KernelParams) => p.systems * 4 * tilesAlong(p.sites);
const blockEntries = (p: KernelParams) => p.rowCount * tilesAlong(p.columns);

/** Integer and floating-point operations behind a random coupling: ten rounds of Philox for four words, and a quantile. */
const DRAW_OPERATIONS = 100;

/** Tiles with a row of the block in them; they start at multiples of four, wherever the block does. */
const tilesAcross = (rowStart: number, rowCount: number) =>
  tilesAlong(rowStart + rowCount) - Math.floor(rowStart / REGISTER_TILE);

/** Times that `procedural-field-sphere` draws an entry of J: for every tile of components, and of systems that stand abreast. */
function drawsPerEntry({ systems, systemsPerCoupling, dimension }: KernelParams): number {
  const { COLUMN_QUADS } = tiles["procedural-field-sphere"];
  const quads = tilesAlong(dimension);
  const abreast = Math.min(4, Math.floor(COLUMN_QUADS / Math.min(quads, COLUMN_QUADS)));
  const systemTiles = Math.ceil(systemsPerCoupling / abreast);
  return (systems / systemsPerCoupling) * systemTiles * Math.ceil(quads / COLUMN_QUADS);
}

function perSite(name: KernelName, shader: URL, flopsPerSite: (p: KernelParams) => number): Kernel {
  return {
    name,
    shader,
    tile: tiles[name],
    workgroups: (p) => groups(paddedSites(p), name),
    flops: (p) => p.systems * p.sites * flopsPerSite(p),
  };
}

/** A kernel with a thread for every pair of sites. */
function perPair(name: KernelName, shader: URL, flopsPerPair: number): Kernel {
  return {
    name,
    shader,
    tile: tiles[name],
    workgroups: (p) => groups(p.sites * paddedSites(p), name),
    flops: (p) => p.systems * p.sites ** 2 * flopsPerPair,
  };
}

/** A kernel of attention rows: one workgroup takes ROWS of them, of one system and one split of the keys. */
function fused(name: FusedKernel, shader: URL, flopsPerPair: (p: KernelParams) => number): Kernel {
  return {
    name,
    shader,
    tile: tiles[name],
    workgroups: (p, tile) => p.systems * (p.splits ?? 1) * Math.ceil(p.rowCount / (tile.ROWS ?? p.rowCount)),
    flops: (p) => p.systems * p.rowCount * p.columns * flopsPerPair(p),
  };
}

export const kernels: Readonly<Record<KernelName, Kernel>> = {
  scores: {
    name: "scores",
    shader: new URL("../../shaders/scores.wgsl", import.meta.url),
    tile: tiles.scores,
    workgroups: (p) => groups(p.couplings * tilesAlong(p.rowCount) * tilesAlong(p.columns), "scores"),
    flops: (p) => 2 * p.couplings * p.rowCount * p.columns * p.dimension,
  },
  softmax: {
    name: "softmax",
    shader: new URL("../../shaders/softmax.wgsl", import.meta.url),
    tile: tiles.softmax,
    workgroups: (p) => p.couplings * p.rowCount,
    flops: (p) => 30 * p.couplings * p.rowCount * p.columns,
  },
  "field-binary": {
    name: "field-binary",
    shader: new URL("../../shaders/field-binary.wgsl", import.meta.url),
    tile: tiles["field-binary"],
    workgroups: (p) =>
      groups(
        (p.systems / p.systemsPerCoupling) * tilesAlong(p.rowCount) * tilesAlong(p.systemsPerCoupling),
        "field-binary",
      ),
    flops: (p) => 5 * p.systems * p.rowCount * p.columns,
  },
  "field-sphere": {
    name: "field-sphere",
    shader: new URL("../../shaders/field-sphere.wgsl", import.meta.url),
    tile: tiles["field-sphere"],
    workgroups: (p, { SUBGROUP, ROWS, VALUE_QUADS }) =>
      SUBGROUP > 0
        ? p.systems * Math.ceil(p.rowCount / ROWS) * Math.ceil(tilesAlong(p.dimension) / (SUBGROUP * VALUE_QUADS))
        : groups(p.systems * tilesAlong(p.rowCount) * tilesAlong(p.dimension), "field-sphere"),
    flops: (p) => p.systems * p.rowCount * p.columns * (2 * p.dimension + 3),
  },
  "attention-field-sphere": fused(
    "attention-field-sphere",
    new URL("../../shaders/attention-field-sphere.wgsl", import.meta.url),
    (p) => 2 * p.dimension + 2 * p.components + 12,
  ),
  "attention-field-binary": fused(
    "attention-field-binary",
    new URL("../../shaders/attention-field-binary.wgsl", import.meta.url),
    (p) => 2 * p.dimension + 14,
  ),
  "attention-reaction": fused(
    "attention-reaction",
    new URL("../../shaders/attention-reaction.wgsl", import.meta.url),
    (p) => 2 * p.dimension + 4 * p.components + 6,
  ),
  "attention-couplings": {
    name: "attention-couplings",
    shader: new URL("../../shaders/attention-couplings.wgsl", import.meta.url),
    tile: tiles["attention-couplings"],
    workgroups: (p, { ROWS }) => (p.systems / p.systemsPerCoupling) * Math.ceil(p.rowCount / ROWS),
    flops: (p) => (p.systems / p.systemsPerCoupling) * p.rowCount * p.columns * (2 * p.dimension + 4),
  },
  "attention-merge": {
    name: "attention-merge",
    shader: new URL("../../shaders/attention-merge.wgsl", import.meta.url),
    tile: tiles["attention-merge"],
    workgroups: (p) => groups(p.systems * 4 * tilesAlong(p.rowCount), "attention-merge"),
    flops: (p) => 2 * p.splits * p.systems * p.rowCount * p.componentStride,
  },
  "random-couplings": {
    name: "random-couplings",
    shader: new URL("../../shaders/random-couplings.wgsl", import.meta.url),
    tile: tiles["random-couplings"],
    workgroups: (p) =>
      groups(p.couplings * tilesAcross(p.rowStart, p.rowCount) * tilesAlong(p.columns), "random-couplings"),
    flops: (p) => DRAW_OPERATIONS * p.couplings * p.rowCount * p.columns,
  },
  "procedural-field-binary": {
    name: "procedural-field-binary",
    shader: new URL("../../shaders/procedural-field-binary.wgsl", import.meta.url),
    tile: tiles["procedural-field-binary"],
    workgroups: (p) => (p.systems / p.systemsPerCoupling) * tilesAlong(p.rowCount) * tilesAlong(p.systemsPerCoupling),
    flops: (p) => {
      const draws = (p.systems / p.systemsPerCoupling) * tilesAlong(p.systemsPerCoupling);
      return (DRAW_OPERATIONS * draws + 5 * p.systems) * p.rowCount * p.columns;
    },
  },
  "procedural-field-sphere": {
    name: "procedural-field-sphere",
    shader: new URL("../../shaders/procedural-field-sphere.wgsl", import.meta.url),
    tile: tiles["procedural-field-sphere"],
    workgroups: (p) => {
      const { WORKGROUP_SIZE, COLUMN_QUADS } = tiles["procedural-field-sphere"];
      return drawsPerEntry(p) * Math.ceil(p.rowCount / (REGISTER_TILE * (WORKGROUP_SIZE / COLUMN_QUADS)));
    },
    flops: (p) => (DRAW_OPERATIONS * drawsPerEntry(p) + p.systems * (2 * p.dimension + 3)) * p.rowCount * p.columns,
  },
  "concatenate-heads": {
    name: "concatenate-heads",
    shader: new URL("../../shaders/concatenate-heads.wgsl", import.meta.url),
    tile: tiles["concatenate-heads"],
    workgroups: (p) =>
      groups(p.models * 16 * tilesAlong(p.sites) * tilesAlong(p.heads * p.components), "concatenate-heads"),
    flops: () => 0,
  },
  "query-key-transform": {
    name: "query-key-transform",
    shader: new URL("../../shaders/query-key-transform.wgsl", import.meta.url),
    tile: tiles["query-key-transform"],
    workgroups: (p) => groups(p.couplings * 4 * tilesAlong(p.rows), "query-key-transform"),
    flops: (p) => 7 * p.couplings * p.rows * p.dimension,
  },
  "species-couplings": {
    name: "species-couplings",
    shader: new URL("../../shaders/species-couplings.wgsl", import.meta.url),
    tile: tiles["species-couplings"],
    workgroups: (p) => groups(p.couplings * 4 * blockEntries(p), "species-couplings"),
    flops: (p) => 2 * p.couplings * p.rowCount * p.columns,
  },
  "subtract-diagonal": {
    name: "subtract-diagonal",
    shader: new URL("../../shaders/subtract-diagonal.wgsl", import.meta.url),
    tile: tiles["subtract-diagonal"],
    workgroups: (p) => groups(paddedSites(p) * p.componentStride, "subtract-diagonal"),
    flops: (p) => 2 * p.systems * p.sites * p.componentStride,
  },
  "moment-weights": perSite(
    "moment-weights",
    new URL("../../shaders/moment-weights.wgsl", import.meta.url),
    (p) => 2 * p.components + 300,
  ),
  "binary-update": perSite("binary-update", new URL("../../shaders/binary-update.wgsl", import.meta.url), () => 600),
  "sphere-update": perSite(
    "sphere-update",
    new URL("../../shaders/sphere-update.wgsl", import.meta.url),
    (p) => 6 * p.dimension + 2000,
  ),
  "binary-sample": {
    name: "binary-sample",
    shader: new URL("../../shaders/binary-sample.wgsl", import.meta.url),
    tile: tiles["binary-sample"],
    workgroups: (p) => groups(p.systems * tilesAlong(p.sites), "binary-sample"),
    flops: (p) => p.systems * p.sites * (DRAW_OPERATIONS / 4 + 60),
  },
  "sphere-sample": perSite(
    "sphere-sample",
    new URL("../../shaders/sphere-sample.wgsl", import.meta.url),
    (p) => 3 * DRAW_OPERATIONS * p.dimension + 600,
  ),
  "sphere-tap-start": perSite(
    "sphere-tap-start",
    new URL("../../shaders/sphere-tap-start.wgsl", import.meta.url),
    (p) => 8 * p.dimension + 300,
  ),
  "sphere-tap": perSite(
    "sphere-tap",
    new URL("../../shaders/sphere-tap.wgsl", import.meta.url),
    (p) => 40 * p.dimension + 1200,
  ),
  "reaction-weights": {
    name: "reaction-weights",
    shader: new URL("../../shaders/reaction-weights.wgsl", import.meta.url),
    tile: tiles["reaction-weights"],
    workgroups: (p) => groups(p.systems * blockEntries(p), "reaction-weights"),
    flops: (p) => 3 * p.systems * p.rowCount * p.columns,
  },
  "clustering-field": perSite(
    "clustering-field",
    new URL("../../shaders/clustering-field.wgsl", import.meta.url),
    // Of four components.
    (p) => 40 * p.sites,
  ),
  "clustering-map": perSite(
    "clustering-map",
    new URL("../../shaders/clustering-map.wgsl", import.meta.url),
    (p) => 6 * p.dimension,
  ),
  "clustering-flow": perSite(
    "clustering-flow",
    new URL("../../shaders/clustering-flow.wgsl", import.meta.url),
    (p) => 15 * p.dimension,
  ),
  "sphere-diffusion": perSite(
    "sphere-diffusion",
    new URL("../../shaders/sphere-diffusion.wgsl", import.meta.url),
    (p) => 40 * p.dimension,
  ),
  "matrix-product": {
    name: "matrix-product",
    shader: new URL("../../shaders/matrix-product.wgsl", import.meta.url),
    tile: tiles["matrix-product"],
    workgroups: (p) => groups(p.systems * tilesAlong(p.sites) ** 2, "matrix-product"),
    flops: (p) => 2 * p.systems * p.sites ** 3,
  },
  "row-sums": perSite("row-sums", new URL("../../shaders/row-sums.wgsl", import.meta.url), (p) => 2 * p.sites),
  "delayed-correlations": perPair(
    "delayed-correlations",
    new URL("../../shaders/delayed-correlations.wgsl", import.meta.url),
    10,
  ),
  "equal-time-correlations": perPair(
    "equal-time-correlations",
    new URL("../../shaders/equal-time-correlations.wgsl", import.meta.url),
    600,
  ),
  "pair-fields": perPair("pair-fields", new URL("../../shaders/pair-fields.wgsl", import.meta.url), 15),
  "pair-means": perPair("pair-means", new URL("../../shaders/pair-means.wgsl", import.meta.url), 1200),
  "sphere-delayed-correlations": perPair(
    "sphere-delayed-correlations",
    new URL("../../shaders/sphere-delayed-correlations.wgsl", import.meta.url),
    20,
  ),
  "site-distance": perSite(
    "site-distance",
    new URL("../../shaders/site-distance.wgsl", import.meta.url),
    (p) => 3 * p.components,
  ),
  reduce: {
    name: "reduce",
    shader: new URL("../../shaders/reduce.wgsl", import.meta.url),
    tile: tiles.reduce,
    workgroups: (p) => p.batch * p.columns * p.chunks,
    flops: (p) => p.batch * p.columns * p.rows,
  },
  "chain-overlap": {
    name: "chain-overlap",
    shader: new URL("../../shaders/chain-overlap.wgsl", import.meta.url),
    tile: tiles["chain-overlap"],
    workgroups: (p) => groups(paddedSites(p) / p.chains, "chain-overlap"),
    flops: (p) => 4 * p.systems * p.sites * p.components,
  },
  "chain-scalars": perSite(
    "chain-scalars",
    new URL("../../shaders/chain-scalars.wgsl", import.meta.url),
    (p) => 8 * p.components + 40,
  ),
  accumulate: {
    name: "accumulate",
    shader: new URL("../../shaders/accumulate.wgsl", import.meta.url),
    tile: tiles.accumulate,
    workgroups: (p) => groups(p.length / 4, "accumulate"),
    flops: (p) => p.length,
  },
  "accumulate-products": {
    name: "accumulate-products",
    shader: new URL("../../shaders/accumulate-products.wgsl", import.meta.url),
    tile: tiles["accumulate-products"],
    workgroups: (p) => groups(p.sets * p.blocks * tilesAlong(p.sites) ** 2, "accumulate-products"),
    flops: (p) => 2 * p.sets * p.chains * p.sites ** 2 * p.componentStride,
  },
  "anderson-record": {
    name: "anderson-record",
    shader: new URL("../../shaders/anderson-record.wgsl", import.meta.url),
    tile: tiles["anderson-record"],
    workgroups: (p) => groups(p.systems * p.length, "anderson-record"),
    flops: (p) => 3 * p.systems * p.length,
  },
  "anderson-gram": {
    name: "anderson-gram",
    shader: new URL("../../shaders/anderson-gram.wgsl", import.meta.url),
    tile: tiles["anderson-gram"],
    workgroups: (p) => p.systems * p.filled,
    flops: (p) => 2 * p.systems * p.length * p.filled,
  },
  "anderson-solve": {
    name: "anderson-solve",
    shader: new URL("../../shaders/anderson-solve.wgsl", import.meta.url),
    tile: tiles["anderson-solve"],
    workgroups: (p) => groups(p.systems, "anderson-solve"),
    flops: (p) => 200 * p.systems,
  },
  "anderson-mix": {
    name: "anderson-mix",
    shader: new URL("../../shaders/anderson-mix.wgsl", import.meta.url),
    tile: tiles["anderson-mix"],
    workgroups: (p) => groups(p.systems * p.length, "anderson-mix"),
    flops: (p) => 15 * p.systems * p.length,
  },
  "component-gram": {
    name: "component-gram",
    shader: new URL("../../shaders/component-gram.wgsl", import.meta.url),
    tile: tiles["component-gram"],
    workgroups: (p) => p.systems * tilesAlong(p.dimension) ** 2,
    flops: (p) => 2 * p.systems * p.sites * p.dimension ** 2,
  },
  "site-directions": perSite(
    "site-directions",
    new URL("../../shaders/site-directions.wgsl", import.meta.url),
    (p) => 5 * p.components,
  ),
  "site-energies": perSite(
    "site-energies",
    new URL("../../shaders/site-energies.wgsl", import.meta.url),
    (p) => 6 * p.components + 20_000,
  ),
  "site-mismatch": perSite(
    "site-mismatch",
    new URL("../../shaders/site-mismatch.wgsl", import.meta.url),
    (p) => 10 * p.components + 80_000,
  ),
  "tangent-update": perSite(
    "tangent-update",
    new URL("../../shaders/tangent-update.wgsl", import.meta.url),
    (p) => 8 * p.components + 1500,
  ),
  deflate: perSite("deflate", new URL("../../shaders/deflate.wgsl", import.meta.url), (p) => 3 * p.components),
  housekeeping: {
    name: "housekeeping",
    shader: new URL("../../shaders/housekeeping.wgsl", import.meta.url),
    tile: tiles.housekeeping,
    workgroups: (p) => p.systems * Math.ceil((4 * tilesAlong(p.sites)) / tiles.housekeeping.TILE),
    flops: (p) => p.systems * p.sites ** 2 * (4 * p.components + 10),
  },
  "score-gaps": {
    name: "score-gaps",
    shader: new URL("../../shaders/score-gaps.wgsl", import.meta.url),
    tile: tiles["score-gaps"],
    workgroups: (p) => p.couplings * p.rowCount,
    flops: (p) => 4 * p.couplings * p.rowCount * p.columns,
  },
};
