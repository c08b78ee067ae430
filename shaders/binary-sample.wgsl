// binary-sample: one synchronous Glauber step of binary spins, all from the field of the old state, and the means it draws from:
// a = β (x_i + Σ_j J_ij s_j),   m_i = tanh a,   s_i = +1 if U < 1/(1 + exp(-2a)), else -1      (equations 7.1, 7.3)
// Twin: src/reference/binary-sample.ts
//
// U of site i at a step is word i mod 4 of counter (0, floor(i / 4), step, chain word) under the key of the chain. The less
// likely sign is drawn: its probability e/(1 + e), e = exp(-2|a|), keeps its digits where the other rounds to 1.
// @import lib/dispatch.wgsl
// @import lib/hyperbolic.wgsl
// @import lib/philox.wgsl

const WORKGROUP_SIZE: u32 = 64u;

struct Params {
  systems: u32,
  sites: u32,
  step: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> externalField: array<vec4f>;    // [system][pad(N)] x
@group(0) @binding(2) var<storage, read> field: array<vec4f>;            // [system][pad(N)] J s
@group(0) @binding(3) var<storage, read> betas: array<vec4f>;            // [system][pad(N)] β
@group(0) @binding(4) var<storage, read> chainKeys: array<vec4u>;        // [system]: key low, key high, chain word, -
@group(0) @binding(5) var<storage, read_write> spins: array<vec4f>;      // [system][pad(N)] s
@group(0) @binding(6) var<storage, read_write> means: array<vec4f>;      // [system][pad(N)] m

const LANES = vec4u(0u, 1u, 2u, 3u);

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let quads = (params.sites + 3u) / 4u;
  let index = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
  if (index >= params.systems * quads) { return; }
  let system = index / quads;
  let quad = index % quads;
  let key = chainKeys[system];
  let words = philox4x32(vec4u(0u, quad, params.step, key.z), key.xy);
  let a = betas[index] * (externalField[index] + field[index]);
  var drawn = vec4f();
  var mean = vec4f();
  for (var k = 0u; k < 4u; k++) {
    let e = accurate_exp(-2.0 * min(abs(a[k]), 43.0));
    // 1 - U of the twin where + is the likely sign: a chain is a rising function of its field.
    let tail = (f32(select(words[k], ~words[k], a[k] >= 0.0)) + 0.5) * 0x1p-32f;
    let likely = select(-1.0, 1.0, a[k] >= 0.0);
    drawn[k] = select(likely, -likely, tail * (1.0 + e) < e);
    mean[k] = binary_mean(a[k]);
  }
  let inside = 4u * quad + LANES < vec4u(params.sites);
  spins[index] = select(vec4f(), drawn, inside);
  means[index] = select(vec4f(), mean, inside);
}
