// attention-field-sphere-matrix: the strategy "subgroup-matrix" of attention-field-sphere:
// (J m)_i = Σ_j J_ij m_j and Σ_j J_ij² w_j with J = softmax(q_i · k_j), J never stored.
// Equations 3.1-3.5, 5.1. Twin: src/reference/attention-field-sphere.ts
//
// S = Q Kᵀ and F = P V are products of f16 matrices summed in f32, in one of two precisions:
//   f16        Q, K, P and V are rounded to f16;
//   split-f16  (SPLIT) each is a = high + low with high = f16(a), low = f16(a - high), and a b is taken for
//              low high + high low + high high: close to f32.
// Everything else is f32: exponentials and the sums Z, E, Y, W. Operands are multiplied by powers of two, so that the
// largest comes to just below 2^15: each row of Q by its own, each tile of K by its own, V by one that is lowered when a
// larger state turns up. That rounds nothing, keeps `low` a normal number, and all fits whose products f32 can hold.
//
// A workgroup owns ROWS rows and takes in KEYS keys at a time. Matrices are opaque, so S goes through workgroup memory to
// the threads that weigh it, COLUMN_LANES of them a row, and P goes back. Sums of matrices cannot be scaled row by row;
// therefore M, on which P is based, is not the largest score so far but one that it exceeds by LIMIT at most: P stays in
// the range of f16, M rarely grows, and only then, and every CHUNK keys, F leaves the matrices for the f32 sums of the
// threads. What a row gets does not depend on the rows beside it. When M grows by c = exp(M_old - M_new) the sums go
// along by their class, and once more at the end, onto the largest score:
//   linear Z, F: c;   shifted E = Σ p (S - M): c (E + (M_old - M_new) Z);   square Y, W: c².
// @import lib/dispatch.wgsl
// @import lib/matrix-product.wgsl
// @import lib/matrix-operands.wgsl
// @import lib/matrix-rows.wgsl
// @import lib/attention-statistics.wgsl

const WORKGROUP_SIZE: u32 = 128u;
const ROWS: u32 = 64u;             // of a workgroup: a multiple of MATRIX_ROWS in each group of lanes
const KEYS: u32 = 32u;             // taken in at once: a multiple of MATRIX_COLUMNS, MATRIX_DEPTH and 4 COLUMN_LANES
const COLUMN_LANES: u32 = 8u;      // threads that share a row
const CHUNK: u32 = 1024u;          // keys whose F is summed in matrices before it joins the total: a multiple of KEYS
const DIMENSION_TILES: u32 = 4u;   // matrices that a query takes: d / MATRIX_DEPTH, rounded up
const COMPONENT_TILES: u32 = 4u;   // matrices that a state takes: D / MATRIX_COLUMNS, rounded up
const VALUE_TURNS: u32 = 2u;       // widths of a tile of scores that a state takes: D / KEYS, rounded up
const SPLIT: bool = false;         // the precision: false f16, true split-f16
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

var<workgroup> products: array<vec4f, ROWS * SCORE_STRIDE>;               // S of a tile, or F on its way to the threads
var<workgroup> unsettled: atomic<u32>;                                    // not 0: a weight or a state leaves its range

alias FieldTotals = array<vec4f, VALUE_TURNS * QUADS_A_THREAD * ROWS_A_THREAD>;   // [turn][quad][row]

