// clustering-map: one layer of self-attention with Q = K = V = I and normalisation, tokens on the unit sphere:
//   x_i <- (x_i + η f_i)/|x_i + η f_i|, f_i = Σ_j softmax_j(β x_i·x_j) x_j;   without residual x_i <- f_i/|f_i|
// (equations 9.4). A sum that vanishes leaves its token where it is.
// Twin: src/reference/clustering-map.ts
// @import lib/dispatch.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const RESIDUAL: bool = true;

struct Params {
  systems: u32,
  sites: u32,
  dimension: u32,
  step: f32,                       // η
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> state: array<vec4f>;              // [system][pad(N)][pad(D)] x
@group(0) @binding(2) var<storage, read> field: array<vec4f>;              // [system][pad(N)][pad(D)] f
@group(0) @binding(3) var<storage, read_write> image: array<vec4f>;        // [system][pad(N)][pad(D)]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let padded = 4u * ((params.sites + 3u) / 4u);
  let quads = (params.dimension + 3u) / 4u;
  let index = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
  if (index >= params.systems * padded) { return; }
  let base = index * quads;
  let inside = index % padded < params.sites;
  var square = 0.0;
  for (var quad = 0u; quad < quads; quad++) {
    var sum = params.step * field[base + quad];
    if (RESIDUAL) { sum += state[base + quad]; }
    square += dot(sum, sum);
  }
  let scale = select(0.0, inverseSqrt(square), square > 0.0);
  for (var quad = 0u; quad < quads; quad++) {
    var sum = params.step * field[base + quad];
    if (RESIDUAL) { sum += state[base + quad]; }
    image[base + quad] = select(vec4f(), select(state[base + quad], scale * sum, square > 0.0), inside);
  }
}
