// sphere-sample: one synchronous von Mises–Fisher step of sphere spins, p(s) ~ exp(β s.h), and the means it draws from:
// h = x_i + Σ_j J_ij s_j,   κ = βR|h|,   μ = h/|h|,   m = R A_D(κ) μ,   s = R (w μ + sqrt(1 - w²) e)      (equations 7.2, 7.3)
// The law is the exact one, whatever response the closures of a system use. Twin: src/reference/sphere-sample.ts
//
// Everything is written for v = 1 - w, which keeps its digits where w rounds to 1. Wood (1994):
//   b = (D-1)/(2κ + sqrt(4κ² + (D-1)²)),  v₀ = 2b/(1 + b),  z = (1 + g₁/|g|)/2,  v = 2bz/(1 - z + bz)
// until κ(v₀ - v) + (D-1) ln[(v₀ + v - v₀v)/(v₀(2 - v₀))] >= ln U.
// D = 3: v = -ln(1 - (1-U)(1 - exp(-2κ)))/κ without rejection; 1 - exp(-2κ) = 2t/(1 + t), t = tanh κ.
// e: fresh normal numbers without their component along μ, normalised.
//
// Counter (block, site, step, chain word) under the key of the chain, Q = ceil(D/4): try k takes its normal numbers from the
// blocks k (Q+1) .. k (Q+1) + Q - 1 and U from the next; e takes 64 (Q+1) and on.
// @import lib/dispatch.wgsl
// @import lib/bessel-ratio.wgsl
// @import lib/hyperbolic.wgsl
// @import lib/logarithm.wgsl
// @import lib/philox.wgsl
// @import lib/inverse-normal.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const TRIES: u32 = 64u;
const SMALL: f32 = 1e-6;           // κ below which the law of w is that of no field

