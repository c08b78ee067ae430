// housekeeping: Σ_j (J_ij - J_ji)² T_ij of every row, T_ij = Tr(Σ_i Σ_j) the overlap of the covariances of two sites.
// KINDS 1 (binary)  T_ij = (1 - m_i²)(1 - m_j²)
// KINDS 3 (sphere)  Σ_i = τ_i I - c_i m_i m_iᵀ:  T_ij = D τ_i τ_j - τ_i c_j |m_j|² - c_i |m_i|² τ_j + c_i c_j (m_i · m_j)²
// Equations 8, 11.6; Bal 2026, eqs 10, 22. Twin: src/reference/housekeeping.ts
//
// One workgroup takes 8 rows; its lanes read tiles of 8 × 8 of J and of Jᵀ, in stretches of 8 numbers either way.
// @import lib/dispatch.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const TILE: u32 = 8u;              // rows and columns of a tile, TILE² = WORKGROUP_SIZE
const KINDS: u32 = 1u;

struct Params {
  systems: u32,
  systemsPerCoupling: u32,
  sites: u32,
  components: u32,
  componentStride: u32,            // pad(D), or 1 for binary spins
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> couplings: array<f32>;         // [coupling][N][pad(N)]
@group(0) @binding(2) var<storage, read> state: array<f32>;             // [system][pad(N)][componentStride]; read if KINDS 3
@group(0) @binding(3) var<storage, read> weights: array<f32>;           // [system][KINDS][pad(N)] of moment-weights
@group(0) @binding(4) var<storage, read_write> production: array<f32>;  // [system][pad(N)]

var<workgroup> shares: array<f32, WORKGROUP_SIZE>;

/// |m|² or m_i · m_j of two sites by their first components.
fn inner_product(i: u32, j: u32) -> f32 {
  var sum = 0.0;
  for (var k = 0u; k < params.components; k++) { sum += state[i + k] * state[j + k]; }
  return sum;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let padded = 4u * ((params.sites + 3u) / 4u);
  let row_tiles = (padded + TILE - 1u) / TILE;
  let index = linear_workgroup(workgroup, workgroups);
  // The whole workgroup leaves together, so the barriers below stay in uniform control flow.
  if (index >= params.systems * row_tiles) { return; }
  let system = index / row_tiles;
  let i = (index % row_tiles) * TILE + lane % TILE;
  let matrix = (system / params.systemsPerCoupling) * params.sites * padded;
  let site_weights = system * KINDS * padded;
  let sites = system * padded;
  var own = 0.0;
  if (i < params.sites) {
    let at_i = (sites + i) * params.componentStride;
    var tau_i = weights[site_weights + i];
    var back_i = 0.0;
    if (KINDS == 3u) {
      tau_i = weights[site_weights + padded + i];
      back_i = weights[site_weights + 2u * padded + i];
    }
    let trace_i = select(0.0, back_i * inner_product(at_i, at_i), KINDS == 3u);
    for (var j = lane / TILE; j < params.sites; j += TILE) {
      let difference = couplings[matrix + i * padded + j] - couplings[matrix + j * padded + i];
      var overlap = tau_i * weights[site_weights + j];
      if (KINDS == 3u) {
        let at_j = (sites + j) * params.componentStride;
        let tau_j = weights[site_weights + padded + j];
        let back_j = weights[site_weights + 2u * padded + j];
        let along = inner_product(at_i, at_j);
        let trace_j = back_j * inner_product(at_j, at_j);
        overlap = f32(params.components) * tau_i * tau_j - tau_i * trace_j - trace_i * tau_j
          + (back_i * along) * (back_j * along);
      }
      own += difference * difference * overlap;
    }
  }
  shares[lane] = own;
  for (var half = WORKGROUP_SIZE / 2u; half >= TILE; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { shares[lane] += shares[lane + half]; }
  }
  if (lane < TILE && i < padded) { production[sites + i] = shares[lane]; }
}
