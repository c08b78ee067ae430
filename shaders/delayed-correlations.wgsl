// delayed-correlations: D_il = ⟨s_i(t) s_l(t-1)⟩ - m_i m'_l = β a_i Q_il (1 + 2β J_il m_i m'_l), the bracket at second order only.
// Q = J C', or J_il (1 - m'_l²) of a product law. Equations 4.2-4.5. Twin: src/reference/delayed-correlations.ts
// @import lib/dispatch.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const PRODUCT_LAW: bool = false;
const SECOND_ORDER: bool = false;

struct Params {
  systems: u32,
  sites: u32,
  systemsPerCoupling: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> couplings: array<f32>;         // [coupling][N][pad(N)]
@group(0) @binding(2) var<storage, read> products: array<f32>;          // [system][N][pad(N)] J C', unless PRODUCT_LAW
@group(0) @binding(3) var<storage, read> means: array<f32>;             // [system][pad(N)] m
@group(0) @binding(4) var<storage, read> previous: array<f32>;          // [system][pad(N)] m'
@group(0) @binding(5) var<storage, read> gains: array<f32>;             // [system][pad(N)] a
@group(0) @binding(6) var<storage, read> betas: array<f32>;             // [system][pad(N)] β
@group(0) @binding(7) var<storage, read_write> delayed: array<f32>;     // [system][N][pad(N)]

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
    delayed[index] = 0.0;
    return;
  }
  let row = (index % block) / width;
  let coupling = couplings[(system / params.systemsPerCoupling) * block + index % block];
  let later = system * width + row;
  let beta = betas[later];
  let earlier = previous[system * width + column];
  var response = 0.0;
  if (PRODUCT_LAW) {
    response = coupling * ((1.0 - earlier) * (1.0 + earlier));
  } else {
    response = products[index];
  }
  var result = beta * gains[later] * response;
  if (SECOND_ORDER) { result *= 1.0 + 2.0 * beta * coupling * means[later] * earlier; }
  delayed[index] = result;
}
