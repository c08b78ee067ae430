// gaussian-couplings: J_ij = mean + a A_ij + b B_ij with A symmetric, B antisymmetric, all independent N(0,1).
// Equations 3.6: a = (g/√N) √((1+η)/2), b = (g/√N) √((1-η)/2). Twin: src/reference/gaussian-couplings.ts
//
// INDEPENDENT (η = 0) draws every entry by itself and keeps the diagonal; otherwise the diagonal is zero, and J_ij and
// J_ji come from the same counter. The counter layout is a format: see src/reference/philox.ts.
// @import lib/dispatch.wgsl
// @import lib/philox.wgsl
// @import lib/inverse-normal.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const INDEPENDENT: bool = true;
const STREAM: u32 = 0u;            // independent entries
const STREAM_SYMMETRIC: u32 = 1u;
const STREAM_ANTISYMMETRIC: u32 = 2u;

struct Params {
  couplings: u32,
  rowStart: u32,
  rowCount: u32,
  columns: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> seeds: array<vec4u>;            // [coupling] seed low, seed high, sample, 0
@group(0) @binding(2) var<storage, read> strengths: array<vec4f>;        // [coupling] mean, a, b, 0
@group(0) @binding(3) var<storage, read_write> couplings: array<vec4f>;  // [coupling][rowCount][pad(columns)]

fn normal_at(row: u32, column: u32, stream: u32, seed: vec4u) -> f32 {
  let words = philox4x32(vec4u(column / 4u, row, stream, seed.z), seed.xy);
  return inverse_normal(words[column % 4u]);
}

fn entry(row: u32, column: u32, seed: vec4u, strength: vec4f) -> f32 {
  if (row == column) { return 0.0; }
  // One counter serves both triangles: the element of the lower index row.
  let low = min(row, column);
  let high = max(row, column);
  let sign = select(-1.0, 1.0, row < column);
  var value = strength.x;
  if (strength.y != 0.0) { value += strength.y * normal_at(low, high, STREAM_SYMMETRIC, seed); }
  if (strength.z != 0.0) { value += sign * strength.z * normal_at(low, high, STREAM_ANTISYMMETRIC, seed); }
  return value;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let quads = (params.columns + 3u) / 4u;
  let index = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
  if (index >= params.couplings * params.rowCount * quads) { return; }
  let quad = index % quads;
  let row = params.rowStart + (index / quads) % params.rowCount;
  let coupling = index / (quads * params.rowCount);
  let seed = seeds[coupling];
  let strength = strengths[coupling];

  var values = vec4f();
  if (INDEPENDENT) {
    if (strength.y != 0.0) {
      let words = philox4x32(vec4u(quad, row, STREAM, seed.z), seed.xy);
      values = vec4f(
        inverse_normal(words.x), inverse_normal(words.y), inverse_normal(words.z), inverse_normal(words.w),
      );
    }
    values = strength.x + strength.y * values;
  } else {
    for (var k = 0u; k < 4u; k++) { values[k] = entry(row, 4u * quad + k, seed, strength); }
  }
  for (var k = 0u; k < 4u; k++) {
    if (4u * quad + k >= params.columns) { values[k] = 0.0; }
  }
  couplings[index] = values;
}
