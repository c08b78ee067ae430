// species-couplings: J_ij <- mean_ab + std_ab J_ij, i of species a and j of species b, in place. J_ii stays zero unless
// drawn by itself. Equations 3.6; formulas of the ensembles: src/physics/couplings.ts. Twin:
// src/reference/species-couplings.ts
// @import lib/dispatch.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const INDEPENDENT: bool = true;

struct Params {
  couplings: u32,
  rowStart: u32,
  rowCount: u32,
  columns: u32,
  species: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> speciesOf: array<u32>;          // [coupling][pad(N)]
@group(0) @binding(2) var<storage, read> means: array<f32>;              // [coupling][species a][species b]
@group(0) @binding(3) var<storage, read> deviations: array<f32>;         // [coupling][species a][species b]
@group(0) @binding(4) var<storage, read_write> couplings: array<f32>;    // [coupling][rowCount][pad(N)]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let width = 4u * ((params.columns + 3u) / 4u);
  let index = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
  if (index >= params.couplings * params.rowCount * width) { return; }
  let column = index % width;
  let row = params.rowStart + (index / width) % params.rowCount;
  let coupling = index / (width * params.rowCount);
  if (column >= params.columns || (!INDEPENDENT && row == column)) { return; }
  let a = speciesOf[coupling * width + row];
  let b = speciesOf[coupling * width + column];
  let pair = (coupling * params.species + a) * params.species + b;
  couplings[index] = means[pair] + deviations[pair] * couplings[index];
}
