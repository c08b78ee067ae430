// subtract-diagonal: h_i <- h_i - d_i m_i, what a site would do to itself in h = Ξᵀ (Ξ m) / N. Equations 3.7.
// Twin: src/reference/subtract-diagonal.ts
// @import lib/dispatch.wgsl

const WORKGROUP_SIZE: u32 = 64u;

struct Params {
  systems: u32,
  systemsPerCoupling: u32,
  sites: u32,
  componentStride: u32,            // pad(D), or 1 for binary spins
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> diagonal: array<f32>;         // [coupling][pad(N)]
@group(0) @binding(2) var<storage, read> state: array<f32>;            // [system][pad(N)][componentStride]
@group(0) @binding(3) var<storage, read_write> field: array<f32>;      // [system][pad(N)][componentStride]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let padded = 4u * ((params.sites + 3u) / 4u);
  let index = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
  let site = index / params.componentStride;
  if (site >= params.systems * padded) { return; }
  let coupling = site / (padded * params.systemsPerCoupling);
  field[index] -= diagonal[coupling * padded + site % padded] * state[index];
}
