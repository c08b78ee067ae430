// attention-field-binary-subgroups: the strategy "subgroups" of attention-field-binary:
// (J m)_i = Σ_j J_ij m_j and Σ_j J_ij² w_j with J = softmax(q_i · k_j), J never stored, for one number a site.
// Equations 3.1-3.5, 4.1. Twin: src/reference/attention-field-binary.ts
//
// A workgroup is one subgroup and owns ROWS rows. Lanes hold components of the scores, and rows of all sums.
enable subgroups;
// @import lib/dispatch.wgsl
// @import lib/attention-scores.wgsl
// @import lib/attention-sites.wgsl

const SUBGROUP: u32 = 8u;          // lanes; the host compiles this only where every subgroup has as many
const ROWS: u32 = 32u;             // a multiple of SUBGROUP
const KEYS: u32 = 2u;              // keys taken in at once: 1, 2 or 4, so that loads stay in the padding
const CHUNK: u32 = 512u;           // keys summed before they join the total
const SCORE_QUADS: u32 = 2u;       // quads of a query a lane: pad(dimension) / 4 / SUBGROUP, rounded up
const MASK: u32 = 0u;              // 0 none, 1 causal (keys j <= i), 2 user (available[i][j] != 0)
const MOMENTS: u32 = 1u;           // 0: field only; 1 or 2: that many weights a site
const STATISTICS: bool = true;     // entropy and participation of the rows
const FROZEN: bool = false;        // J_ij = exp(S_ij - M_i)/Z_i with M_i and Z_i of an earlier call
const MASKED: f32 = -1e30;

struct Params {
  systems: u32,
  systemsPerCoupling: u32,
  rows: u32,
  rowStart: u32,
  rowCount: u32,
  columns: u32,
  dimension: u32,                  // of queries and keys
  weightKinds: u32,
  splits: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> queries: array<vec4f>;           // [coupling][pad(rows)][pad(d)] λ q
@group(0) @binding(2) var<storage, read> keys: array<vec4f>;              // [coupling][pad(columns)][pad(d)]
@group(0) @binding(3) var<storage, read> available: array<f32>;           // [rows][columns], read if MASK is 2
@group(0) @binding(4) var<storage, read> state: array<f32>;               // [system][pad(columns)]
@group(0) @binding(5) var<storage, read> weights: array<f32>;             // [system][weightKinds][pad(columns)]
@group(0) @binding(6) var<storage, read_write> field: array<f32>;         // [split][system][pad(rows)]
@group(0) @binding(7) var<storage, read_write> moments: array<f32>;       // [split][system][MOMENTS][pad(rows)]
@group(0) @binding(8) var<storage, read_write> statistics: array<vec4f>;  // [coupling][pad(rows)][2], or [split][system]…

@compute @workgroup_size(SUBGROUP)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let blocks = (params.rowCount + ROWS - 1u) / ROWS;
  let unit = linear_workgroup(workgroup, workgroups);
  if (unit >= blocks * params.splits * params.systems) { return; }
  let first_row = params.rowStart + (unit % blocks) * ROWS;
  let split = (unit / blocks) % params.splits;
  let system = unit / (blocks * params.splits);
  let coupling = system / params.systemsPerCoupling;

  var query: Queries;
  var rows: RowSums;                 // of a chunk of keys
  var sums: SiteSums;
  var total_rows: RowSums;           // of all chunks
  var total_sums: SiteSums;
  var score: OfKeys;
  var weight: OfKeys;                // p = exp(S - M)
  var sites: Sites;
  load_queries(&query, coupling, first_row, lane);
  start_rows(&rows, coupling, first_row, lane);
  start_rows(&total_rows, coupling, first_row, lane);
  start_sites(&sums);
  start_sites(&total_sums);
  let range = split_keys(split);
  var end = range.y;
  if (MASK == 1u) { end = min(end, first_row + ROWS); }
  for (var chunk = range.x; chunk < end; chunk += CHUNK) {
    for (var first_key = chunk; first_key < min(end, chunk + CHUNK); first_key += KEYS) {
      score_keys(&score, &query, coupling, first_row, first_key, lane);
      weigh_keys(&rows, &weight, &score);
      load_sites(&sites, system, first_key, 1u);
      accumulate_sites(&sums, &rows, &weight, &sites);
    }
    gather_rows(&total_rows, &rows);
    gather_sites(&total_sums, &sums, &total_rows);
  }
  write_rows(&total_rows, &total_sums, split, system, first_row, lane);
}
