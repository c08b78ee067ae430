// pair-fields: what sender l does to receiver i beyond the mean field, for plefka2-t; β is absorbed here.
// K_il = β J_il (1 - β q_l) + β² (J D' Jᵀ)_il, q_l = Σ_n J_ln D'_ln          (K = J + W of equations 4.6)
// V_il = β² [ V_i - 2 J_il (J C')_il + J_il² (1 - m'_l²) ], at least 0
// In place of J D' Jᵀ and of J C'. Twin: src/reference/pair-fields.ts
// @import lib/dispatch.wgsl

const WORKGROUP_SIZE: u32 = 64u;

struct Params {
  systems: u32,
  sites: u32,
  systemsPerCoupling: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> couplings: array<f32>;           // [coupling][N][pad(N)]
@group(0) @binding(2) var<storage, read> moments: array<f32>;             // [system][pad(N)] V
@group(0) @binding(3) var<storage, read> echoes: array<f32>;              // [system][pad(N)] q
@group(0) @binding(4) var<storage, read> previous: array<f32>;            // [system][pad(N)] m'
@group(0) @binding(5) var<storage, read> betas: array<f32>;               // [system][pad(N)] β
@group(0) @binding(6) var<storage, read_write> strengths: array<f32>;     // [system][N][pad(N)] J D' Jᵀ, then K
@group(0) @binding(7) var<storage, read_write> variances: array<f32>;     // [system][N][pad(N)] J C', then V

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let width = 4u * ((params.sites + 3u) / 4u);
  let block = params.sites * width;
  let index = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
  if (index >= params.systems * block) { return; }
  let system = index / block;
  let column = index % width;
  if (column >= params.sites) {
    strengths[index] = 0.0;
    variances[index] = 0.0;
    return;
  }
  let receiver = system * width + (index % block) / width;
  let sender = system * width + column;
  let beta = betas[receiver];
  let coupling = couplings[(system / params.systemsPerCoupling) * block + index % block];
  let m = previous[sender];
  strengths[index] = beta * (coupling * (1.0 - betas[sender] * echoes[sender]) + betas[sender] * strengths[index]);
  let rest = moments[receiver] - coupling * (2.0 * variances[index] - coupling * ((1.0 - m) * (1.0 + m)));
  variances[index] = beta * beta * max(rest, 0.0);
}
