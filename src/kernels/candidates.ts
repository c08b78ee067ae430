/**
 * What `onsager tune` chooses from: a small table of changes to the default tiles of every fused kernel, and the shapes
 * that stand for all others.
 */
import {
  type AdapterTraits,
  type AttentionShape,
  type FusedKernel,
  type FusedStrategy,
  kernelVariant,
  type KernelVariant,
  QUADS_A_LANE,
  strategyOrder,
} from "./strategies.js";

/** Numbers by which a candidate differs from the default of its strategy; none for the default itself. */
export type TileChange = Readonly<Record<string, number>>;

/** A variant, and what makes it out of the default one: the change, unlike the tile, means the same for every shape. */
export interface Candidate extends KernelVariant {
  readonly kernel: FusedKernel;
  readonly change: TileChange;
}

/** Of f32: numbers alone. */
type Tile = Readonly<Record<string, number>>;

/** Rows in multiples of the subgroup size, and keys taken in at once. */
const SUBGROUP_CHANGES: readonly TileChange[] = [
  { ROW_GROUPS: 1, KEYS: 1 },
  { ROW_GROUPS: 1, KEYS: 2 },
  { ROW_GROUPS: 1, KEYS: 4 },
  { ROW_GROUPS: 2, KEYS: 2 },
  { ROW_GROUPS: 2, KEYS: 4 },
  { ROW_GROUPS: 4, KEYS: 1 },
  { ROW_GROUPS: 4, KEYS: 4 },
];

const PORTABLE_CHANGES: Readonly<Record<FusedKernel, readonly TileChange[]>> = {
  "attention-field-sphere": [
    { WORKGROUP_SIZE: 256 },
    { ROWS_A_THREAD: 8 },
    { KEYS_A_THREAD: 4 },
    { COLUMN_LANES: 16 },
    { UNROLL: 1 },
  ],
  "attention-field-binary": [{ ROWS: 32 }, { ROWS: 128 }, { KEY_THREADS: 16, DEPTH: 8 }, { DEPTH: 8 }],
  "attention-reaction": [{ ROWS: 64 }, { KEY_THREADS: 16 }, { DEPTH: 2 }, { DEPTH: 8 }],
};

/** Quads that a thread of the strategy "portable" may hold in scores and sums. */
const QUADS_A_THREAD = 64;

/** What WebGPU promises everywhere. */
const SMALLEST_WORKGROUP = { invocations: 256, bytes: 16384 } as const;

const QUAD_BYTES = 16;

/**
 * The candidates of a kernel for a shape, all of f32, each once and within the limits of the adapter; the first is the
 * default of the adapter. Empty if no strategy takes the shape.
 */
export function candidates(kernel: FusedKernel, traits: AdapterTraits, shape: AttentionShape): Candidate[] {
  const found = new Map<string, Candidate>();
  for (const strategy of strategyOrder(traits)) {
    const variant = kernelVariant(kernel, strategy, traits, shape);
    if (typeof variant === "string") continue;
    for (const change of [{}, ...changesOf(kernel, strategy)]) {
      const tile = changedTile({ ...variant, kernel }, change, traits, shape);
      if (tile === undefined) continue;
      const key = JSON.stringify([strategy, Object.entries(tile).sort()]);
      if (!found.has(key)) found.set(key, { ...variant, kernel, tile, change });
    }
  }
  return [...found.values()];
}

function changesOf(kernel: FusedKernel, strategy: FusedStrategy): readonly TileChange[] {
  if (strategy === "subgroups") return SUBGROUP_CHANGES;
  return strategy === "portable" ? PORTABLE_CHANGES[kernel] : [];
}

/** The tile with a change, or undefined where that does not go: by the limits, or because the tile has no such number. */
function changedTile(
  { kernel, strategy, tile: preset }: Omit<Candidate, "change">,
  change: TileChange,
  { workgroup = SMALLEST_WORKGROUP }: AdapterTraits,
  shape: AttentionShape,
): Tile | undefined {
  const tile = preset as Tile;
  if (Object.keys(change).length === 0) return tile;
  if (strategy === "subgroups") return subgroupTile(kernel, tile, change);
  const changed =
    "COLUMN_LANES" in tile ? outerProductTile(tile, change, shape) : innerProductTile(tile, change, shape);
  return changed && changed.threads <= workgroup.invocations && changed.bytes <= workgroup.bytes
    ? changed.tile
    : undefined;
}

function subgroupTile(kernel: FusedKernel, tile: Tile, { ROW_GROUPS, KEYS }: TileChange): Tile | undefined {
  const ROWS = ROW_GROUPS * tile.SUBGROUP;
  const quads = (kernel === "attention-reaction" ? 2 : 1) * Math.max(tile.SCORE_QUADS, tile.VALUE_QUADS ?? 1);
  return ROWS * quads <= QUADS_A_LANE ? { ...tile, ROWS, KEYS } : undefined;
}

