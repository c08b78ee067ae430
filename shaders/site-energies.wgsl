// site-energies: what the energies of a site are made of, h = x + J m, V = Σ_j J_ij² (1 - m_j²):
//   x · m,   m · J m,   ln z(h) - ln z(0),   -Σ_± (1 ± m)/2 ln((1 ± m)/2),   (1 - m²) V
// The last two for binary spins, else 0. z is the single-site partition function (equations 2.8):
//   binary ln cosh βh;   large-d R² [γ - 1 - ln((1 + γ)/2)];   exact ∫_0^κ A_D(k) dk
// Equations 2.8, 10.5, 11.9. Twin: src/reference/site-energies.ts
// @import lib/dispatch.wgsl
// @import lib/hyperbolic.wgsl
// @import lib/responses.wgsl
// @import lib/quadrature.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const COLUMNS: u32 = 5u;
const BINARY: bool = false;
const RESPONSE: u32 = 0u;          // 0 large-d, 1 exact
const LN_2: f32 = 0.69314718;

struct Params {
  systems: u32,
  sites: u32,
  components: u32,
  componentStride: u32,            // pad(D), or 1 for binary spins
  radius: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> externalField: array<f32>;     // [system][pad(N)][componentStride] x
@group(0) @binding(2) var<storage, read> field: array<f32>;             // the same, J m
@group(0) @binding(3) var<storage, read> state: array<f32>;             // the same, m
@group(0) @binding(4) var<storage, read> moments: array<f32>;           // [system][pad(N)] V; read if BINARY
@group(0) @binding(5) var<storage, read> betas: array<f32>;             // [system][pad(N)] β
@group(0) @binding(6) var<storage, read_write> energies: array<f32>;    // [system][pad(N)][COLUMNS]

fn log_partition(h: f32, beta: f32) -> f32 {
  if (BINARY) {
    let a = beta * h;
    return a + log(1.0 + accurate_exp(-2.0 * min(a, 50.0))) - LN_2;
  }
  if (RESPONSE == 0u) {
    let u = beta * h / params.radius;
    let excess = u * (u / (1.0 + response_gamma(u)));     // γ - 1
    return params.radius * params.radius * (excess - log(1.0 + 0.5 * excess));
  }
  let dimension = f32(params.components);
  let concentration = beta * params.radius * h;
  var sum = 0.0;
  for (var k = 0u; k < QUADRATURE_PAIRS; k++) {
    let node = QUADRATURE[k];
    let above = bessel_ratio(dimension, 0.5 * (1.0 + node.x) * concentration);
    let below = bessel_ratio(dimension, 0.5 * (1.0 - node.x) * concentration);
    sum += node.y * (above + below);
  }
  return concentration * sum;
}

/// -p ln p, 0 at p = 0.
fn surprise(p: f32) -> f32 {
  return select(0.0, -p * log(p), p > 0.0);
}

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
  let target_index = index * COLUMNS;
  if (index % padded >= params.sites) {
    for (var column = 0u; column < COLUMNS; column++) { energies[target_index + column] = 0.0; }
    return;
  }
  var with_external = 0.0;
  var with_neighbours = 0.0;
  var square = 0.0;
  for (var k = 0u; k < params.components; k++) {
    let m = state[base + k];
    let h = externalField[base + k] + field[base + k];
    with_external += externalField[base + k] * m;
    with_neighbours += field[base + k] * m;
    square += h * h;
  }
  energies[target_index] = with_external;
  energies[target_index + 1u] = with_neighbours;
  energies[target_index + 2u] = log_partition(sqrt(square), betas[index]);
  var entropy = 0.0;
  var reaction = 0.0;
  if (BINARY) {
    let m = clamp(state[base], -1.0, 1.0);
    entropy = surprise(0.5 * (1.0 + m)) + surprise(0.5 * (1.0 - m));
    reaction = (1.0 - m) * (1.0 + m) * moments[index];
  }
  energies[target_index + 3u] = entropy;
  energies[target_index + 4u] = reaction;
}
