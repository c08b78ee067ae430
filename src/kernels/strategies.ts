/**
 * Strategies of the fused attention kernels: which shader computes, with which tile, on which adapter. A choice depends
 * on the adapter, the kernel and the shape of one system alone, never on how full a batch is, so that no batch reorders a
 * sum; it is stored with results.
 */
import { type MatrixConfiguration, matrixPrecisions, matrixTile } from "./matrix-tile.js";
import { portableBinaryTile, portableReactionTile } from "./portable-rows-tile.js";
import { portableTile } from "./portable-tile.js";

export const fusedStrategies = ["portable", "subgroups", "subgroup-matrix"] as const;
export type FusedStrategy = (typeof fusedStrategies)[number];

/** What the products Q Kᵀ and J m are made of: f32, or f16 in one part or in two. All else is f32. */
export const fusedPrecisions = ["f32", ...matrixPrecisions] as const;
export type FusedPrecision = (typeof fusedPrecisions)[number];

/** The kernels that have strategies. */
export const fusedKernels = ["attention-field-sphere", "attention-field-binary", "attention-reaction"] as const;
export type FusedKernel = (typeof fusedKernels)[number];

/** What of an adapter decides between strategies. */
export interface AdapterTraits {
  /** A CPU behind the interface: barriers are emulated, and compiling costs more than running. */
  readonly software: boolean;
  /** Lanes of every subgroup, where the feature is granted and the size is fixed. */
  readonly subgroupSize: number | undefined;
  /** What a workgroup may have, where it is more than WebGPU promises everywhere. */
  readonly workgroup?: { readonly invocations: number; readonly bytes: number };
  /** The subgroup matrices that it multiplies, or a sentence that says why it multiplies none. */
  readonly matrices?: MatrixConfiguration | string;
  /** What `onsager tune` found to be the fastest way for a shape, where it has measured on this adapter. */
  readonly tuned?: (kernel: FusedKernel, shape: AttentionShape) => KernelVariant | undefined;
}

/** The shape of one system, as far as it matters. */
export interface AttentionShape {
  readonly sites: number;
  /** d of queries and keys. */
  readonly dimension: number;
  /** D of the state; 1 for binary spins. */
  readonly components: number;
}

/** One shader text of a kernel: `shaders/SHADER.wgsl` with these constants. */
export interface KernelVariant {
  readonly kernel: FusedKernel;
  readonly strategy: FusedStrategy;
  readonly precision: FusedPrecision;
  readonly shader: string;
  readonly tile: FusedTile;
}

/** Constants of a shader. ROWS are those of a workgroup. */
export type FusedTile = Readonly<Record<string, number | boolean>> & { readonly ROWS: number };

/** Largest d and D of the fused kernels. */
export const LARGEST_DIMENSION = 256;

/** The tile of every kernel in the strategy "portable". */
const portableTiles: Readonly<Record<FusedKernel, (shape: AttentionShape, software: boolean) => FusedTile>> = {
  "attention-field-sphere": ({ dimension, components }, software) => portableTile(dimension, components, software),
  "attention-field-binary": () => portableBinaryTile,
  "attention-reaction": portableReactionTile,
};

/** Quads of private memory that the rows of a subgroup may take a lane, for each array that holds them. */
export const QUADS_A_LANE = 64;

/**
 * The tile of every kernel in the strategy "subgroups": with vectors one key at a time is fastest, with numbers two.
 *
 * attention-field-sphere, N = 1024, d = 64, milliseconds of processor time on lavapipe 25.0.7, 2026-11-22: 32 rows and 1, 2,
 * 4 keys 10.8, 14.9, 13.3; 16 rows half as fast, 64 rows no faster and 3 s to compile. The reaction holds queries, means
 * and sums, and takes half as many rows.
 */
const subgroupTiles: Readonly<Record<FusedKernel, (lanes: number, shape: AttentionShape) => FusedTile>> = {
  "attention-field-sphere": (lanes, { dimension, components }) => {
    const [SCORE_QUADS, VALUE_QUADS] = [quadsALane(dimension, lanes), quadsALane(components, lanes)];
    return { ...subgroupRows(lanes, Math.max(SCORE_QUADS, VALUE_QUADS), 32), KEYS: 1, SCORE_QUADS, VALUE_QUADS };
  },
  "attention-field-binary": (lanes, { dimension }) => {
    const SCORE_QUADS = quadsALane(dimension, lanes);
    return { ...subgroupRows(lanes, SCORE_QUADS, 32), KEYS: 2, SCORE_QUADS };
  },
  "attention-reaction": (lanes, { dimension, components }) => {
    const [SCORE_QUADS, VALUE_QUADS] = [quadsALane(dimension, lanes), quadsALane(components, lanes)];
    return { ...subgroupRows(lanes, 2 * Math.max(SCORE_QUADS, VALUE_QUADS), 16), KEYS: 1, SCORE_QUADS, VALUE_QUADS };
  },
};

