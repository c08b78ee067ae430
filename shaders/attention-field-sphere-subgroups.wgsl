// attention-field-sphere-subgroups: the strategy "subgroups" of attention-field-sphere:
// (J m)_i = Σ_j J_ij m_j and Σ_j J_ij² w_j with J = softmax(q_i · k_j), J never stored.
// Equations 3.1-3.5, 5.1. Twin: src/reference/attention-field-sphere.ts
//
// A workgroup is one subgroup and owns ROWS rows. Lanes hold components of scores and fields, and rows of all other sums.
enable subgroups;
// @import lib/dispatch.wgsl
// @import lib/attention-scores.wgsl
// @import lib/attention-sums.wgsl

const SUBGROUP: u32 = 8u;          // lanes; the host compiles this only where every subgroup has as many
const ROWS: u32 = 32u;             // a multiple of SUBGROUP
const KEYS: u32 = 1u;              // keys taken in at once: 1, 2 or 4, so that loads stay in the padding
const CHUNK: u32 = 512u;           // keys summed before they join the total
const SCORE_QUADS: u32 = 2u;       // quads of a query a lane: pad(dimension) / 4 / SUBGROUP, rounded up
const VALUE_QUADS: u32 = 2u;       // the same of a state
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
  components: u32,                 // of the state
  weightKinds: u32,
  splits: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> queries: array<vec4f>;           // [coupling][pad(rows)][pad(d)] λ q
@group(0) @binding(2) var<storage, read> keys: array<vec4f>;              // [coupling][pad(columns)][pad(d)]
@group(0) @binding(3) var<storage, read> available: array<f32>;           // [rows][columns], read if MASK is 2
@group(0) @binding(4) var<storage, read> state: array<vec4f>;             // [system][pad(columns)][pad(D)]
@group(0) @binding(5) var<storage, read> weights: array<f32>;             // [system][weightKinds][pad(columns)]
@group(0) @binding(6) var<storage, read_write> field: array<vec4f>;       // [split][system][pad(rows)][pad(D)]
@group(0) @binding(7) var<storage, read_write> moments: array<f32>;       // [split][system][MOMENTS][pad(rows)]
@group(0) @binding(8) var<storage, read_write> statistics: array<vec4f>;  // [coupling][pad(rows)][2], or [split][system]…

alias Values = array<vec4f, ROWS * VALUE_QUADS>;
alias Squares = array<f32, 2u * GROUPS>;

/// F and W of the keys just weighed.
fn accumulate_values(
  accumulated: ptr<function, Values>,
  squares: ptr<function, Squares>,
  rows: ptr<function, RowSums>,
  weight: ptr<function, OfKeys>,
  system: u32,
  first_key: u32,
  lane: u32,
) {
  let quads = (params.components + 3u) / 4u;
  let padded_columns = padded(params.columns);
  var of_key: array<f32, KEYS>;      // one number of each key, in every lane
  var value: array<vec4f, KEYS * VALUE_QUADS>;
  // @unroll
  for (var k = 0u; k < KEYS; k++) {
    // @unroll
    for (var x = 0u; x < VALUE_QUADS; x++) {
      value[k * VALUE_QUADS + x] =
        state[(system * padded_columns + first_key + k) * quads + min(x * SUBGROUP + lane, quads - 1u)];
    }
  }
  // @unroll
  for (var row = 0u; row < ROWS; row++) {
    var c = 1.0;
    if (!FROZEN) { c = subgroupShuffle((*rows).rescale[row / SUBGROUP], row % SUBGROUP); }
    // @unroll
    for (var k = 0u; k < KEYS; k++) {
      of_key[k] = subgroupShuffle((*weight)[k * GROUPS + row / SUBGROUP], row % SUBGROUP);
    }
    // @unroll
    for (var x = 0u; x < VALUE_QUADS; x++) {
      let before = (*accumulated)[row * VALUE_QUADS + x];
      var sum = of_key[0] * value[x];
      if (FROZEN) { sum = fma(vec4f(of_key[0]), value[x], before); }
      // @unroll
      for (var k = 1u; k < KEYS; k++) { sum = fma(vec4f(of_key[k]), value[k * VALUE_QUADS + x], sum); }
      if (!FROZEN) { sum = fma(vec4f(c), before, sum); }
      (*accumulated)[row * VALUE_QUADS + x] = sum;
    }
  }
  // @unroll
  for (var kind = 0u; kind < MOMENTS; kind++) {
    let own = weights[(system * params.weightKinds + kind) * padded_columns + first_key + min(lane, KEYS - 1u)];
    // @unroll
    for (var k = 0u; k < KEYS; k++) { of_key[k] = subgroupShuffle(own, k); }
    // @unroll
    for (var group = 0u; group < GROUPS; group++) {
      var sum = 0.0;
      // @unroll
      for (var k = 0u; k < KEYS; k++) {
        let p = (*weight)[k * GROUPS + group];
        sum = fma(p * p, of_key[k], sum);
      }
      var c = 1.0;
      if (!FROZEN) { c = (*rows).rescale[group]; }
      (*squares)[kind * GROUPS + group] = fma(c * c, (*squares)[kind * GROUPS + group], sum);
    }
  }
}

