// attention-field-binary: (J m)_i = Σ_j J_ij m_j and Σ_j J_ij² w_j with J = softmax(q_i · k_j), J never stored, for one
// number a site. Equations 3.1-3.5, 4.1. Twin: src/reference/attention-field-binary.ts
//
// The strategy "portable". A workgroup owns ROWS rows; see lib/attention-tile.wgsl for how threads share the scores. Each
// thread carries the sums of its rows over its own keys on its own maximum: threads meet once, after the last key.
// @import lib/dispatch.wgsl
// @import lib/attention-tile.wgsl
// @import lib/attention-sites.wgsl

const ROWS: u32 = 64u;             // rows of a workgroup, and keys taken in at once
const ROW_THREADS: u32 = 16u;
const KEY_THREADS: u32 = 8u;
const DEPTH: u32 = 4u;             // quads of d staged at once; at least KEY_THREADS / 2
const MASK: u32 = 0u;              // 0 none, 1 causal (keys j <= i), 2 user (available[i][j] != 0)
const MOMENTS: u32 = 1u;           // 0: field only; 1 or 2: that many weights a site
const STATISTICS: bool = true;     // entropy and participation of the rows
const FROZEN: bool = false;        // J_ij = exp(S_ij - M_i)/Z_i with M_i and Z_i of an earlier call
const MASKED: f32 = -1e30;

struct Params {
  systems: u32,
  systemsPerCoupling: u32,
  rows: u32,
  rowStart: u32,
  rowCount: u32,
  columns: u32,
  dimension: u32,                  // of queries and keys
  weightKinds: u32,
  splits: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> queries: array<vec4f>;           // [coupling][pad(rows)][pad(d)] λ q
@group(0) @binding(2) var<storage, read> keys: array<vec4f>;              // [coupling][pad(columns)][pad(d)]
@group(0) @binding(3) var<storage, read> available: array<f32>;           // [rows][columns], read if MASK is 2
@group(0) @binding(4) var<storage, read> state: array<f32>;               // [system][pad(columns)]
@group(0) @binding(5) var<storage, read> weights: array<f32>;             // [system][weightKinds][pad(columns)]
@group(0) @binding(6) var<storage, read_write> field: array<f32>;         // [split][system][pad(rows)]
@group(0) @binding(7) var<storage, read_write> moments: array<f32>;       // [split][system][MOMENTS][pad(rows)]
@group(0) @binding(8) var<storage, read_write> statistics: array<vec4f>;  // [coupling][pad(rows)][2], or [split][system]…

/// Scores of the keys of a thread: what is masked, and what lies past the end of the split.
fn mask_keys(score: ptr<function, OfKeys>, row: u32, column: u32, end: u32) {
  // @unroll
  for (var group = 0u; group < GROUPS; group++) {
    // @unroll
    for (var k = 0u; k < KEYS; k++) {
      let key = column + k * KEY_THREADS;
      let value = masked_score((*score)[k * GROUPS + group], row + group * ROW_THREADS, key);
      (*score)[k * GROUPS + group] = select(MASKED, value, key < end);
    }
  }
}

/// Adds the sums of another thread to those of a row, on the larger maximum. FROZEN keeps M and Z as they are.
fn merge_row(rows: ptr<function, RowSums>, sums: ptr<function, SiteSums>, group: u32, other: vec4f, others: vec4f) {
  var own = 1.0;
  var c = 1.0;
  if (!FROZEN) {
    let maximum = max((*rows).maximum[group], other.x);
    let own_drop = (*rows).maximum[group] - maximum;
    let drop = other.x - maximum;
    own = exp2(own_drop * LOG2_E);
    c = exp2(drop * LOG2_E);
    (*rows).maximum[group] = maximum;
    if (STATISTICS) {
      (*rows).shifted[group] =
        own * fma(own_drop, (*rows).linear[group], (*rows).shifted[group]) + c * fma(drop, other.y, other.z);
      (*rows).square[group] = own * own * (*rows).square[group] + c * c * other.w;
    }
    (*rows).linear[group] = own * (*rows).linear[group] + c * other.y;
    (*rows).counted[group] += others.w;
  }
  (*sums).field[group] = own * (*sums).field[group] + c * others.x;
  (*sums).squares[group] = own * own * (*sums).squares[group] + c * c * others.y;
  (*sums).squares[GROUPS + group] = own * own * (*sums).squares[GROUPS + group] + c * c * others.z;
}

/// The sums of the threads of every row, halving their number, until the first of them has them all.
fn merge_threads(rows: ptr<function, RowSums>, sums: ptr<function, SiteSums>, row_lane: u32, key_lane: u32) {
  for (var half = opaque(KEY_THREADS / 2u); half > 0u; half /= 2u) {
    workgroupBarrier();
    if (key_lane >= half && key_lane < 2u * half) {
      // @unroll
      for (var group = 0u; group < GROUPS; group++) {
        let place = 2u * ((row_lane * GROUPS + group) * half + key_lane - half);
        staged[place] = vec4f((*rows).maximum[group], (*rows).linear[group], (*rows).shifted[group], (*rows).square[group]);
        staged[place + 1u] = vec4f(
          (*sums).field[group],
          (*sums).squares[group],
          (*sums).squares[GROUPS + group],
          (*rows).counted[group],
        );
      }
    }
    workgroupBarrier();
    if (key_lane < half) {
      // @unroll
      for (var group = 0u; group < GROUPS; group++) {
        let place = 2u * ((row_lane * GROUPS + group) * half + key_lane);
        merge_row(rows, sums, group, staged[place], staged[place + 1u]);
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
  if (unit >= blocks * params.splits * params.systems) { return; }
  let first_row = params.rowStart + (unit % blocks) * ROWS;
  let split = (unit / blocks) % params.splits;
  let system = unit / (blocks * params.splits);
  let coupling = system / params.systemsPerCoupling;
  let row_lane = lane / KEY_THREADS;
  let key_lane = lane % KEY_THREADS;

  var rows: RowSums;
  var score: OfKeys;
  var weight: OfKeys;                // p = exp(S - M)
  var sites: Sites;
  var sums: SiteSums;
  start_rows(&rows, coupling, first_row, row_lane);
  start_sites(&sums);
  let quads = (params.dimension + 3u) / 4u;
  let range = split_keys(split);
  var end = range.y;
  if (MASK == 1u) { end = min(end, first_row + ROWS); }
  for (var first_key = range.x; first_key < end; first_key += ROWS) {
    clear_products(&score);
    for (var quad = 0u; quad < quads; quad += DEPTH) {
      let count = min(DEPTH, quads - quad);
      workgroupBarrier();
      stage_scores(coupling, first_row, first_key, quad, count, lane);
      workgroupBarrier();
      multiply(&score, count, row_lane, key_lane);
    }
    mask_keys(&score, first_row + row_lane, first_key + key_lane, end);
    weigh_keys(&rows, &weight, &score);
    load_sites(&sites, system, first_key + key_lane, KEY_THREADS);
    accumulate_sites(&sums, &rows, &weight, &sites);
  }
  merge_threads(&rows, &sums, row_lane, key_lane);
  if (key_lane == 0u) { write_rows(&rows, &sums, split, system, first_row, row_lane); }
}
