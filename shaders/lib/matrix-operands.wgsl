// What matrices are made of: f32 arrays as f16 in workgroup memory, in one part or, if SPLIT, in two, and S = Q Kᵀ and
// F += P V of what is there. The importer declares the tile, SPLIT, `params`, the arrays queries, keys and state, and
// `products`, and imports lib/matrix-product.wgsl or its like.
//
// Operands are multiplied by powers of two: the largest of Q (of a row) and of K (of a tile) comes to between 2^14 and 2^15.
// The exponent of V serves many tiles: it starts with room for states 16 times as large, and is lowered when that is used up.
// @import lib/attention-shape.wgsl

const GROUPS: u32 = WORKGROUP_SIZE / MATRIX_LANES;      // of lanes that hold matrices together
const ROW_TILES: u32 = ROWS / GROUPS / MATRIX_ROWS;     // matrices one above the other, a group
const KEY_TILES: u32 = KEYS / MATRIX_COLUMNS;
const WEIGHT_TILES: u32 = KEYS / MATRIX_DEPTH;
const DIMENSION_QUADS: u32 = DIMENSION_TILES * MATRIX_DEPTH / 4u;
const COMPONENT_QUADS: u32 = COMPONENT_TILES * MATRIX_COLUMNS / 4u;
const PARTS: u32 = select(1u, 2u, SPLIT);

// Rows in workgroup memory, in quads: 16 bytes longer than they need be, so that rows fall into different banks.
const KEY_STRIDE: u32 = DIMENSION_QUADS + 2u;
const VALUE_STRIDE: u32 = COMPONENT_QUADS + 2u;
const WEIGHT_STRIDE: u32 = KEYS / 4u + 2u;
const SCORE_STRIDE: u32 = KEYS / 4u + 1u;

// Each kind has its high parts first and its low parts behind them. Queries pass through before there are weights.
const VALUES_AT: u32 = PARTS * KEYS * KEY_STRIDE;
const WEIGHTS_AT: u32 = VALUES_AT + PARTS * KEYS * VALUE_STRIDE;
const OPERAND_QUADS: u32 = WEIGHTS_AT + PARTS * ROWS * WEIGHT_STRIDE;

const KEY_FETCHES: u32 = (KEYS * DIMENSION_QUADS + WORKGROUP_SIZE - 1u) / WORKGROUP_SIZE;
const VALUE_FETCHES: u32 = (KEYS * COMPONENT_QUADS + WORKGROUP_SIZE - 1u) / WORKGROUP_SIZE;

const HIGHEST: i32 = 14;               // the largest exponent of an operand
const HIGHEST_FIRST_STATE: i32 = 10;   // the same of the states that choose the exponent of V
const LARGEST_SHIFT: i32 = 100;

var<workgroup> operands: array<vec4h, OPERAND_QUADS>;
var<workgroup> largest_key: array<atomic<u32>, 2>;      // bits of the largest |k| of this tile and the next
var<workgroup> largest_state: atomic<u32>;              // of the largest |m| so far

alias FetchedKeys = array<vec4f, KEY_FETCHES>;
alias FetchedStates = array<vec4f, VALUE_FETCHES>;
alias QueryMatrices = array<LeftMatrix, ROW_TILES * DIMENSION_TILES>;
alias ScoreMatrices = array<SumMatrix, ROW_TILES * KEY_TILES>;
alias FieldMatrices = array<SumMatrix, ROW_TILES * COMPONENT_TILES>;

/// 2^exponent, as far as it is a normal number.
fn power_of_two(exponent: i32) -> f32 {
  return bitcast<f32>(u32(clamp(exponent, -126, 127) + 127) << 23u);
}

/// The power of two to multiply by, for the number with these bits to come to between 2^highest and twice that.
fn shift_to(highest: i32, bits: u32) -> i32 {
  return min(highest + 127 - i32(bits >> 23u), LARGEST_SHIFT);
}

