// Where the keys of a row are split, and what is kept of its sums. Equations 3.2-3.5. The importer declares MASK,
// STATISTICS, `params` and the array statistics. Twin: `splitKeys` and `rowStatistics` of src/reference/attention-rows.ts
// @import lib/attention-shape.wgsl

const SPLIT_SPAN: u32 = 16u;       // keys are split in whole spans of so many
const LN_2: f32 = 0.6931471805599453;

/// The first key of a split, and the one after its last.
fn split_keys(split: u32) -> vec2u {
  let spans = (params.columns + SPLIT_SPAN - 1u) / SPLIT_SPAN;
  let share = (spans + params.splits - 1u) / params.splits * SPLIT_SPAN;
  return min(vec2u(split * share, (split + 1u) * share), vec2u(params.columns));
}

/// (log-sum-exp, entropy, participation, available keys), zero for a row without keys.
fn row_statistics(row: u32, maximum: f32, linear: f32, shifted: f32, square: f32, counted: f32) -> vec4f {
  if (linear == 0.0) { return vec4f(); }
  let log_sum = log2(linear) * LN_2;
  let inverse = 1.0 / linear;
  var taken = f32(params.columns);
  if (MASK == 1u) { taken = f32(min(row + 1u, params.columns)); }
  if (MASK == 2u) { taken = counted; }
  return vec4f(maximum + log_sum, select(0.0, log_sum - shifted * inverse, STATISTICS), square * inverse * inverse, taken);
}

/// Keeps the sums M, Z, E, Y and the count of a row: those of one of several splits as they are, else its statistics with
/// M and Z beside them, by the first of the systems that share the couplings.
fn write_statistics(
  split: u32,
  system: u32,
  row: u32,
  maximum: f32,
  linear: f32,
  shifted: f32,
  square: f32,
  counted: f32,
) {
  let padded_rows = padded(params.rows);
  if (params.splits > 1u) {
    statistics[(split * params.systems + system) * padded_rows + row] = vec4f(maximum, linear, shifted, square);
  } else if (system % params.systemsPerCoupling == 0u) {
    let at = 2u * (system / params.systemsPerCoupling * padded_rows + row);
    statistics[at] = row_statistics(row, maximum, linear, shifted, square, counted);
    statistics[at + 1u] = vec4f(maximum, linear, 0.0, 0.0);
  }
}
