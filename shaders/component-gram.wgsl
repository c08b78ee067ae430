// component-gram: G_ab = Σ_i m_ia m_ib, the D × D Gram matrix of the components of a state; its eigenvalues are the squares
// of the singular values of the [N][D] state. Equations 11.13. Twin: src/reference/component-gram.ts
//
// One workgroup a tile of 4 × 4 components: every lane sums its share of the sites, the shares merge in a tree.
// @import lib/dispatch.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const SHARES: u32 = 256u;          // 4 · WORKGROUP_SIZE

struct Params {
  systems: u32,
  sites: u32,
  dimension: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> state: array<vec4f>;         // [system][pad(N)][pad(D)]
@group(0) @binding(2) var<storage, read_write> gram: array<vec4f>;    // [system][pad(D)][pad(D)]

/// Four rows of the tile a lane.
var<workgroup> shares: array<vec4f, SHARES>;

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
  var own0 = vec4f();
  var own1 = vec4f();
  var own2 = vec4f();
  var own3 = vec4f();
  for (var site = lane; site < params.sites; site += WORKGROUP_SIZE) {
    let left = state[(first + site) * quads + row];
    let right = state[(first + site) * quads + column];
    own0 += left.x * right;
    own1 += left.y * right;
    own2 += left.z * right;
    own3 += left.w * right;
  }
  shares[4u * lane] = own0;
  shares[4u * lane + 1u] = own1;
  shares[4u * lane + 2u] = own2;
  shares[4u * lane + 3u] = own3;
  for (var half = WORKGROUP_SIZE / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      for (var k = 0u; k < 4u; k++) { shares[4u * lane + k] += shares[4u * (lane + half) + k]; }
    }
  }
  workgroupBarrier();
  if (lane < 4u) { gram[((system * quads + row) * 4u + lane) * quads + column] = shares[lane]; }
}
