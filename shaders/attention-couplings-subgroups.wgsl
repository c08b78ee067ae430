// attention-couplings-subgroups: the strategy "subgroups" of attention-couplings: J_ij = exp(S_ij - M_i)/Z_i.
// Equations 3.2. Twin: src/reference/attention-couplings.ts
//
// A workgroup is one subgroup and owns ROWS rows. See lib/attention-scores.wgsl.
enable subgroups;
// @import lib/dispatch.wgsl
// @import lib/exponential.wgsl
// @import lib/attention-scores.wgsl

const SUBGROUP: u32 = 8u;          // lanes; the host compiles this only where every subgroup has as many
const ROWS: u32 = 32u;             // a multiple of SUBGROUP
const KEYS: u32 = 1u;              // keys taken in at once: 1, 2 or 4, so that loads stay in the padding
const SCORE_QUADS: u32 = 2u;       // quads of a query a lane: pad(dimension) / 4 / SUBGROUP, rounded up
const MASK: u32 = 0u;              // 0 none, 1 causal (keys j <= i), 2 user (available[i][j] != 0)
const MASKED: f32 = -1e30;

struct Params {
  systems: u32,
  systemsPerCoupling: u32,
  rows: u32,
  rowStart: u32,
  rowCount: u32,
  columns: u32,
  dimension: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> queries: array<vec4f>;           // [coupling][pad(rows)][pad(d)] λ q
@group(0) @binding(2) var<storage, read> keys: array<vec4f>;              // [coupling][pad(columns)][pad(d)]
@group(0) @binding(3) var<storage, read> available: array<f32>;           // [rows][columns], read if MASK is 2
@group(0) @binding(4) var<storage, read> statistics: array<vec4f>;        // [coupling][pad(rows)][2], M and Z second
@group(0) @binding(5) var<storage, read_write> couplings: array<f32>;     // [coupling][rowCount][pad(columns)]

@compute @workgroup_size(SUBGROUP)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let blocks = (params.rowCount + ROWS - 1u) / ROWS;
  let unit = linear_workgroup(workgroup, workgroups);
  if (unit >= blocks * (params.systems / params.systemsPerCoupling)) { return; }
  let block_row = (unit % blocks) * ROWS + lane;
  let first_row = params.rowStart + (unit % blocks) * ROWS;
  let coupling = unit / blocks;
  let columns = padded(params.columns);

  var query: Queries;
  var score: OfKeys;
  var maxima: OfRows;                // M
  var inverse: OfRows;               // 1/Z, and 0 for a row without keys
  load_queries(&query, coupling, first_row, lane);
  // @unroll
  for (var group = 0u; group < GROUPS; group++) {
    let row = min(first_row + group * SUBGROUP + lane, params.rows - 1u);
    let normaliser = statistics[2u * (coupling * padded(params.rows) + row) + 1u];
    maxima[group] = normaliser.x;
    inverse[group] = select(0.0, 1.0 / normaliser.y, normaliser.y > 0.0);
  }
  for (var first_key = 0u; first_key < columns; first_key += KEYS) {
    score_keys(&score, &query, coupling, first_row, first_key, lane);
    // @unroll
    for (var slot = 0u; slot < KEYS * GROUPS; slot++) {
      let s = score[slot];
      let p = select(0.0, accurate_exp(s - maxima[slot % GROUPS]), s > MASKED);
      let row = block_row + slot % GROUPS * SUBGROUP;
      if (row < params.rowCount) {
        couplings[(coupling * params.rowCount + row) * columns + first_key + slot / GROUPS] = p * inverse[slot % GROUPS];
      }
    }
  }
}
