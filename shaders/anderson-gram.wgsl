// anderson-gram: the new row and column of the Gram matrix of residual vectors, r_slot · r_k for every slot k.
// One workgroup a system and slot; partial sums of the lanes merge in a tree. Equations 6.1. Twin: src/reference/anderson-gram.ts
// @import lib/dispatch.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const MEMORY: u32 = 5u;            // residual vectors kept

struct Params {
  systems: u32,
  length: u32,
  slot: u32,
  filled: u32,                     // slots that hold something, <= MEMORY
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> residuals: array<f32>;       // [slot][system][length]
@group(0) @binding(2) var<storage, read_write> gram: array<f32>;      // [system][MEMORY][MEMORY]

var<workgroup> shares: array<f32, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = linear_workgroup(workgroup, workgroups);
  if (index >= params.systems * params.filled) { return; }
  let system = index / params.filled;
  let other = index % params.filled;
  let new_base = (params.slot * params.systems + system) * params.length;
  let other_base = (other * params.systems + system) * params.length;
  var own = 0.0;
  for (var k = lane; k < params.length; k += WORKGROUP_SIZE) {
    own += residuals[new_base + k] * residuals[other_base + k];
  }
  shares[lane] = own;
  for (var half = WORKGROUP_SIZE / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { shares[lane] += shares[lane + half]; }
  }
  if (lane == 0u) {
    let base = system * MEMORY * MEMORY;
    gram[base + params.slot * MEMORY + other] = shares[0];
    gram[base + other * MEMORY + params.slot] = shares[0];
  }
}
