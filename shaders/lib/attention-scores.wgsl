// Scores q_i · k_j of the rows that one subgroup owns with a few keys at a time. Equations 3.2.
//
// Lanes hold components: lane l has the quads l, l + SUBGROUP, … of every query and of the key at hand, so a key costs one
// load a lane and a score the sum over the lanes of SUBGROUP partial products. Folding SUBGROUP rows at once leaves the
// score of row l in lane l. The importer declares SUBGROUP, ROWS, KEYS, SCORE_QUADS, MASK, MASKED, `params`, and the
// arrays queries, keys and available.
// @import lib/attention-masks.wgsl

const GROUPS: u32 = ROWS / SUBGROUP;               // rows that a lane has a score of

alias Queries = array<vec4f, ROWS * SCORE_QUADS>;
alias Partial = array<f32, SUBGROUP>;              // of each row of a group, a lane's part of a product

/// One step of the sum over lanes of two rows at once: lanes with `bit` keep the upper row, the others the lower one.
fn fold(low: f32, high: f32, lane: u32, bit: u32) -> f32 {
  let upper = (lane & bit) != 0u;
  return select(low, high, upper) + subgroupShuffleXor(select(high, low, upper), bit);
}

/// The products of SUBGROUP rows, that of row l in lane l.
fn fold_rows(partial: ptr<function, Partial>, lane: u32) -> f32 {
  // @unroll
  for (var r = 0u; r < SUBGROUP / 2u; r++) {
    (*partial)[r] = fold((*partial)[r], (*partial)[r + SUBGROUP / 2u], lane, SUBGROUP / 2u);
  }
  // @unroll
  for (var r = 0u; r < SUBGROUP / 4u; r++) {
    (*partial)[r] = fold((*partial)[r], (*partial)[r + SUBGROUP / 4u], lane, SUBGROUP / 4u);
  }
  // @unroll
  for (var r = 0u; r < SUBGROUP / 8u; r++) {
    (*partial)[r] = fold((*partial)[r], (*partial)[r + SUBGROUP / 8u], lane, SUBGROUP / 8u);
  }
  // @unroll
  for (var r = 0u; r < SUBGROUP / 16u; r++) {
    (*partial)[r] = fold((*partial)[r], (*partial)[r + SUBGROUP / 16u], lane, SUBGROUP / 16u);
  }
  // @unroll
  for (var r = 0u; r < SUBGROUP / 32u; r++) {
    (*partial)[r] = fold((*partial)[r], (*partial)[r + SUBGROUP / 32u], lane, SUBGROUP / 32u);
  }
  return (*partial)[0];
}

/// Rows past the end repeat the last one; what comes of them is not written.
fn load_queries(query: ptr<function, Queries>, coupling: u32, first_row: u32, lane: u32) {
  let quads = (params.dimension + 3u) / 4u;
  let padded_rows = padded(params.rows);
  for (var slot = 0u; slot < opaque(ROWS * SCORE_QUADS); slot++) {
    let row = min(first_row + slot / SCORE_QUADS, padded_rows - 1u);
    let quad = (slot % SCORE_QUADS) * SUBGROUP + lane;
    let loaded = queries[(coupling * padded_rows + row) * quads + min(quad, quads - 1u)];
    (*query)[slot] = select(vec4f(), loaded, quad < quads);
  }
}

/// score[key][group] of KEYS keys from `first_key`: lane l has row l of the group.
fn score_keys(
  score: ptr<function, OfKeys>,
  query: ptr<function, Queries>,
  coupling: u32,
  first_row: u32,
  first_key: u32,
  lane: u32,
) {
  let quads = (params.dimension + 3u) / 4u;
  // @unroll
  for (var k = 0u; k < KEYS; k++) {
    let base = (coupling * padded(params.columns) + first_key + k) * quads;
    var key: array<vec4f, SCORE_QUADS>;
    // @unroll
    for (var x = 0u; x < SCORE_QUADS; x++) { key[x] = keys[base + min(x * SUBGROUP + lane, quads - 1u)]; }
    // @unroll
    for (var group = 0u; group < GROUPS; group++) {
      var partial: Partial;
      // @unroll
      for (var r = 0u; r < SUBGROUP; r++) {
        var sum = 0.0;
        // @unroll
        for (var x = 0u; x < SCORE_QUADS; x++) {
          let q = (*query)[(group * SUBGROUP + r) * SCORE_QUADS + x];
          sum = fma(q.w, key[x].w, fma(q.z, key[x].z, fma(q.y, key[x].y, fma(q.x, key[x].x, sum))));
        }
        partial[r] = sum;
      }
      let row = first_row + group * SUBGROUP + lane;
      (*score)[k * GROUPS + group] = masked_score(fold_rows(&partial, lane), row, first_key + k);
    }
  }
}
