// procedural-field-sphere: (J m)_i = Σ_j J_ij m_j for vectors m_j and Σ_j J_ij² w_j for MOMENTS weights, with random J that
// is drawn here and never stored. Equations 3.1, 3.6, 5.1. Twin: src/reference/procedural-field-sphere.ts
//
// A workgroup draws J for a strip of rows, a tile of COLUMN_QUADS quads of columns at a time, every lane 4 × 4 entries of
// it. The tile then lies in shared memory and meets 4 COLUMN_QUADS components of the state: a lane holds 4 rows × 4
// components. Where the components of one system take fewer lanes, up to 4 systems that share J stand side by side and the
// columns of the tile are dealt to slices, by D alone: the order of a sum depends on N and D. Moments are dealt to the
// lanes of a system by columns. Row blocks start at multiples of four.
// @import lib/dispatch.wgsl
// @import lib/random-couplings.wgsl

const WORKGROUP_SIZE: u32 = 64u;
const COLUMN_QUADS: u32 = 16u;     // a divisor of WORKGROUP_SIZE
const CHUNK: u32 = 16u;            // tiles that are summed before they join the total
const MOMENTS: u32 = 1u;           // 0: field only; 1 or 2: that many weights a site
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
  dimension: u32,
  weightKinds: u32,                // weights stored a system, >= MOMENTS
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> seeds: array<vec4u>;          // [coupling]: see lib/random-couplings.wgsl
@group(0) @binding(2) var<storage, read> strengths: array<vec4f>;      // [coupling]
@group(0) @binding(3) var<storage, read> state: array<vec4f>;          // [system][pad(columns)][pad(D)]
@group(0) @binding(4) var<storage, read> weights: array<vec4f>;        // [system][weightKinds][pad(columns)]
@group(0) @binding(5) var<storage, read_write> field: array<vec4f>;    // [system][pad(rows)][pad(D)]
@group(0) @binding(6) var<storage, read_write> moments: array<f32>;    // [system][MOMENTS][pad(rows)]

