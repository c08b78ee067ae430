// attention-field-sphere: (J m)_i = Σ_j J_ij m_j and Σ_j J_ij² w_j with J = softmax(q_i · k_j), J never stored.
// Equations 3.1-3.5, 5.1. Twin: src/reference/attention-field-sphere.ts
//
// The strategy "portable": a workgroup owns ROWS rows and takes in KEYS keys at a time, by the two products of
// lib/attention-products.wgsl.
//
// All threads of a row share its running maximum M; its other sums are partial sums of each thread over its own keys until
// the end, and F is summed within a tile before it joins the total. When M grows by c = exp(M_old - M_new) the sums go
// along by their class:
//   linear Z, F: c;   shifted E = Σ p (S - M): c (E + (M_old - M_new) Z);   square Y, W: c².
// @import lib/dispatch.wgsl
// @import lib/attention-products.wgsl
// @import lib/attention-statistics.wgsl

const WORKGROUP_SIZE: u32 = 128u;
const ROWS: u32 = 64u;             // rows of a workgroup: a multiple of 4 ROW_LANES
const KEYS: u32 = 64u;             // keys taken in at once: a multiple of 4 COLUMN_LANES
const COLUMN_LANES: u32 = 8u;      // threads that share a row: a divisor of WORKGROUP_SIZE
const SCORE_DEPTH: u32 = 16u;      // components of queries and keys staged at once: a multiple of 4
const VALUE_DEPTH: u32 = 16u;      // keys staged at once with their states: a multiple of 4, a divisor of KEYS
const VALUE_QUADS: u32 = 2u;       // quads of a state a thread: pad(components) / 4 / COLUMN_LANES, rounded up
const UNROLL: u32 = 1u;            // outer products written out: 1, 2 or 4
const MASK: u32 = 0u;              // 0 none, 1 causal (keys j <= i), 2 user (available[i][j] != 0)
const MOMENTS: u32 = 1u;           // 0: field only; 1 or 2: that many weights a site
const STATISTICS: bool = true;     // entropy and participation of the rows
const FROZEN: bool = false;        // J_ij = exp(S_ij - M_i)/Z_i with M_i and Z_i of an earlier call
const MASKED: f32 = -1e30;
const LOG2_E: f32 = 1.4426950408889634;

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
@group(0) @binding(5) var<storage, read> weights: array<vec4f>;           // [system][weightKinds][pad(columns)]
@group(0) @binding(6) var<storage, read_write> field: array<vec4f>;       // [split][system][pad(rows)][pad(D)]
@group(0) @binding(7) var<storage, read_write> moments: array<f32>;       // [split][system][MOMENTS][pad(rows)]
@group(0) @binding(8) var<storage, read_write> statistics: array<vec4f>;  // [coupling][pad(rows)][2], or [split][system]…

var<workgroup> of_lanes: array<vec4f, COLUMN_LANES * ROW_STRIDE>;         // [column lane][row quad]

alias OfRows = array<vec4f, ROW_QUADS>;

/// The sums of the rows of a thread, over its own keys.
struct RowSums {
  maximum: OfRows,                 // M of all keys so far, and of all threads
  linear: OfRows,                  // Z = Σ p
  shifted: OfRows,                 // E = Σ p (S - M)
  square: OfRows,                  // Y = Σ p²
  counted: OfRows,                 // available keys, counted if MASK is 2
  first: OfRows,                   // W = Σ p² w_j of the first weight
  second: OfRows,                  // and of the second
}

fn available_to(row: u32, column: u32) -> f32 {
  return available[min(row, params.rows - 1u) * params.columns + min(column, params.columns - 1u)];
}

