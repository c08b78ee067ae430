// anderson-solve: one decision a system and iteration. Is the iterate the best so far, is the system finished, and
// with which weights a_k, Σ a_k = 1, do the kept iterates combine into the next one: min |Σ a_k r_k|² with a ridge.
// Equations 6.1-6.2. Twin: src/reference/anderson-solve.ts
//
// Mixing starts only after FALLS plain steps in a row have lowered the residual, and starts over when the residual
// more than doubles: plain iteration leaves a repelling fixed point, mixing from the first step would lock onto it.
// A finished system is never touched again, so a result does not depend on what else is in the batch.
// @import lib/dispatch.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const MEMORY: u32 = 5u;
const FALLS: u32 = 3u;
const NOT_FINITE: f32 = 3.0e38;    // what reduce reports for a maximum over anything not finite
const RIDGE: f32 = 1e-6;           // times the mean diagonal of the Gram matrix

struct Params {
  systems: u32,
  slot: u32,
  goal: f32,                     // finished below this residual,
  accept: f32,                     // or below this one when it has not fallen for `patience` iterations
  patience: u32,
}

struct Control {
  phase: f32,                      // 0 running, 1 finished, 2 diverged
  best: f32,                       // smallest residual so far
  since: f32,                      // iterations since it fell
  iterations: f32,
  history: f32,                    // usable slots, this one included
  falls: f32,                      // plain steps in a row that lowered the residual, up to FALLS
  last: f32,                       // residual of the last iterate
  improved: f32,                   // 1 if this iterate is the best
  twoStep: f32,                    // largest |m(k) - m(k-2)| of a component
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gram: array<f32>;                // [system][MEMORY][MEMORY]
@group(0) @binding(2) var<storage, read> residual: array<f32>;            // [system]
@group(0) @binding(3) var<storage, read> twoStep: array<f32>;             // [system]
@group(0) @binding(4) var<storage, read_write> control: array<Control>;   // [system]
@group(0) @binding(5) var<storage, read_write> coefficients: array<f32>;  // [system][MEMORY]

/// Weights of the last `count` slots, or the plain step if the Gram matrix gives none.
fn mix(system: u32, count: u32) {
  let base = system * MEMORY * MEMORY;
  var scale = 0.0;
  for (var a = 0u; a < count; a++) {
    let slot = (params.slot + MEMORY - a) % MEMORY;
    scale += gram[base + slot * MEMORY + slot];
  }
  scale /= f32(count);
  if (!(scale > 0.0)) { return; }

  // Cholesky of the scaled matrix, then A y = 1.
  var factor: array<f32, 25>;      // MEMORY²
  var y: array<f32, 5>;            // MEMORY
  for (var a = 0u; a < count; a++) {
    let slot_a = (params.slot + MEMORY - a) % MEMORY;
    for (var b = 0u; b <= a; b++) {
      let slot_b = (params.slot + MEMORY - b) % MEMORY;
      var value = gram[base + slot_a * MEMORY + slot_b] / scale;
      if (a == b) { value += RIDGE; }
      for (var k = 0u; k < b; k++) { value -= factor[a * MEMORY + k] * factor[b * MEMORY + k]; }
      if (a == b) {
        if (!(value > 0.0)) { return; }
        factor[a * MEMORY + a] = sqrt(value);
      } else {
        factor[a * MEMORY + b] = value / factor[b * MEMORY + b];
      }
    }
  }
  for (var a = 0u; a < count; a++) {
    var value = 1.0;
    for (var k = 0u; k < a; k++) { value -= factor[a * MEMORY + k] * y[k]; }
    y[a] = value / factor[a * MEMORY + a];
  }
  var total = 0.0;
  for (var back = 0u; back < count; back++) {
    let a = count - 1u - back;
    var value = y[a];
    for (var k = a + 1u; k < count; k++) { value -= factor[k * MEMORY + a] * y[k]; }
    y[a] = value / factor[a * MEMORY + a];
    total += y[a];
  }
  if (!(total > 0.0)) { return; }
  for (var a = 0u; a < count; a++) {
    coefficients[system * MEMORY + (params.slot + MEMORY - a) % MEMORY] = y[a] / total;
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let system = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
  if (system >= params.systems) { return; }
  var at = control[system];
  at.improved = 0.0;
  let r = residual[system];
  if (at.phase != 0.0) {
    control[system].improved = 0.0;
    return;
  }
  if (r >= NOT_FINITE) {
    at.phase = 2.0;
    control[system] = at;
    return;
  }
  at.twoStep = twoStep[system];
  if (r < at.best) {
    at.improved = 1.0;
    at.best = r;
    at.since = 0.0;
  } else {
    at.since += 1.0;
  }
  at.history = min(at.history + 1.0, f32(MEMORY));
  if (at.falls >= f32(FALLS)) {
    if (r > 2.0 * at.last) {
      at.falls = 0.0;
      at.history = 1.0;
    }
  } else {
    at.falls = select(0.0, at.falls + 1.0, at.iterations > 0.0 && r < at.last);
  }
  at.iterations += 1.0;
  at.last = r;
  if (r <= params.goal || (at.since >= f32(params.patience) && at.best <= params.accept)) { at.phase = 1.0; }
  control[system] = at;

  for (var k = 0u; k < MEMORY; k++) { coefficients[system * MEMORY + k] = select(0.0, 1.0, k == params.slot); }
  if (at.falls >= f32(FALLS) && at.history > 1.0) { mix(system, u32(at.history)); }
}
