// site-directions: n_i = m_i / |m_i|, and 0 where m_i = 0. Equations 11.14. Twin: src/reference/site-directions.ts
// @import lib/dispatch.wgsl

const WORKGROUP_SIZE: u32 = 64u;

struct Params {
  systems: u32,
  sites: u32,
  components: u32,
  componentStride: u32,            // pad(D), or 1 for binary spins
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> state: array<f32>;              // [system][pad(N)][componentStride]
@group(0) @binding(2) var<storage, read_write> directions: array<f32>;   // the same

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let padded = 4u * ((params.sites + 3u) / 4u);
  let index = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
  if (index >= params.systems * padded) { return; }
  let base = index * params.componentStride;
  // In units of the largest component, so that no square of a short vector underflows.
  var largest = 0.0;
  if (index % padded < params.sites) {
    for (var k = 0u; k < params.components; k++) { largest = max(largest, abs(state[base + k])); }
  }
  // Subnormal numbers, which a device may flush to zero, count as zero.
  if (largest < 1.2e-38) {
    for (var k = 0u; k < params.componentStride; k++) { directions[base + k] = 0.0; }
    return;
  }
  var square = 0.0;
  for (var k = 0u; k < params.components; k++) {
    let value = state[base + k] / largest;
    square += value * value;
  }
  let norm = sqrt(square);
  for (var k = 0u; k < params.componentStride; k++) {
    var value = 0.0;
    if (k < params.components) { value = (state[base + k] / largest) / norm; }
    directions[base + k] = value;
  }
}
