/**
 * The kernels: one record each. Dispatch arithmetic, work and traffic follow from the parameters alone; nothing here
 * touches a device. The engine, the tests and the benchmarks read this table.
 */
import { REGISTER_TILE, tiles } from "./tiles.js";

export type KernelName = keyof typeof tiles;
export type KernelParams = Readonly<Record<string, number>>;

/** The shared shader files, by the path that `// @import` lines use. Literal URLs, so that bundlers find the files. */
export const sharedShaders: Readonly<Record<string, URL>> = {
  "lib/dispatch.wgsl": new URL("../../shaders/lib/dispatch.wgsl", import.meta.url),
  "lib/philox.wgsl": new URL("../../shaders/lib/philox.wgsl", import.meta.url),
  "lib/inverse-normal.wgsl": new URL("../../shaders/lib/inverse-normal.wgsl", import.meta.url),
  "lib/exponential.wgsl": new URL("../../shaders/lib/exponential.wgsl", import.meta.url),
  "lib/hyperbolic.wgsl": new URL("../../shaders/lib/hyperbolic.wgsl", import.meta.url),
  "lib/bessel-ratio.wgsl": new URL("../../shaders/lib/bessel-ratio.wgsl", import.meta.url),
  "lib/responses.wgsl": new URL("../../shaders/lib/responses.wgsl", import.meta.url),
};

export interface Kernel {
  /** `shaders/NAME.wgsl` and its twin `src/reference/NAME.ts`. */
  readonly name: KernelName;
  readonly shader: URL;
  readonly tile: Readonly<Record<string, number>>;
  /** Workgroups, counted linearly. */
  readonly workgroups: (params: KernelParams) => number;
  /** Floating-point operations, a multiply-add counted as two. */
  readonly flops: (params: KernelParams) => number;
}

const tilesAlong = (n: number) => Math.ceil(n / REGISTER_TILE);
const groups = (threads: number, name: KernelName) => Math.ceil(threads / tiles[name].WORKGROUP_SIZE);
const paddedSites = (p: KernelParams) => p.systems * 4 * tilesAlong(p.sites);
const blockEntries = (p: KernelParams) => p.rowCount * tilesAlong(p.columns);

function perSite(name: KernelName, shader: URL, flopsPerSite: (p: KernelParams) => number): Kernel {
  return {
    name,
    shader,
    tile: tiles[name],
    workgroups: (p) => groups(paddedSites(p), name),
    flops: (p) => p.systems * p.sites * flopsPerSite(p),
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
    workgroups: (p) => groups(p.systems * tilesAlong(p.rowCount) * tilesAlong(p.dimension), "field-sphere"),
    flops: (p) => p.systems * p.rowCount * p.columns * (2 * p.dimension + 3),
  },
  "gaussian-couplings": {
    name: "gaussian-couplings",
    shader: new URL("../../shaders/gaussian-couplings.wgsl", import.meta.url),
    tile: tiles["gaussian-couplings"],
    workgroups: (p) => groups(p.couplings * blockEntries(p), "gaussian-couplings"),
    flops: (p) => 60 * p.couplings * p.rowCount * p.columns,
  },
  "concatenate-heads": {
    name: "concatenate-heads",
    shader: new URL("../../shaders/concatenate-heads.wgsl", import.meta.url),
    tile: tiles["concatenate-heads"],
    workgroups: (p) =>
      groups(p.models * 16 * tilesAlong(p.sites) * tilesAlong(p.heads * p.components), "concatenate-heads"),
    flops: () => 0,
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
};