fn largest_of(quad: vec4f) -> f32 {
  let size = abs(quad);
  return max(max(size.x, size.y), max(size.z, size.w));
}

/// The f16 nearest to each number, as f32. Not by way of f16 and back: a compiler may take that for the number itself.
fn rounded(value: vec4f) -> vec4f {
  return bitcast<vec4f>((bitcast<vec4u>(value) + vec4u(0x1000u)) & vec4u(0xffffe000u));
}

fn low_part(value: vec4f) -> vec4h {
  return vec4h(value - rounded(value));
}

fn stage(place: u32, quads_of_part: u32, value: vec4f) {
  if (SPLIT) {
    operands[place] = vec4h(rounded(value));
    operands[place + quads_of_part] = low_part(value);
  } else {
    operands[place] = vec4h(value);
  }
}

/// Quad of a query, zero past the end. Rows past the end repeat the last one; what comes of them is not written.
fn query_quad(coupling: u32, row: u32, quad: u32) -> vec4f {
  let quads = (params.dimension + 3u) / 4u;
  let place = (coupling * padded(params.rows) + min(row, params.rows - 1u)) * quads + min(quad, quads - 1u);
  return select(vec4f(), queries[place], quad < quads);
}

/// Loads what a thread stages of the keys of a tile, those past the end like the last one, and adds to the largest.
fn fetch_keys(fetched: ptr<function, FetchedKeys>, coupling: u32, first_key: u32, slot: u32, lane: u32) {
  let quads = (params.dimension + 3u) / 4u;
  let base = coupling * padded(params.columns);
  var largest = 0.0;
  for (var n = 0u; n < KEY_FETCHES; n++) {
    let unit = n * WORKGROUP_SIZE + lane;
    let key = min(first_key + unit / DIMENSION_QUADS, params.columns - 1u);
    let quad = unit % DIMENSION_QUADS;
    let loaded = keys[(base + key) * quads + min(quad, quads - 1u)];
    (*fetched)[n] = select(vec4f(), loaded, quad < quads);
    largest = max(largest, largest_of((*fetched)[n]));
  }
  atomicMax(&largest_key[slot], bitcast<u32>(largest));
}

fn stage_keys(fetched: ptr<function, FetchedKeys>, shift: i32, lane: u32) {
  let factor = power_of_two(shift);
  for (var n = 0u; n < KEY_FETCHES; n++) {
    let unit = n * WORKGROUP_SIZE + lane;
    if (unit < KEYS * DIMENSION_QUADS) {
      let place = unit / DIMENSION_QUADS * KEY_STRIDE + unit % DIMENSION_QUADS;
      stage(place, KEYS * KEY_STRIDE, factor * (*fetched)[n]);
    }
  }
}

/// The same of the states of a tile.
fn fetch_states(fetched: ptr<function, FetchedStates>, system: u32, first_key: u32, lane: u32) {
  let quads = (params.components + 3u) / 4u;
  let base = system * padded(params.columns);
  var largest = 0.0;
  for (var n = 0u; n < VALUE_FETCHES; n++) {
    let unit = n * WORKGROUP_SIZE + lane;
    let key = min(first_key + unit / COMPONENT_QUADS, params.columns - 1u);
    let quad = unit % COMPONENT_QUADS;
    let loaded = state[(base + key) * quads + min(quad, quads - 1u)];
    (*fetched)[n] = select(vec4f(), loaded, quad < quads);
    largest = max(largest, largest_of((*fetched)[n]));
  }
  atomicMax(&largest_state, bitcast<u32>(largest));
}

fn stage_states(fetched: ptr<function, FetchedStates>, shift: i32, lane: u32) {
  let factor = power_of_two(shift);
  for (var n = 0u; n < VALUE_FETCHES; n++) {
    let unit = n * WORKGROUP_SIZE + lane;
    if (unit < KEYS * COMPONENT_QUADS) {
      let place = VALUES_AT + unit / COMPONENT_QUADS * VALUE_STRIDE + unit % COMPONENT_QUADS;
      stage(place, KEYS * VALUE_STRIDE, factor * (*fetched)[n]);
    }
  }
}

