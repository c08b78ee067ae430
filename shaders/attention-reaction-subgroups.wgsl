// attention-reaction-subgroups: the strategy "subgroups" of attention-reaction:
// Σ_j J_ij² c_j (m_i · m'_j) m'_j with J_ij = exp(S_ij - M_i)/Z_i, neither J nor m_i · m'_j stored.
// Equations 3.2, 5.1, 5.3. Twin: src/reference/attention-reaction.ts
//
// A workgroup is one subgroup and owns ROWS rows. Lanes hold components of queries, keys, states and sums; folding both
// products of SUBGROUP rows leaves those of row l in lane l. See lib/attention-scores.wgsl.
enable subgroups;
// @import lib/dispatch.wgsl
// @import lib/attention-scores.wgsl

const SUBGROUP: u32 = 8u;          // lanes; the host compiles this only where every subgroup has as many
const ROWS: u32 = 16u;             // a multiple of SUBGROUP
const KEYS: u32 = 2u;              // keys taken in at once: 1, 2 or 4, so that loads stay in the padding
const CHUNK: u32 = 512u;           // keys summed before they join the total
const SCORE_QUADS: u32 = 2u;       // quads of a query a lane: pad(dimension) / 4 / SUBGROUP, rounded up
const VALUE_QUADS: u32 = 2u;       // the same of a state
const MASK: u32 = 0u;              // 0 none, 1 causal (keys j <= i), 2 user (available[i][j] != 0)
const MASKED: f32 = -1e30;

struct Params {
  systems: u32,
  systemsPerCoupling: u32,
  rows: u32,
  rowStart: u32,
  rowCount: u32,
  columns: u32,
  dimension: u32,                  // of queries and keys
  components: u32,                 // of the state
  weightKinds: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> queries: array<vec4f>;           // [coupling][pad(rows)][pad(d)] λ q
@group(0) @binding(2) var<storage, read> keys: array<vec4f>;              // [coupling][pad(columns)][pad(d)]
@group(0) @binding(3) var<storage, read> available: array<f32>;           // [rows][columns], read if MASK is 2
@group(0) @binding(4) var<storage, read> statistics: array<vec4f>;        // [coupling][pad(rows)][2], M and Z second
@group(0) @binding(5) var<storage, read> mean: array<vec4f>;              // [system][pad(rows)][pad(D)] m
@group(0) @binding(6) var<storage, read> state: array<vec4f>;             // [system][pad(columns)][pad(D)] m'
@group(0) @binding(7) var<storage, read> weights: array<f32>;             // [system][weightKinds][pad(columns)], c last
@group(0) @binding(8) var<storage, read_write> reaction: array<vec4f>;    // [system][pad(rows)][pad(D)]

alias Means = array<vec4f, ROWS * VALUE_QUADS>;
alias Values = array<vec4f, KEYS * VALUE_QUADS>;

/// m_i, and zeros past the last component, so that what a lane repeats of m' there counts nothing.
fn load_means(means: ptr<function, Means>, system: u32, first_row: u32, lane: u32) {
  let quads = (params.components + 3u) / 4u;
  let padded_rows = padded(params.rows);
  for (var slot = 0u; slot < opaque(ROWS * VALUE_QUADS); slot++) {
    let row = min(first_row + slot / VALUE_QUADS, padded_rows - 1u);
    let quad = (slot % VALUE_QUADS) * SUBGROUP + lane;
    let loaded = mean[(system * padded_rows + row) * quads + min(quad, quads - 1u)];
    (*means)[slot] = select(vec4f(), loaded, quad < quads);
  }
}

fn load_values(values: ptr<function, Values>, system: u32, first_key: u32, lane: u32) {
  let quads = (params.components + 3u) / 4u;
  // @unroll
  for (var k = 0u; k < KEYS; k++) {
    let base = (system * padded(params.columns) + first_key + k) * quads;
    // @unroll
    for (var x = 0u; x < VALUE_QUADS; x++) {
      (*values)[k * VALUE_QUADS + x] = state[base + min(x * SUBGROUP + lane, quads - 1u)];
    }
  }
}

/// Turns scores into exp(S_ij - M_i)² c_j (m_i · m'_j), lane l having row l of each group.
fn react(
  weight: ptr<function, OfKeys>,
  means: ptr<function, Means>,
  values: ptr<function, Values>,
  maxima: ptr<function, OfRows>,
  anisotropies: u32,
  lane: u32,
) {
  // @unroll
  for (var k = 0u; k < KEYS; k++) {
    let anisotropy = weights[anisotropies + k];
    // @unroll
    for (var group = 0u; group < GROUPS; group++) {
      var partial: Partial;
      // @unroll
      for (var r = 0u; r < SUBGROUP; r++) {
        var sum = 0.0;
        // @unroll
        for (var x = 0u; x < VALUE_QUADS; x++) {
          let m = (*means)[(group * SUBGROUP + r) * VALUE_QUADS + x];
          let v = (*values)[k * VALUE_QUADS + x];
          sum = fma(m.w, v.w, fma(m.z, v.z, fma(m.y, v.y, fma(m.x, v.x, sum))));
        }
        partial[r] = sum;
      }
      let gram = fold_rows(&partial, lane);
      let score = (*weight)[k * GROUPS + group];
      let p = select(0.0, exp2((score - (*maxima)[group]) * LOG2_E), score > MASKED);
      (*weight)[k * GROUPS + group] = p * p * anisotropy * gram;
    }
  }
}

fn accumulate(sums: ptr<function, Means>, weight: ptr<function, OfKeys>, values: ptr<function, Values>) {
  var of_key: array<f32, KEYS>;      // the weight of each key in a row, in every lane
  // @unroll
  for (var row = 0u; row < ROWS; row++) {
    // @unroll
    for (var k = 0u; k < KEYS; k++) {
      of_key[k] = subgroupShuffle((*weight)[k * GROUPS + row / SUBGROUP], row % SUBGROUP);
    }
    // @unroll
    for (var x = 0u; x < VALUE_QUADS; x++) {
      var sum = (*sums)[row * VALUE_QUADS + x];
      // @unroll
      for (var k = 0u; k < KEYS; k++) { sum = fma(vec4f(of_key[k]), (*values)[k * VALUE_QUADS + x], sum); }
      (*sums)[row * VALUE_QUADS + x] = sum;
    }
  }
}

@compute @workgroup_size(SUBGROUP)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let blocks = (params.rowCount + ROWS - 1u) / ROWS;
  let unit = linear_workgroup(workgroup, workgroups);
  if (unit >= blocks * params.systems) { return; }
  let first_row = params.rowStart + (unit % blocks) * ROWS;
  let system = unit / blocks;
  let coupling = system / params.systemsPerCoupling;
  let padded_rows = padded(params.rows);
  let anisotropies = (system * params.weightKinds + params.weightKinds - 1u) * padded(params.columns);

