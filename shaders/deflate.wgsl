// deflate: ((J w)_i - (1/N) Σ_j (J w)_j) / |w|, component by component: one step of the power iteration for λ₂ of J with
// unit row sums. (I - 1 1ᵀ/N) J has the eigenvalues of J, but 0 for the vector of ones, as J - 1 πᵀ has, and needs no
// left eigenvector π. w = 0 gives 0. Equations 11.11, 12.8. Twin: src/reference/deflate.ts
// @import lib/dispatch.wgsl

const WORKGROUP_SIZE: u32 = 64u;

struct Params {
  systems: u32,
  sites: u32,
  components: u32,
  componentStride: u32,            // pad(D), or 1 for binary spins
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> product: array<f32>;       // [system][pad(N)][componentStride] J w
@group(0) @binding(2) var<storage, read> sums: array<f32>;          // [system][components] Σ_j (J w)_j
@group(0) @binding(3) var<storage, read> squares: array<f32>;       // [system] |w|²
@group(0) @binding(4) var<storage, read_write> image: array<f32>;   // [system][pad(N)][componentStride]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let padded = 4u * ((params.sites + 3u) / 4u);
  let index = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
  if (index >= params.systems * padded) { return; }
  let system = index / padded;
  let base = index * params.componentStride;
  let square = squares[system];
  let inside = index % padded < params.sites && square > 0.0;
  for (var k = 0u; k < params.componentStride; k++) {
    var value = 0.0;
    if (inside && k < params.components) {
      let mean = sums[system * params.components + k] / f32(params.sites);
      value = (product[base + k] - mean) / sqrt(square);
    }
    image[base + k] = value;
  }
}
