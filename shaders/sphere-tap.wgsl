// sphere-tap: one damped iteration of the second-order equation of sphere spins at every site.
//   θ = h + ½ { n [f'' W_nn + g' (tr W - W_nn)] / f' + 2 (g'/g) (W n - W_nn n) },   m = F(θ),   n = θ/|θ|
//   W n = (Σ_j J_ij² τ'_j) n - Σ_j J_ij² c'_j (n·m'_j) m'_j [+ v (v·n), v = h - θ, if PUBLISHED],   tr W = T [+ |v|²]
// then θ <- (θ + right-hand side)/2. Equations 5.3, 5.4; Bal 2023, eqs 58-61. Twin: src/reference/sphere-tap.ts
//
// The sum over j arrives as `reaction`, taken with m instead of n (m is parallel to n). The iterate with the smallest
// residual |F(right-hand side) - m| / R is kept, and a site at tolerance stands still: sites do not depend on each
// other here, since m', and with it W, is fixed.
// @import lib/dispatch.wgsl
// @import lib/responses.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const PUBLISHED: bool = false;
const RESPONSE: u32 = 0u;          // 0 large-d, 1 exact

struct Params {
  systems: u32,
  sites: u32,
  dimension: u32,
  radius: f32,
  tolerance: f32,                  // in units of R
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> local: array<vec4f>;             // [system][pad(N)][pad(D)] h
@group(0) @binding(2) var<storage, read> moments: array<f32>;             // [system][2][pad(N)] T, Σ J² τ'
@group(0) @binding(3) var<storage, read> reaction: array<vec4f>;          // [system][pad(N)][pad(D)] Σ_j J² c'_j (m·m'_j) m'_j
@group(0) @binding(4) var<storage, read> betas: array<f32>;               // [system][pad(N)] β
@group(0) @binding(5) var<storage, read_write> effective: array<vec4f>;   // [system][pad(N)][pad(D)] θ
@group(0) @binding(6) var<storage, read_write> mean: array<vec4f>;        // [system][pad(N)][pad(D)] m = F(θ)
@group(0) @binding(7) var<storage, read_write> best: array<vec4f>;        // [system][pad(N)][pad(D)] m of the best iterate
@group(0) @binding(8) var<storage, read_write> sites: array<vec2f>;       // [system][pad(N)] γ'_i, residual of the best iterate

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let padded = 4u * ((params.sites + 3u) / 4u);
  let quads = (params.dimension + 3u) / 4u;
  let index = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
  if (index >= params.systems * padded) { return; }
  let base = index * quads;
  let site = index % padded;
  if (site >= params.sites) {
    for (var quad = 0u; quad < quads; quad++) { best[base + quad] = vec4f(); }
    return;
  }
  if (sites[index].y <= params.tolerance) { return; }
  let system = index / padded;
  let beta = betas[index];
  let dimension = f32(params.dimension);
  let total_variance = moments[2u * system * padded + site];
  var tangential_sum = moments[(2u * system + 1u) * padded + site];
  var reaction_scale = 1.0;
  if (PUBLISHED) {
    let gamma = sites[index].x;
    tangential_sum /= 1.0 + gamma;
    reaction_scale = 1.0 / (params.radius * params.radius * gamma);
  }

  var theta_square = 0.0;
  var mean_square = 0.0;
  var mean_reaction = 0.0;         // m · reaction
  var theta_shift = 0.0;           // θ · v
  var shift_square = 0.0;          // |v|²
  for (var quad = 0u; quad < quads; quad++) {
    let theta = effective[base + quad];
    let m = mean[base + quad];
    let shift = local[base + quad] - theta;
    theta_square += dot(theta, theta);
    mean_square += dot(m, m);
    mean_reaction += dot(m, reaction[base + quad]);
    theta_shift += dot(theta, shift);
    shift_square += dot(shift, shift);
  }
  let norm = sqrt(theta_square);
  let inverse_norm = select(0.0, 1.0 / norm, norm > 0.0);
  let inverse_mean = select(0.0, 1.0 / sqrt(mean_square), mean_square > 0.0);
  let along_shift = select(0.0, theta_shift * inverse_norm, PUBLISHED);         // v · n
  let trace = total_variance + select(0.0, shift_square, PUBLISHED);
  let along = tangential_sum - reaction_scale * mean_reaction * inverse_mean * inverse_mean
    + along_shift * along_shift;                                                // W_nn
  let at = response_derivatives(norm, beta, params.radius, dimension);
  let parallel = 0.5 * (at.f2 * along + at.g1 * (trace - along)) / at.f1 - at.g1 / at.g * along;
  let transverse = at.g1 / at.g;

  // Right-hand side: h + (parallel + transverse Σ J²τ') n - transverse · reaction/|m| + transverse (v·n) v.
  let n_scale = (parallel + transverse * tangential_sum) * inverse_norm;
  let r_scale = transverse * reaction_scale * inverse_mean;
  let v_scale = select(0.0, transverse * along_shift, PUBLISHED);
  var right_square = 0.0;
  for (var quad = 0u; quad < quads; quad++) {
    let theta = effective[base + quad];
    let h = local[base + quad];
    let right = h + n_scale * theta - r_scale * reaction[base + quad] + v_scale * (h - theta);
    right_square += dot(right, right);
  }
  let right_gain = response_gain(sqrt(right_square), beta, params.radius, dimension);
  var difference_square = 0.0;
  var next_square = 0.0;
  for (var quad = 0u; quad < quads; quad++) {
    let theta = effective[base + quad];
    let h = local[base + quad];
    let right = h + n_scale * theta - r_scale * reaction[base + quad] + v_scale * (h - theta);
    let difference = right_gain * right - mean[base + quad];
    difference_square += dot(difference, difference);
    let next = 0.5 * (theta + right);
    next_square += dot(next, next);
  }
  let residual = sqrt(difference_square) / params.radius;
  let improved = residual < sites[index].y;
  if (improved) { sites[index].y = residual; }
  let next_gain = response_gain(sqrt(next_square), beta, params.radius, dimension);
  for (var quad = 0u; quad < quads; quad++) {
    if (improved) { best[base + quad] = mean[base + quad]; }
    let theta = effective[base + quad];
    let h = local[base + quad];
    let right = h + n_scale * theta - r_scale * reaction[base + quad] + v_scale * (h - theta);
    let next = 0.5 * (theta + right);
    effective[base + quad] = next;
    mean[base + quad] = next_gain * next;
  }
}
