// Σ_j p_j m_j and Σ_j p_j² w_j for one number a site, of the rows of lib/attention-sums.wgsl, and their way to memory.
// Equations 3.1-3.5. The importer declares MOMENTS and the arrays state, weights, field, moments and statistics.
// @import lib/attention-sums.wgsl

alias Sites = array<f32, 3u * KEYS>;               // [state, weights][key]

struct SiteSums {
  field: OfRows,                                   // F = Σ p m
  squares: array<f32, 2u * GROUPS>,                // W = Σ p² w, [kind][group]
}

/// The sites of KEYS keys that stand `step` apart.
fn load_sites(sites: ptr<function, Sites>, system: u32, first_key: u32, step: u32) {
  let padded_columns = padded(params.columns);
  // @unroll
  for (var k = 0u; k < KEYS; k++) {
    let column = min(first_key + k * step, padded_columns - 1u);
    (*sites)[k] = state[system * padded_columns + column];
    // @unroll
    for (var kind = 0u; kind < MOMENTS; kind++) {
      (*sites)[(1u + kind) * KEYS + k] = weights[(system * params.weightKinds + kind) * padded_columns + column];
    }
  }
}

fn start_sites(sums: ptr<function, SiteSums>) {
  // @unroll
  for (var group = 0u; group < GROUPS; group++) {
    (*sums).field[group] = 0.0;
    (*sums).squares[group] = 0.0;
    (*sums).squares[GROUPS + group] = 0.0;
  }
}

/// F and W of the keys just weighed.
fn accumulate_sites(
  sums: ptr<function, SiteSums>,
  rows: ptr<function, RowSums>,
  weight: ptr<function, OfKeys>,
  sites: ptr<function, Sites>,
) {
  // @unroll
  for (var group = 0u; group < GROUPS; group++) {
    var c = 1.0;
    if (!FROZEN) { c = (*rows).rescale[group]; }
    // What the keys add is summed before it joins what there is, as in weigh_keys.
    var linear = 0.0;
    // @unroll
    for (var k = 0u; k < KEYS; k++) { linear = fma((*weight)[k * GROUPS + group], (*sites)[k], linear); }
    (*sums).field[group] = fma(c, (*sums).field[group], linear);
    // @unroll
    for (var kind = 0u; kind < MOMENTS; kind++) {
      var square = 0.0;
      // @unroll
      for (var k = 0u; k < KEYS; k++) {
        let p = (*weight)[k * GROUPS + group];
        square = fma(p * p, (*sites)[(1u + kind) * KEYS + k], square);
      }
      (*sums).squares[kind * GROUPS + group] = fma(c * c, (*sums).squares[kind * GROUPS + group], square);
    }
  }
}

/// Adds F and W of a chunk of keys to those of all keys before it, and empties them; after gather_rows.
fn gather_sites(total: ptr<function, SiteSums>, sums: ptr<function, SiteSums>, rows: ptr<function, RowSums>) {
  // @unroll
  for (var group = 0u; group < GROUPS; group++) {
    let c = (*rows).rescale[group];
    (*total).field[group] = fma(c, (*total).field[group], (*sums).field[group]);
    // @unroll
    for (var kind = 0u; kind < MOMENTS; kind++) {
      let slot = kind * GROUPS + group;
      (*total).squares[slot] = fma(c * c, (*total).squares[slot], (*sums).squares[slot]);
    }
  }
  start_sites(sums);
}

/// Field, moments and statistics of the rows of a lane.
fn write_rows(
  rows: ptr<function, RowSums>,
  sums: ptr<function, SiteSums>,
  split: u32,
  system: u32,
  first_row: u32,
  lane: u32,
) {
  let padded_rows = padded(params.rows);
  let last = params.rowStart + params.rowCount;
  // The block that ends at the last row writes the padding rows too, with zeros.
  let written = select(last, padded_rows, last == params.rows);
  let target_system = split * params.systems + system;
  // @unroll
  for (var group = 0u; group < GROUPS; group++) {
    let row = first_row + group * (ROWS / GROUPS) + lane;
    let inverse = row_inverse(rows, group);
    let inside = row < params.rows;
    if (row < written) {
      field[target_system * padded_rows + row] = select(0.0, (*sums).field[group] * inverse, inside);
      // @unroll
      for (var kind = 0u; kind < MOMENTS; kind++) {
        moments[(target_system * MOMENTS + kind) * padded_rows + row] =
          select(0.0, (*sums).squares[kind * GROUPS + group] * inverse * inverse, inside);
      }
    }
    if (!FROZEN && row < min(written, params.rows)) { write_row(rows, group, split, system, row); }
  }
}
