/** The tile of the strategy "portable" of the fused attention kernels, as a function of d and D alone. */

/** Threads of a workgroup; every thread holds four rows and eight keys of a tile of scores. */
const WORKGROUP_SIZE = 128;
const ROWS_A_THREAD = 4;
const KEYS_A_THREAD = 8;

/** D up to which eight threads share a row: a thread then sums up two quads of a state for each of its rows. */
const NARROW = 64;

/** Quads of components of queries and keys staged at once. */
const SCORE_STEPS = 4;

/** Quads of states staged at once: 8 KiB of the 16 that a workgroup has everywhere. */
const STAGED_VALUES = 512;

/**
 * The constants of `shaders/attention-field-sphere.wgsl` for queries of d = `dimension` and states of D = `components`.
 * ROWS is how many rows a workgroup owns: dispatch systems * splits * ceil(rowCount / ROWS) of them. `software` changes
 * UNROLL alone, which orders no sum: a software adapter would take half a second longer to compile, and gain nothing.
 */
export function portableTile(dimension: number, components: number, software = false) {
  const COLUMN_LANES = components > NARROW ? 16 : 8;
  const VALUE_QUADS = Math.ceil(Math.ceil(components / 4) / COLUMN_LANES);
  const scoreQuads = Math.ceil(dimension / 4);
  return {
    WORKGROUP_SIZE,
    ROWS: (WORKGROUP_SIZE / COLUMN_LANES) * ROWS_A_THREAD,
    KEYS: COLUMN_LANES * KEYS_A_THREAD,
    COLUMN_LANES,
    // In as many steps as needed, all of one length, so that few of the staged components are zeros.
    SCORE_DEPTH: 4 * Math.ceil(scoreQuads / Math.ceil(scoreQuads / SCORE_STEPS)),
    VALUE_DEPTH: COLUMN_LANES * VALUE_QUADS * 16 > STAGED_VALUES ? 8 : 16,
    VALUE_QUADS,
    UNROLL: software ? 1 : 4,
  };
}
