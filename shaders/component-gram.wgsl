// component-gram: G_ab = Σ_i m_ia m_ib, the D × D Gram matrix of the components of a state; its eigenvalues are the squares
// of the singular values of the [N][D] state. Equations 11.13. Twin: src/reference/component-gram.ts
//
// One workgroup a tile of 4 × 4 components: every lane sums its share of the sites, the shares merge in a tree.
// @import lib/dispatch.wgsl

const WORKGROUP_SIZE: u32 = 64u;

struct Params {
  systems: u32,
  sites: u32,
  dimension: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> state: array<vec4f>;         // [system][pad(N)][pad(D)]
@group(0) @binding(2) var<storage, read_write> gram: array<vec4f>;    // [system][pad(D)][pad(D)]

var<workgroup> shares: array<mat4x4f, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let quads = (params.dimension + 3u) / 4u;
  let index = linear_workgroup(workgroup, workgroups);
  // The whole workgroup leaves together, so the barriers below stay in uniform control flow.
  if (index >= params.systems * quads * quads) { return; }
  let column = index % quads;
  let row = (index / quads) % quads;
  let system = index / (quads * quads);
  let first = system * 4u * ((params.sites + 3u) / 4u);
  var own = mat4x4f();
  for (var site = lane; site < params.sites; site += WORKGROUP_SIZE) {
    let left = state[(first + site) * quads + row];
    let right = state[(first + site) * quads + column];
    own += mat4x4f(left.x * right, left.y * right, left.z * right, left.w * right);
  }
  shares[lane] = own;
  for (var half = WORKGROUP_SIZE / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { shares[lane] += shares[lane + half]; }
  }
  workgroupBarrier();
  if (lane < 4u) { gram[((system * quads + row) * 4u + lane) * quads + column] = shares[0][lane]; }
}
