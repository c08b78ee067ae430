// chain-overlap: s_i^a · Σ_{b≠a} s_i^b of every chain a, over the chains b that share its couplings and its point; and s_i^a · s_i^p
// with its partner p, half of the chains further on or back (0 for the last of an odd number). Summed over sites and divided
// by N R² (chains - 1), the mean overlap of chain a with the others; by N R², the overlap of a pair (equations 11.2).
// Twin: src/reference/chain-overlap.ts
//
// Chains of one set are systems chainStride apart. A thread takes one site of all chains of a set.
// @import lib/dispatch.wgsl

const WORKGROUP_SIZE: u32 = 64u;

struct Params {
  systems: u32,
  chains: u32,
  chainStride: u32,
  sites: u32,
  components: u32,
  componentStride: u32,            // pad(D), or 1 for binary spins
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> spins: array<f32>;            // [system][pad(N)][componentStride]
@group(0) @binding(2) var<storage, read_write> overlaps: array<vec2f>;   // [system][pad(N)]: others, partner

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let padded = 4u * ((params.sites + 3u) / 4u);
  let index = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
  if (index >= (params.systems / params.chains) * padded) { return; }
  let site = index % padded;
  let group = index / padded;
  let stride = params.chainStride;
  let first = (group / stride) * params.chains * stride + group % stride;
  for (var chain = 0u; chain < params.chains; chain++) { overlaps[(first + chain * stride) * padded + site] = vec2f(); }
  if (site >= params.sites) { return; }
  let half = params.chains / 2u;
  for (var k = 0u; k < params.components; k++) {
    var sum = 0.0;
    for (var chain = 0u; chain < params.chains; chain++) {
      sum += spins[((first + chain * stride) * padded + site) * params.componentStride + k];
    }
    for (var chain = 0u; chain < params.chains; chain++) {
      let at = (first + chain * stride) * padded + site;
      let own = spins[at * params.componentStride + k];
      var partner = 0.0;
      if (chain < 2u * half) {
        let other = first + ((chain + half) % (2u * half)) * stride;
        partner = spins[(other * padded + site) * params.componentStride + k];
      }
      overlaps[at] += own * vec2f(sum - own, partner);
    }
  }
}
