/**
 * The strategy "subgroup-matrix" of the fused attention kernel: whether an adapter can run it, and its tile as a function
 * of d, D, the precision and the matrices of the adapter. See `shaders/attention-field-sphere-matrix.wgsl`.
 */

export const matrixPrecisions = ["f16", "split-f16"] as const;
export type MatrixPrecision = (typeof matrixPrecisions)[number];

/** What the device has to be opened with. */
export const MATRIX_FEATURES = ["chromium-experimental-subgroup-matrix", "shader-f16", "subgroups"] as const;

/** One entry of `adapter.info.subgroupMatrixConfigs`: M × K times K × N gives M × N. */
export interface MatrixShape {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** What of an adapter decides whether there are matrices to multiply, and how. */
export interface MatrixTraits {
  /** Those of the device, once it is open. */
  readonly features: ReadonlySet<string>;
  readonly matrixShapes: readonly MatrixShape[];
  readonly subgroupMinSize: number;
  readonly subgroupMaxSize: number;
  /** The granted `maxComputeWorkgroupStorageSize`, in bytes. */
  readonly workgroupStorage: number;
  /** The granted `maxComputeInvocationsPerWorkgroup`. */
  readonly workgroupInvocations: number;
}

/** The matrices that are multiplied, and what a workgroup may hold of them. */
export interface MatrixConfiguration {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  /** Of every subgroup. */
  readonly lanes: number;
  /** Bytes. */
  readonly workgroupStorage: number;
}

/** Subgroups of a workgroup. */
const GROUPS = 4;

/**
 * Keys summed within the matrices before they join the total in f32. Matrix units may round towards zero, which adds up:
 * simulated so, with addends cut to 25 bits, split-f16 has 1.2-1.6 times the error of f32 sums at 256 keys and 3-6 times
 * at 1024, and f16 the same at any number (N = 1024 and 8192, d = 64 and 256, 2026-11-22).
 */
const KEYS_A_CHUNK = { f16: 1024, "split-f16": 256 } as const;

const KEYS_AT_ONCE = [64, 48, 32, 16];

/**
 * Workgroup memory that one workgroup takes, unless no tile fits into it. With more, fewer of them share a multiprocessor,
 * and none of them hides the latency of another.
 */
const STORAGE_TAKEN = 32_768;

/** The matrices to multiply on an adapter, or a sentence that says why there are none. */
export function matrixConfiguration(traits: MatrixTraits): MatrixConfiguration | string {
  const { features, matrixShapes, subgroupMinSize, subgroupMaxSize } = traits;
  const missing = MATRIX_FEATURES.find((feature) => !features.has(feature));
  if (missing !== undefined) return `the adapter has no ${missing}`;
  if (subgroupMinSize !== subgroupMaxSize) return "the adapter has no subgroups of one fixed size";
  const lanes = subgroupMinSize;
  if (GROUPS * lanes > traits.workgroupInvocations) {
    return `the adapter has no workgroups of ${GROUPS * lanes} invocations`;
  }
  const usable = matrixShapes.filter(
    ({ componentType, resultComponentType, M, N, K }) =>
      // Rows of an operand have to start at multiples of 16 bytes.
      componentType === "f16" && resultComponentType === "f32" && M % 8 === 0 && N % 8 === 0 && K % 8 === 0,
  );
  if (usable.length === 0) return "the adapter has no matrices of f16 with sums of f32";
  const [{ M, N, K }] = usable.sort((a, b) => distance(a) - distance(b));
  return { M, N, K, lanes, workgroupStorage: traits.workgroupStorage };
}

/** How far a shape is from 16 × 16 × 16, that of NVIDIA. */
function distance({ M, N, K }: MatrixShape): number {
  return Math.abs(Math.log2(M / 16)) + Math.abs(Math.log2(N / 16)) + Math.abs(Math.log2(K / 16));
}

/**
 * The constants of `shaders/attention-field-sphere-matrix.wgsl`, or a sentence that says why there are none. Each subgroup
 * takes 16 `rowTiles` rows: with more of them, keys and states are read less often, and more registers are taken.
 */
export function matrixTile(
  dimension: number,
  components: number,
  precision: MatrixPrecision,
  configuration: MatrixConfiguration,
  rowTiles = 1,
): MatrixTile | string {
  const { M, N, K, workgroupStorage } = configuration;
  const tiles = KEYS_AT_ONCE.filter((KEYS) => KEYS % N === 0 && KEYS % K === 0).map((KEYS) =>
    constantsOf({ dimension, components, precision, rowTiles, KEYS }, configuration),
  );
  const tile = tiles.find((each) => storageOf(each) <= Math.min(workgroupStorage, STORAGE_TAKEN)) ?? tiles.at(-1);
  if (tile === undefined) return `matrices of ${M} x ${N} x ${K} are larger than a tile`;
  const needed = storageOf(tile);
  if (needed <= workgroupStorage) return tile;
  return (
    `${precision} matrices of d = ${dimension}, D = ${components} take ${needed} bytes of workgroup memory, ` +
    `and the adapter has ${workgroupStorage}`
  );
}

type MatrixTile = ReturnType<typeof constantsOf>;

interface TileShape {
  readonly dimension: number;
  readonly components: number;
  readonly precision: MatrixPrecision;
  readonly rowTiles: number;
  readonly KEYS: number;
}

function constantsOf(
  { dimension, components, precision, rowTiles, KEYS }: TileShape,
  { M, N, K, lanes }: MatrixConfiguration,
) {
  const COMPONENT_TILES = Math.ceil(components / N);
  return {
    MATRIX_ROWS: M,
    MATRIX_COLUMNS: N,
    MATRIX_DEPTH: K,
    MATRIX_LANES: lanes,
    WORKGROUP_SIZE: GROUPS * lanes,
    ROWS: GROUPS * rowTiles * Math.max(16, M),
    KEYS,
    COLUMN_LANES: KEYS % 32 === 0 ? 8 : 4,
    CHUNK: KEYS * Math.max(1, Math.floor(KEYS_A_CHUNK[precision] / KEYS)),
    DIMENSION_TILES: Math.ceil(dimension / K),
    COMPONENT_TILES,
    VALUE_TURNS: Math.ceil((COMPONENT_TILES * N) / KEYS),
    SPLIT: precision === "split-f16",
  };
}

/** Bytes of the three variables besides the two arrays, each counted as 16. */
const SINGLE_VARIABLES = 48;

/** Bytes of workgroup memory that a tile takes. */
export function storageOf(tile: MatrixTile): number {
  const { ROWS, KEYS, DIMENSION_TILES, COMPONENT_TILES, MATRIX_DEPTH, MATRIX_COLUMNS, SPLIT } = tile;
  const keyStride = DIMENSION_TILES * MATRIX_DEPTH + 8;
  const valueStride = COMPONENT_TILES * MATRIX_COLUMNS + 8;
  const operands = (SPLIT ? 2 : 1) * (KEYS * (keyStride + valueStride) + ROWS * (KEYS + 8));
  return 2 * operands + 4 * ROWS * (KEYS + 4) + SINGLE_VARIABLES;
}
