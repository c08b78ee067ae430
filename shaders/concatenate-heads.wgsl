// concatenate-heads: features f_i = (m_i of head 0, m_i of head 1, ...), one row a site: what W_Q and W_K act on.
// Equations 3.3. Twin: src/reference/concatenate-heads.ts
// @import lib/dispatch.wgsl

const WORKGROUP_SIZE: u32 = 64u;

struct Params {
  models: u32,                     // sets of heads
  heads: u32,
  sites: u32,
  components: u32,
  componentStride: u32,            // pad(D), or 1 for binary spins
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> state: array<f32>;            // [model][head][pad(N)][componentStride]
@group(0) @binding(2) var<storage, read_write> features: array<f32>;   // [model][pad(N)][pad(heads · D)]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let padded = 4u * ((params.sites + 3u) / 4u);
  let width = 4u * ((params.heads * params.components + 3u) / 4u);
  let index = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
  if (index >= params.models * padded * width) { return; }
  let column = index % width;
  let site = (index / width) % padded;
  let model = index / (width * padded);
  var value = 0.0;
  if (column < params.heads * params.components && site < params.sites) {
    let head = column / params.components;
    value = state[((model * params.heads + head) * padded + site) * params.componentStride + column % params.components];
  }
  features[index] = value;
}
