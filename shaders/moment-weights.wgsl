// moment-weights: what the sum over J_ij² weighs site j with.
// Kind 0: R² - |m_j|² (binary 1 - m_j²). Kinds 1 and 2, if KINDS is 3: tangential variance τ_j and anisotropy
// c_j = (τ_j - ρ_j)/|m_j|² of the site's covariance Σ_j = τ_j I - c_j m_j m_jᵀ; 1 and 1 if PUBLISHED.
// Equations 4.1, 5.1, 5.4. Twin: src/reference/moment-weights.ts
// @import lib/dispatch.wgsl
// @import lib/responses.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const KINDS: u32 = 1u;
const PUBLISHED: bool = false;
const RESPONSE: u32 = 0u;          // 0 large-d, 1 exact

struct Params {
  systems: u32,
  sites: u32,
  components: u32,
  componentStride: u32,            // pad(D), or 1 for binary spins
  radius: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> state: array<f32>;          // [system][pad(N)][componentStride]
@group(0) @binding(2) var<storage, read_write> weights: array<f32>;  // [system][KINDS][pad(N)]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let padded = 4u * ((params.sites + 3u) / 4u);
  let index = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
  if (index >= params.systems * padded) { return; }
  let system = index / padded;
  let site = index % padded;
  let destination = system * KINDS * padded + site;
  if (site >= params.sites) {
    for (var kind = 0u; kind < KINDS; kind++) { weights[destination + kind * padded] = 0.0; }
    return;
  }
  var square = 0.0;
  for (var k = 0u; k < params.components; k++) {
    let value = state[index * params.componentStride + k];
    square += value * value;
  }
  // (R - |m|)(R + |m|) keeps the digits that R² - |m|² loses near saturation.
  // A mixed iterate of the steady-state solver may overshoot the ball.
  let norm = min(sqrt(square), params.radius);
  weights[destination] = (params.radius - norm) * (params.radius + norm);
  if (KINDS == 3u) {
    var tangential = 1.0;
    var anisotropy = 1.0;
    if (!PUBLISHED) {
      let variance = response_from_mean(norm, params.radius, f32(params.components));
      tangential = variance.tangential;
      anisotropy = variance.anisotropy;
    }
    weights[destination + padded] = tangential;
    weights[destination + 2u * padded] = anisotropy;
  }
}
