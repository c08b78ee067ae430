// reduce: Σ_i v_i, Σ_i v_i², max_i v_i, Σ_i |v_i| or min_i v_i over the rows i of a [batch][rows][columns] array, by halves.
// One workgroup takes a chunk of 64 · TERMS rows of one column; the host repeats until one chunk is left, so the
// rounding error grows like log N. A maximum over anything not finite gives NOT_FINITE, which no residual reaches; a minimum,
// -NOT_FINITE.
// Twin: src/reference/reduce.ts
// @import lib/dispatch.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const TERMS: u32 = 16u;            // rows a lane adds before the tree
const OPERATION: u32 = 0u;         // 0 sum, 1 sum of squares, 2 maximum, 3 sum of magnitudes, 4 minimum
const NOT_FINITE: f32 = 3.0e38;

struct Params {
  batch: u32,
  rows: u32,
  rowStride: u32,                  // rows stored a batch entry, >= rows
  columns: u32,
  columnStride: u32,               // columns stored a row, >= columns
  chunks: u32,                     // ceil(rows / (WORKGROUP_SIZE · TERMS))
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> values: array<f32>;          // [batch][rowStride][columnStride]
@group(0) @binding(2) var<storage, read_write> results: array<f32>;   // [batch][columns][chunks]

var<workgroup> shares: array<f32, WORKGROUP_SIZE>;

fn mapped(value: f32) -> f32 {
  if (OPERATION == 1u) { return value * value; }
  if (OPERATION == 2u || OPERATION == 4u) {
    // The exponent bits, not a comparison: WGSL may assume that NaN does not occur.
    let worst = select(NOT_FINITE, -NOT_FINITE, OPERATION == 4u);
    return select(value, worst, (bitcast<u32>(value) & 0x7f800000u) == 0x7f800000u);
  }
  if (OPERATION == 3u) { return abs(value); }
  return value;
}

fn combined(a: f32, b: f32) -> f32 {
  if (OPERATION == 2u) { return max(a, b); }
  if (OPERATION == 4u) { return min(a, b); }
  return a + b;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = linear_workgroup(workgroup, workgroups);
  // The whole workgroup leaves together, so the barriers below stay in uniform control flow.
  if (index >= params.batch * params.columns * params.chunks) { return; }
  let chunk = index % params.chunks;
  let column = (index / params.chunks) % params.columns;
  let entry = index / (params.chunks * params.columns);

  var own = 0.0;
  if (OPERATION == 2u) { own = -NOT_FINITE; }
  if (OPERATION == 4u) { own = NOT_FINITE; }
  for (var term = 0u; term < TERMS; term++) {
    let row = (chunk * TERMS + term) * WORKGROUP_SIZE + lane;
    if (row < params.rows) {
      own = combined(own, mapped(values[(entry * params.rowStride + row) * params.columnStride + column]));
    }
  }
  shares[lane] = own;
  for (var half = WORKGROUP_SIZE / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { shares[lane] = combined(shares[lane], shares[lane + half]); }
  }
  if (lane == 0u) { results[index] = shares[0]; }
}
