// tangent-update: β_i Σ_i (J w)_i / |w|, the tangent map of the naive closure m = F(h), h = x + J m, on a perturbation w.
// Σ_i = F'(h_i)/β_i: sech² β_i h_i (binary), τ (I - n nᵀ) + ρ n nᵀ with n the direction of h_i (sphere).
// |w|² = Σ_i |w_i|²; w = 0 gives 0.
// Equations 11.10, 11.11. Twin: src/reference/tangent-update.ts
// @import lib/dispatch.wgsl
// @import lib/hyperbolic.wgsl
// @import lib/responses.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const BINARY: bool = false;
const RESPONSE: u32 = 0u;          // 0 large-d, 1 exact

struct Params {
  systems: u32,
  sites: u32,
  components: u32,
  componentStride: u32,            // pad(D), or 1 for binary spins
  radius: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> externalField: array<f32>;   // [system][pad(N)][componentStride] x
@group(0) @binding(2) var<storage, read> field: array<f32>;           // the same, J m
@group(0) @binding(3) var<storage, read> product: array<f32>;         // the same, J w
@group(0) @binding(4) var<storage, read> squares: array<f32>;         // [system] |w|²
@group(0) @binding(5) var<storage, read> betas: array<f32>;           // [system][pad(N)] β
@group(0) @binding(6) var<storage, read_write> image: array<f32>;     // [system][pad(N)][componentStride]

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
  let square = squares[index / padded];
  if (index % padded >= params.sites || square == 0.0) {
    for (var k = 0u; k < params.componentStride; k++) { image[base + k] = 0.0; }
    return;
  }
  let beta = betas[index];
  let scale = beta / sqrt(square);
  if (BINARY) {
    image[base] = scale * binary_variance(beta * (externalField[base] + field[base])) * product[base];
    return;
  }
  var square_norm = 0.0;
  var along = 0.0;
  for (var k = 0u; k < params.components; k++) {
    let h = externalField[base + k] + field[base + k];
    square_norm += h * h;
    along += h * product[base + k];
  }
  let variance = response_variance(sqrt(square_norm), beta, params.radius, f32(params.components));
  // Across and along the field apart: τ I - c m mᵀ would round ρ like τ, up to eight times as large
  // (ρ was off by 2.7e-6 at D = 256 and is by 2e-7; 2026-11-29).
  let share = select(along / square_norm, 0.0, square_norm == 0.0);
  for (var k = 0u; k < params.componentStride; k++) {
    // Components past D are zero because the fields' are.
    let parallel = share * (externalField[base + k] + field[base + k]);
    image[base + k] = scale * (variance.tangential * (product[base + k] - parallel) + variance.radial * parallel);
  }
}
