// field-binary: (J m)_i = Σ_j J_ij m_j and, in the same pass over J, Σ_j J_ij² w_j, for one number a site.
// Equations 3.1, 4.1. Twin: src/reference/field-binary.ts
//
// A thread holds 4 rows × 4 systems that share J: four vec4 of J along j and four vec4 of state feed sixteen dot
// products; squared in registers, the same J feeds the moments. Row blocks start at multiples of four.
// @import lib/dispatch.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const CHUNK: u32 = 64u;             // quads summed before they join the total: the rounding error grows with √(N/256), not √N
const MOMENTS: u32 = 1u;           // 0: field only; 1: with Σ_j J_ij² w_j

struct Params {
  systems: u32,
  systemsPerCoupling: u32,
  rows: u32,
  rowStart: u32,
  rowCount: u32,
  columns: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> couplings: array<vec4f>;       // [coupling][rowCount][pad(columns)]
@group(0) @binding(2) var<storage, read> state: array<vec4f>;           // [system][pad(columns)]
@group(0) @binding(3) var<storage, read> weights: array<vec4f>;         // [system][pad(columns)]
@group(0) @binding(4) var<storage, read_write> field: array<f32>;       // [system][pad(rows)]
@group(0) @binding(5) var<storage, read_write> moments: array<f32>;     // [system][pad(rows)]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row_tiles = (params.rowCount + 3u) / 4u;
  let system_tiles = (params.systemsPerCoupling + 3u) / 4u;
  let matrices = params.systems / params.systemsPerCoupling;
  let tile = linear_workgroup(workgroup, workgroups) * WORKGROUP_SIZE + lane;
  if (tile >= matrices * row_tiles * system_tiles) { return; }
  let system_tile = tile % system_tiles;
  let row_tile = (tile / system_tiles) % row_tiles;
  let coupling = tile / (system_tiles * row_tiles);

  let quads = (params.columns + 3u) / 4u;
  let padded_rows = 4u * ((params.rows + 3u) / 4u);
  let last_row = params.rowCount - 1u;
  let last_system = params.systemsPerCoupling - 1u;
  // Rows and systems past the end repeat the last one; what comes of them is not written.
  let row_base = coupling * params.rowCount;
  let row0 = (row_base + min(4u * row_tile, last_row)) * quads;
  let row1 = (row_base + min(4u * row_tile + 1u, last_row)) * quads;
  let row2 = (row_base + min(4u * row_tile + 2u, last_row)) * quads;
  let row3 = (row_base + min(4u * row_tile + 3u, last_row)) * quads;
  let system_base = coupling * params.systemsPerCoupling;
  let state0 = (system_base + min(4u * system_tile, last_system)) * quads;
  let state1 = (system_base + min(4u * system_tile + 1u, last_system)) * quads;
  let state2 = (system_base + min(4u * system_tile + 2u, last_system)) * quads;
  let state3 = (system_base + min(4u * system_tile + 3u, last_system)) * quads;

  var linear0 = vec4f();
  var linear1 = vec4f();
  var linear2 = vec4f();
  var linear3 = vec4f();
  var square0 = vec4f();
  var square1 = vec4f();
  var square2 = vec4f();
  var square3 = vec4f();
  for (var start = 0u; start < quads; start += CHUNK) {
    var part_linear0 = vec4f();
    var part_linear1 = vec4f();
    var part_linear2 = vec4f();
    var part_linear3 = vec4f();
    var part_square0 = vec4f();
    var part_square1 = vec4f();
    var part_square2 = vec4f();
    var part_square3 = vec4f();
    let end = min(start + CHUNK, quads);
    for (var quad = start; quad < end; quad++) {
      let j0 = couplings[row0 + quad];
      let j1 = couplings[row1 + quad];
      let j2 = couplings[row2 + quad];
      let j3 = couplings[row3 + quad];
      let m0 = state[state0 + quad];
      let m1 = state[state1 + quad];
      let m2 = state[state2 + quad];
      let m3 = state[state3 + quad];
      part_linear0 += vec4f(dot(j0, m0), dot(j0, m1), dot(j0, m2), dot(j0, m3));
      part_linear1 += vec4f(dot(j1, m0), dot(j1, m1), dot(j1, m2), dot(j1, m3));
      part_linear2 += vec4f(dot(j2, m0), dot(j2, m1), dot(j2, m2), dot(j2, m3));
      part_linear3 += vec4f(dot(j3, m0), dot(j3, m1), dot(j3, m2), dot(j3, m3));
      if (MOMENTS != 0u) {
        let w0 = weights[state0 + quad];
        let w1 = weights[state1 + quad];
        let w2 = weights[state2 + quad];
        let w3 = weights[state3 + quad];
        let jj0 = j0 * j0;
        let jj1 = j1 * j1;
        let jj2 = j2 * j2;
        let jj3 = j3 * j3;
        part_square0 += vec4f(dot(jj0, w0), dot(jj0, w1), dot(jj0, w2), dot(jj0, w3));
        part_square1 += vec4f(dot(jj1, w0), dot(jj1, w1), dot(jj1, w2), dot(jj1, w3));
        part_square2 += vec4f(dot(jj2, w0), dot(jj2, w1), dot(jj2, w2), dot(jj2, w3));
        part_square3 += vec4f(dot(jj3, w0), dot(jj3, w1), dot(jj3, w2), dot(jj3, w3));
      }
    }
    linear0 += part_linear0;
    linear1 += part_linear1;
    linear2 += part_linear2;
    linear3 += part_linear3;
    square0 += part_square0;
    square1 += part_square1;
    square2 += part_square2;
    square3 += part_square3;
  }

  let linear = array<vec4f, 4>(linear0, linear1, linear2, linear3);
  let square = array<vec4f, 4>(square0, square1, square2, square3);
  for (var r = 0u; r < 4u; r++) {
    let block_row = 4u * row_tile + r;
    let row = params.rowStart + block_row;
    let inside = block_row < params.rowCount;
    // Past its own rows a block writes the padding alone, with zeros.
    if (!inside && (row < params.rows || row >= padded_rows)) { break; }
    for (var s = 0u; s < 4u; s++) {
      let replica = 4u * system_tile + s;
      if (replica >= params.systemsPerCoupling) { break; }
      let destination = (system_base + replica) * padded_rows + row;
      field[destination] = select(0.0, linear[r][s], inside);
      if (MOMENTS != 0u) { moments[destination] = select(0.0, square[r][s], inside); }
    }
  }
}
