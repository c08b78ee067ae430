// sphere-delayed-correlations: D_ij = ⟨s_i(t)·s_j(t-1)⟩ - m_i·m'_j = β J_ij T_ij, T_ij = Tr(Σ_i(t) Σ_j(t-1)), first order in J.
// With Σ = τ I - c m mᵀ:   T_ij = D τ_i τ'_j - τ_i c'_j |m'_j|² - τ'_j c_i |m_i|² + c_i c'_j (m_i·m'_j)²
// Equations 8; Bal 2026, eqs 14-18. In place of the Gram matrix m_i·m'_j. Twin: src/reference/sphere-delayed-correlations.ts
// @import lib/dispatch.wgsl

const WORKGROUP_SIZE: u32 = 64u;

struct Params {
  systems: u32,
  sites: u32,
  systemsPerCoupling: u32,
  dimension: u32,
  radius: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> couplings: array<f32>;          // [coupling][N][pad(N)]
@group(0) @binding(2) var<storage, read> weights: array<f32>;            // [system][3][pad(N)] R² - |m|², τ, c at t
@group(0) @binding(3) var<storage, read> previousWeights: array<f32>;    // [system][3][pad(N)] the same at t-1
@group(0) @binding(4) var<storage, read> betas: array<f32>;              // [system][pad(N)] β
@group(0) @binding(5) var<storage, read_write> delayed: array<f32>;      // [system][N][pad(N)] m_i·m'_j, then D

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let width = 4u * ((params.sites + 3u) / 4u);
  let block = params.sites * width;
  let index = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
  if (index >= params.systems * block) { return; }
  let system = index / block;
  let column = index % width;
  if (column >= params.sites) {
    delayed[index] = 0.0;
    return;
  }
  let coupling = couplings[(system / params.systemsPerCoupling) * block + index % block];
  let later = system * 3u * width + (index % block) / width;
  let earlier = system * 3u * width + column;
  let square = params.radius * params.radius;
  let tangential = weights[later + width];
  let anisotropy = weights[later + 2u * width];
  let previous_tangential = previousWeights[earlier + width];
  let previous_anisotropy = previousWeights[earlier + 2u * width];
  let gram = delayed[index];
  let trace = f32(params.dimension) * tangential * previous_tangential
    - tangential * previous_anisotropy * (square - previousWeights[earlier])
    - previous_tangential * anisotropy * (square - weights[later])
    + anisotropy * previous_anisotropy * gram * gram;
  delayed[index] = betas[system * width + (index % block) / width] * coupling * trace;
}
