// procedural-field-binary: (J m)_i = Σ_j J_ij m_j and Σ_j J_ij² w_j, for one number a site and random J that is drawn
// here and never stored. Equations 3.1, 3.6, 4.1. Twin: src/reference/procedural-field-binary.ts
//
// A workgroup serves 4 rows and up to 4 systems that share J. Its lanes take blocks of 32 columns in turn, which is how
// far one counter of signs reaches; their sums meet in shared memory at the end, in the order of the lanes. Every product
// is an explicit fma, so that the sums of a system do not depend on those beside it. Row blocks start at multiples of four.
// @import lib/dispatch.wgsl
// @import lib/random-couplings.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const CHUNK: u32 = 8u;             // blocks of a lane that are summed before they join its total
const MOMENTS: u32 = 1u;           // 0: field only; 1: with Σ_j J_ij² w_j
const LAW: u32 = 0u;               // 0 gaussian, 1 plus-minus, 2 ring
const DILUTED: bool = false;
const INDEPENDENT: bool = true;

struct Params {
  systems: u32,
  systemsPerCoupling: u32,
  rows: u32,
  rowStart: u32,
  rowCount: u32,
  columns: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> seeds: array<vec4u>;          // [coupling]: see lib/random-couplings.wgsl
@group(0) @binding(2) var<storage, read> strengths: array<vec4f>;      // [coupling]
@group(0) @binding(3) var<storage, read> state: array<vec4f>;          // [system][pad(columns)]
@group(0) @binding(4) var<storage, read> weights: array<vec4f>;        // [system][pad(columns)]
@group(0) @binding(5) var<storage, read_write> field: array<f32>;      // [system][pad(rows)]
@group(0) @binding(6) var<storage, read_write> moments: array<f32>;    // [system][pad(rows)]

/// Sums of every lane over its columns for 4 rows: the fields of 4 systems, then their moments.
var<workgroup> lane_sums: array<vec4f, 8u * WORKGROUP_SIZE>;

/// sum + tile m, column after column.
fn add_product(sum: vec4f, tile: mat4x4f, m: vec4f) -> vec4f {
  return fma(tile[3], vec4f(m.w), fma(tile[2], vec4f(m.z), fma(tile[1], vec4f(m.y), fma(tile[0], vec4f(m.x), sum))));
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row_tiles = (params.rowCount + 3u) / 4u;
  let system_tiles = (params.systemsPerCoupling + 3u) / 4u;
  let matrices = params.systems / params.systemsPerCoupling;
  let group = linear_workgroup(workgroup, workgroups);
  if (group >= matrices * row_tiles * system_tiles) { return; }
  let system_tile = group % system_tiles;
  let row_tile = (group / system_tiles) % row_tiles;
  let coupling = group / (system_tiles * row_tiles);
  let seed = seeds[coupling];
  let strength = strengths[coupling];

  let quads = (params.columns + 3u) / 4u;
  let blocks = (quads + 7u) / 8u;
  let row_quad = params.rowStart / 4u + row_tile;
  // Systems past the end repeat the last one; what comes of them is not written.
  let system_base = coupling * params.systemsPerCoupling;
  let last_system = params.systemsPerCoupling - 1u;
  let several = params.systemsPerCoupling > 1u;
  let state0 = (system_base + min(4u * system_tile, last_system)) * quads;
  let state1 = (system_base + min(4u * system_tile + 1u, last_system)) * quads;
  let state2 = (system_base + min(4u * system_tile + 2u, last_system)) * quads;
  let state3 = (system_base + min(4u * system_tile + 3u, last_system)) * quads;

  var linear0 = vec4f();   // one lane a row
  var linear1 = vec4f();
  var linear2 = vec4f();
  var linear3 = vec4f();
  var square0 = vec4f();
  var square1 = vec4f();
  var square2 = vec4f();
  var square3 = vec4f();
  for (var start = lane; start < blocks; start += CHUNK * WORKGROUP_SIZE) {
    var part_linear0 = vec4f();
    var part_linear1 = vec4f();
    var part_linear2 = vec4f();
    var part_linear3 = vec4f();
    var part_square0 = vec4f();
    var part_square1 = vec4f();
    var part_square2 = vec4f();
    var part_square3 = vec4f();
    let end = min(start + CHUNK * WORKGROUP_SIZE, blocks);
    for (var block = start; block < end; block += WORKGROUP_SIZE) {
      let signs = block_signs(row_quad, block, seed, strength);
      let quads_here = min(8u, quads - 8u * block);
      for (var k = 0u; k < quads_here; k++) {
        let quad = 8u * block + k;
        let tile = coupling_tile(row_quad, quad, signs >> vec4u(4u * k), seed, strength);
        part_linear0 = add_product(part_linear0, tile, state[state0 + quad]);
        if (several) {
          part_linear1 = add_product(part_linear1, tile, state[state1 + quad]);
          part_linear2 = add_product(part_linear2, tile, state[state2 + quad]);
          part_linear3 = add_product(part_linear3, tile, state[state3 + quad]);
        }
        if (MOMENTS != 0u) {
          let squares = mat4x4f(tile[0] * tile[0], tile[1] * tile[1], tile[2] * tile[2], tile[3] * tile[3]);
          part_square0 = add_product(part_square0, squares, weights[state0 + quad]);
          if (several) {
            part_square1 = add_product(part_square1, squares, weights[state1 + quad]);
            part_square2 = add_product(part_square2, squares, weights[state2 + quad]);
            part_square3 = add_product(part_square3, squares, weights[state3 + quad]);
          }
        }
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
  lane_sums[lane] = linear0;
  lane_sums[WORKGROUP_SIZE + lane] = linear1;
  lane_sums[2u * WORKGROUP_SIZE + lane] = linear2;
  lane_sums[3u * WORKGROUP_SIZE + lane] = linear3;
  lane_sums[4u * WORKGROUP_SIZE + lane] = square0;
  lane_sums[5u * WORKGROUP_SIZE + lane] = square1;
  lane_sums[6u * WORKGROUP_SIZE + lane] = square2;
  lane_sums[7u * WORKGROUP_SIZE + lane] = square3;
  workgroupBarrier();

  // From here a lane stands for one system's field, or its moments.
  let replica = 4u * system_tile + lane % 4u;
  let sums = 4u * (1u + MOMENTS);
  if (lane >= sums || replica >= params.systemsPerCoupling) { return; }
  var total = vec4f();
  for (var other = 0u; other < WORKGROUP_SIZE; other++) { total += lane_sums[lane * WORKGROUP_SIZE + other]; }
  let padded_rows = 4u * ((params.rows + 3u) / 4u);
  for (var r = 0u; r < 4u; r++) {
    let block_row = 4u * row_tile + r;
    let row = params.rowStart + block_row;
    let inside = block_row < params.rowCount;
    // Past its own rows a block writes the padding alone, with zeros.
    if (!inside && (row < params.rows || row >= padded_rows)) { break; }
    let destination = (system_base + replica) * padded_rows + row;
    let value = select(0.0, total[r], inside);
    if (lane < 4u) { field[destination] = value; } else { moments[destination] = value; }
  }
}
