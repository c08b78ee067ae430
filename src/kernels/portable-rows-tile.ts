/**
 * Tiles of the strategy "portable" of attention-field-binary, -reaction and -couplings: what lib/attention-tile.wgsl and its
 * importers take. A workgroup owns ROWS rows: dispatch systems * splits * ceil(rowCount / ROWS) of them, the reaction
 * without splits.
 */

/**
 * `shaders/attention-field-binary.wgsl`, for any d: 128 threads with 4 rows × 8 keys each, 8 KiB of workgroup memory, which
 * the sums of the threads of a row need as well when they meet.
 */
export const portableBinaryTile = { ROWS: 64, ROW_THREADS: 16, KEY_THREADS: 8, DEPTH: 4 } as const;

/** `shaders/attention-couplings.wgsl`, for any d: 64 threads with 4 rows × 4 keys each. */
export const portableCouplingsTile = { ROWS: 32, ROW_THREADS: 8, KEY_THREADS: 8, DEPTH: 4 } as const;

/** D up to which eight threads share the components of a row: a thread then sums up four quads of each of its rows. */
const NARROW = 128;

/**
 * `shaders/attention-reaction.wgsl` for states of D = `components`, any d: 64 threads with 4 rows × 4 keys each, or 128
 * with half the keys and components; 8 KiB of workgroup memory.
 */
export function portableReactionTile({ components }: { readonly components: number }) {
  const KEY_THREADS = components > NARROW ? 16 : 8;
  const VALUE_QUADS = Math.ceil(Math.ceil(components / 4) / KEY_THREADS);
  return { ROWS: 32, ROW_THREADS: 8, KEY_THREADS, DEPTH: 4, VALUE_QUADS };
}
