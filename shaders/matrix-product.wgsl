// matrix-product: A B or A Bᵀ of square matrices, or A diag(w) Bᵀ: A_ik = Σ_j A_ij w_j B_kj. The products behind correlations:
// J C', (J C') Jᵀ, J D' Jᵀ and J diag(1 - m'²) Jᵀ. Equations 4.3-4.6. Twin: src/reference/matrix-product.ts
//
// A thread holds a 4 × 4 tile of the product in registers. Either factor may be shared by consecutive systems, as J is.
// @import lib/dispatch.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const CHUNK: u32 = 64u;            // quads summed before they join the total: the rounding error grows with √(N/256), not √N
const TRANSPOSED: bool = false;    // A Bᵀ
const WEIGHTED: bool = false;      // with the weights of the column of A

struct Params {
  systems: u32,
  sites: u32,
  leftSharing: u32,                // consecutive systems that share a left factor
  rightSharing: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> left: array<vec4f>;             // [system / leftSharing][N][pad(N)]
@group(0) @binding(2) var<storage, read> right: array<vec4f>;            // [system / rightSharing][N][pad(N)]
@group(0) @binding(3) var<storage, read> weights: array<vec4f>;          // [system][pad(N)], read if WEIGHTED
@group(0) @binding(4) var<storage, read_write> product: array<vec4f>;    // [system][N][pad(N)]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let sites = params.sites;
  let quads = (sites + 3u) / 4u;
  let tile = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
  if (tile >= params.systems * quads * quads) { return; }
  let column_tile = tile % quads;
  let row_tile = (tile / quads) % quads;
  let system = tile / (quads * quads);

  let last = sites - 1u;
  let left_base = (system / params.leftSharing) * sites;
  let right_base = (system / params.rightSharing) * sites;
  // Rows past the end repeat the last one; what comes of them is not written, or meets the zero padding of the left factor.
  let a0 = (left_base + min(4u * row_tile, last)) * quads;
  let a1 = (left_base + min(4u * row_tile + 1u, last)) * quads;
  let a2 = (left_base + min(4u * row_tile + 2u, last)) * quads;
  let a3 = (left_base + min(4u * row_tile + 3u, last)) * quads;
  let b0 = (right_base + min(4u * column_tile, last)) * quads;
  let b1 = (right_base + min(4u * column_tile + 1u, last)) * quads;
  let b2 = (right_base + min(4u * column_tile + 2u, last)) * quads;
  let b3 = (right_base + min(4u * column_tile + 3u, last)) * quads;

  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  for (var start = 0u; start < quads; start += CHUNK) {
    var part0 = vec4f();
    var part1 = vec4f();
    var part2 = vec4f();
    var part3 = vec4f();
    let end = min(start + CHUNK, quads);
    for (var quad = start; quad < end; quad++) {
      var l0 = left[a0 + quad];
      var l1 = left[a1 + quad];
      var l2 = left[a2 + quad];
      var l3 = left[a3 + quad];
      if (WEIGHTED) {
        let w = weights[system * quads + quad];
        l0 *= w;
        l1 *= w;
        l2 *= w;
        l3 *= w;
      }
      if (TRANSPOSED) {
        let r0 = right[b0 + quad];
        let r1 = right[b1 + quad];
        let r2 = right[b2 + quad];
        let r3 = right[b3 + quad];
        part0 += vec4f(dot(l0, r0), dot(l0, r1), dot(l0, r2), dot(l0, r3));
        part1 += vec4f(dot(l1, r0), dot(l1, r1), dot(l1, r2), dot(l1, r3));
        part2 += vec4f(dot(l2, r0), dot(l2, r1), dot(l2, r2), dot(l2, r3));
        part3 += vec4f(dot(l3, r0), dot(l3, r1), dot(l3, r2), dot(l3, r3));
      } else {
        let row = 4u * quad;
        let r0 = right[(right_base + row) * quads + column_tile];
        let r1 = right[(right_base + min(row + 1u, last)) * quads + column_tile];
        let r2 = right[(right_base + min(row + 2u, last)) * quads + column_tile];
        let r3 = right[(right_base + min(row + 3u, last)) * quads + column_tile];
        part0 += l0.x * r0 + l0.y * r1 + (l0.z * r2 + l0.w * r3);
        part1 += l1.x * r0 + l1.y * r1 + (l1.z * r2 + l1.w * r3);
        part2 += l2.x * r0 + l2.y * r1 + (l2.z * r2 + l2.w * r3);
        part3 += l3.x * r0 + l3.y * r1 + (l3.z * r2 + l3.w * r3);
      }
    }
    sum0 += part0;
    sum1 += part1;
    sum2 += part2;
    sum3 += part3;
  }

  let columns = vec4u(4u * column_tile) + vec4u(0u, 1u, 2u, 3u);
  let sums = array<vec4f, 4>(sum0, sum1, sum2, sum3);
  for (var r = 0u; r < 4u; r++) {
    let row = 4u * row_tile + r;
    if (row >= sites) { break; }
    product[(system * sites + row) * quads + column_tile] = select(vec4f(), sums[r], columns < vec4u(sites));
  }
}
