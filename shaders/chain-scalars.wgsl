// chain-scalars: what one step of a chain adds to its averages, site by site; h = x + J s is the field of the old spins s:
//   energy               -s_i·(x_i + (J s)_i / 2), of symmetric J                                  (equations 12.2)
//   entropy production   β_i [F_i·(J s)_i - s_i·(J F)_i], F = F(h), nats; if PRODUCTION             (equations 11.6)
//   entropy rate         ln 2cosh a - a tanh a, a = βh_i, nats; binary spins                       (equations 11.15)
//   length of the field  |h_i|, half of the energy gap of a site at R = 1
// Twin: src/reference/chain-scalars.ts
// @import lib/dispatch.wgsl
// @import lib/exponential.wgsl
// @import lib/logarithm.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const PRODUCTION: bool = true;

struct Params {
  systems: u32,
  sites: u32,
  components: u32,
  componentStride: u32,            // pad(D), or 1 for binary spins
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> externalField: array<f32>;     // [system][pad(N)][componentStride] x
@group(0) @binding(2) var<storage, read> field: array<f32>;             // the same: J s
@group(0) @binding(3) var<storage, read> reverseField: array<f32>;      // the same: J F; read if PRODUCTION
@group(0) @binding(4) var<storage, read> spins: array<f32>;             // the same: s
@group(0) @binding(5) var<storage, read> means: array<f32>;             // the same: F
@group(0) @binding(6) var<storage, read> betas: array<f32>;             // [system][pad(N)] β
@group(0) @binding(7) var<storage, read_write> scalars: array<vec4f>;   // [system][pad(N)]: energy, production, rate, |h|

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let padded = 4u * ((params.sites + 3u) / 4u);
  let index = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
  if (index >= params.systems * padded) { return; }
  if (index % padded >= params.sites) {
    scalars[index] = vec4f();
    return;
  }
  let beta = betas[index];
  var energy = 0.0;
  var production = 0.0;
  var rate = 0.0;
  var square = 0.0;
  for (var k = 0u; k < params.components; k++) {
    let at = index * params.componentStride + k;
    energy -= spins[at] * (externalField[at] + 0.5 * field[at]);
    let h = externalField[at] + field[at];
    square += h * h;
    if (PRODUCTION) { production += means[at] * field[at] - spins[at] * reverseField[at]; }
  }
  if (params.componentStride == 1u) {
    let a = abs(beta * (externalField[index] + field[index]));
    // ln 2cosh a - a tanh a = ln(1 + e) + 2a e/(1 + e), e = exp(-2a): no large terms to cancel.
    let e = accurate_exp(-2.0 * min(a, 43.0));
    rate = accurate_log1p(e) + 2.0 * min(a, 43.0) * e / (1.0 + e);
  }
  scalars[index] = vec4f(energy, beta * production, rate, sqrt(square));
}
