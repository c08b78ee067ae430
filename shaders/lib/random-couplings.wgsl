// random-couplings: J of an ensemble out of its counters, a tile of 4 rows × 4 columns at a time. Formulas of the
// ensembles: src/physics/couplings.ts. Twin: src/reference/coupling-row.ts
//
// Every kernel that needs random J imports this text, so a J that is stored and one that never is are the same. A tile is
// a matrix as WGSL writes it: tile[c][r] = J_ij with i = 4 row_quad + r, j = 4 column_quad + c. Four counters give its
// sixteen words and one counter the signs of eight tiles, below the diagonal with the roles of rows and columns changed.
// The counter layout is a format: see src/reference/philox.ts. An importing kernel declares
//   const LAW: u32 = 0u;              // 0 gaussian, 1 plus-minus, 2 ring
//   const DILUTED: bool = false;      // J_ij = 0 unless the pair is present
//   const INDEPENDENT: bool = true;   // J_ij and J_ji have counters of their own and the diagonal is kept; else they
//                                     // share theirs and it is zero
// and passes for each matrix
//   seed      seed low, seed high, sample, the largest presence word of a pair that is present
//   strength  mean, a, b, flips: J_ij = mean + a A_ij + b B_ij, A symmetric and B antisymmetric, and flips itself where
//             a pair is not present; or mean ± a, of which flips of 2^24 pairs have J_ij and J_ji of opposite sign; or a
//             where j = i - 1 (mod b)
// @import lib/philox.wgsl
// @import lib/inverse-normal.wgsl

const PLUS_MINUS: u32 = 1u;
const RING: u32 = 2u;
const STREAM_INDEPENDENT: u32 = 0u;   // Gaussian entries; those of A and B follow
const STREAM_SYMMETRIC: u32 = 1u;
const STREAM_SIGNS: u32 = 10u;
const STREAM_FLIPS: u32 = 11u;
const STREAM_PRESENCE: u32 = 12u;
const ALL_FLIP: u32 = 0x1000000u;
const QUAD = vec4u(0u, 1u, 2u, 3u);

fn stream_words(block: u32, row: u32, stream: u32, seed: vec4u) -> vec4u {
  return philox4x32(vec4u(block, row, stream, seed.z), seed.xy);
}

/// The words of a tile, words[c][r], if its pairs are ordered. Else words[high][low] of their higher and lower index: a
/// tile above the diagonal, and a transposed one below.
fn pair_words(row_quad: u32, column_quad: u32, stream: u32, seed: vec4u) -> array<vec4u, 4> {
  let low = select(min(row_quad, column_quad), row_quad, INDEPENDENT);
  let high = select(max(row_quad, column_quad), column_quad, INDEPENDENT);
  return philox4x32_rows(high, 4u * low + QUAD, stream, seed.z, seed.xy);
}

/// Numbers made of `pair_words` as a tile, below the diagonal times `below`.
fn pair_tile(numbers: mat4x4f, row_quad: u32, column_quad: u32, below: f32) -> mat4x4f {
  if (INDEPENDENT || row_quad < column_quad) { return numbers; }
  let lower = below * transpose(numbers);
  if (row_quad > column_quad) { return lower; }
  return mat4x4f(
    lower[0],
    select(lower[1], numbers[1], QUAD < vec4u(1u)),
    select(lower[2], numbers[2], QUAD < vec4u(2u)),
    select(lower[3], numbers[3], QUAD < vec4u(3u)),
  );
}

fn normals(words: vec4u) -> vec4f {
  return vec4f(inverse_normal(words.x), inverse_normal(words.y), inverse_normal(words.z), inverse_normal(words.w));
}

fn normal_tile(row_quad: u32, column_quad: u32, stream: u32, seed: vec4u, below: f32) -> mat4x4f {
  let words = pair_words(row_quad, column_quad, stream, seed);
  let numbers = mat4x4f(normals(words[0]), normals(words[1]), normals(words[2]), normals(words[3]));
  return pair_tile(numbers, row_quad, column_quad, below);
}

/// 1 where a pair is present, else 0.
fn presence_tile(row_quad: u32, column_quad: u32, seed: vec4u) -> mat4x4f {
  let words = pair_words(row_quad, column_quad, STREAM_PRESENCE, seed);
  let last = vec4u(seed.w);
  let ones = vec4f(1.0);
  let numbers = mat4x4f(
    select(vec4f(), ones, words[0] <= last),
    select(vec4f(), ones, words[1] <= last),
    select(vec4f(), ones, words[2] <= last),
    select(vec4f(), ones, words[3] <= last),
  );
  return pair_tile(numbers, row_quad, column_quad, 1.0);
}

