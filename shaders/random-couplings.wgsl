// random-couplings: rows of J_ij of an ensemble, Gaussian, ±1 or diluted. Equations 3.6, formulas in
// src/physics/couplings.ts. Twin: src/reference/random-couplings.ts
//
// A thread holds a tile of 4 × 4 entries, whose rows start at a multiple of four wherever the block of rows starts.
// @import lib/dispatch.wgsl
// @import lib/random-couplings.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const LAW: u32 = 0u;               // 0 gaussian, 1 plus-minus, 2 ring
const DILUTED: bool = false;
const INDEPENDENT: bool = true;
const CAUSAL: bool = false;        // scores, of which those of keys j > i are masked
const MASKED: f32 = -1e30;

struct Params {
  couplings: u32,
  rowStart: u32,
  rowCount: u32,
  columns: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> seeds: array<vec4u>;            // [coupling]: see lib/random-couplings.wgsl
@group(0) @binding(2) var<storage, read> strengths: array<vec4f>;        // [coupling]
@group(0) @binding(3) var<storage, read_write> couplings: array<vec4f>;  // [coupling][rowCount][pad(columns)]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let quads = (params.columns + 3u) / 4u;
  let first_row_quad = params.rowStart / 4u;
  let row_end = params.rowStart + params.rowCount;
  let row_quads = (row_end + 3u) / 4u - first_row_quad;
  let index = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
  if (index >= params.couplings * row_quads * quads) { return; }
  let quad = index % quads;
  let row_quad = first_row_quad + (index / quads) % row_quads;
  let coupling = index / (quads * row_quads);
  let seed = seeds[coupling];
  let strength = strengths[coupling];

  let signs = tile_signs(row_quad, quad, seed, strength);
  let rows = transpose(coupling_tile(row_quad, quad, signs, seed, strength));
  let inside = 4u * quad + QUAD < vec4u(params.columns);
  for (var r = 0u; r < 4u; r++) {
    let row = 4u * row_quad + r;
    if (row < params.rowStart || row >= row_end) { continue; }
    let values = select(rows[r], vec4f(MASKED), vec4<bool>(CAUSAL) & (4u * quad + QUAD > vec4u(row)));
    couplings[(coupling * params.rowCount + row - params.rowStart) * quads + quad] = select(vec4f(), values, inside);
  }
}
