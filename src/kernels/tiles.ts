/**
 * Tile sizes: one record a kernel. The same record sets the WGSL constants and the dispatch arithmetic.
 *
 * Software adapters never rank kernels, so these are the portable sizes: 64 invocations, 4 × 4 results a thread in
 * registers, no shared memory in the products.
 */
export const tiles = {
  scores: { WORKGROUP_SIZE: 64 },
  softmax: { WORKGROUP_SIZE: 64 },
  "field-binary": { WORKGROUP_SIZE: 64, CHUNK: 64 },
  "field-sphere": { WORKGROUP_SIZE: 64, CHUNK: 64 },
  "random-couplings": { WORKGROUP_SIZE: 64 },
  "procedural-field-binary": { WORKGROUP_SIZE: 64, CHUNK: 8 },
  "procedural-field-sphere": { WORKGROUP_SIZE: 64, COLUMN_QUADS: 16, CHUNK: 16 },
  "attention-field-sphere": {},
  "attention-field-binary": {},
  "attention-reaction": {},
  "attention-couplings": {},
  "attention-merge": { WORKGROUP_SIZE: 64 },
  "concatenate-heads": { WORKGROUP_SIZE: 64 },
  "query-key-transform": { WORKGROUP_SIZE: 64 },
  "subtract-diagonal": { WORKGROUP_SIZE: 64 },
  "species-couplings": { WORKGROUP_SIZE: 64 },
  "moment-weights": { WORKGROUP_SIZE: 64 },
  "binary-update": { WORKGROUP_SIZE: 64 },
  "sphere-update": { WORKGROUP_SIZE: 64 },
  "binary-sample": { WORKGROUP_SIZE: 64 },
  "sphere-sample": { WORKGROUP_SIZE: 64 },
  "sphere-tap-start": { WORKGROUP_SIZE: 64 },
  "sphere-tap": { WORKGROUP_SIZE: 64 },
  "reaction-weights": { WORKGROUP_SIZE: 64 },
  "clustering-field": { WORKGROUP_SIZE: 64 },
  "clustering-map": { WORKGROUP_SIZE: 64 },
  "clustering-flow": { WORKGROUP_SIZE: 64 },
  "sphere-diffusion": { WORKGROUP_SIZE: 64 },
  "matrix-product": { WORKGROUP_SIZE: 64, CHUNK: 64 },
  "row-sums": { WORKGROUP_SIZE: 64, CHUNK: 64 },
  "delayed-correlations": { WORKGROUP_SIZE: 64 },
  "equal-time-correlations": { WORKGROUP_SIZE: 64 },
  "pair-fields": { WORKGROUP_SIZE: 64 },
  "pair-means": { WORKGROUP_SIZE: 64 },
  "sphere-delayed-correlations": { WORKGROUP_SIZE: 64 },
  "site-distance": { WORKGROUP_SIZE: 64 },
  reduce: { WORKGROUP_SIZE: 64, TERMS: 16 },
  "chain-overlap": { WORKGROUP_SIZE: 64 },
  "chain-scalars": { WORKGROUP_SIZE: 64 },
  accumulate: { WORKGROUP_SIZE: 64 },
  "accumulate-products": { WORKGROUP_SIZE: 64 },
  "anderson-record": { WORKGROUP_SIZE: 64 },
  "anderson-gram": { WORKGROUP_SIZE: 64 },
  "anderson-solve": { WORKGROUP_SIZE: 64 },
  "anderson-mix": { WORKGROUP_SIZE: 64 },
  "component-gram": { WORKGROUP_SIZE: 64 },
  "site-directions": { WORKGROUP_SIZE: 64 },
  "site-energies": { WORKGROUP_SIZE: 64 },
  "site-mismatch": { WORKGROUP_SIZE: 64 },
  "tangent-update": { WORKGROUP_SIZE: 64 },
  deflate: { WORKGROUP_SIZE: 64 },
  housekeeping: { WORKGROUP_SIZE: 64, TILE: 8 },
  "score-gaps": { WORKGROUP_SIZE: 64 },
} as const;

/**
 * Tiles of software adapters where theirs are others. Of `reduce`, few lanes and long sums: every barrier of a tree makes a
 * processor leave and take up all 64 lanes, which was half of the time of 4224 chains of 64 spins (a sweep took 35 s of
 * processor time, and takes 19 s; lavapipe, 2026-11-29).
 */
export const softwareTiles: Readonly<Partial<Record<keyof typeof tiles, Readonly<Record<string, number>>>>> = {
  reduce: { WORKGROUP_SIZE: 8, TERMS: 128 },
};

/** Results that one thread of a product kernel holds along each side; structural in the shaders (vec4). */
export const REGISTER_TILE = 4;