@compute @workgroup_size(SUBGROUP)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let blocks = (params.rowCount + ROWS - 1u) / ROWS;
  let unit = linear_workgroup(workgroup, workgroups);
  if (unit >= blocks * params.splits * params.systems) { return; }
  let first_row = params.rowStart + (unit % blocks) * ROWS;
  let split = (unit / blocks) % params.splits;
  let system = unit / (blocks * params.splits);
  let coupling = system / params.systemsPerCoupling;

  var query: Queries;
  var rows: RowSums;
  var score: OfKeys;
  var weight: OfKeys;                // p = exp(S - M), or J itself if FROZEN
  var accumulated: Values;           // F = Σ p m_j of a chunk of keys
  var squares: Squares;              // W = Σ p² w_j
  var total: RowSums;                // the same of all chunks
  var total_values: Values;
  var total_squares: Squares;
  load_queries(&query, coupling, first_row, lane);
  start_rows(&rows, coupling, first_row, lane);
  start_rows(&total, coupling, first_row, lane);
  for (var slot = 0u; slot < opaque(ROWS * VALUE_QUADS); slot++) {
    accumulated[slot] = vec4f();
    total_values[slot] = vec4f();
  }
  // @unroll
  for (var slot = 0u; slot < 2u * GROUPS; slot++) {
    squares[slot] = 0.0;
    total_squares[slot] = 0.0;
  }
  let range = split_keys(split);
  var end = range.y;
  if (MASK == 1u) { end = min(end, first_row + ROWS); }
  for (var chunk = range.x; chunk < end; chunk += CHUNK) {
    for (var first_key = chunk; first_key < min(end, chunk + CHUNK); first_key += KEYS) {
      score_keys(&score, &query, coupling, first_row, first_key, lane);
      weigh_keys(&rows, &weight, &score);
      accumulate_values(&accumulated, &squares, &rows, &weight, system, first_key, lane);
    }
    gather_rows(&total, &rows);
    for (var slot = 0u; slot < opaque(ROWS * VALUE_QUADS); slot++) {
      let r = slot / VALUE_QUADS;
      let c = subgroupShuffle(total.rescale[r / SUBGROUP], r % SUBGROUP);
      total_values[slot] = fma(vec4f(c), total_values[slot], accumulated[slot]);
      accumulated[slot] = vec4f();
    }
    // @unroll
    for (var slot = 0u; slot < MOMENTS * GROUPS; slot++) {
      let c = total.rescale[slot % GROUPS];
      total_squares[slot] = fma(c * c, total_squares[slot], squares[slot]);
      squares[slot] = 0.0;
    }
  }

  let quads = (params.components + 3u) / 4u;
  let padded_rows = padded(params.rows);
  let last = params.rowStart + params.rowCount;
  // The block that ends at the last row writes the padding rows too, with zeros.
  let written = select(last, padded_rows, last == params.rows);
  let target_row = (split * params.systems + system) * padded_rows;
  var inverse: array<f32, GROUPS>;
  // @unroll
  for (var group = 0u; group < GROUPS; group++) {
    inverse[group] = row_inverse(&total, group);
    let row = first_row + group * SUBGROUP + lane;
    if (row < written) {
      // @unroll
      for (var kind = 0u; kind < MOMENTS; kind++) {
        moments[((split * params.systems + system) * MOMENTS + kind) * padded_rows + row] =
          select(0.0, total_squares[kind * GROUPS + group] * inverse[group] * inverse[group], row < params.rows);
      }
      if (!FROZEN && row < params.rows) { write_row(&total, group, split, system, row); }
    }
  }
  for (var slot = 0u; slot < opaque(ROWS * VALUE_QUADS); slot++) {
    let r = slot / VALUE_QUADS;
    let row = first_row + r;
    let quad = (slot % VALUE_QUADS) * SUBGROUP + lane;
    let scale = subgroupShuffle(inverse[r / SUBGROUP], r % SUBGROUP);
    if (row < written && quad < quads) {
      field[(target_row + row) * quads + quad] = select(vec4f(), total_values[slot] * scale, row < params.rows);
    }
  }
}