/// Keys from `end` on are of another split or none at all.
fn mask_scores(score: ptr<function, Scores>, first_row: u32, first_key: u32, end: u32, row_lane: u32, column_lane: u32) {
  // @unroll
  for (var k = 0u; k < KEYS_A_THREAD; k++) {
    let column = first_key + 4u * (k / 4u * COLUMN_LANES + column_lane) + k % 4u;
    // @unroll
    for (var y = 0u; y < ROW_QUADS; y++) {
      let row = first_row + 4u * (y * ROW_LANES + row_lane);
      var s = (*score)[k * ROW_QUADS + y];
      if (MASK == 1u) { s = select(s, vec4f(MASKED), vec4u(column) > vec4u(row, row + 1u, row + 2u, row + 3u)); }
      if (MASK == 2u) {
        let taken = vec4f(
          available_to(row, column),
          available_to(row + 1u, column),
          available_to(row + 2u, column),
          available_to(row + 3u, column),
        );
        s = select(s, vec4f(MASKED), taken == vec4f());
      }
      (*score)[k * ROW_QUADS + y] = select(vec4f(MASKED), s, column < end);
    }
  }
}

/// exp of what is at most zero, four rows at once. Rounding x log2 e costs no more than rounding the score did.
fn exponential(x: vec4f) -> vec4f {
  return exp2(x * LOG2_E);
}

/// The largest scores of a thread's own keys, for the other threads of its rows.
fn share_maxima(score: ptr<function, Scores>, row_lane: u32, column_lane: u32) {
  // @unroll
  for (var y = 0u; y < ROW_QUADS; y++) {
    var largest = vec4f(MASKED);
    // @unroll
    for (var k = 0u; k < KEYS_A_THREAD; k++) { largest = max(largest, (*score)[k * ROW_QUADS + y]); }
    of_lanes[column_lane * ROW_STRIDE + y * ROW_LANES + row_lane] = largest;
  }
}

/// Takes in the shared maxima and brings all sums onto them.
fn raise_maxima(rows: ptr<function, RowSums>, total: ptr<function, Values>, row_lane: u32) {
  var largest: OfRows;
  // @unroll
  for (var y = 0u; y < ROW_QUADS; y++) { largest[y] = (*rows).maximum[y]; }
  for (var other = 0u; other < opaque(COLUMN_LANES); other++) {
    // @unroll
    for (var y = 0u; y < ROW_QUADS; y++) {
      largest[y] = max(largest[y], of_lanes[other * ROW_STRIDE + y * ROW_LANES + row_lane]);
    }
  }
  // @unroll
  for (var y = 0u; y < ROW_QUADS; y++) {
    let drop = (*rows).maximum[y] - largest[y];
    let c = exponential(drop);
    (*rows).maximum[y] = largest[y];
    if (STATISTICS) {
      (*rows).shifted[y] = c * fma(drop, (*rows).linear[y], (*rows).shifted[y]);
      (*rows).square[y] *= c * c;
    }
    (*rows).linear[y] *= c;
    if (MOMENTS > 0u) { (*rows).first[y] *= c * c; }
    if (MOMENTS > 1u) { (*rows).second[y] *= c * c; }
    // @unroll
    for (var r = 0u; r < 4u; r++) {
      // @unroll
      for (var x = 0u; x < VALUE_QUADS; x++) { (*total)[(4u * y + r) * VALUE_QUADS + x] *= c[r]; }
    }
  }
}

