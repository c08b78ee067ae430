// site-distance: |left_i - right_i| / R at every site, or |left_i| / R. Twin: src/reference/site-distance.ts
// @import lib/dispatch.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const SUBTRACT: bool = true;

struct Params {
  systems: u32,
  sites: u32,
  components: u32,
  componentStride: u32,            // pad(D), or 1 for binary spins
  radius: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> left: array<f32>;            // [system][pad(N)][componentStride]
@group(0) @binding(2) var<storage, read> right: array<f32>;           // the same; read if SUBTRACT
@group(0) @binding(3) var<storage, read_write> distance: array<f32>;  // [system][pad(N)]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let padded = 4u * ((params.sites + 3u) / 4u);
  let index = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
  if (index >= params.systems * padded) { return; }
  var square = 0.0;
  if (index % padded < params.sites) {
    for (var k = 0u; k < params.components; k++) {
      var value = left[index * params.componentStride + k];
      if (SUBTRACT) { value -= right[index * params.componentStride + k]; }
      square += value * value;
    }
  }
  distance[index] = sqrt(square) / params.radius;
}
