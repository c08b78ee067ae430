// score-gaps: the largest minus the second largest score of a row, max_j S_ij - max'_j S_ij over its available keys, and 1;
// 0 and 0 for a row with fewer than two keys. Equations 3.4. Twin: src/reference/score-gaps.ts
//
// One workgroup a row: every lane keeps the two largest scores of its keys, the pairs merge in a tree.
// @import lib/dispatch.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const MASKED: f32 = -1e30;

struct Params {
  couplings: u32,
  rows: u32,
  rowStart: u32,
  rowCount: u32,
  columns: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> scores: array<f32>;          // [coupling][rowCount][pad(columns)]
@group(0) @binding(2) var<storage, read_write> gaps: array<vec2f>;    // [coupling][pad(rows)] gap, rows counted

var<workgroup> shares: array<vec2f, WORKGROUP_SIZE>;

/// The two largest of two pairs in falling order.
fn largest_two(a: vec2f, b: vec2f) -> vec2f {
  return vec2f(max(a.x, b.x), max(min(a.x, b.x), max(a.y, b.y)));
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = linear_workgroup(workgroup, workgroups);
  // The whole workgroup leaves together, so the barriers below stay in uniform control flow.
  if (index >= params.couplings * params.rowCount) { return; }
  let base = index * 4u * ((params.columns + 3u) / 4u);
  var own = vec2f(MASKED);
  for (var column = lane; column < params.columns; column += WORKGROUP_SIZE) {
    own = largest_two(own, vec2f(scores[base + column], MASKED));
  }
  shares[lane] = own;
  for (var half = WORKGROUP_SIZE / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { shares[lane] = largest_two(shares[lane], shares[lane + half]); }
  }
  if (lane == 0u) {
    let padded_rows = 4u * ((params.rows + 3u) / 4u);
    let destination = (index / params.rowCount) * padded_rows + params.rowStart + index % params.rowCount;
    let pair = shares[0];
    gaps[destination] = select(vec2f(), vec2f(pair.x - pair.y, 1.0), pair.y > MASKED);
  }
}
