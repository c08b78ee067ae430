// sphere-tap-start: the first iterate of the second-order equation of sphere spins: θ = h = x + J m', m = F(θ).
// Keeps h, and γ'_i = (R² + |m'_i|²)/(R² - |m'_i|²) of the site's own previous mean, which tap-published uses.
// Equations 5.3, 5.4. Twin: src/reference/sphere-tap-start.ts
// @import lib/dispatch.wgsl
// @import lib/responses.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const RESPONSE: u32 = 0u;          // 0 large-d, 1 exact
const UNSOLVED: f32 = 1e30;        // larger than any residual

struct Params {
  systems: u32,
  sites: u32,
  dimension: u32,
  radius: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> externalField: array<vec4f>;       // [system][pad(N)][pad(D)] x
@group(0) @binding(2) var<storage, read> field: array<vec4f>;          // [system][pad(N)][pad(D)] J m'
@group(0) @binding(3) var<storage, read> previous: array<vec4f>;       // [system][pad(N)][pad(D)] m'
@group(0) @binding(4) var<storage, read> betas: array<f32>;            // [system][pad(N)] β
@group(0) @binding(5) var<storage, read_write> local: array<vec4f>;    // [system][pad(N)][pad(D)] h
@group(0) @binding(6) var<storage, read_write> effective: array<vec4f>; // [system][pad(N)][pad(D)] θ
@group(0) @binding(7) var<storage, read_write> mean: array<vec4f>;     // [system][pad(N)][pad(D)] F(θ)
@group(0) @binding(8) var<storage, read_write> sites: array<vec2f>;    // [system][pad(N)] γ'_i, residual of the best iterate

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
    for (var quad = 0u; quad < quads; quad++) {
      local[base + quad] = vec4f();
      effective[base + quad] = vec4f();
      mean[base + quad] = vec4f();
    }
    sites[index] = vec2f(1.0, 0.0);
    return;
  }
  var square = 0.0;
  var previous_square = 0.0;
  for (var quad = 0u; quad < quads; quad++) {
    let h = externalField[base + quad] + field[base + quad];
    square += dot(h, h);
    previous_square += dot(previous[base + quad], previous[base + quad]);
  }
  let gain = response_gain(sqrt(square), betas[index], params.radius, f32(params.dimension));
  for (var quad = 0u; quad < quads; quad++) {
    let h = externalField[base + quad] + field[base + quad];
    local[base + quad] = h;
    effective[base + quad] = h;
    mean[base + quad] = gain * h;
  }
  let norm = sqrt(previous_square);
  let gamma = (params.radius * params.radius + previous_square) / ((params.radius - norm) * (params.radius + norm));
  sites[index] = vec2f(gamma, UNSOLVED);
}
