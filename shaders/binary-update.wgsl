// binary-update: the mean of a binary spin from its field, h = x_i + Σ_j J_ij m'_j, V = Σ_j J_ij² (1 - m'_j²).
// naive           m = tanh βh                      (equations 4.2; Kappen & Spanjers 2000)
// tap             m = tanh β(h - β m V), m at time t on both sides   (equations 4.3; Roudi & Hertz 2011; Bal 2023, eq. 26)
// gaussian-field  m = ∫Dz tanh β(h + z √V)         (equations 4.5; Mézard & Sakellariou 2011)
// gaussian-gain   a = ∫Dz sech² β(h + z √V)        (the same)
// amp             m(k+1) = tanh β(h - β V m(k-1))  (equations 4.7; Bolthausen 2014)
// Twin: src/reference/binary-update.ts
// @import lib/dispatch.wgsl
// @import lib/hyperbolic.wgsl
// @import lib/gaussian-average.wgsl
// @import lib/tap-mean.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const RULE: u32 = 0u;              // 0 naive, 1 tap, 2 gaussian-field, 3 gaussian-gain, 4 amp

struct Params {
  systems: u32,
  sites: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> externalField: array<f32>;        // [system][pad(N)] x
@group(0) @binding(2) var<storage, read> field: array<f32>;                // [system][pad(N)] J m'
@group(0) @binding(3) var<storage, read> moments: array<f32>;              // [system][pad(N)] V
@group(0) @binding(4) var<storage, read> echo: array<f32>;                 // [system][pad(N)] m(k-1), read by amp
@group(0) @binding(5) var<storage, read> betas: array<f32>;                // [system][pad(N)] β
@group(0) @binding(6) var<storage, read_write> image: array<f32>;          // [system][pad(N)] m, or a
@group(0) @binding(7) var<storage, read_write> solveResidual: array<f32>;  // [system][pad(N)] distance from the root

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let padded = 4u * ((params.sites + 3u) / 4u);
  let index = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
  if (index >= params.systems * padded) { return; }
  if (index % padded >= params.sites) {
    image[index] = 0.0;
    solveResidual[index] = 0.0;
    return;
  }
  let beta = betas[index];
  let a = beta * (externalField[index] + field[index]);
  var residual = 0.0;
  if (RULE == 0u) {
    image[index] = binary_mean(a);
  } else {
    // Of plefka-t, V is the diagonal of a matrix that need not be positive.
    let b = beta * beta * max(moments[index], 0.0);
    if (RULE == 1u) {
      let m = tap_mean(a, b);
      image[index] = m;
      // Divided by the slope: the distance of m from the root, not of the two sides.
      residual = abs(m - binary_mean(a - b * m)) / (1.0 + b * binary_variance(a - b * m));
    } else if (RULE == 4u) {
      image[index] = binary_mean(a - b * echo[index]);
    } else {
      let average = gaussian_mean_and_gain(a, sqrt(b));
      image[index] = select(average.x, average.y, RULE == 3u);
    }
  }
  solveResidual[index] = residual;
}
