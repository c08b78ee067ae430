// clustering-field: the mean that a token of few components attends to, f_i = Σ_j softmax_j(β y_i·y_j) y_j, and ln Z_i of its row
// (equations 9.4). Tokens have norm 1 but for the stages of a step, so that β is the row maximum beforehand and no sum has to
// be rescaled. Sums run over chunks of tokens that join a total.
// Twin: src/reference/clustering-field.ts
// @import lib/dispatch.wgsl
// @import lib/exponential.wgsl
// @import lib/logarithm.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const QUADS: u32 = 1u;             // ceil(d/4)
const CHUNK: u32 = 64u;

struct Params {
  systems: u32,
  sites: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> state: array<vec4f>;              // [system][pad(N)][pad(D)] y
@group(0) @binding(2) var<storage, read> betas: array<f32>;                // [system] β
@group(0) @binding(3) var<storage, read_write> field: array<vec4f>;        // [system][pad(N)][pad(D)] f
@group(0) @binding(4) var<storage, read_write> statistics: array<f32>;     // [system][pad(N)] ln Z

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let padded = 4u * ((params.sites + 3u) / 4u);
  let index = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
  if (index >= params.systems * padded) { return; }
  let base = index * QUADS;
  if (index % padded >= params.sites) {
    for (var quad = 0u; quad < QUADS; quad++) { field[base + quad] = vec4f(); }
    statistics[index] = 0.0;
    return;
  }
  let system = index / padded;
  let first = system * padded * QUADS;
  let beta = betas[system];
  var own = array<vec4f, QUADS>();
  var sums = array<vec4f, QUADS>();
  var total = 0.0;
  // @unroll
  for (var quad = 0u; quad < QUADS; quad++) {
    own[quad] = beta * state[base + quad];
    sums[quad] = vec4f();
  }
  for (var start = 0u; start < params.sites; start += CHUNK) {
    var part = array<vec4f, QUADS>();
    var weights = 0.0;
    // @unroll
    for (var quad = 0u; quad < QUADS; quad++) { part[quad] = vec4f(); }
    let end = min(start + CHUNK, params.sites);
    for (var j = start; j < end; j++) {
      let other = first + j * QUADS;
      var score = -beta;
      // @unroll
      for (var quad = 0u; quad < QUADS; quad++) { score += dot(own[quad], state[other + quad]); }
      let weight = accurate_exp(score);
      weights += weight;
      // @unroll
      for (var quad = 0u; quad < QUADS; quad++) { part[quad] += weight * state[other + quad]; }
    }
    total += weights;
    // @unroll
    for (var quad = 0u; quad < QUADS; quad++) { sums[quad] += part[quad]; }
  }
  // @unroll
  for (var quad = 0u; quad < QUADS; quad++) { field[base + quad] = sums[quad] / total; }
  statistics[index] = beta + accurate_log(total);
}
