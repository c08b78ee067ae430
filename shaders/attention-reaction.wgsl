// attention-reaction: Σ_j J_ij² c_j (m_i · m'_j) m'_j with J_ij = exp(S_ij - M_i)/Z_i, neither J nor m_i · m'_j stored.
// Equations 3.2, 5.1, 5.3. Twin: src/reference/attention-reaction.ts
//
// The strategy "portable". A workgroup owns ROWS rows; see lib/attention-tile.wgsl for how threads share the two products.
// Their weights pass through workgroup memory to the threads of the same rows, which hold the sums: thread (y, x) the quads
// x, x + KEY_THREADS, … of its four rows.
// @import lib/dispatch.wgsl
// @import lib/attention-tile.wgsl

const ROWS: u32 = 32u;             // rows of a workgroup, and keys taken in at once; four a thread
const ROW_THREADS: u32 = 8u;
const KEY_THREADS: u32 = 8u;
const DEPTH: u32 = 4u;             // quads of d and D staged at once
const VALUE_QUADS: u32 = 2u;       // quads of a state a thread: pad(components) / 4 / KEY_THREADS, rounded up
const MASK: u32 = 0u;              // 0 none, 1 causal (keys j <= i), 2 user (available[i][j] != 0)
const MASKED: f32 = -1e30;

