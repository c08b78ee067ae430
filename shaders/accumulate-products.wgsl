// accumulate-products: P_ik = P_ik + Σ_a l_i^a · r_k^a over the chains a of a block of a set: the raw moments behind the
// correlations C and D (equations 7.4, 8). Twin: src/reference/accumulate-products.ts
//
// A thread holds 4 × 4 entries of P. Chains of one set are systems chainStride apart; block b of B takes the chains from
// floor(b · chains / B) on.
// @import lib/dispatch.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const CHUNK: u32 = 64u;             // chains summed before they join the total: equal terms round alike
const VECTORS: bool = false;       // true: sphere spins

struct Params {
  sets: u32,
  chains: u32,
  blocks: u32,                     // of the chains of a set, at most as many
  chainStride: u32,
  sites: u32,
  componentStride: u32,            // pad(D), or 1 for binary spins
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> left: array<vec4f>;              // [system][pad(N)][componentStride], padding zero
@group(0) @binding(2) var<storage, read> right: array<vec4f>;             // the same
@group(0) @binding(3) var<storage, read_write> products: array<vec4f>;    // [set][block][pad(N)][pad(N)]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let quads = (params.sites + 3u) / 4u;
  let index = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
  if (index >= params.sets * params.blocks * quads * quads) { return; }
  let k = index % quads;
  let i = (index / quads) % quads;
  let group = index / (quads * quads);
  let stride = params.chainStride;
  let owner = group / params.blocks;
  let block = group % params.blocks;
  let first = (owner / stride) * params.chains * stride + owner % stride;
  let begin = block * params.chains / params.blocks;
  let end = (block + 1u) * params.chains / params.blocks;
  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  var total0 = vec4f();
  var total1 = vec4f();
  var total2 = vec4f();
  var total3 = vec4f();
  for (var chain = begin; chain < end; chain++) {
    if ((chain - begin) % CHUNK == 0u) {
      total0 += sum0;
      total1 += sum1;
      total2 += sum2;
      total3 += sum3;
      sum0 = vec4f();
      sum1 = vec4f();
      sum2 = vec4f();
      sum3 = vec4f();
    }
    let system = first + chain * stride;
    if (VECTORS) {
      let length = params.componentStride / 4u;
      let l = (system * 4u * quads + 4u * i) * length;
      let r = (system * 4u * quads + 4u * k) * length;
      for (var c = 0u; c < length; c++) {
        // Rows are the four sites of r.
        let sites = mat4x4f(right[r + c], right[r + length + c], right[r + 2u * length + c], right[r + 3u * length + c]);
        sum0 += left[l + c] * sites;
        sum1 += left[l + length + c] * sites;
        sum2 += left[l + 2u * length + c] * sites;
        sum3 += left[l + 3u * length + c] * sites;
      }
    } else {
      let l = left[system * quads + i];
      let r = right[system * quads + k];
      sum0 += l.x * r;
      sum1 += l.y * r;
      sum2 += l.z * r;
      sum3 += l.w * r;
    }
  }
  let target_row = (group * 4u * quads + 4u * i) * quads + k;
  products[target_row] += total0 + sum0;
  products[target_row + quads] += total1 + sum1;
  products[target_row + 2u * quads] += total2 + sum2;
  products[target_row + 3u * quads] += total3 + sum3;
}