struct Params {
  systems: u32,
  sites: u32,
  dimension: u32,
  radius: f32,
  step: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> externalField: array<vec4f>;    // [system][pad(N)][pad(D)] x
@group(0) @binding(2) var<storage, read> field: array<vec4f>;            // [system][pad(N)][pad(D)] J s
@group(0) @binding(3) var<storage, read> betas: array<f32>;              // [system][pad(N)] β
@group(0) @binding(4) var<storage, read> chainKeys: array<vec4u>;        // [system]: key low, key high, chain word, -
@group(0) @binding(5) var<storage, read_write> spins: array<vec4f>;      // [system][pad(N)][pad(D)] s
@group(0) @binding(6) var<storage, read_write> means: array<vec4f>;      // [system][pad(N)][pad(D)] m
@group(0) @binding(7) var<storage, read_write> tallies: array<vec2f>;    // [system][pad(N)]: tries so far, failures so far

const LANES = vec4u(0u, 1u, 2u, 3u);

struct Stream {
  key: vec4u,
  site: u32,
}

fn words_of(stream: Stream, block: u32) -> vec4u {
  return philox4x32(vec4u(block, stream.site, params.step, stream.key.z), stream.key.xy);
}

/// The normal numbers of a block, zero past D.
fn normals_of(stream: Stream, block: u32, quad: u32) -> vec4f {
  let words = words_of(stream, block);
  let numbers =
    vec4f(inverse_normal(words.x), inverse_normal(words.y), inverse_normal(words.z), inverse_normal(words.w));
  return select(vec4f(), numbers, 4u * quad + LANES < vec4u(params.dimension));
}

/// v, the tries it took, and 1 if none was accepted; then v is that of the last.
fn draw_complement(stream: Stream, kappa: f32, quads: u32) -> vec3f {
  let degree = f32(params.dimension) - 1.0;
  if (params.dimension == 3u) {
    // 1 - U is the complement of the word: exact.
    let rest = open_uniform(~words_of(stream, quads).x);
    if (kappa < SMALL) { return vec3f(2.0 * rest, 1.0, 0.0); }
    let t = binary_mean(kappa);
    return vec3f(min(-accurate_log1p(-rest * (2.0 * t / (1.0 + t))) / kappa, 2.0), 1.0, 0.0);
  }
  let b = degree / (2.0 * kappa + max(2.0 * kappa, sqrt(4.0 * min(kappa, 1e18) * min(kappa, 1e18) + degree * degree)));
  let v0 = 2.0 * b / (1.0 + b);
  var v = v0;
  for (var k = 0u; k < TRIES; k++) {
    let block = k * (quads + 1u);
    var first = 0.0;
    var rest = 0.0;
    for (var quad = 0u; quad < quads; quad++) {
      var g = normals_of(stream, block + quad, quad);
      if (quad == 0u) {
        first = g.x;
        g.x = 0.0;
      }
      rest += dot(g, g);
    }
    let norm = sqrt(first * first + rest);
    // The smaller of z and 1 - z without cancellation.
    let small = 0.5 * rest / (norm * (norm + abs(first)));
    let z = select(small, 1.0 - small, first > 0.0);
    let complement = select(1.0 - small, small, first > 0.0);
    v = 2.0 * b * z / (complement + b * z);
    // (v₀ + v - v₀v)/(v₀(2 - v₀)) = 1 + (v - v₀)(1 - v₀)/(v₀(2 - v₀))
    let ratio = (v - v0) * (1.0 - v0) / (v0 * (2.0 - v0));
    let uniform_word = open_uniform(words_of(stream, block + quads).x);
    if (kappa * (v0 - v) + degree * accurate_log1p(ratio) >= accurate_log(uniform_word)) {
      return vec3f(v, f32(k + 1u), 0.0);
    }
  }
  return vec3f(v, f32(TRIES), 1.0);
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
    for (var quad = 0u; quad < quads; quad++) {
      spins[base + quad] = vec4f();
      means[base + quad] = vec4f();
    }
    return;
  }
  let beta = betas[index];
  var square = 0.0;
  for (var quad = 0u; quad < quads; quad++) {
    let h = externalField[base + quad] + field[base + quad];
    square += dot(h, h);
  }
  let norm = sqrt(square);
  let kappa = beta * params.radius * norm;
  let gain = beta * params.radius * params.radius * bessel_ratio_over_k(f32(params.dimension), kappa);
  let stream = Stream(chainKeys[index / padded], index % padded);
  let draw = draw_complement(stream, kappa, quads);
  let v = draw.x;
  tallies[index] += vec2f(draw.y, draw.z);

  // Without a field the first axis stands for μ. The normal numbers wait in `spins`.
  var along = 0.0;
  for (var quad = 0u; quad < quads; quad++) {
    let h = externalField[base + quad] + field[base + quad];
    means[base + quad] = gain * h;
    let g = normals_of(stream, TRIES * (quads + 1u) + quad, quad);
    spins[base + quad] = g;
    let axis = select(vec4f(), vec4f(1.0, 0.0, 0.0, 0.0), quad == 0u);
    along += dot(g, select(axis, h / norm, norm > 0.0));
  }
  var length = 0.0;
  var left = 0.0;
  for (var quad = 0u; quad < quads; quad++) {
    let h = externalField[base + quad] + field[base + quad];
    let axis = select(vec4f(), vec4f(1.0, 0.0, 0.0, 0.0), quad == 0u);
    let mu = select(axis, h / norm, norm > 0.0);
    let e = spins[base + quad] - along * mu;
    spins[base + quad] = e;
    length += dot(e, e);
    left += dot(e, mu);
  }
  let across = params.radius * sqrt(max(v * (2.0 - v), 0.0) / length);
  for (var quad = 0u; quad < quads; quad++) {
    let h = externalField[base + quad] + field[base + quad];
    let axis = select(vec4f(), vec4f(1.0, 0.0, 0.0, 0.0), quad == 0u);
    let mu = select(axis, h / norm, norm > 0.0);
    // What rounding has left along μ goes too.
    spins[base + quad] = params.radius * (1.0 - v) * mu + across * (spins[base + quad] - left * mu);
  }
}
