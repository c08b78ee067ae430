// query-key-transform: v <- λ Rot_p(v / |v|) of every query or key v at position p, in place. Equations 3.2: qkNorm, then
// RoPE, which turns the pair (2r, 2r + 1) by the angle p base^(-2r/d). Twin: src/reference/query-key-transform.ts
// @import lib/dispatch.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const NORMALISE: bool = true;
const ROTATE: bool = true;

struct Params {
  couplings: u32,
  rows: u32,
  dimension: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rotations: array<vec4f>;       // [pad(N)][pad(d)] cos, sin of pairs, if ROTATE
@group(0) @binding(2) var<storage, read> scales: array<f32>;            // [coupling] λ
@group(0) @binding(3) var<storage, read_write> vectors: array<vec4f>;   // [coupling][pad(N)][pad(d)]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let padded = 4u * ((params.rows + 3u) / 4u);
  let quads = (params.dimension + 3u) / 4u;
  let index = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
  if (index >= params.couplings * padded) { return; }
  let base = index * quads;
  var factor = scales[index / padded];
  if (NORMALISE) {
    var square = 0.0;
    for (var quad = 0u; quad < quads; quad++) { square += dot(vectors[base + quad], vectors[base + quad]); }
    // A zero vector has no direction and stays zero.
    factor = select(0.0, factor / sqrt(square), square > 0.0);
  }
  for (var quad = 0u; quad < quads; quad++) {
    var v = factor * vectors[base + quad];
    if (ROTATE) {
      let turn = rotations[(index % padded) * quads + quad];
      v = v * turn.xxzz + vec4f(-v.y, v.x, -v.w, v.z) * turn.yyww;
    }
    vectors[base + quad] = v;
  }
}