/// F of all rows joins their totals; of raised rows alone if not `whole`, and other rows go back into the matrices.
fn settle_field(
  field_matrices: ptr<function, FieldMatrices>,
  total: ptr<function, FieldTotals>,
  settling: ptr<function, Settling>,
  whole: bool,
  group: u32,
  lane: u32,
) {
  // @unroll
  for (var turn = 0u; turn < VALUE_TURNS; turn++) {
    if (turn > 0u || !whole) { workgroupBarrier(); }
    // @unroll
    for (var tile = 0u; tile < KEY_TILES; tile++) {
      if (turn * KEY_TILES + tile < COMPONENT_TILES) {
        // @unroll
        for (var y = 0u; y < ROW_TILES; y++) {
          let slot = y * COMPONENT_TILES + min(turn * KEY_TILES + tile, COMPONENT_TILES - 1u);
          store_sum(product_place(group, y, tile), SCORE_STRIDE, (*field_matrices)[slot]);
        }
      }
    }
    workgroupBarrier();
    // @unroll
    for (var x = 0u; x < QUADS_A_THREAD; x++) {
      // @unroll
      for (var r = 0u; r < ROWS_A_THREAD; r++) {
        let place = row_place(r, lane) * SCORE_STRIDE + quad_place(x, lane);
        let slot = (turn * QUADS_A_THREAD + x) * ROWS_A_THREAD + r;
        let held = products[place];
        let joined = (*settling).rescale[r] * fma(vec4f((*settling).unit), held, (*total)[slot]);
        if (whole) {
          (*total)[slot] = joined;
        } else {
          (*total)[slot] = select((*total)[slot], joined, (*settling).raised[r]);
          products[place] = select((*settling).growth * held, vec4f(), (*settling).raised[r]);
        }
      }
    }
    if (!whole) { workgroupBarrier(); }
    // @unroll
    for (var tile = 0u; tile < KEY_TILES; tile++) {
      if (turn * KEY_TILES + tile < COMPONENT_TILES) {
        // @unroll
        for (var y = 0u; y < ROW_TILES; y++) {
          let slot = y * COMPONENT_TILES + min(turn * KEY_TILES + tile, COMPONENT_TILES - 1u);
          if (whole) {
            (*field_matrices)[slot] = SumMatrix();
          } else {
            (*field_matrices)[slot] = load_sum(product_place(group, y, tile), SCORE_STRIDE);
          }
        }
      }
    }
  }
  if (!whole) { workgroupBarrier(); }
}

/// Queries into matrices, each row multiplied by its own power of two.
fn take_queries(
  high: ptr<function, QueryMatrices>,
  low: ptr<function, QueryMatrices>,
  rows: ptr<function, RowSums>,
  coupling: u32,
  first_row: u32,
  group: u32,
  lane: u32,
) {
  var largest: OfRows;
  for (var quad = lane % COLUMN_LANES; quad < DIMENSION_QUADS; quad += COLUMN_LANES) {
    // @unroll
    for (var r = 0u; r < ROWS_A_THREAD; r++) {
      largest[r] = max(largest[r], largest_of(query_quad(coupling, first_row + row_place(r, lane), quad)));
    }
  }
  largest = largest_of_lanes(largest, lane);
  // @unroll
  for (var r = 0u; r < ROWS_A_THREAD; r++) { (*rows).shift[r] = shift_to(HIGHEST, bitcast<u32>(largest[r])); }
  // @unroll
  for (var z = 0u; z < DIMENSION_TILES; z++) {
    stage_queries(rows, z, false, coupling, first_row, lane);
    workgroupBarrier();
    // @unroll
    for (var y = 0u; y < ROW_TILES; y++) {
      (*high)[y * DIMENSION_TILES + z] = load_left(weight_place(group, y), WEIGHT_STRIDE);
    }
    workgroupBarrier();
    if (SPLIT) {
      stage_queries(rows, z, true, coupling, first_row, lane);
      workgroupBarrier();
      // @unroll
      for (var y = 0u; y < ROW_TILES; y++) {
        (*low)[y * DIMENSION_TILES + z] = load_left(weight_place(group, y), WEIGHT_STRIDE);
      }
      workgroupBarrier();
    }
  }
}

/// The components of matrix z of all queries, where weights will be.
fn stage_queries(rows: ptr<function, RowSums>, z: u32, low: bool, coupling: u32, first_row: u32, lane: u32) {
  for (var quad = lane % COLUMN_LANES; quad < MATRIX_DEPTH / 4u; quad += COLUMN_LANES) {
    // @unroll
    for (var r = 0u; r < ROWS_A_THREAD; r++) {
      let row = row_place(r, lane);
      let component = z * MATRIX_DEPTH / 4u + quad;
      let value = power_of_two((*rows).shift[r]) * query_quad(coupling, first_row + row, component);
      operands[WEIGHTS_AT + row * WEIGHT_STRIDE + quad] = select(vec4h(rounded(value)), low_part(value), low);
    }
  }
}