/// Turns scores into weights p = exp(S - M), and adds up all that needs no state.
fn weigh_keys(rows: ptr<function, RowSums>, score: ptr<function, Scores>, system: u32, first_key: u32, column_lane: u32) {
  let quads = (params.columns + 3u) / 4u;
  // @unroll
  for (var x = 0u; x < KEY_QUADS; x++) {
    let place = system * params.weightKinds * quads + min(first_key / 4u + x * COLUMN_LANES + column_lane, quads - 1u);
    var first: vec4f;
    var second: vec4f;
    if (MOMENTS > 0u) { first = weights[place]; }
    if (MOMENTS > 1u) { second = weights[place + quads]; }
    // @unroll
    for (var k = 0u; k < 4u; k++) {
      // @unroll
      for (var y = 0u; y < ROW_QUADS; y++) {
        // A masked key at the sentinel maximum would give exp(0) = 1: zero it by its score.
        let s = (*score)[(4u * x + k) * ROW_QUADS + y];
        let shift = select(vec4f(), s - (*rows).maximum[y], s > vec4f(MASKED));
        let p = select(vec4f(), exponential(shift), s > vec4f(MASKED));
        (*score)[(4u * x + k) * ROW_QUADS + y] = p;
        if (!FROZEN) {
          (*rows).linear[y] += p;
          if (STATISTICS) {
            (*rows).shifted[y] = fma(p, shift, (*rows).shifted[y]);
            (*rows).square[y] = fma(p, p, (*rows).square[y]);
          }
          if (MASK == 2u) { (*rows).counted[y] += select(vec4f(), vec4f(1.0), s > vec4f(MASKED)); }
        }
        if (MOMENTS > 0u) { (*rows).first[y] = fma(p * p, vec4f(first[k]), (*rows).first[y]); }
        if (MOMENTS > 1u) { (*rows).second[y] = fma(p * p, vec4f(second[k]), (*rows).second[y]); }
      }
    }
  }
}

