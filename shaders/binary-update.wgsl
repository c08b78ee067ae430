// binary-update: the mean of a binary spin from its field, h = x_i + Σ_j J_ij m'_j, V = Σ_j J_ij² (1 - m'_j²).
// naive  m = tanh βh                      (equations 4.2; Kappen & Spanjers 2000)
// tap    m = tanh β(h - β m V), m at time t on both sides   (equations 4.3; Roudi & Hertz 2011; Bal 2023, eq. 26)
// Twin: src/reference/binary-update.ts
// @import lib/dispatch.wgsl
// @import lib/hyperbolic.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const CLOSURE: u32 = 0u;           // 0 naive, 1 tap

struct Params {
  systems: u32,
  sites: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> externalField: array<f32>;             // [system][pad(N)] x
@group(0) @binding(2) var<storage, read> field: array<f32>;                // [system][pad(N)] J m'
@group(0) @binding(3) var<storage, read> moments: array<f32>;              // [system][pad(N)] V
@group(0) @binding(4) var<storage, read> betas: array<f32>;                // [system][pad(N)] β
@group(0) @binding(5) var<storage, read_write> image: array<f32>;          // [system][pad(N)] m
@group(0) @binding(6) var<storage, read_write> solveResidual: array<f32>;  // [system][pad(N)] |m - right-hand side|

/// The root of r(m) = m - tanh(a - b m), b >= 0. r rises with slope 1 + b sech² >= 1, so the root is unique and lies
/// in [-1, 1]: 26 halvings and two Newton steps leave 6e-8.
fn tap_mean(a: f32, b: f32) -> f32 {
  var low = -1.0;
  var high = 1.0;
  for (var k = 0u; k < 26u; k++) {
    let middle = 0.5 * (low + high);
    if (middle < binary_mean(a - b * middle)) { low = middle; } else { high = middle; }
  }
  var m = 0.5 * (low + high);
  for (var k = 0u; k < 2u; k++) {
    let argument = a - b * m;
    m -= (m - binary_mean(argument)) / (1.0 + b * binary_variance(argument));
  }
  return clamp(m, -1.0, 1.0);
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
  if (index % padded >= params.sites) {
    image[index] = 0.0;
    solveResidual[index] = 0.0;
    return;
  }
  let beta = betas[index];
  let a = beta * (externalField[index] + field[index]);
  if (CLOSURE == 0u) {
    image[index] = binary_mean(a);
    solveResidual[index] = 0.0;
  } else {
    let b = beta * beta * moments[index];
    let m = tap_mean(a, b);
    image[index] = m;
    // Divided by the slope: the distance of m from the root, not of the two sides.
    solveResidual[index] = abs(m - binary_mean(a - b * m)) / (1.0 + b * binary_variance(a - b * m));
  }
}
