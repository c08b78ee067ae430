// The functions of lib/matrix-product.wgsl without matrix units, so that what is built on them can be executed and compared
// with its twin on any adapter that has f16: slow, and of any subgroup size, since the lanes that hold a matrix together are
// consecutive invocations here. Of a sum a lane has some columns of one row, of a left matrix that row; a right matrix is
// read when it is multiplied by, so it must not be written before that.
enable f16;
enable subgroups;

const MATRIX_ROWS: u32 = 16u;
const MATRIX_COLUMNS: u32 = 16u;
const MATRIX_DEPTH: u32 = 16u;
const MATRIX_LANES: u32 = 32u;

const PIECE: u32 = MATRIX_ROWS * MATRIX_COLUMNS / MATRIX_LANES / 4u;   // quads of a sum that a lane has
const PIECES_A_ROW: u32 = MATRIX_COLUMNS / 4u / PIECE;
const DEPTH_QUADS: u32 = MATRIX_DEPTH / 4u;

alias LeftMatrix = array<vec4h, DEPTH_QUADS>;
alias SumMatrix = array<vec4f, PIECE>;

struct RightMatrix {
  place: u32,
  stride: u32,
  transposed: bool,
}

var<private> matrix_lane: u32;

fn matrix_group(subgroup: u32, lane: u32) -> u32 {
  matrix_lane = lane % MATRIX_LANES;
  return lane / MATRIX_LANES;
}

fn piece_row() -> u32 {
  return matrix_lane / PIECES_A_ROW;
}

/// The first of a lane's quads of a row.
fn piece_quad() -> u32 {
  return matrix_lane % PIECES_A_ROW * PIECE;
}

fn load_left(place: u32, stride: u32) -> LeftMatrix {
  var left: LeftMatrix;
  for (var z = 0u; z < opaque(DEPTH_QUADS); z++) { left[z] = operands[place + piece_row() * stride + z]; }
  return left;
}

fn load_right(place: u32, stride: u32) -> RightMatrix {
  return RightMatrix(place, stride, false);
}

fn load_right_transposed(place: u32, stride: u32) -> RightMatrix {
  return RightMatrix(place, stride, true);
}

fn load_sum(place: u32, stride: u32) -> SumMatrix {
  var sum: SumMatrix;
  for (var x = 0u; x < PIECE; x++) { sum[x] = products[place + piece_row() * stride + piece_quad() + x]; }
  return sum;
}

fn store_sum(place: u32, stride: u32, sum: SumMatrix) {
  var stored = sum;
  for (var x = 0u; x < PIECE; x++) { products[place + piece_row() * stride + piece_quad() + x] = stored[x]; }
}

/// Four numbers along a row of a right matrix.
fn right_quad(right: RightMatrix, depth: u32, quad: u32) -> vec4f {
  if (!right.transposed) { return vec4f(operands[right.place + depth * right.stride + quad]); }
  let place = right.place + 4u * quad * right.stride + depth / 4u;
  return vec4f(vec4h(
    operands[place][depth % 4u],
    operands[place + right.stride][depth % 4u],
    operands[place + 2u * right.stride][depth % 4u],
    operands[place + 3u * right.stride][depth % 4u],
  ));
}

fn multiply_add(left: LeftMatrix, right: RightMatrix, sum: SumMatrix) -> SumMatrix {
  var rows = left;
  var added = sum;
  for (var depth = 0u; depth < opaque(MATRIX_DEPTH); depth++) {
    let factor = vec4f(f32(rows[depth / 4u][depth % 4u]));
    for (var x = 0u; x < PIECE; x++) { added[x] = fma(factor, right_quad(right, depth, piece_quad() + x), added[x]); }
  }
  return added;
}
