// anderson-record: keeps the iterate m and its residual vector r = G(m) - m in one slot of the history, and
// measures how far m is from where it stood two iterations ago (a period-2 orbit shows there, not in r).
// Equations 6.1, 6.2. Twin: src/reference/anderson-record.ts
// @import lib/dispatch.wgsl

const WORKGROUP_SIZE: u32 = 64u;

struct Params {
  systems: u32,
  length: u32,                     // numbers a system: pad(N) · componentStride
  slot: u32,
  slotBeforeLast: u32,             // the slot of two iterations ago, or `slot` itself if there is none
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> state: array<f32>;               // [system][length] m
@group(0) @binding(2) var<storage, read> image: array<f32>;               // [system][length] G(m)
@group(0) @binding(3) var<storage, read_write> iterates: array<f32>;      // [slot][system][length]
@group(0) @binding(4) var<storage, read_write> residuals: array<f32>;     // [slot][system][length]
@group(0) @binding(5) var<storage, read_write> twoSteps: array<f32>;      // [system][length] |m(k) - m(k-2)|, component by component

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let total = params.systems * params.length;
  let index = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
  if (index >= total) { return; }
  let m = state[index];
  var before = 0.0;
  if (params.slotBeforeLast == params.slot) { before = m + 1.0; } else { before = iterates[params.slotBeforeLast * total + index]; }
  twoSteps[index] = abs(m - before);
  iterates[params.slot * total + index] = m;
  residuals[params.slot * total + index] = image[index] - m;
}
