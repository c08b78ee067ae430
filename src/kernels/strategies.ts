/**
 * Strategies of the fused attention kernels: which shader computes, with which tile, on which adapter. A choice depends
 * on the adapter, the kernel and the shape of one system alone, never on how full a batch is, so that no batch reorders a
 * sum; it is stored with results.
 */
import { type MatrixConfiguration, matrixPrecisions, matrixTile } from "./matrix-tile.js";
import { portableBinaryTile, portableCouplingsTile, portableReactionTile } from "./portable-rows-tile.js";
import { portableTile } from "./portable-tile.js";
import { tiles } from "./tiles.js";

export const fusedStrategies = ["portable", "subgroups", "subgroup-matrix"] as const;
export type FusedStrategy = (typeof fusedStrategies)[number];

/** What the products Q Kᵀ and J m are made of: f32, or f16 in one part or in two. All else is f32. */
export const fusedPrecisions = ["f32", ...matrixPrecisions] as const;
export type FusedPrecision = (typeof fusedPrecisions)[number];

/** The kernels that carry attention whose J is not stored. */
export const fusedKernels = ["attention-field-sphere", "attention-field-binary", "attention-reaction"] as const;
export type FusedKernel = (typeof fusedKernels)[number];

/** Those that make a stored J, or take it: they are chosen by the adapter and the shape, and not tuned. */
export const denseKernels = ["field-sphere", "attention-couplings"] as const;
export type DenseKernel = (typeof denseKernels)[number];

export type StrategyKernel = FusedKernel | DenseKernel;

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
  readonly kernel: StrategyKernel;
  readonly strategy: FusedStrategy;
  readonly precision: FusedPrecision;
  readonly shader: string;
  readonly tile: KernelTile;
}

/** Constants of a shader. ROWS are those of a workgroup, where one has whole rows. */
export type KernelTile = Readonly<Record<string, number | boolean>> & { readonly ROWS?: number };

/** Largest d and D of the fused kernels, and largest d of `attention-couplings`. */
export const LARGEST_DIMENSION = 256;

/** The tile of every kernel in the strategy "portable". */
const portableTiles: Readonly<Record<StrategyKernel, (shape: AttentionShape, software: boolean) => KernelTile>> = {
  "attention-field-sphere": ({ dimension, components }, software) => portableTile(dimension, components, software),
  "attention-field-binary": () => portableBinaryTile,
  "attention-reaction": portableReactionTile,
  "attention-couplings": () => portableCouplingsTile,
  "field-sphere": () => tiles["field-sphere"],
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
const subgroupTiles: Readonly<Record<StrategyKernel, (lanes: number, shape: AttentionShape) => KernelTile>> = {
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
  "attention-couplings": (lanes, { dimension }) => {
    const SCORE_QUADS = quadsALane(dimension, lanes);
    const { SUBGROUP, ROWS } = subgroupRows(lanes, SCORE_QUADS, 32);
    return { SUBGROUP, ROWS, KEYS: 1, SCORE_QUADS };
  },
  "field-sphere": (lanes, { components }) => {
    // Two quads a lane of eight; more components are more workgroups, which read J again.
    const quads = quadsALane(components, lanes);
    const VALUE_QUADS = Math.ceil(quads / Math.ceil(quads / Math.max(1, Math.floor(16 / lanes))));
    const { SUBGROUP, ROWS } = subgroupRows(lanes, VALUE_QUADS, 32);
    return { SUBGROUP, ROWS, KEYS: 2, CHUNK: FIELD_CHUNK, VALUE_QUADS };
  },
};

/** Terms that the plain product sums before they join the total, in both strategies. */
const FIELD_CHUNK = 4 * tiles["field-sphere"].CHUNK;

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
    kernel: StrategyKernel,
    traits: AdapterTraits,
    shape: AttentionShape,
    precision: FusedPrecision,
  ) => KernelTile | string;
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

/** The variant of a kernel, or a sentence that says why there is none. */
export function kernelVariant(
  kernel: StrategyKernel,
  strategy: FusedStrategy,
  traits: AdapterTraits,
  shape: AttentionShape,
  precision: FusedPrecision = "f32",
): KernelVariant | string {
  const { dimension, components } = shape;
  if (kernel !== "field-sphere" && Math.max(dimension, components) > LARGEST_DIMENSION) {
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

/**
 * D up to which the strategy "subgroups" of `field-sphere` leaves too many lanes without components: with N = 1024 and D = 3,
 * 8, 16 it takes 1.6, 1.4, 0.76 of the processor time of "portable" on lavapipe, 2.9, 1.7, 0.73 on SwiftShader (2026-11-22).
 */
const NARROW = 8;

/** The variant of a dense kernel on an adapter; "portable" takes every shape that there is. */
export function denseVariant(kernel: DenseKernel, traits: AdapterTraits, shape: AttentionShape): KernelVariant {
  const narrow = kernel === "field-sphere" && shape.components <= NARROW;
  const order = narrow ? (["portable"] as const) : strategyOrder(traits);
  for (const strategy of order) {
    const variant = kernelVariant(kernel, strategy, traits, shape);
    if (typeof variant !== "string") return variant;
  }
  throw new Error(`${kernel} has no strategy for d = ${shape.dimension}`);
}

/**
 * True where J of frozen attention is worth keeping, if it fits, after a first step that was fused: it is made for two thirds
 * of what that took, and a product with it takes half of it. Measured on software adapters with subgroups alone; without,
 * making J takes up to three fused steps (bench/RESULTS.md, 2026-11-22).
 */
export function keepsFrozenCouplings({ software, subgroupSize }: AdapterTraits): boolean {
  return software && subgroupSize !== undefined;
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
