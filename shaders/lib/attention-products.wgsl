// Two products of one form for ROWS rows with KEYS keys by one workgroup: S = Q Kᵀ adds outer products of `left` = queries
// and `right` = keys over SCORE_DEPTH components at a time, F += P V those of `left` = weights and `right` = states over
// VALUE_DEPTH keys at a time. Equations 3.1, 3.2.
//
// Both sides lie in workgroup memory with the summed index first, so that a thread reads four rows, keys or components at
// once. Threads form a grid, ROW_LANES × COLUMN_LANES. Each holds ROWS_A_THREAD rows × KEYS_A_THREAD keys of S and the
// same rows × VALUE_QUADS quads of F, the quads of one thread as many apart as there are lanes. The importer declares the
// tile, `params` and the arrays queries, keys and state.
// @import lib/attention-shape.wgsl

const ROW_LANES: u32 = WORKGROUP_SIZE / COLUMN_LANES;
const ROWS_A_THREAD: u32 = ROWS / ROW_LANES;
const ROW_QUADS: u32 = ROWS_A_THREAD / 4u;
const KEYS_A_THREAD: u32 = KEYS / COLUMN_LANES;
const KEY_QUADS: u32 = KEYS_A_THREAD / 4u;
const ROW_STRIDE: u32 = ROWS / 4u;
const KEY_STRIDE: u32 = KEYS / 4u;
const VALUE_STRIDE: u32 = COLUMN_LANES * VALUE_QUADS;
const SCORE_STEPS: u32 = SCORE_DEPTH / 4u;
const VALUE_STEPS: u32 = VALUE_DEPTH / 4u;

/// Quads between one four of staged rows and the next, so that what threads write at once falls into different banks.
const SKEW: u32 = 2u;

var<workgroup> left: array<vec4f, max(SCORE_STEPS, VALUE_STEPS) * (4u * ROW_STRIDE + SKEW)>;
var<workgroup> right: array<vec4f, max(SCORE_STEPS * (4u * KEY_STRIDE + SKEW), VALUE_DEPTH * VALUE_STRIDE)>;

alias Scores = array<vec4f, KEYS_A_THREAD * ROW_QUADS>;     // [key][row quad], four rows each
alias Values = array<vec4f, ROWS_A_THREAD * VALUE_QUADS>;   // [row][component quad], four components each

fn left_place(depth: u32, row_quad: u32) -> u32 {
  return depth * ROW_STRIDE + depth / 4u * SKEW + row_quad;
}

fn key_place(depth: u32, key_quad: u32) -> u32 {
  return depth * KEY_STRIDE + depth / 4u * SKEW + key_quad;
}

/// Queries of all rows, SCORE_DEPTH components from quad `start` on, transposed into `left`. Rows past the end repeat the
/// last one, and what comes of them is not written; components past the end are zero.
fn stage_queries(coupling: u32, first_row: u32, start: u32, lane: u32) {
  let quads = (params.dimension + 3u) / 4u;
  let base = coupling * padded(params.rows);
  let last = params.rows - 1u;
  for (var square = lane; square < SCORE_STEPS * ROW_STRIDE; square += WORKGROUP_SIZE) {
    let step = square % SCORE_STEPS;
    let row_quad = square / SCORE_STEPS;
    let row = first_row + 4u * row_quad;
    let quad = min(start + step, quads - 1u);
    let scale = select(0.0, 1.0, start + step < quads);
    let q0 = scale * queries[(base + min(row, last)) * quads + quad];
    let q1 = scale * queries[(base + min(row + 1u, last)) * quads + quad];
    let q2 = scale * queries[(base + min(row + 2u, last)) * quads + quad];
    let q3 = scale * queries[(base + min(row + 3u, last)) * quads + quad];
    left[left_place(4u * step, row_quad)] = vec4f(q0.x, q1.x, q2.x, q3.x);
    left[left_place(4u * step + 1u, row_quad)] = vec4f(q0.y, q1.y, q2.y, q3.y);
    left[left_place(4u * step + 2u, row_quad)] = vec4f(q0.z, q1.z, q2.z, q3.z);
    left[left_place(4u * step + 3u, row_quad)] = vec4f(q0.w, q1.w, q2.w, q3.w);
  }
}

