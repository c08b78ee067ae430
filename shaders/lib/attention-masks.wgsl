// What the kernels of attention share: the shape of what one invocation holds of GROUPS rows and KEYS keys, and masks.
// Equations 3.2. The importer declares KEYS, GROUPS, MASK, MASKED, `params` and the array `available`.
// @import lib/attention-shape.wgsl

const LOG2_E: f32 = 1.4426950408889634;

alias OfKeys = array<f32, KEYS * GROUPS>;          // [key][group]
alias OfRows = array<f32, GROUPS>;

/// Without branches, and `&` for `&&`, which is one: with 32 scores a thread SwiftShader took minutes for those.
fn masked_score(value: f32, row: u32, column: u32) -> f32 {
  var taken = column < params.columns;
  if (MASK == 1u) { taken &= column <= row; }
  if (MASK == 2u) {
    let at = min(row, params.rows - 1u) * params.columns + min(column, params.columns - 1u);
    taken &= available[at] != 0.0;
  }
  return select(MASKED, value, taken);
}
