// reaction-weights: K_ij = J_ij² c_j G_ij with G_ij = m_i(t) · m'_j, the matrix that sphere tap contracts with m'.
// Equations 5.1, 5.3. In place of G. Twin: src/reference/reaction-weights.ts
// @import lib/dispatch.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const KINDS: u32 = 3u;             // weights stored a system; the last is the anisotropy c

struct Params {
  systems: u32,
  systemsPerCoupling: u32,
  rowCount: u32,
  columns: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> couplings: array<vec4f>;           // [coupling][rowCount][pad(columns)]
@group(0) @binding(2) var<storage, read> weights: array<vec4f>;             // [system][KINDS][pad(columns)]
@group(0) @binding(3) var<storage, read_write> reactions: array<vec4f>;     // [system][rowCount][pad(columns)] G, then K

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let quads = (params.columns + 3u) / 4u;
  let block = params.rowCount * quads;
  let index = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
  if (index >= params.systems * block) { return; }
  let system = index / block;
  let coupling = couplings[(system / params.systemsPerCoupling) * block + index % block];
  let anisotropy = weights[(system * KINDS + KINDS - 1u) * quads + index % quads];
  reactions[index] = coupling * coupling * anisotropy * reactions[index];
}
