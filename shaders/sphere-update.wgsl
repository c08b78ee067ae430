// sphere-update: the mean of a sphere spin when it is parallel to its field, h = x_i + Σ_j J_ij m'_j,
// T = Σ_j J_ij² (R² - |m'_j|²); f = |F| and g = f/|h| of the single-site response.
// naive           m = g(|h|) h                                              (equations 5.2; Bal 2023, eq. 47)
// onsager         m = F(θ), θ = h - (c/R²) T m, c = β/2 or βR²/D (exact)     (equations 5.5)
// gaussian-field  m = g(n) h, n² = |h|² + T                                  (equations 5.6)
// Twin: src/reference/sphere-update.ts
// @import lib/dispatch.wgsl
// @import lib/responses.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const CLOSURE: u32 = 0u;           // 0 naive, 1 onsager, 2 gaussian-field
const RESPONSE: u32 = 0u;          // 0 large-d, 1 exact

struct Params {
  systems: u32,
  sites: u32,
  dimension: u32,
  radius: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> externalField: array<vec4f>;           // [system][pad(N)][pad(D)] x
@group(0) @binding(2) var<storage, read> field: array<vec4f>;              // [system][pad(N)][pad(D)] J m'
@group(0) @binding(3) var<storage, read> moments: array<f32>;              // [system][pad(N)] T
@group(0) @binding(4) var<storage, read> betas: array<f32>;                // [system][pad(N)] β
@group(0) @binding(5) var<storage, read_write> image: array<vec4f>;        // [system][pad(N)][pad(D)] m
@group(0) @binding(6) var<storage, read_write> solveResidual: array<f32>;  // [system][pad(N)] |θ - root| / |h|

/// The root t = |θ| of t + s f(t) = h with s = (c/R²) T >= 0. The left side rises with slope >= 1, so the root is unique
/// in [0, h]; Newton steps that leave the bracket are replaced by halvings.
fn onsager_root(h: f32, s: f32, beta: f32) -> vec2f {
  let dimension = f32(params.dimension);
  var low = 0.0;
  var high = h;
  var t = h;
  for (var k = 0u; k < 40u; k++) {
    let at = response_derivatives(t, beta, params.radius, dimension);
    let excess = t + s * at.f - h;
    if (excess > 0.0) { high = t; } else { low = t; }
    var next = t - excess / (1.0 + s * at.f1);
    if (!(next > low && next < high)) { next = 0.5 * (low + high); }
    let change = abs(next - t);
    t = next;
    if (change <= 1e-7 * h) { break; }
  }
  let at = response_derivatives(t, beta, params.radius, dimension);
  let scale = select(0.0, 1.0 / h, h > 0.0);
  return vec2f(t, scale * abs(t + s * at.f - h) / (1.0 + s * at.f1));
}

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
  if (index % padded >= params.sites) {
    for (var quad = 0u; quad < quads; quad++) { image[base + quad] = vec4f(); }
    solveResidual[index] = 0.0;
    return;
  }
  let beta = betas[index];
  let dimension = f32(params.dimension);
  var square = 0.0;
  for (var quad = 0u; quad < quads; quad++) {
    let h = externalField[base + quad] + field[base + quad];
    square += dot(h, h);
  }
  let norm = sqrt(square);
  var gain = 0.0;
  var residual = 0.0;
  if (CLOSURE == 0u) {
    gain = response_gain(norm, beta, params.radius, dimension);
  } else if (CLOSURE == 2u) {
    gain = response_gain(sqrt(square + moments[index]), beta, params.radius, dimension);
  } else {
    // c/R²: β/(2R²) for the large-d response, β/D for the exact one.
    let c = select(0.5 * beta / (params.radius * params.radius), beta / dimension, RESPONSE == 1u);
    let s = c * moments[index];
    let root = onsager_root(norm, s, beta);
    let g = response_gain(root.x, beta, params.radius, dimension);
    gain = g / (1.0 + s * g);      // m = g θ and θ = h - s m, so m = g h / (1 + s g): no division by |h|
    residual = root.y;
  }
  for (var quad = 0u; quad < quads; quad++) {
    // Components past D are zero because the fields' are.
    image[base + quad] = gain * (externalField[base + quad] + field[base + quad]);
  }
  solveResidual[index] = residual;
}