/// The power of two for V, which was `shift` up to now.
fn shift_of_states(shift: i32) -> i32 {
  let bits = atomicLoad(&largest_state);
  return select(shift, shift_to(HIGHEST_FIRST_STATE, bits), shift > shift_to(HIGHEST, bits));
}

/// S += Q Kᵀ of one part of each.
fn multiply_queries(score: ptr<function, ScoreMatrices>, query: ptr<function, QueryMatrices>, key_part: u32) {
  // @unroll
  for (var z = 0u; z < DIMENSION_TILES; z++) {
    // @unroll
    for (var x = 0u; x < KEY_TILES; x++) {
      let place = (key_part * KEYS + x * MATRIX_COLUMNS) * KEY_STRIDE + z * MATRIX_DEPTH / 4u;
      let key = load_right_transposed(place, KEY_STRIDE);
      // @unroll
      for (var y = 0u; y < ROW_TILES; y++) {
        let slot = y * KEY_TILES + x;
        (*score)[slot] = multiply_add((*query)[y * DIMENSION_TILES + z], key, (*score)[slot]);
      }
    }
  }
}

/// Where in `operands` the weights of a group's rows lie.
fn weight_place(group: u32, y: u32) -> u32 {
  return WEIGHTS_AT + (group * ROW_TILES + y) * MATRIX_ROWS * WEIGHT_STRIDE;
}

/// Where in `products` a matrix of a group of lanes lies.
fn product_place(group: u32, y: u32, x: u32) -> u32 {
  return (group * ROW_TILES + y) * MATRIX_ROWS * SCORE_STRIDE + x * MATRIX_COLUMNS / 4u;
}

/// S of a tile into `products`. The small products come first, while the sums that they are rounded with are small too.
fn multiply_scores(high: ptr<function, QueryMatrices>, low: ptr<function, QueryMatrices>, group: u32) {
  var score: ScoreMatrices;
  if (SPLIT) {
    multiply_queries(&score, low, 0u);
    multiply_queries(&score, high, 1u);
  }
  multiply_queries(&score, high, 0u);
  // @unroll
  for (var y = 0u; y < ROW_TILES; y++) {
    // @unroll
    for (var x = 0u; x < KEY_TILES; x++) { store_sum(product_place(group, y, x), SCORE_STRIDE, score[y * KEY_TILES + x]); }
  }
}

/// F += P V of one part of each.
fn multiply_weights(sums: ptr<function, FieldMatrices>, weight_part: u32, state_part: u32, group: u32) {
  // @unroll
  for (var z = 0u; z < WEIGHT_TILES; z++) {
    var weight: array<LeftMatrix, ROW_TILES>;
    // @unroll
    for (var y = 0u; y < ROW_TILES; y++) {
      let place = weight_place(group, y) + weight_part * ROWS * WEIGHT_STRIDE + z * MATRIX_DEPTH / 4u;
      weight[y] = load_left(place, WEIGHT_STRIDE);
    }
    // @unroll
    for (var x = 0u; x < COMPONENT_TILES; x++) {
      let key = state_part * KEYS + z * MATRIX_DEPTH;
      let value = load_right(VALUES_AT + key * VALUE_STRIDE + x * MATRIX_COLUMNS / 4u, VALUE_STRIDE);
      // @unroll
      for (var y = 0u; y < ROW_TILES; y++) {
        let slot = y * COMPONENT_TILES + x;
        (*sums)[slot] = multiply_add(weight[y], value, (*sums)[slot]);
      }
    }
  }
}

fn multiply_states(sums: ptr<function, FieldMatrices>, group: u32) {
  if (SPLIT) {
    multiply_weights(sums, 1u, 0u, group);
    multiply_weights(sums, 0u, 1u, group);
  }
  multiply_weights(sums, 0u, 0u, group);
}