struct Params {
  systems: u32,
  systemsPerCoupling: u32,
  rows: u32,
  rowStart: u32,
  rowCount: u32,
  columns: u32,
  dimension: u32,                  // of queries and keys
  components: u32,                 // of the state
  weightKinds: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> queries: array<vec4f>;           // [coupling][pad(rows)][pad(d)] λ q
@group(0) @binding(2) var<storage, read> keys: array<vec4f>;              // [coupling][pad(columns)][pad(d)]
@group(0) @binding(3) var<storage, read> available: array<f32>;           // [rows][columns], read if MASK is 2
@group(0) @binding(4) var<storage, read> statistics: array<vec4f>;        // [coupling][pad(rows)][2], M and Z second
@group(0) @binding(5) var<storage, read> mean: array<vec4f>;              // [system][pad(rows)][pad(D)] m
@group(0) @binding(6) var<storage, read> state: array<vec4f>;             // [system][pad(columns)][pad(D)] m'
@group(0) @binding(7) var<storage, read> weights: array<f32>;             // [system][weightKinds][pad(columns)], c last
@group(0) @binding(8) var<storage, read_write> reaction: array<vec4f>;    // [system][pad(rows)][pad(D)]

alias Sums = array<vec4f, GROUPS * VALUE_QUADS>;

var<workgroup> weighed: array<vec4f, ROWS * ROW_THREADS>;                 // [key][y], the rows of a thread side by side

/// `count` quads from `first_quad` of the means and states of a tile.
fn stage_states(system: u32, first_row: u32, first_key: u32, first_quad: u32, count: u32, lane: u32) {
  let quads = (params.components + 3u) / 4u;
  let mean_base = system * padded(params.rows);
  let state_base = system * padded(params.columns);
  for (var slot = lane; slot < 2u * ROWS * count; slot += THREADS) {
    let place = slot % (2u * ROWS);
    let quad = first_quad + slot / (2u * ROWS);
    if (place < ROWS) {
      staged[slot] = mean[(mean_base + min(first_row + place, params.rows - 1u)) * quads + quad];
    } else {
      staged[slot] = state[(state_base + min(first_key + place - ROWS, params.columns - 1u)) * quads + quad];
    }
  }
}

/// exp(S_ij - M_i)² c_j (m_i · m'_j) of the rows and keys of a thread, zero where masked and past the last key.
fn weigh(
  score: ptr<function, OfKeys>,
  gram: ptr<function, OfKeys>,
  maxima: ptr<function, OfRows>,
  anisotropies: u32,
  row: u32,
  column: u32,
  key_lane: u32,
  row_lane: u32,
) {
  // @unroll
  for (var k = 0u; k < KEYS; k++) {
    let key = column + k * KEY_THREADS;
    let anisotropy = weights[anisotropies + min(key, params.columns - 1u)];
    var of_rows = vec4f();
    // @unroll
    for (var group = 0u; group < GROUPS; group++) {
      let s = masked_score((*score)[k * GROUPS + group], row + group * ROW_THREADS, key);
      let p = select(0.0, exp2((s - (*maxima)[group]) * LOG2_E), s > MASKED);
      of_rows[group] = p * p * anisotropy * (*gram)[k * GROUPS + group];
    }
    weighed[(key_lane + k * KEY_THREADS) * ROW_THREADS + row_lane] = of_rows;
  }
}

fn accumulate(sums: ptr<function, Sums>, system: u32, first_key: u32, key_lane: u32, row_lane: u32) {
  let quads = (params.components + 3u) / 4u;
  let padded_columns = padded(params.columns);
  let count = min(ROWS, params.columns - first_key);
  for (var k = 0u; k < count; k++) {
    let weight = weighed[k * ROW_THREADS + row_lane];
    let base = (system * padded_columns + first_key + k) * quads;
    // @unroll
    for (var x = 0u; x < VALUE_QUADS; x++) {
      let value = state[base + min(x * KEY_THREADS + key_lane, quads - 1u)];
      // @unroll
      for (var group = 0u; group < GROUPS; group++) {
        (*sums)[group * VALUE_QUADS + x] = fma(vec4f(weight[group]), value, (*sums)[group * VALUE_QUADS + x]);
      }
    }
  }
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let blocks = (params.rowCount + ROWS - 1u) / ROWS;
  let unit = linear_workgroup(workgroup, workgroups);
  if (unit >= blocks * params.systems) { return; }
  let first_row = params.rowStart + (unit % blocks) * ROWS;
  let system = unit / blocks;
  let coupling = system / params.systemsPerCoupling;
  let row_lane = lane / KEY_THREADS;
  let key_lane = lane % KEY_THREADS;
  let padded_rows = padded(params.rows);
  let anisotropies = (system * params.weightKinds + params.weightKinds - 1u) * padded(params.columns);

  var score: OfKeys;
  var gram: OfKeys;
  var maxima: OfRows;                // M
  var inverse: OfRows;               // 1/Z, and 0 for a row without keys
  var sums: Sums;
  // @unroll
  for (var group = 0u; group < GROUPS; group++) {
    let row = min(first_row + group * ROW_THREADS + row_lane, params.rows - 1u);
    let normaliser = statistics[2u * (coupling * padded_rows + row) + 1u];
    maxima[group] = normaliser.x;
    inverse[group] = select(0.0, 1.0 / normaliser.y, normaliser.y > 0.0);
  }
  // @unroll
  for (var slot = 0u; slot < GROUPS * VALUE_QUADS; slot++) { sums[slot] = vec4f(); }
  let score_quads = (params.dimension + 3u) / 4u;
  let quads = (params.components + 3u) / 4u;
  var end = params.columns;
  if (MASK == 1u) { end = min(end, first_row + ROWS); }
  for (var first_key = 0u; first_key < end; first_key += ROWS) {
    clear_products(&score);
    clear_products(&gram);
    for (var quad = 0u; quad < score_quads; quad += DEPTH) {
      let count = min(DEPTH, score_quads - quad);
      workgroupBarrier();
      stage_scores(coupling, first_row, first_key, quad, count, lane);
      workgroupBarrier();
      multiply(&score, count, row_lane, key_lane);
    }
    for (var quad = 0u; quad < quads; quad += DEPTH) {
      let count = min(DEPTH, quads - quad);
      workgroupBarrier();
      stage_states(system, first_row, first_key, quad, count, lane);
      workgroupBarrier();
      multiply(&gram, count, row_lane, key_lane);
    }
    weigh(&score, &gram, &maxima, anisotropies, first_row + row_lane, first_key + key_lane, key_lane, row_lane);
    workgroupBarrier();
    accumulate(&sums, system, first_key, key_lane, row_lane);
  }

  let last = params.rowStart + params.rowCount;
  // The block that ends at the last row writes the padding rows too, with zeros.
  let written = select(last, padded_rows, last == params.rows);
  // @unroll
  for (var group = 0u; group < GROUPS; group++) {
    let row = first_row + group * ROW_THREADS + row_lane;
    // @unroll
    for (var x = 0u; x < VALUE_QUADS; x++) {
      let quad = x * KEY_THREADS + key_lane;
      if (row < written && quad < quads) {
        reaction[(system * padded_rows + row) * quads + quad] =
          select(vec4f(), sums[group * VALUE_QUADS + x] * inverse[group] * inverse[group], row < params.rows);
      }
    }
  }
}