/// Writes the rows of a thread.
fn write_rows(
  rows: ptr<function, RowSums>,
  total: ptr<function, FieldTotals>,
  split: u32,
  system: u32,
  first_row: u32,
  lane: u32,
) {
  let quads = (params.components + 3u) / 4u;
  let padded_rows = padded(params.rows);
  let coupling = system / params.systemsPerCoupling;
  let last = params.rowStart + params.rowCount;
  // The block that ends at the last row writes the padding rows too, with zeros.
  let written = select(last, padded_rows, last == params.rows);
  let part = split * params.systems + system;
  let largest = largest_of_lanes((*rows).above, lane);
  var rescale: OfRows;
  // @unroll
  for (var r = 0u; r < ROWS_A_THREAD; r++) {
    rescale[r] = 1.0;
    let maximum = (*rows).maximum[r];
    if (!FROZEN && maximum > MASKED) { rescale[r] = rescale_row(rows, r, maximum + largest[r]); }
  }
  // The sums over all keys: those of the threads of a row in the order of their lanes, one kind after the other.
  var sums =
    array<OfRows, 6>((*rows).first, (*rows).second, (*rows).linear, (*rows).shifted, (*rows).square, (*rows).counted);
  for (var kind = 0u; kind < opaque(select(6u, MOMENTS, FROZEN)); kind++) {
    share(sums[kind], lane);
    sums[kind] = OfRows();
    for (var other = 0u; other < opaque(COLUMN_LANES); other++) {
      // @unroll
      for (var r = 0u; r < ROWS_A_THREAD; r++) { sums[kind][r] += shared_by(other, r, lane); }
    }
  }
  (*rows).first = sums[0];
  (*rows).second = sums[1];
  if (!FROZEN) {
    (*rows).linear = sums[2];
    (*rows).shifted = sums[3];
    (*rows).square = sums[4];
    (*rows).counted = sums[5];
  }
  // @unroll
  for (var r = 0u; r < ROWS_A_THREAD; r++) {
    let row = first_row + row_place(r, lane);
    let inside = row < params.rows;
    // 1/Z; 1 for sums that are merged before they are divided.
    var inverse = select(0.0, 1.0 / (*rows).linear[r], (*rows).linear[r] > 0.0);
    if (!FROZEN && params.splits > 1u) { inverse = 1.0; }
    if (row < written) {
      for (var slot = 0u; slot < VALUE_TURNS * QUADS_A_THREAD; slot++) {
        let quad = slot / QUADS_A_THREAD * (KEYS / 4u) + quad_place(slot % QUADS_A_THREAD, lane);
        if (quad < quads) {
          let value = (*total)[slot * ROWS_A_THREAD + r] * (rescale[r] * inverse);
          field[(part * padded_rows + row) * quads + quad] = select(vec4f(), value, inside);
        }
      }
    }
    if (row < written && lane % COLUMN_LANES == 0u) {
      let place = part * MOMENTS * padded_rows + row;
      let square = inverse * inverse;
      if (MOMENTS > 0u) { moments[place] = select(0.0, (*rows).first[r] * square, inside); }
      if (MOMENTS > 1u) { moments[place + padded_rows] = select(0.0, (*rows).second[r] * square, inside); }
      if (!FROZEN && inside) {
        write_statistics(
          split,
          system,
          row,
          (*rows).maximum[r],
          (*rows).linear[r],
          (*rows).shifted[r],
          (*rows).square[r],
          (*rows).counted[r],
        );
      }
    }
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_id) subgroup: u32,
) {
  let blocks = (params.rowCount + ROWS - 1u) / ROWS;
  let unit = linear_workgroup(workgroup, workgroups);
  // The whole workgroup leaves together, so the barriers below stay in uniform control flow.
  if (unit >= blocks * params.splits * params.systems) { return; }
  let group = matrix_group(subgroup, lane);
  let first_row = params.rowStart + (unit % blocks) * ROWS;
  let split = (unit / blocks) % params.splits;
  let system = unit / (blocks * params.splits);
  let coupling = system / params.systemsPerCoupling;
  let padded_rows = padded(params.rows);

  var query: QueryMatrices;        // high parts
  var query_low: QueryMatrices;
  var sums: FieldMatrices;         // F = Σ p m_j of a chunk of keys
  var total: FieldTotals;          // the same of all chunks
  var settling: Settling;
  var rows: RowSums;
  var shifted: OfKeys;
  var weight: OfKeys;
  var fetched_keys: FetchedKeys;
  var fetched_states: FetchedStates;
  // @unroll
  for (var r = 0u; r < ROWS_A_THREAD; r++) {
    settling.rescale[r] = 1.0;
    rows.above[r] = MASKED;
    rows.maximum[r] = MASKED;
    if (FROZEN) {
      let row = min(first_row + row_place(r, lane), params.rows - 1u);
      let normaliser = statistics[2u * (coupling * padded_rows + row) + 1u];
      rows.maximum[r] = normaliser.x;
      rows.linear[r] = normaliser.y;
    }
  }
  if (lane == 0u) {
    atomicStore(&largest_key[0], 0u);
    atomicStore(&largest_key[1], 0u);
    atomicStore(&largest_state, 0u);
  }
  take_queries(&query, &query_low, &rows, coupling, first_row, group, lane);

  let range = split_keys(split);
  var end = range.y;
  if (MASK == 1u) { end = min(end, first_row + ROWS); }
  var slot = 0u;                   // of this tile in `largest_key`
  var state_shift = LARGEST_SHIFT;
  var tile = Tile(first_row, range.x, end, false, 0);
  fetch_keys(&fetched_keys, coupling, range.x, slot, lane);
  workgroupBarrier();
  tile.shift = shift_to(HIGHEST, atomicLoad(&largest_key[slot]));
  stage_keys(&fetched_keys, tile.shift, lane);
  for (var first_key = range.x; first_key < end; first_key += KEYS) {
    workgroupBarrier();
    // What is loaded here is staged when there is place for it.
    fetch_states(&fetched_states, system, first_key, lane);
    fetch_keys(&fetched_keys, coupling, first_key + KEYS, 1u - slot, lane);
    if (lane == 0u) {
      atomicStore(&largest_key[slot], 0u);
      atomicStore(&unsettled, 0u);
    }
    tile.first_key = first_key;
    tile.masked = MASK == 2u || first_key + KEYS > end || (MASK == 1u && first_key + KEYS > first_row + 1u);
    // Once more where M has been raised.
    for (var attempt = 0u; attempt < 2u; attempt++) {
      multiply_scores(&query, &query_low, group);
      workgroupBarrier();
      let next_shift = shift_of_states(state_shift);
      stage_states(&fetched_states, next_shift, lane);
      let exceeds = weigh_keys(&shifted, &weight, &rows, &tile, lane);
      if (exceeds || next_shift != state_shift) { atomicStore(&unsettled, 1u); }
      if (workgroupUniformLoad(&unsettled) == 0u || attempt == 1u) { break; }
      if (lane == 0u) { atomicStore(&unsettled, 0u); }
      settling.unit = power_of_two(-state_shift) / WEIGHT_SCALE;
      settling.growth = power_of_two(next_shift - state_shift);
      if (!FROZEN) { raise_maxima(&settling, &rows, &tile, lane); }
      state_shift = next_shift;
      settle_field(&sums, &total, &settling, false, group, lane);
      // @unroll
      for (var r = 0u; r < ROWS_A_THREAD; r++) { settling.rescale[r] = 1.0; }
    }
    multiply_states(&sums, group);
    add_weights(&rows, &shifted, &weight, system, first_key, lane);
    if (first_key + KEYS >= end || (first_key + KEYS - range.x) % CHUNK == 0u) {
      settling.unit = power_of_two(-state_shift) / WEIGHT_SCALE;
      settle_field(&sums, &total, &settling, true, group, lane);
    }
    slot = 1u - slot;
    tile.shift = shift_to(HIGHEST, atomicLoad(&largest_key[slot]));
    stage_keys(&fetched_keys, tile.shift, lane);
  }
  write_rows(&rows, &total, split, system, first_row, lane);
}
