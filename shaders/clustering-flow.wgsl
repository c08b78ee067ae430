// clustering-flow: one Runge-Kutta stage of self-attention as a flow of tokens on the unit sphere,
//   dx_i/dt = v_i = K P_i w_i f_i,   P_i = I - n_i n_iᵀ, n_i = y_i/|y_i|,   f_i = Σ_j softmax_j(β y_i·y_j) y_j,
// with w = 1 (SA) or w = Z_i/N (USA: weights exp(β y_i·y_j)/N; ln Z_i is the log-sum-exp of the row). Equations 9.4.
// K Z_i/N is one exponential, of ln Z_i + ln|K|/N: near the transition K is of order exp(-β), and Z_i alone would overflow.
// Stages gather Σ_s weight_s v_s; the last one steps from the start and returns to the sphere.
// Twin: src/reference/clustering-flow.ts
// @import lib/dispatch.wgsl
// @import lib/exponential.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const FIRST: bool = true;
const LAST: bool = true;
const UNNORMALISED: bool = false;  // USA

struct Params {
  systems: u32,
  systemsPerCoupling: u32,
  sites: u32,
  dimension: u32,
  statisticsColumns: u32,          // numbers a row; the first is the log-sum-exp
  rate: f32,                       // K; of USA its sign
  logGain: f32,                    // of USA: ln(|K|/N)
  advance: f32,                    // of the next stage
  weight: f32,                     // of this stage
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> start: array<vec4f>;              // [system][pad(N)][pad(D)] x
@group(0) @binding(2) var<storage, read> stage: array<vec4f>;              // [system][pad(N)][pad(D)] y
@group(0) @binding(3) var<storage, read> field: array<vec4f>;              // [system][pad(N)][pad(D)] f
@group(0) @binding(4) var<storage, read> statistics: array<f32>;           // [matrix][pad(N)][statisticsColumns]
@group(0) @binding(5) var<storage, read_write> velocities: array<vec4f>;   // [system][pad(N)][pad(D)] Σ weight v
@group(0) @binding(6) var<storage, read_write> next: array<vec4f>;         // [system][pad(N)][pad(D)]

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
      velocities[base + quad] = vec4f();
      next[base + quad] = vec4f();
    }
    return;
  }
  var along = 0.0;
  var square = 0.0;
  for (var quad = 0u; quad < quads; quad++) {
    along += dot(field[base + quad], stage[base + quad]);
    square += dot(stage[base + quad], stage[base + quad]);
  }
  let part = select(0.0, along / square, square > 0.0);
  var gain = params.rate;
  if (UNNORMALISED) {
    let row = (index / padded / params.systemsPerCoupling) * padded + index % padded;
    gain *= accurate_exp(statistics[row * params.statisticsColumns] + params.logGain);
  }
  var norm = 0.0;
  for (var quad = 0u; quad < quads; quad++) {
    let velocity = gain * (field[base + quad] - part * stage[base + quad]);
    var sum = params.weight * velocity;
    if (!FIRST) { sum += velocities[base + quad]; }
    velocities[base + quad] = sum;
    let moved = start[base + quad] + sum;
    norm += dot(moved, moved);
    if (!LAST) { next[base + quad] = start[base + quad] + params.advance * velocity; }
  }
  if (!LAST) { return; }
  let scale = inverseSqrt(norm);
  for (var quad = 0u; quad < quads; quad++) { next[base + quad] = scale * (start[base + quad] + velocities[base + quad]); }
}
