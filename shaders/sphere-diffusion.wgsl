// sphere-diffusion: a step of Brownian motion (generator Δ/2) of tokens on the unit sphere, along great circles:
//   x' = cos θ n + sin θ v/|v|,   n = x/|x|,   v = ξ - (ξ·n) n,   θ = √τ |v|,   ξ standard normal      (equations 12.9)
// The law of x' depends on x·x' alone, so that the uniform law stays exactly. τ of a time step: src/physics/brownian-step.ts.
// Twin: src/reference/sphere-diffusion.ts
//
// ξ of components 4q .. 4q + 3: counter (q, site, step, chain word) under the key of the chain.
// @import lib/dispatch.wgsl
// @import lib/philox.wgsl
// @import lib/inverse-normal.wgsl
// @import lib/trigonometry.wgsl

const WORKGROUP_SIZE: u32 = 64u;

struct Params {
  systems: u32,
  sites: u32,
  dimension: u32,
  step: u32,
  variance: f32,                   // τ
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> state: array<vec4f>;              // [system][pad(N)][pad(D)] x
@group(0) @binding(2) var<storage, read> chainKeys: array<vec4u>;          // [system]: key low, key high, chain word, -
@group(0) @binding(3) var<storage, read_write> image: array<vec4f>;        // [system][pad(N)][pad(D)] x'

const LANES = vec4u(0u, 1u, 2u, 3u);

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
    for (var quad = 0u; quad < quads; quad++) { image[base + quad] = vec4f(); }
    return;
  }
  let key = chainKeys[index / padded];
  // The normal numbers wait in `image`.
  var square = 0.0;
  var along = 0.0;
  for (var quad = 0u; quad < quads; quad++) {
    let words = philox4x32(vec4u(quad, site, params.step, key.z), key.xy);
    let numbers =
      vec4f(inverse_normal(words.x), inverse_normal(words.y), inverse_normal(words.z), inverse_normal(words.w));
    let g = select(vec4f(), numbers, 4u * quad + LANES < vec4u(params.dimension));
    image[base + quad] = g;
    square += dot(state[base + quad], state[base + quad]);
    along += dot(g, state[base + quad]);
  }
  let part = along / square;
  var length = 0.0;
  var left = 0.0;
  for (var quad = 0u; quad < quads; quad++) {
    let v = image[base + quad] - part * state[base + quad];
    image[base + quad] = v;
    length += dot(v, v);
    left += dot(v, state[base + quad]);
  }
  let size = sqrt(length);
  let turn = cosine_and_sine(sqrt(params.variance) * size);
  let across = select(0.0, turn.y / size, size > 0.0);
  // What rounding has left along x goes too.
  let kept = turn.x * inverseSqrt(square) - across * left / square;
  for (var quad = 0u; quad < quads; quad++) {
    image[base + quad] = kept * state[base + quad] + across * image[base + quad];
  }
}
