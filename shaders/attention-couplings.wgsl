// attention-couplings: J_ij = exp(S_ij - M_i)/Z_i with M and Z of an earlier call of a fused kernel, S_ij = q_i · k_j.
// Equations 3.2. Twin: src/reference/attention-couplings.ts
//
// The strategy "portable": a workgroup owns ROWS rows and takes in as many keys at a time. See lib/attention-tile.wgsl.
// @import lib/dispatch.wgsl
// @import lib/exponential.wgsl
// @import lib/attention-tile.wgsl

const ROWS: u32 = 32u;
const ROW_THREADS: u32 = 8u;
const KEY_THREADS: u32 = 8u;
const DEPTH: u32 = 4u;             // quads of components staged at once
const MASK: u32 = 0u;              // 0 none, 1 causal (keys j <= i), 2 user (available[i][j] != 0)
const MASKED: f32 = -1e30;

struct Params {
  systems: u32,
  systemsPerCoupling: u32,
  rows: u32,
  rowStart: u32,
  rowCount: u32,
  columns: u32,
  dimension: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> queries: array<vec4f>;           // [coupling][pad(rows)][pad(d)] λ q
@group(0) @binding(2) var<storage, read> keys: array<vec4f>;              // [coupling][pad(columns)][pad(d)]
@group(0) @binding(3) var<storage, read> available: array<f32>;           // [rows][columns], read if MASK is 2
@group(0) @binding(4) var<storage, read> statistics: array<vec4f>;        // [coupling][pad(rows)][2], M and Z second
@group(0) @binding(5) var<storage, read_write> couplings: array<f32>;     // [coupling][rowCount][pad(columns)]

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let blocks = (params.rowCount + ROWS - 1u) / ROWS;
  let unit = linear_workgroup(workgroup, workgroups);
  if (unit >= blocks * (params.systems / params.systemsPerCoupling)) { return; }
  let first_block_row = (unit % blocks) * ROWS;
  let first_row = params.rowStart + first_block_row;
  let coupling = unit / blocks;
  let row_lane = lane / KEY_THREADS;
  let key_lane = lane % KEY_THREADS;
  let columns = padded(params.columns);

  var score: OfKeys;
  var maxima: OfRows;                // M
  var inverse: OfRows;               // 1/Z, and 0 for a row without keys
  // @unroll
  for (var group = 0u; group < GROUPS; group++) {
    let row = min(first_row + group * ROW_THREADS + row_lane, params.rows - 1u);
    let normaliser = statistics[2u * (coupling * padded(params.rows) + row) + 1u];
    maxima[group] = normaliser.x;
    inverse[group] = select(0.0, 1.0 / normaliser.y, normaliser.y > 0.0);
  }
  let score_quads = (params.dimension + 3u) / 4u;
  for (var first_key = 0u; first_key < columns; first_key += ROWS) {
    clear_products(&score);
    for (var quad = 0u; quad < score_quads; quad += DEPTH) {
      let count = min(DEPTH, score_quads - quad);
      workgroupBarrier();
      stage_scores(coupling, first_row, first_key, quad, count, lane);
      workgroupBarrier();
      multiply(&score, count, row_lane, key_lane);
    }
    // @unroll
    for (var slot = 0u; slot < KEYS * GROUPS; slot++) {
      let row = slot % GROUPS * ROW_THREADS + row_lane;
      let column = first_key + slot / GROUPS * KEY_THREADS + key_lane;
      let s = masked_score(score[slot], first_row + row, column);
      let p = select(0.0, accurate_exp(s - maxima[slot % GROUPS]), s > MASKED);
      if (first_block_row + row < params.rowCount && column < columns) {
        couplings[(coupling * params.rowCount + first_block_row + row) * columns + column] = p * inverse[slot % GROUPS];
      }
    }
  }
}
