// pair-means: θ_il(s) = β h_i + K_il (s - m'_l) - V_il tanh θ_il(s) for s = ±1, and what follows for plefka2-t (equations 4.6):
// M_il = Σ_s (1 + s m'_l)/2 tanh θ_il(s), of which m_i is the mean over l, and
// D_il = (1 - m'_l²)/2 [tanh θ_il(+) - tanh θ_il(-)], which is ⟨s_i s'_l⟩ - M_il m'_l.   Twin: src/reference/pair-means.ts
// @import lib/dispatch.wgsl
// @import lib/tap-mean.wgsl

const WORKGROUP_SIZE: u32 = 64u;

struct Params {
  systems: u32,
  sites: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> externalField: array<f32>;      // [system][pad(N)] x
@group(0) @binding(2) var<storage, read> field: array<f32>;              // [system][pad(N)] J m'
@group(0) @binding(3) var<storage, read> previous: array<f32>;           // [system][pad(N)] m'
@group(0) @binding(4) var<storage, read> betas: array<f32>;              // [system][pad(N)] β
@group(0) @binding(5) var<storage, read> strengths: array<f32>;          // [system][N][pad(N)] K
@group(0) @binding(6) var<storage, read> variances: array<f32>;          // [system][N][pad(N)] V
@group(0) @binding(7) var<storage, read_write> shares: array<f32>;       // [system][N][pad(N)] M_il / N
@group(0) @binding(8) var<storage, read_write> delayed: array<f32>;      // [system][N][pad(N)] D

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
    shares[index] = 0.0;
    delayed[index] = 0.0;
    return;
  }
  let receiver = system * width + (index % block) / width;
  let m = previous[system * width + column];
  let h = betas[receiver] * (externalField[receiver] + field[receiver]);
  let strength = strengths[index];
  let variance = variances[index];
  let up = tap_mean(h + strength * (1.0 - m), variance);
  let down = tap_mean(h - strength * (1.0 + m), variance);
  shares[index] = 0.5 * ((1.0 + m) * up + (1.0 - m) * down) / f32(params.sites);
  delayed[index] = 0.5 * ((1.0 - m) * (1.0 + m)) * (up - down);
}
