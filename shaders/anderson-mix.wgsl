// anderson-mix: the next iterate m <- Σ_k a_k (m_k + ω r_k), and the best iterate so far, kept with the residual that
// belongs to it. Equations 6.1. Twin: src/reference/anderson-mix.ts
// @import lib/dispatch.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const MEMORY: u32 = 5u;
const CONTROL_FIELDS: u32 = 9u;    // struct Control of anderson-solve
const CONTROL_IMPROVED: u32 = 7u;

struct Params {
  systems: u32,
  length: u32,
  slot: u32,
  damping: f32,                    // ω
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> iterates: array<f32>;        // [slot][system][length]
@group(0) @binding(2) var<storage, read> residuals: array<f32>;       // [slot][system][length]
@group(0) @binding(3) var<storage, read> coefficients: array<f32>;    // [system][MEMORY]
@group(0) @binding(4) var<storage, read> control: array<f32>;         // [system][CONTROL_FIELDS]
@group(0) @binding(5) var<storage, read_write> state: array<f32>;     // [system][length]
@group(0) @binding(6) var<storage, read_write> best: array<f32>;      // [system][length]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let total = params.systems * params.length;
  let index = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
  if (index >= total) { return; }
  let system = index / params.length;
  if (control[system * CONTROL_FIELDS + CONTROL_IMPROVED] == 1.0) { best[index] = iterates[params.slot * total + index]; }
  if (control[system * CONTROL_FIELDS] != 0.0) { return; }
  var next = 0.0;
  for (var k = 0u; k < MEMORY; k++) {
    let a = coefficients[system * MEMORY + k];
    // Slots that hold nothing yet have a = 0 and may hold anything.
    if (a != 0.0) { next += a * (iterates[k * total + index] + params.damping * residuals[k * total + index]); }
  }
  state[index] = next;
}
