// row-sums: r_i = Σ_j A_ij B_ij, or Σ_j A_ij. Of A = J C' and B = J it is V_i = (J C' Jᵀ)_ii, of A = D' and B = J it is
// Σ_n J_ln D'_ln, and the means of plefka2-t are Σ_l M_il / N. Equations 4.4, 4.6. Twin: src/reference/row-sums.ts
// @import lib/dispatch.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const CHUNK: u32 = 64u;            // quads summed before they join the total
const PRODUCT: bool = false;       // with the factors B_ij

struct Params {
  systems: u32,
  sites: u32,
  factorSharing: u32,              // consecutive systems that share a B
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> values: array<vec4f>;        // [system][N][pad(N)] A
@group(0) @binding(2) var<storage, read> factors: array<vec4f>;       // [system / factorSharing][N][pad(N)] B, read if PRODUCT
@group(0) @binding(3) var<storage, read_write> sums: array<f32>;      // [system][pad(N)]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let quads = (params.sites + 3u) / 4u;
  let padded = 4u * quads;
  let index = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
  if (index >= params.systems * padded) { return; }
  let system = index / padded;
  let row = index % padded;
  if (row >= params.sites) {
    sums[index] = 0.0;
    return;
  }
  let value_row = (system * params.sites + row) * quads;
  let factor_row = ((system / params.factorSharing) * params.sites + row) * quads;
  var total = vec4f();
  for (var start = 0u; start < quads; start += CHUNK) {
    var part = vec4f();
    let end = min(start + CHUNK, quads);
    for (var quad = start; quad < end; quad++) {
      let value = values[value_row + quad];
      if (PRODUCT) { part += value * factors[factor_row + quad]; } else { part += value; }
    }
    total += part;
  }
  sums[index] = (total.x + total.y) + (total.z + total.w);
}