  var query: Queries;
  var means: Means;
  var values: Values;
  var weight: OfKeys;
  var sums: Means;                   // of a chunk of keys
  var total: Means;                  // of all chunks
  var maxima: OfRows;                // M
  var inverse: OfRows;               // 1/Z, and 0 for a row without keys
  load_queries(&query, coupling, first_row, lane);
  load_means(&means, system, first_row, lane);
  for (var slot = 0u; slot < opaque(ROWS * VALUE_QUADS); slot++) {
    sums[slot] = vec4f();
    total[slot] = vec4f();
  }
  // @unroll
  for (var group = 0u; group < GROUPS; group++) {
    let row = min(first_row + group * SUBGROUP + lane, params.rows - 1u);
    let normaliser = statistics[2u * (coupling * padded_rows + row) + 1u];
    maxima[group] = normaliser.x;
    inverse[group] = select(0.0, 1.0 / normaliser.y, normaliser.y > 0.0);
  }
  var end = params.columns;
  if (MASK == 1u) { end = min(end, first_row + ROWS); }
  for (var chunk = 0u; chunk < end; chunk += CHUNK) {
    for (var first_key = chunk; first_key < min(end, chunk + CHUNK); first_key += KEYS) {
      score_keys(&weight, &query, coupling, first_row, first_key, lane);
      load_values(&values, system, first_key, lane);
      react(&weight, &means, &values, &maxima, anisotropies + first_key, lane);
      accumulate(&sums, &weight, &values);
    }
    for (var slot = 0u; slot < opaque(ROWS * VALUE_QUADS); slot++) {
      total[slot] += sums[slot];
      sums[slot] = vec4f();
    }
  }

  let quads = (params.components + 3u) / 4u;
  let last = params.rowStart + params.rowCount;
  // The block that ends at the last row writes the padding rows too, with zeros.
  let written = select(last, padded_rows, last == params.rows);
  for (var slot = 0u; slot < opaque(ROWS * VALUE_QUADS); slot++) {
    let r = slot / VALUE_QUADS;
    let row = first_row + r;
    let quad = (slot % VALUE_QUADS) * SUBGROUP + lane;
    let scale = subgroupShuffle(inverse[r / SUBGROUP], r % SUBGROUP);
    if (row < written && quad < quads) {
      reaction[(system * padded_rows + row) * quads + quad] =
        select(vec4f(), total[slot] * scale * scale, row < params.rows);
    }
  }
}
