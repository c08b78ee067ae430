// The sums that one invocation carries of GROUPS rows through one online softmax, taking in KEYS keys at once.
// Equations 3.2-3.5. Rows are `first_row` + lane, and ROWS / GROUPS further of each next group. The importer declares
// ROWS, GROUPS, KEYS, MASK, STATISTICS, FROZEN, MASKED, `params` and the arrays available and statistics.
//
// When the maximum M of a row grows by c = exp(M_old - M_new) the sums go along by their class:
//   linear Z, F: c;   shifted E = Σ p (S - M): c (E + (M_old - M_new) Z);   square Y, W: c².
// @import lib/attention-masks.wgsl
// @import lib/attention-statistics.wgsl

struct RowSums {
  maximum: OfRows,                                 // M
  rescale: OfRows,                                 // c of the last keys
  linear: OfRows,                                  // Z = Σ p
  shifted: OfRows,                                 // E = Σ p (S - M)
  square: OfRows,                                  // Y = Σ p²
  counted: OfRows,                                 // available keys, counted if MASK is 2
}

fn start_rows(rows: ptr<function, RowSums>, coupling: u32, first_row: u32, lane: u32) {
  // @unroll
  for (var group = 0u; group < GROUPS; group++) {
    (*rows).maximum[group] = MASKED;
    (*rows).linear[group] = 0.0;
    if (FROZEN) {
      let padded_rows = padded(params.rows);
      let row = min(first_row + group * (ROWS / GROUPS) + lane, params.rows - 1u);
      let normaliser = statistics[2u * (coupling * padded_rows + row) + 1u];
      (*rows).maximum[group] = normaliser.x;
      (*rows).linear[group] = normaliser.y;
    }
    (*rows).shifted[group] = 0.0;
    (*rows).square[group] = 0.0;
    (*rows).counted[group] = 0.0;
  }
}

/// The weights of the keys just scored, and the sums over a row that need no state.
fn weigh_keys(rows: ptr<function, RowSums>, weight: ptr<function, OfKeys>, score: ptr<function, OfKeys>) {
  // @unroll
  for (var group = 0u; group < GROUPS; group++) {
    if (FROZEN) {
      // @unroll
      for (var k = 0u; k < KEYS; k++) {
        let s = (*score)[k * GROUPS + group];
        (*weight)[k * GROUPS + group] = select(0.0, exp2((s - (*rows).maximum[group]) * LOG2_E), s > MASKED);
      }
    } else {
      var largest = (*rows).maximum[group];
      // @unroll
      for (var k = 0u; k < KEYS; k++) { largest = max(largest, (*score)[k * GROUPS + group]); }
      let drop = (*rows).maximum[group] - largest;
      let c = exp2(drop * LOG2_E);
      (*rows).rescale[group] = c;
      (*rows).maximum[group] = largest;
      // What the keys add is summed before it joins what there is: fewer roundings of the larger number.
      var linear = 0.0;
      var shifted = 0.0;
      var square = 0.0;
      // @unroll
      for (var k = 0u; k < KEYS; k++) {
        // A masked key at the sentinel maximum would give exp(0) = 1: zero it by its score.
        let s = (*score)[k * GROUPS + group];
        let shift = select(0.0, s - largest, s > MASKED);
        let p = select(0.0, exp2(shift * LOG2_E), s > MASKED);
        (*weight)[k * GROUPS + group] = p;
        linear += p;
        if (STATISTICS) {
          shifted = fma(p, shift, shifted);
          square = fma(p, p, square);
        }
        if (MASK == 2u) { (*rows).counted[group] += select(0.0, 1.0, s > MASKED); }
      }
      if (STATISTICS) {
        (*rows).shifted[group] = fma(c, fma(drop, (*rows).linear[group], (*rows).shifted[group]), shifted);
        (*rows).square[group] = fma(c * c, (*rows).square[group], square);
      }
      (*rows).linear[group] = fma(c, (*rows).linear[group], linear);
    }
  }
}

/// Adds the sums of a chunk of keys to those of all keys before it, on the maximum so far, and empties them. Sums of chunks
/// lose a quarter of what one running sum over N = 8192 keys loses. FROZEN keeps M and Z as they are.
fn gather_rows(total: ptr<function, RowSums>, rows: ptr<function, RowSums>) {
  // @unroll
  for (var group = 0u; group < GROUPS; group++) {
    let drop = (*total).maximum[group] - (*rows).maximum[group];
    let c = select(exp2(drop * LOG2_E), 1.0, FROZEN);
    (*total).rescale[group] = c;
    if (!FROZEN) {
      if (STATISTICS) {
        (*total).shifted[group] = fma(c, fma(drop, (*total).linear[group], (*total).shifted[group]), (*rows).shifted[group]);
        (*total).square[group] = fma(c * c, (*total).square[group], (*rows).square[group]);
      }
      (*total).linear[group] = fma(c, (*total).linear[group], (*rows).linear[group]);
      (*total).maximum[group] = (*rows).maximum[group];
      (*total).counted[group] += (*rows).counted[group];
      (*rows).linear[group] = 0.0;
      (*rows).shifted[group] = 0.0;
      (*rows).square[group] = 0.0;
      (*rows).counted[group] = 0.0;
    }
  }
}

/// 1/Z of a row; 1 for sums that are merged before they are divided.
fn row_inverse(rows: ptr<function, RowSums>, group: u32) -> f32 {
  if (!FROZEN && params.splits > 1u) { return 1.0; }
  return select(0.0, 1.0 / (*rows).linear[group], (*rows).linear[group] > 0.0);
}

/// Keeps the sums of a row of this lane.
fn write_row(rows: ptr<function, RowSums>, group: u32, split: u32, system: u32, row: u32) {
  write_statistics(
    split,
    system,
    row,
    (*rows).maximum[group],
    (*rows).linear[group],
    (*rows).shifted[group],
    (*rows).square[group],
    (*rows).counted[group],
  );
}