interface PortableTile {
  readonly tile: Tile;
  readonly threads: number;
  readonly bytes: number;
}

/** Of `attention-field-sphere`, see `portable-tile.ts`. */
function outerProductTile(tile: Tile, change: TileChange, { components }: AttentionShape): PortableTile | undefined {
  const {
    WORKGROUP_SIZE = tile.WORKGROUP_SIZE,
    COLUMN_LANES = tile.COLUMN_LANES,
    ROWS_A_THREAD = (tile.ROWS * tile.COLUMN_LANES) / tile.WORKGROUP_SIZE,
    KEYS_A_THREAD = tile.KEYS / tile.COLUMN_LANES,
    ...rest
  } = change;
  if (Object.keys(rest).some((name) => !(name in tile))) return undefined;
  const ROWS = (WORKGROUP_SIZE / COLUMN_LANES) * ROWS_A_THREAD;
  const KEYS = COLUMN_LANES * KEYS_A_THREAD;
  const VALUE_QUADS = Math.ceil(Math.ceil(components / 4) / COLUMN_LANES);
  if ((KEYS_A_THREAD * ROWS_A_THREAD) / 4 + 2 * ROWS_A_THREAD * VALUE_QUADS > QUADS_A_THREAD) return undefined;
  const { SCORE_DEPTH, VALUE_DEPTH } = tile;
  const staged = (depth: number, length: number) => depth * (length / 4) + (depth / 4) * SKEW;
  const left = staged(Math.max(SCORE_DEPTH, VALUE_DEPTH), ROWS);
  const right = Math.max(staged(SCORE_DEPTH, KEYS), VALUE_DEPTH * COLUMN_LANES * VALUE_QUADS);
  return {
    tile: { ...tile, WORKGROUP_SIZE, COLUMN_LANES, ROWS, KEYS, VALUE_QUADS, ...rest },
    threads: WORKGROUP_SIZE,
    bytes: QUAD_BYTES * (left + right + (COLUMN_LANES * ROWS) / 4),
  };
}

/** SKEW of `shaders/attention-field-sphere.wgsl`. */
const SKEW = 2;

/** Rows of a thread of the kernels that import `shaders/lib/attention-tile.wgsl`, see `portable-rows-tile.ts`. */
const ROWS_OF_THREAD = 4;

function innerProductTile(tile: Tile, change: TileChange, { components }: AttentionShape): PortableTile | undefined {
  if (Object.keys(change).some((name) => !(name in tile))) return undefined;
  const { ROWS, KEY_THREADS, DEPTH, ...rest } = { ...tile, ...change };
  const ROW_THREADS = ROWS / ROWS_OF_THREAD;
  // The threads of a row of binary spins meet in what is staged; weights of a reaction pass through memory of their own.
  const isReaction = "VALUE_QUADS" in tile;
  if (!isReaction && DEPTH < KEY_THREADS / 2) return undefined;
  const quads = 2 * ROWS * DEPTH + (isReaction ? ROWS * ROW_THREADS : 0);
  return {
    tile: {
      ...rest,
      ROWS,
      ROW_THREADS,
      KEY_THREADS,
      DEPTH,
      ...(isReaction && { VALUE_QUADS: Math.ceil(Math.ceil(components / 4) / KEY_THREADS) }),
    },
    threads: ROW_THREADS * KEY_THREADS,
    bytes: QUAD_BYTES * quads,
  };
}

/** N and d = D of the shapes that are measured. */
export const tunedSites = [256, 1024, 4096, 16384, 65536] as const;
export const tunedDimensions = [16, 64, 128] as const;

/** All shapes of which one is measured. */
export interface ShapeBucket {
  /** The largest N; the last bucket has every larger one too. */
  readonly sites: number;
  /** The largest d and D. */
  readonly dimension: number;
}

/** The bucket of a shape; undefined for a d or D above all that are measured. */
export function bucketOf({ sites, dimension, components }: AttentionShape): ShapeBucket | undefined {
  const largest = tunedDimensions.find((limit) => Math.max(dimension, components) <= limit);
  if (largest === undefined) return undefined;
  return { sites: tunedSites.find((limit) => sites <= limit) ?? tunedSites[tunedSites.length - 1], dimension: largest };
}

/** The shape that is measured for a bucket. */
export function shapeOfBucket(kernel: FusedKernel, { sites, dimension }: ShapeBucket): AttentionShape {
  return { sites, dimension, components: kernel === "attention-field-binary" ? 1 : dimension };
}