/// 1 where J_ij and J_ji differ in sign, for four rows below the diagonal and one column.
fn flips(row_quad: u32, column: u32, seed: vec4u, strength: vec4f) -> vec4u {
  let share = u32(strength.w);
  if (share == 0u || share == ALL_FLIP) { return vec4u(share / ALL_FLIP); }
  let words = stream_words(row_quad, column, STREAM_FLIPS, seed);
  return select(vec4u(), vec4u(1u), (words >> vec4u(8u)) < vec4u(share));
}

/// Signs of a tile, in the lowest four bits: bit c of word r is 1 where J_ij is negative.
fn tile_signs(row_quad: u32, column_quad: u32, seed: vec4u, strength: vec4f) -> vec4u {
  if (LAW != PLUS_MINUS) { return vec4u(); }
  if (INDEPENDENT || row_quad < column_quad) {
    return stream_words(column_quad / 8u, row_quad, STREAM_SIGNS, seed) >> vec4u(4u * (column_quad % 8u));
  }
  let columns = stream_words(row_quad / 8u, column_quad, STREAM_SIGNS, seed) >> vec4u(4u * (row_quad % 8u));
  var lower = vec4u();
  for (var c = 0u; c < 4u; c++) {
    let signs = (vec4u(columns[c]) >> QUAD) ^ flips(row_quad, 4u * column_quad + c, seed, strength);
    lower |= (signs & vec4u(1u)) << vec4u(c);
  }
  if (row_quad > column_quad) { return lower; }
  let above = vec4u(14u, 12u, 8u, 0u);   // columns past the row
  return (columns & above) | (lower & ~above);
}

/// Signs of eight tiles side by side: bit b of word r is that of column 32 block + b.
fn block_signs(row_quad: u32, block: u32, seed: vec4u, strength: vec4f) -> vec4u {
  if (LAW != PLUS_MINUS) { return vec4u(); }
  if (INDEPENDENT || row_quad < 8u * block) { return stream_words(block, row_quad, STREAM_SIGNS, seed); }
  var signs = vec4u();
  for (var k = 0u; k < 8u; k++) {
    signs |= (tile_signs(row_quad, 8u * block + k, seed, strength) & vec4u(15u)) << vec4u(4u * k);
  }
  return signs;
}

/// J of a tile; `signs` are those of `tile_signs`, whatever the bits above the lowest four.
fn coupling_tile(row_quad: u32, column_quad: u32, signs: vec4u, seed: vec4u, strength: vec4f) -> mat4x4f {
  if (LAW == RING) {
    var ring = mat4x4f();
    for (var c = 0u; c < 4u; c++) {
      let next = (4u * column_quad + c + 1u) % u32(strength.z);
      ring[c] = select(vec4f(), vec4f(strength.y), 4u * row_quad + QUAD == vec4u(next));
    }
    return ring;
  }
  var present = mat4x4f();
  let absent = select(0.0, strength.w, LAW != PLUS_MINUS);
  if (DILUTED) {
    present = presence_tile(row_quad, column_quad, seed);
    let none = all(present[0] + present[1] + present[2] + present[3] == vec4f());
    if (none && absent == 0.0) { return mat4x4f(); }
  }
  var tile = mat4x4f(vec4f(strength.x), vec4f(strength.x), vec4f(strength.x), vec4f(strength.x));
  if (LAW == PLUS_MINUS) {
    let size = vec4u(bitcast<u32>(strength.y));
    for (var c = 0u; c < 4u; c++) {
      tile[c] += bitcast<vec4f>(((signs << vec4u(31u - c)) & vec4u(0x80000000u)) ^ size);
    }
  } else {
    // A and B in one loop: two copies of all this text would take a compiler twice as long.
    for (var part = 0u; part < select(2u, 1u, INDEPENDENT); part++) {
      let factor = strength[1u + part];
      if (factor == 0.0) { continue; }
      let stream = select(STREAM_SYMMETRIC + part, STREAM_INDEPENDENT, INDEPENDENT);
      let drawn = normal_tile(row_quad, column_quad, stream, seed, select(1.0, -1.0, part == 1u));
      for (var c = 0u; c < 4u; c++) { tile[c] = fma(vec4f(factor), drawn[c], tile[c]); }
    }
  }
  if (DILUTED) { for (var c = 0u; c < 4u; c++) { tile[c] = select(vec4f(absent), tile[c], present[c] > vec4f()); } }
  if (!INDEPENDENT && row_quad == column_quad) { for (var c = 0u; c < 4u; c++) { tile[c][c] = 0.0; } }
  return tile;
}