/// (M, Z) of a row, from an earlier call.
fn normaliser(coupling: u32, row: u32) -> vec2f {
  return statistics[2u * (coupling * padded(params.rows) + min(row, params.rows - 1u)) + 1u].xy;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let blocks = (params.rowCount + ROWS - 1u) / ROWS;
  let unit = linear_workgroup(workgroup, workgroups);
  // The whole workgroup leaves together, so the barriers below stay in uniform control flow.
  if (unit >= blocks * params.splits * params.systems) { return; }
  let first_row = params.rowStart + (unit % blocks) * ROWS;
  let split = (unit / blocks) % params.splits;
  let system = unit / (blocks * params.splits);
  let coupling = system / params.systemsPerCoupling;
  let row_lane = lane / COLUMN_LANES;
  let column_lane = lane % COLUMN_LANES;
  let padded_rows = padded(params.rows);

  var score: Scores;
  var rows: RowSums;
  var values: Values;              // F = Σ p m_j of a tile of keys
  var total: Values;               // the same of all tiles
  // @unroll
  for (var y = 0u; y < ROW_QUADS; y++) {
    rows.maximum[y] = vec4f(MASKED);
    if (FROZEN) {
      let row = first_row + 4u * (y * ROW_LANES + row_lane);
      let n0 = normaliser(coupling, row);
      let n1 = normaliser(coupling, row + 1u);
      let n2 = normaliser(coupling, row + 2u);
      let n3 = normaliser(coupling, row + 3u);
      rows.maximum[y] = vec4f(n0.x, n1.x, n2.x, n3.x);
      rows.linear[y] = vec4f(n0.y, n1.y, n2.y, n3.y);
    }
  }

  let range = split_keys(split);
  var end = range.y;
  if (MASK == 1u) { end = min(end, first_row + ROWS); }
  let score_quads = (params.dimension + 3u) / 4u;
  for (var first_key = range.x; first_key < end; first_key += KEYS) {
    // @unroll
    for (var slot = 0u; slot < KEYS_A_THREAD * ROW_QUADS; slot++) { score[slot] = vec4f(); }
    for (var start = 0u; start < score_quads; start += SCORE_STEPS) {
      workgroupBarrier();
      stage_queries(coupling, first_row, start, lane);
      stage_keys(coupling, first_key, start, lane);
      workgroupBarrier();
      add_scores(&score, row_lane, column_lane);
    }
    mask_scores(&score, first_row, first_key, end, row_lane, column_lane);
    if (!FROZEN) {
      share_maxima(&score, row_lane, column_lane);
      workgroupBarrier();
      raise_maxima(&rows, &total, row_lane);
    }
    weigh_keys(&rows, &score, system, first_key, column_lane);
    // @unroll
    for (var slot = 0u; slot < ROWS_A_THREAD * VALUE_QUADS; slot++) { values[slot] = vec4f(); }
    let chunks = (min(KEYS, end - first_key) + VALUE_DEPTH - 1u) / VALUE_DEPTH;
    for (var chunk = 0u; chunk < chunks; chunk++) {
      workgroupBarrier();
      stage_weights(&score, chunk, row_lane, column_lane);
      stage_values(system, first_key + chunk * VALUE_DEPTH, lane);
      workgroupBarrier();
      add_values(&values, row_lane, column_lane);
    }
    // @unroll
    for (var slot = 0u; slot < ROWS_A_THREAD * VALUE_QUADS; slot++) { total[slot] += values[slot]; }
  }

  // The sums over all keys: those of the threads of a row in the order of their lanes, one kind after the other.
  var sums: array<vec4f, 6u * ROW_QUADS>;
  // @unroll
  for (var y = 0u; y < ROW_QUADS; y++) {
    sums[y] = rows.first[y];
    sums[ROW_QUADS + y] = rows.second[y];
    sums[2u * ROW_QUADS + y] = rows.linear[y];
    sums[3u * ROW_QUADS + y] = rows.shifted[y];
    sums[4u * ROW_QUADS + y] = rows.square[y];
    sums[5u * ROW_QUADS + y] = rows.counted[y];
  }
  let kinds = select(select(5u, 6u, MASK == 2u), MOMENTS, FROZEN);
  for (var kind = 0u; kind < opaque(kinds); kind++) {
    workgroupBarrier();
    // @unroll
    for (var y = 0u; y < ROW_QUADS; y++) {
      of_lanes[column_lane * ROW_STRIDE + y * ROW_LANES + row_lane] = sums[kind * ROW_QUADS + y];
      sums[kind * ROW_QUADS + y] = vec4f();
    }
    workgroupBarrier();
    for (var other = 0u; other < opaque(COLUMN_LANES); other++) {
      // @unroll
      for (var y = 0u; y < ROW_QUADS; y++) {
        sums[kind * ROW_QUADS + y] += of_lanes[other * ROW_STRIDE + y * ROW_LANES + row_lane];
      }
    }
  }

  let quads = (params.components + 3u) / 4u;
  let last = params.rowStart + params.rowCount;
  // The block that ends at the last row writes the padding rows too, with zeros.
  let written = select(last, padded_rows, last == params.rows);
  let part = split * params.systems + system;
  // @unroll
  for (var r = 0u; r < ROWS_A_THREAD; r++) {
    let row = first_row + 4u * (r / 4u * ROW_LANES + row_lane) + r % 4u;
    let inside = row < params.rows;
    let maximum = rows.maximum[r / 4u][r % 4u];
    let linear = select(sums[2u * ROW_QUADS + r / 4u][r % 4u], rows.linear[r / 4u][r % 4u], FROZEN);
    // 1/Z; 1 for sums that are merged before they are divided.
    var inverse = select(0.0, 1.0 / linear, linear > 0.0);
    if (!FROZEN && params.splits > 1u) { inverse = 1.0; }
    if (row < written) {
      // @unroll
      for (var x = 0u; x < VALUE_QUADS; x++) {
        let quad = x * COLUMN_LANES + column_lane;
        let value = total[r * VALUE_QUADS + x] * inverse;
        if (quad < quads) { field[(part * padded_rows + row) * quads + quad] = select(vec4f(), value, inside); }
      }
    }
    if (row < written && column_lane == 0u) {
      // @unroll
      for (var kind = 0u; kind < MOMENTS; kind++) {
        let value = sums[kind * ROW_QUADS + r / 4u][r % 4u] * inverse * inverse;
        moments[(part * MOMENTS + kind) * padded_rows + row] = select(0.0, value, inside);
      }
    }
    if (!FROZEN && inside && row < written && column_lane == 0u) {
      let shifted = sums[3u * ROW_QUADS + r / 4u][r % 4u];
      let square = sums[4u * ROW_QUADS + r / 4u][r % 4u];
      let counted = sums[5u * ROW_QUADS + r / 4u][r % 4u];
      write_statistics(split, system, row, maximum, linear, shifted, square, counted);
    }
  }
}