/// The same of the keys of a tile into `right`; what is past the end repeats the last key and component.
fn stage_keys(coupling: u32, first_key: u32, start: u32, lane: u32) {
  let quads = (params.dimension + 3u) / 4u;
  let base = coupling * padded(params.columns);
  let last = params.columns - 1u;
  for (var square = lane; square < SCORE_STEPS * KEY_STRIDE; square += WORKGROUP_SIZE) {
    let step = square % SCORE_STEPS;
    let key_quad = square / SCORE_STEPS;
    let key = first_key + 4u * key_quad;
    let quad = min(start + step, quads - 1u);
    let k0 = keys[(base + min(key, last)) * quads + quad];
    let k1 = keys[(base + min(key + 1u, last)) * quads + quad];
    let k2 = keys[(base + min(key + 2u, last)) * quads + quad];
    let k3 = keys[(base + min(key + 3u, last)) * quads + quad];
    right[key_place(4u * step, key_quad)] = vec4f(k0.x, k1.x, k2.x, k3.x);
    right[key_place(4u * step + 1u, key_quad)] = vec4f(k0.y, k1.y, k2.y, k3.y);
    right[key_place(4u * step + 2u, key_quad)] = vec4f(k0.z, k1.z, k2.z, k3.z);
    right[key_place(4u * step + 3u, key_quad)] = vec4f(k0.w, k1.w, k2.w, k3.w);
  }
}

/// Weights of VALUE_DEPTH keys, chunk `chunk` of the tile, from the threads that hold them into `left`.
fn stage_weights(weight: ptr<function, Scores>, chunk: u32, row_lane: u32, column_lane: u32) {
  // @unroll
  for (var k = 0u; k < KEYS_A_THREAD; k++) {
    let key = 4u * (k / 4u * COLUMN_LANES + column_lane) + k % 4u;
    if (key / VALUE_DEPTH == chunk) {
      // @unroll
      for (var y = 0u; y < ROW_QUADS; y++) {
        left[left_place(key % VALUE_DEPTH, y * ROW_LANES + row_lane)] = (*weight)[k * ROW_QUADS + y];
      }
    }
  }
}

/// States of VALUE_DEPTH keys into `right`; what is past the end repeats the last key and component.
fn stage_values(system: u32, first_key: u32, lane: u32) {
  let quads = (params.components + 3u) / 4u;
  let base = system * padded(params.columns);
  for (var slot = lane; slot < VALUE_DEPTH * VALUE_STRIDE; slot += WORKGROUP_SIZE) {
    let key = min(first_key + slot / VALUE_STRIDE, params.columns - 1u);
    right[slot] = state[(base + key) * quads + min(slot % VALUE_STRIDE, quads - 1u)];
  }
}

/// S += Q Kᵀ over the components that are staged.
fn add_scores(score: ptr<function, Scores>, row_lane: u32, column_lane: u32) {
  for (var start = 0u; start < opaque(SCORE_DEPTH); start += UNROLL) {
    // @unroll
    for (var u = 0u; u < UNROLL; u++) {
      var query: array<vec4f, ROW_QUADS>;
      var key: array<vec4f, KEY_QUADS>;
      // @unroll
      for (var y = 0u; y < ROW_QUADS; y++) { query[y] = left[left_place(start + u, y * ROW_LANES + row_lane)]; }
      // @unroll
      for (var x = 0u; x < KEY_QUADS; x++) { key[x] = right[key_place(start + u, x * COLUMN_LANES + column_lane)]; }
      // @unroll
      for (var k = 0u; k < KEYS_A_THREAD; k++) {
        // @unroll
        for (var y = 0u; y < ROW_QUADS; y++) {
          (*score)[k * ROW_QUADS + y] = fma(query[y], vec4f(key[k / 4u][k % 4u]), (*score)[k * ROW_QUADS + y]);
        }
      }
    }
  }
}

/// F of the tile += P V over the keys that are staged.
fn add_values(values: ptr<function, Values>, row_lane: u32, column_lane: u32) {
  for (var start = 0u; start < opaque(VALUE_DEPTH); start += UNROLL) {
    // @unroll
    for (var u = 0u; u < UNROLL; u++) {
      var weight: array<vec4f, ROW_QUADS>;
      var value: array<vec4f, VALUE_QUADS>;
      // @unroll
      for (var y = 0u; y < ROW_QUADS; y++) { weight[y] = left[left_place(start + u, y * ROW_LANES + row_lane)]; }
      // @unroll
      for (var x = 0u; x < VALUE_QUADS; x++) {
        value[x] = right[(start + u) * VALUE_STRIDE + x * COLUMN_LANES + column_lane];
      }
      // @unroll
      for (var r = 0u; r < ROWS_A_THREAD; r++) {
        // @unroll
        for (var x = 0u; x < VALUE_QUADS; x++) {
          (*values)[r * VALUE_QUADS + x] = fma(vec4f(weight[r / 4u][r % 4u]), value[x], (*values)[r * VALUE_QUADS + x]);
        }
      }
    }
  }
}