const quadsALane = (length: number, lanes: number) => Math.ceil(Math.ceil(length / 4) / lanes);

/** Keys summed before they join the total: with 256 a row of 256 equal terms was off by 2e-7 a step, and 10 % faster. */
const CHUNK = 64;

function subgroupRows(lanes: number, quads: number, most: number) {
  const rows = Math.min(most, Math.floor(QUADS_A_LANE / quads));
  return { SUBGROUP: lanes, ROWS: lanes * Math.max(1, Math.floor(rows / lanes)), CHUNK };
}

interface Way {
  readonly precisions: readonly FusedPrecision[];
  /** What the name of a shader has behind the kernel. */
  readonly suffix: string;
  /** Or a sentence that says why there is none. */
  readonly tile: (
    kernel: FusedKernel,
    traits: AdapterTraits,
    shape: AttentionShape,
    precision: FusedPrecision,
  ) => FusedTile | string;
}

const ways: Readonly<Record<FusedStrategy, Way>> = {
  portable: {
    precisions: ["f32"],
    suffix: "",
    tile: (kernel, { software }, shape) => portableTiles[kernel](shape, software),
  },
  subgroups: {
    precisions: ["f32"],
    suffix: "-subgroups",
    tile: (kernel, { subgroupSize }, shape) =>
      subgroupSize === undefined
        ? "the adapter has no subgroups of one fixed size"
        : subgroupTiles[kernel](subgroupSize, shape),
  },
  "subgroup-matrix": {
    precisions: matrixPrecisions,
    suffix: "-matrix",
    tile: (kernel, { matrices = "the adapter has no subgroup matrices" }, { dimension, components }, precision) => {
      if (kernel !== "attention-field-sphere") return `${kernel} multiplies no matrices`;
      if (typeof matrices === "string") return matrices;
      return matrixTile(dimension, components, precision === "f16" ? "f16" : "split-f16", matrices);
    },
  },
};

/** The precisions that a strategy has. */
export const precisionsOf = (strategy: FusedStrategy) => ways[strategy].precisions;

/** The variant of a fused kernel, or a sentence that says why there is none. */
export function kernelVariant(
  kernel: FusedKernel,
  strategy: FusedStrategy,
  traits: AdapterTraits,
  shape: AttentionShape,
  precision: FusedPrecision = "f32",
): KernelVariant | string {
  const { dimension, components } = shape;
  if (Math.max(dimension, components) > LARGEST_DIMENSION) {
    return `the fused kernels go up to d = D = ${LARGEST_DIMENSION}, found d = ${dimension}, D = ${components}`;
  }
  const { precisions, suffix, tile: tileOf } = ways[strategy];
  if (!precisions.includes(precision)) return `${strategy} computes in ${precisions.join(" or ")} only`;
  const tile = tileOf(kernel, traits, shape, precision);
  return typeof tile === "string" ? tile : { kernel, strategy, precision, shader: `${kernel}${suffix}`, tile };
}

/** Strategies of f32 in the order in which they are tried. Other precisions are taken when asked for. Workgroup memory is emulated on a CPU, and fast on a GPU. */
export function strategyOrder({ software }: AdapterTraits): readonly FusedStrategy[] {
  return software ? ["subgroups", "portable"] : ["portable", "subgroups"];
}

/** Workgroups that fill a device: two for each of 132 multiprocessors, or some for each processor of a software adapter. */
const WORKGROUPS_TO_FILL = { hardware: 264, software: 8 } as const;

/** Keys that a split is worth its second pass for. */
const KEYS_A_SPLIT = 256;

/** Parts that the keys of one system of so many sites are split into, for workgroups of `rows` rows. */
export function keySplits({ software }: AdapterTraits, sites: number, rows: number): number {
  const wanted = WORKGROUPS_TO_FILL[software ? "software" : "hardware"] / Math.ceil(sites / rows);
  return Math.max(1, Math.min(Math.ceil(wanted), Math.floor(sites / KEYS_A_SPLIT)));
}

/**
 * Operations that one dispatch may take: a second of a desktop GPU at most, since drivers take a device that is busy for
 * much longer for one that hangs; and on a software adapter what keeps progress visible.
 */
const OPERATIONS_PER_DISPATCH = { hardware: 4e12, software: 2e9 } as const;

/** Rows that one dispatch takes, a multiple of `multiple`, where all systems together take `operations` a row. */
export function rowsPerDispatch({ software }: AdapterTraits, operations: number, multiple: number): number {
  const rows = OPERATIONS_PER_DISPATCH[software ? "software" : "hardware"] / operations;
  return multiple * Math.max(1, Math.floor(rows / multiple));
}
