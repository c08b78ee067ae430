// Products of small matrices by the matrix units of a GPU: rows × depth numbers of f16 times depth × columns numbers of f16,
// summed in f32. All lanes of a subgroup hold a matrix together, and nobody knows which lane has which element of it.
//
// WebGPU's subgroup matrices are an experiment: the feature is `chromium-experimental-subgroup-matrix`. The syntax is that
// of Dawn in `webgpu` 0.6.2, where places and strides count elements of the array that is read or written: four numbers.
// lib/matrix-product-emulated.wgsl has the same functions for adapters without the feature. The importer declares the
// workgroup arrays `operands`: array<vec4h> and `products`: array<vec4f>.
enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;

const MATRIX_ROWS: u32 = 16u;      // M
const MATRIX_COLUMNS: u32 = 16u;   // N
const MATRIX_DEPTH: u32 = 16u;     // K
const MATRIX_LANES: u32 = 32u;     // lanes of a subgroup

// The type parameters are columns, then rows.
alias LeftMatrix = subgroup_matrix_left<f16, MATRIX_DEPTH, MATRIX_ROWS>;
alias RightMatrix = subgroup_matrix_right<f16, MATRIX_COLUMNS, MATRIX_DEPTH>;
alias SumMatrix = subgroup_matrix_result<f32, MATRIX_COLUMNS, MATRIX_ROWS>;

/// Which of the groups of lanes that hold matrices together an invocation belongs to.
fn matrix_group(subgroup: u32, lane: u32) -> u32 {
  return subgroup;
}

fn load_left(place: u32, stride: u32) -> LeftMatrix {
  return subgroupMatrixLoad<LeftMatrix, row_major>(&operands, place, stride);
}

fn load_right(place: u32, stride: u32) -> RightMatrix {
  return subgroupMatrixLoad<RightMatrix, row_major>(&operands, place, stride);
}

/// A right matrix of which `operands` has the transpose, row by row.
fn load_right_transposed(place: u32, stride: u32) -> RightMatrix {
  return subgroupMatrixLoad<RightMatrix, col_major>(&operands, place, stride);
}

fn load_sum(place: u32, stride: u32) -> SumMatrix {
  return subgroupMatrixLoad<SumMatrix, row_major>(&products, place, stride);
}

fn store_sum(place: u32, stride: u32, sum: SumMatrix) {
  subgroupMatrixStore<row_major>(&products, place, sum, stride);
}

fn multiply_add(left: LeftMatrix, right: RightMatrix, sum: SumMatrix) -> SumMatrix {
  return subgroupMatrixMultiplyAccumulate(left, right, sum);
}
