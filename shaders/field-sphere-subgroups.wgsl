// field-sphere-subgroups: the strategy "subgroups" of field-sphere:
// (J m)_i = Σ_j J_ij m_j for vectors m_j and, in the same pass over J, Σ_j J_ij² w_j for MOMENTS weights.
// Equations 3.1, 5.1. Twin: src/reference/field-sphere.ts
//
// A workgroup is one subgroup and owns ROWS rows and SUBGROUP × VALUE_QUADS quads of components. Lanes hold components of
// fields, and rows of J and of moments: a key costs a load a lane for SUBGROUP rows, and one for each quad of its state.
enable subgroups;
// @import lib/dispatch.wgsl
// @import lib/attention-shape.wgsl

const SUBGROUP: u32 = 8u;          // lanes; the host compiles this only where every subgroup has as many
const ROWS: u32 = 32u;             // a multiple of SUBGROUP
const KEYS: u32 = 2u;              // keys taken in at once: 1, 2 or 4, so that loads stay in the padding
const CHUNK: u32 = 256u;           // keys summed before they join the total
const VALUE_QUADS: u32 = 2u;       // quads of a state a lane
const MOMENTS: u32 = 1u;           // 0: field only; 1 or 2: that many weights a site

const GROUPS: u32 = ROWS / SUBGROUP;

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
@group(0) @binding(1) var<storage, read> couplings: array<f32>;         // [coupling][rowCount][pad(columns)]
@group(0) @binding(2) var<storage, read> state: array<vec4f>;           // [system][pad(columns)][pad(D)]
@group(0) @binding(3) var<storage, read> weights: array<f32>;           // [system][weightKinds][pad(columns)]
@group(0) @binding(4) var<storage, read_write> field: array<vec4f>;     // [system][pad(rows)][pad(D)]
@group(0) @binding(5) var<storage, read_write> moments: array<f32>;     // [system][MOMENTS][pad(rows)]

@compute @workgroup_size(SUBGROUP)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let blocks = (params.rowCount + ROWS - 1u) / ROWS;
  let unit = linear_workgroup(workgroup, workgroups);
  let quads = (params.dimension + 3u) / 4u;
  let parts = (quads + SUBGROUP * VALUE_QUADS - 1u) / (SUBGROUP * VALUE_QUADS);
  if (unit >= blocks * parts * params.systems) { return; }
  let first = (unit % blocks) * ROWS;
  let first_quad = (unit / blocks) % parts * (SUBGROUP * VALUE_QUADS) + lane;
  let system = unit / (blocks * parts);
  let columns = padded(params.columns);
  let row_base = (system / params.systemsPerCoupling) * params.rowCount;

  // Rows past the end repeat the last one; what comes of them is not written.
  var place: array<u32, GROUPS>;
  // @unroll
  for (var group = 0u; group < GROUPS; group++) {
    place[group] = (row_base + min(first + group * SUBGROUP + lane, params.rowCount - 1u)) * columns;
  }
  var part: array<vec4f, ROWS * VALUE_QUADS>;
  var part_squares: array<f32, 2u * GROUPS>;
  var total: array<vec4f, ROWS * VALUE_QUADS>;
  var total_squares: array<f32, 2u * GROUPS>;
  for (var slot = 0u; slot < opaque(ROWS * VALUE_QUADS); slot++) {
    part[slot] = vec4f();
    total[slot] = vec4f();
  }
  // @unroll
  for (var slot = 0u; slot < 2u * GROUPS; slot++) {
    part_squares[slot] = 0.0;
    total_squares[slot] = 0.0;
  }
  for (var start = 0u; start < columns; start += CHUNK) {
    for (var first_key = start; first_key < min(start + CHUNK, columns); first_key += KEYS) {
      var j: array<f32, KEYS * GROUPS>;
      var value: array<vec4f, KEYS * VALUE_QUADS>;
      // @unroll
      for (var k = 0u; k < KEYS; k++) {
        // @unroll
        for (var group = 0u; group < GROUPS; group++) { j[k * GROUPS + group] = couplings[place[group] + first_key + k]; }
        // @unroll
        for (var x = 0u; x < VALUE_QUADS; x++) {
          value[k * VALUE_QUADS + x] =
            state[(system * columns + first_key + k) * quads + min(first_quad + x * SUBGROUP, quads - 1u)];
        }
      }
      // @unroll
      for (var row = 0u; row < ROWS; row++) {
        var of_row: array<f32, KEYS>;
        // @unroll
        for (var k = 0u; k < KEYS; k++) { of_row[k] = subgroupShuffle(j[k * GROUPS + row / SUBGROUP], row % SUBGROUP); }
        // @unroll
        for (var x = 0u; x < VALUE_QUADS; x++) {
          var sum = part[row * VALUE_QUADS + x];
          // @unroll
          for (var k = 0u; k < KEYS; k++) { sum = fma(vec4f(of_row[k]), value[k * VALUE_QUADS + x], sum); }
          part[row * VALUE_QUADS + x] = sum;
        }
      }
      // @unroll
      for (var kind = 0u; kind < MOMENTS; kind++) {
        // @unroll
        for (var k = 0u; k < KEYS; k++) {
          let w = weights[(system * params.weightKinds + kind) * columns + first_key + k];
          // @unroll
          for (var group = 0u; group < GROUPS; group++) {
            let of_group = j[k * GROUPS + group];
            part_squares[kind * GROUPS + group] = fma(of_group * of_group, w, part_squares[kind * GROUPS + group]);
          }
        }
      }
    }
    for (var slot = 0u; slot < opaque(ROWS * VALUE_QUADS); slot++) {
      total[slot] += part[slot];
      part[slot] = vec4f();
    }
    // @unroll
    for (var slot = 0u; slot < MOMENTS * GROUPS; slot++) {
      total_squares[slot] += part_squares[slot];
      part_squares[slot] = 0.0;
    }
  }

  let padded_rows = padded(params.rows);
  // The block that ends at the last row writes the padding rows too, with zeros.
  let last = params.rowStart + params.rowCount;
  let written = select(last, padded_rows, last == params.rows);
  // @unroll
  for (var group = 0u; group < GROUPS; group++) {
    let row = params.rowStart + first + group * SUBGROUP + lane;
    // Moments are those of all components; one part writes them.
    if (row < written && first_quad == lane) {
      // @unroll
      for (var kind = 0u; kind < MOMENTS; kind++) {
        moments[(system * MOMENTS + kind) * padded_rows + row] =
          select(0.0, total_squares[kind * GROUPS + group], row < params.rows);
      }
    }
  }
  for (var slot = 0u; slot < opaque(ROWS * VALUE_QUADS); slot++) {
    let row = params.rowStart + first + slot / VALUE_QUADS;
    let quad = first_quad + (slot % VALUE_QUADS) * SUBGROUP;
    if (row < written && quad < quads) {
      field[(system * padded_rows + row) * quads + quad] = select(vec4f(), total[slot], row < params.rows);
    }
  }
}
