// scores: S_ij = λ q_i · k_j for a block of rows, masked keys set to the finite sentinel -1e30.
// Equations 3.2; Bal 2023, eq. 67. Twin: src/reference/scores.ts
//
// A thread holds a 4 × 4 tile of S in registers: eight vec4 loads along the head dimension feed sixteen dot products.
// @import lib/dispatch.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const MASK: u32 = 0u;              // 0 none, 1 causal (keys j <= i), 2 user (available[i][j] != 0), 3 none but S_ii = 0
const MASKED: f32 = -1e30;         // finite: WGSL may assume that infinities do not occur

struct Params {
  couplings: u32,                  // matrices in the batch
  rows: u32,                       // queries of the whole matrix
  rowStart: u32,                   // first row of this block
  rowCount: u32,                   // rows of this block
  columns: u32,                    // keys
  dimension: u32,                  // head dimension d
  querySharing: u32,               // consecutive matrices that share one set of queries
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> queries: array<vec4f>;      // [coupling / querySharing][pad(rows)][pad(d)]
@group(0) @binding(2) var<storage, read> keys: array<vec4f>;         // [coupling][pad(columns)][pad(d)]
@group(0) @binding(3) var<storage, read> scales: array<f32>;         // [coupling] λ
@group(0) @binding(4) var<storage, read> available: array<f32>;      // [rows][columns], read if MASK is 2
@group(0) @binding(5) var<storage, read_write> scores: array<vec4f>; // [coupling][rowCount][pad(columns)]

fn masked_score(score: f32, row: u32, column: u32) -> f32 {
  if (column >= params.columns) { return 0.0; }
  if (MASK == 1u && column > row) { return MASKED; }
  if (MASK == 2u && available[row * params.columns + column] == 0.0) { return MASKED; }
  if (MASK == 3u && column == row) { return 0.0; }
  return score;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row_tiles = (params.rowCount + 3u) / 4u;
  let column_tiles = (params.columns + 3u) / 4u;
  let tile = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
  if (tile >= params.couplings * row_tiles * column_tiles) { return; }
  let column_tile = tile % column_tiles;
  let row_tile = (tile / column_tiles) % row_tiles;
  let coupling = tile / (column_tiles * row_tiles);

  let quads = (params.dimension + 3u) / 4u;
  let padded_rows = 4u * ((params.rows + 3u) / 4u);
  let first_row = params.rowStart + 4u * row_tile;
  // Rows past the end repeat the last one; they are computed and not written.
  let last_row = padded_rows - 1u;
  let query_base = (coupling / params.querySharing) * padded_rows;
  let query0 = (query_base + min(first_row, last_row)) * quads;
  let query1 = (query_base + min(first_row + 1u, last_row)) * quads;
  let query2 = (query_base + min(first_row + 2u, last_row)) * quads;
  let query3 = (query_base + min(first_row + 3u, last_row)) * quads;
  let key0 = 4u * (coupling * column_tiles + column_tile) * quads;
  let key1 = key0 + quads;
  let key2 = key1 + quads;
  let key3 = key2 + quads;

  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  for (var quad = 0u; quad < quads; quad++) {
    let k0 = keys[key0 + quad];
    let k1 = keys[key1 + quad];
    let k2 = keys[key2 + quad];
    let k3 = keys[key3 + quad];
    let q0 = queries[query0 + quad];
    sum0 += vec4f(dot(q0, k0), dot(q0, k1), dot(q0, k2), dot(q0, k3));
    let q1 = queries[query1 + quad];
    sum1 += vec4f(dot(q1, k0), dot(q1, k1), dot(q1, k2), dot(q1, k3));
    let q2 = queries[query2 + quad];
    sum2 += vec4f(dot(q2, k0), dot(q2, k1), dot(q2, k2), dot(q2, k3));
    let q3 = queries[query3 + quad];
    sum3 += vec4f(dot(q3, k0), dot(q3, k1), dot(q3, k2), dot(q3, k3));
  }

  let scale = scales[coupling];
  let sums = array<vec4f, 4>(sum0, sum1, sum2, sum3);
  for (var r = 0u; r < 4u; r++) {
    let block_row = 4u * row_tile + r;
    if (block_row >= params.rowCount) { break; }
    let row = params.rowStart + block_row;
    let column = 4u * column_tile;
    let s = scale * sums[r];
    scores[(coupling * params.rowCount + block_row) * column_tiles + column_tile] = vec4f(
      masked_score(s.x, row, column),
      masked_score(s.y, row, column + 1u),
      masked_score(s.z, row, column + 2u),
      masked_score(s.w, row, column + 3u),
    );
  }
}