/// J, a column of 4 rows each: those of the tile of lane l from 4 l on. At the end the sums of the slices.
var<workgroup> tile_columns: array<vec4f, 4u * WORKGROUP_SIZE>;
var<workgroup> squares: array<vec4f, 2u * WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let component_quads = (params.dimension + 3u) / 4u;
  let component_span = min(component_quads, COLUMN_QUADS);
  let component_tiles = (component_quads + COLUMN_QUADS - 1u) / COLUMN_QUADS;
  let systems_abreast = min(4u, COLUMN_QUADS / component_span);
  let lanes_per_system = COLUMN_QUADS / systems_abreast;
  let slices = lanes_per_system / component_span;
  const STRIP_QUADS = WORKGROUP_SIZE / COLUMN_QUADS;
  let strips = (params.rowCount + 4u * STRIP_QUADS - 1u) / (4u * STRIP_QUADS);
  let system_tiles = (params.systemsPerCoupling + systems_abreast - 1u) / systems_abreast;
  let matrices = params.systems / params.systemsPerCoupling;
  let group = linear_workgroup(workgroup, workgroups);
  if (group >= matrices * strips * system_tiles * component_tiles) { return; }
  let component_tile = group % component_tiles;
  let system_tile = (group / component_tiles) % system_tiles;
  let strip = (group / (component_tiles * system_tiles)) % strips;
  let coupling = group / (component_tiles * system_tiles * strips);
  let seed = seeds[coupling];
  let strength = strengths[coupling];

  let row_tile = strip * STRIP_QUADS + lane / COLUMN_QUADS;
  let row_quad = params.rowStart / 4u + row_tile;
  let own_quad = lane % COLUMN_QUADS;
  let row_lanes = lane - own_quad;                     // the first lane of these four rows
  // What the lane sums: 4 components of one system, over the columns of one slice.
  let replica = system_tile * systems_abreast + own_quad / lanes_per_system;
  let slice = own_quad % lanes_per_system / component_span;
  let own_component = own_quad % lanes_per_system % component_span;
  let component = component_tile * COLUMN_QUADS + own_component;
  let sums_here =
    own_quad / lanes_per_system < systems_abreast && slice < slices && component < component_quads
    && replica < params.systemsPerCoupling;
  let carries_moments = MOMENTS != 0u && component_tile == 0u;
  let quads = (params.columns + 3u) / 4u;
  let system = coupling * params.systemsPerCoupling + min(replica, params.systemsPerCoupling - 1u);
  let state_base = system * quads * 4u * component_quads + component;
  let weight_base = system * params.weightKinds * quads;

  var linear0 = vec4f();
  var linear1 = vec4f();
  var linear2 = vec4f();
  var linear3 = vec4f();
  var square_first = vec4f();      // one lane a row
  var square_second = vec4f();
  for (var start = 0u; start < quads; start += CHUNK * COLUMN_QUADS) {
    var part_linear0 = vec4f();
    var part_linear1 = vec4f();
    var part_linear2 = vec4f();
    var part_linear3 = vec4f();
    var part_square_first = vec4f();
    var part_square_second = vec4f();
    let end = min(start + CHUNK * COLUMN_QUADS, quads);
    for (var first_quad = start; first_quad < end; first_quad += COLUMN_QUADS) {
      let column_quad = first_quad + own_quad;
      if (column_quad < quads) {
        let signs = tile_signs(row_quad, column_quad, seed, strength);
        let tile = coupling_tile(row_quad, column_quad, signs, seed, strength);
        for (var c = 0u; c < 4u; c++) { tile_columns[4u * lane + c] = tile[c]; }
      }
      workgroupBarrier();
      let tile_quads = select(0u, min(COLUMN_QUADS, quads - first_quad), sums_here);
      for (var k = slice; k < tile_quads; k += slices) {
        let quad = first_quad + k;
        let first_column = 4u * (row_lanes + k);
        for (var c = 0u; c < 4u; c++) {
          let j = tile_columns[first_column + c];
          let m = state[state_base + (4u * quad + c) * component_quads];
          part_linear0 = fma(vec4f(j.x), m, part_linear0);
          part_linear1 = fma(vec4f(j.y), m, part_linear1);
          part_linear2 = fma(vec4f(j.z), m, part_linear2);
          part_linear3 = fma(vec4f(j.w), m, part_linear3);
        }
        if (carries_moments && (k / slices) % component_span == own_component) {
          let w = weights[weight_base + quad];
          var v = vec4f();
          if (MOMENTS == 2u) { v = weights[weight_base + quads + quad]; }
          for (var c = 0u; c < 4u; c++) {
            let j = tile_columns[first_column + c];
            part_square_first = fma(j * j, vec4f(w[c]), part_square_first);
            part_square_second = fma(j * j, vec4f(v[c]), part_square_second);
          }
        }
      }
      workgroupBarrier();
    }
    linear0 += part_linear0;
    linear1 += part_linear1;
    linear2 += part_linear2;
    linear3 += part_linear3;
    square_first += part_square_first;
    square_second += part_square_second;
  }
  tile_columns[4u * lane] = linear0;
  tile_columns[4u * lane + 1u] = linear1;
  tile_columns[4u * lane + 2u] = linear2;
  tile_columns[4u * lane + 3u] = linear3;
  squares[2u * lane] = square_first;
  squares[2u * lane + 1u] = square_second;
  workgroupBarrier();

  if (!sums_here || slice != 0u) { return; }
  var square = array<vec4f, 2>();
  if (carries_moments && own_component == 0u) {
    for (var other = lane; other < lane + slices * component_span; other++) {
      square[0] += squares[2u * other];
      square[1] += squares[2u * other + 1u];
    }
  }
  let padded_rows = 4u * ((params.rows + 3u) / 4u);
  for (var r = 0u; r < 4u; r++) {
    let block_row = 4u * row_tile + r;
    let row = params.rowStart + block_row;
    let inside = block_row < params.rowCount;
    // Past its own rows a block writes the padding alone, with zeros.
    if (!inside && (row < params.rows || row >= padded_rows)) { break; }
    var total = vec4f();
    for (var other = 0u; other < slices; other++) { total += tile_columns[4u * (lane + other * component_span) + r]; }
    field[(system * padded_rows + row) * component_quads + component] = select(vec4f(), total, inside);
    if (carries_moments && own_component == 0u) {
      for (var kind = 0u; kind < MOMENTS; kind++) {
        moments[(system * MOMENTS + kind) * padded_rows + row] = select(0.0, square[kind][r], inside);
      }
    }
  }
}
