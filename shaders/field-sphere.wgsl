// field-sphere: (J m)_i = Σ_j J_ij m_j for vectors m_j and, in the same pass over J, Σ_j J_ij² w_j for MOMENTS weights.
// Equations 3.1, 5.1. Twin: src/reference/field-sphere.ts
//
// A thread holds 4 rows × 4 components; the thread of the first component quad also carries the moments of its rows.
// Row blocks start at multiples of four.
// @import lib/dispatch.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const CHUNK: u32 = 64u;             // quads summed before they join the total: the rounding error grows with √(N/256), not √N
const MOMENTS: u32 = 1u;           // 0: field only; 1 or 2: that many weights a site

struct Params {
  systems: u32,
  systemsPerCoupling: u32,
  rows: u32,
  rowStart: u32,
  rowCount: u32,
  columns: u32,
  dimension: u32,
  weightKinds: u32,                // weights stored a system, >= MOMENTS
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> couplings: array<vec4f>;       // [coupling][rowCount][pad(columns)]
@group(0) @binding(2) var<storage, read> state: array<vec4f>;           // [system][pad(columns)][pad(D)]
@group(0) @binding(3) var<storage, read> weights: array<vec4f>;         // [system][weightKinds][pad(columns)]
@group(0) @binding(4) var<storage, read_write> field: array<vec4f>;     // [system][pad(rows)][pad(D)]
@group(0) @binding(5) var<storage, read_write> moments: array<f32>;     // [system][MOMENTS][pad(rows)]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row_tiles = (params.rowCount + 3u) / 4u;
  let component_quads = (params.dimension + 3u) / 4u;
  let tile = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
  if (tile >= params.systems * row_tiles * component_quads) { return; }
  let component = tile % component_quads;
  let row_tile = (tile / component_quads) % row_tiles;
  let system = tile / (component_quads * row_tiles);

  let quads = (params.columns + 3u) / 4u;
  let padded_rows = 4u * ((params.rows + 3u) / 4u);
  let last_row = params.rowCount - 1u;
  let row_base = (system / params.systemsPerCoupling) * params.rowCount;
  // Rows past the end repeat the last one; what comes of them is not written.
  let row0 = (row_base + min(4u * row_tile, last_row)) * quads;
  let row1 = (row_base + min(4u * row_tile + 1u, last_row)) * quads;
  let row2 = (row_base + min(4u * row_tile + 2u, last_row)) * quads;
  let row3 = (row_base + min(4u * row_tile + 3u, last_row)) * quads;
  let state_base = system * quads * 4u * component_quads + component;
  let weight_base = system * params.weightKinds * quads;
  let carries_moments = MOMENTS != 0u && component == 0u;

  var linear0 = vec4f();
  var linear1 = vec4f();
  var linear2 = vec4f();
  var linear3 = vec4f();
  var square_first = vec4f();      // one lane a row
  var square_second = vec4f();
  for (var start = 0u; start < quads; start += CHUNK) {
    var part_linear0 = vec4f();
    var part_linear1 = vec4f();
    var part_linear2 = vec4f();
    var part_linear3 = vec4f();
    var part_square_first = vec4f();
    var part_square_second = vec4f();
    let end = min(start + CHUNK, quads);
    for (var quad = start; quad < end; quad++) {
      let j0 = couplings[row0 + quad];
      let j1 = couplings[row1 + quad];
      let j2 = couplings[row2 + quad];
      let j3 = couplings[row3 + quad];
      let site = state_base + 4u * quad * component_quads;
      let m0 = state[site];
      let m1 = state[site + component_quads];
      let m2 = state[site + 2u * component_quads];
      let m3 = state[site + 3u * component_quads];
      part_linear0 += j0.x * m0 + j0.y * m1 + (j0.z * m2 + j0.w * m3);
      part_linear1 += j1.x * m0 + j1.y * m1 + (j1.z * m2 + j1.w * m3);
      part_linear2 += j2.x * m0 + j2.y * m1 + (j2.z * m2 + j2.w * m3);
      part_linear3 += j3.x * m0 + j3.y * m1 + (j3.z * m2 + j3.w * m3);
      if (carries_moments) {
        let jj0 = j0 * j0;
        let jj1 = j1 * j1;
        let jj2 = j2 * j2;
        let jj3 = j3 * j3;
        let w = weights[weight_base + quad];
        part_square_first += vec4f(dot(jj0, w), dot(jj1, w), dot(jj2, w), dot(jj3, w));
        if (MOMENTS == 2u) {
          let v = weights[weight_base + quads + quad];
          part_square_second += vec4f(dot(jj0, v), dot(jj1, v), dot(jj2, v), dot(jj3, v));
        }
      }
    }
    linear0 += part_linear0;
    linear1 += part_linear1;
    linear2 += part_linear2;
    linear3 += part_linear3;
    square_first += part_square_first;
    square_second += part_square_second;
  }

  let linear = array<vec4f, 4>(linear0, linear1, linear2, linear3);
  for (var r = 0u; r < 4u; r++) {
    let block_row = 4u * row_tile + r;
    let row = params.rowStart + block_row;
    let inside = block_row < params.rowCount;
    // Past its own rows a block writes the padding alone, with zeros.
    if (!inside && (row < params.rows || row >= padded_rows)) { break; }
    field[(system * padded_rows + row) * component_quads + component] = select(vec4f(), linear[r], inside);
    if (carries_moments) {
      let destination = system * MOMENTS * padded_rows + row;
      moments[destination] = select(0.0, square_first[r], inside);
      if (MOMENTS == 2u) { moments[destination + padded_rows] = select(0.0, square_second[r], inside); }
    }
  }
}
