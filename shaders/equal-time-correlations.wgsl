// equal-time-correlations: C_ik = ⟨s_i s_k⟩ - m_i m_k from the covariances P_ik of the fields; C_ii = 1 - m_i².
// diagonal     0 off the diagonal                               (equations 4.2)
// first-order  β² a_i a_k P_ik                                  (equations 4.3, 4.4, 4.5 for large N)
// gaussian     ∫∫ D_ρ(z,w) tanh β(h_i + z √V_i) tanh β(h_k + w √V_k) - m_i m_k, ρ = P_ik/√(V_i V_k)      (equations 4.5)
// pairwise     the mean of (1 - m_k²)/2 [tanh ψ_ik(+) - tanh ψ_ik(-)] and its transpose,
//              ψ_ik(s) = β h_i + β² P_ik (s - m_k) - β² V_i tanh ψ_ik(s)                                  (equations 4.6)
// A |C_ik| > 1 is no correlation: it becomes NOT_FINITE, by which a diverged closure is known.
// Twin: src/reference/equal-time-correlations.ts
// @import lib/dispatch.wgsl
// @import lib/gaussian-average.wgsl
// @import lib/tap-mean.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const RULE: u32 = 0u;              // 0 diagonal, 1 first-order, 2 gaussian, 3 pairwise
const NOT_FINITE: f32 = 3.0e38;

struct Params {
  systems: u32,
  sites: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> products: array<f32>;             // [system][N][pad(N)] P, unless diagonal
@group(0) @binding(2) var<storage, read> means: array<f32>;                // [system][pad(N)] m
@group(0) @binding(3) var<storage, read> gains: array<f32>;                // [system][pad(N)] a, of first-order
@group(0) @binding(4) var<storage, read> externalField: array<f32>;        // [system][pad(N)] x, of gaussian and pairwise
@group(0) @binding(5) var<storage, read> field: array<f32>;                // [system][pad(N)] J m', the same
@group(0) @binding(6) var<storage, read> moments: array<f32>;              // [system][pad(N)] V, the same
@group(0) @binding(7) var<storage, read> betas: array<f32>;                // [system][pad(N)] β
@group(0) @binding(8) var<storage, read_write> correlations: array<f32>;   // [system][N][pad(N)]

/// (1 - m_k²)/2 [tanh ψ(+) - tanh ψ(-)]: h = βh_i, strength = β² P_ik, variance = β² V_i.
fn pairwise_covariance(h: f32, strength: f32, variance: f32, m: f32) -> f32 {
  let up = tap_mean(h + strength * (1.0 - m), variance);
  let down = tap_mean(h - strength * (1.0 + m), variance);
  return 0.5 * ((1.0 - m) * (1.0 + m)) * (up - down);
}

/// Both slopes are positive. The inner average is over y, w = ρ z + √(1 - ρ²) y.
fn gaussian_pair_mean(a: vec2f, slope: vec2f, correlation: f32) -> f32 {
  let half = i32(gaussian_half_intervals(max(slope.x, slope.y)));
  let width = GAUSSIAN_RANGE / f32(half);
  let across = sqrt((1.0 - correlation) * (1.0 + correlation));
  var sum = 0.0;
  var total = 0.0;
  for (var k = -half; k <= half; k++) {
    let z = f32(k) * width;
    let weight = select(1.0, 0.5, abs(k) == half) * accurate_exp(-0.5 * z * z);
    let inner = gaussian_mean_and_gain(a.y + slope.y * correlation * z, slope.y * across).x;
    sum += weight * binary_mean(a.x + slope.x * z) * inner;
    total += weight;
  }
  return sum / total;
}

fn covariance(system: u32, i: u32, k: u32) -> f32 {
  let width = 4u * ((params.sites + 3u) / 4u);
  let one = system * width + i;
  let other = system * width + k;
  let beta = vec2f(betas[one], betas[other]);
  let product = products[(system * params.sites + i) * width + k];
  if (RULE == 1u) { return beta.x * beta.y * gains[one] * gains[other] * product; }
  let fields = beta * vec2f(externalField[one] + field[one], externalField[other] + field[other]);
  let variances = vec2f(max(moments[one], 0.0), max(moments[other], 0.0));
  if (RULE == 2u) {
    let scale = sqrt(variances.x) * sqrt(variances.y);
    if (!(scale > 0.0)) { return 0.0; }
    let correlation = clamp(product / scale, -1.0, 1.0);
    return gaussian_pair_mean(fields, beta * sqrt(variances), correlation) - means[one] * means[other];
  }
  let transposed = products[(system * params.sites + k) * width + i];
  let mixed = beta.x * beta.y;
  let squared = beta * beta;
  return 0.5 * (
    pairwise_covariance(fields.x, mixed * product, squared.x * variances.x, means[other]) +
    pairwise_covariance(fields.y, mixed * transposed, squared.y * variances.y, means[one])
  );
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let sites = params.sites;
  let width = 4u * ((sites + 3u) / 4u);
  let block = sites * width;
  let index = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
  if (index >= params.systems * block) { return; }
  let system = index / block;
  let i = (index % block) / width;
  let k = index % width;
  if (k >= sites) {
    correlations[index] = 0.0;
    return;
  }
  if (i == k) {
    let m = means[system * width + i];
    correlations[index] = (1.0 - m) * (1.0 + m);
    return;
  }
  // The thread above the diagonal writes both of a pair.
  if (i > k) { return; }
  var value = 0.0;
  if (RULE != 0u) { value = covariance(system, i, k); }
  value = select(NOT_FINITE, value, abs(value) <= 1.0);
  correlations[index] = value;
  correlations[(system * sites + k) * width + i] = value;
}
