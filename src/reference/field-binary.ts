import { pad } from "./layout.js";

/**
 * Twin of `shaders/field-binary.wgsl`: (J m)_i and, with MOMENTS = 1, Σ_j J_ij² w_j for one number a site. Row blocks start
 * at multiples of four, and the last one also writes the padding rows.
 */
export function fieldBinary(
  arrays: {
    couplings: Float64Array;
    state: Float64Array;
    weights: Float64Array;
    field: Float64Array;
    moments: Float64Array;
  },
  params: {
    systems: number;
    systemsPerCoupling: number;
    rows: number;
    rowStart: number;
    rowCount: number;
    columns: number;
  },
  constants: { MOMENTS: number },
): void {
  const { systems, systemsPerCoupling, rows, rowStart, rowCount, columns } = params;
  const { couplings, state, weights } = arrays;
  const width = pad(columns);
  for (let s = 0; s < systems; s++) {
    const matrix = Math.floor(s / systemsPerCoupling) * rowCount * width;
    const target = s * pad(rows) + rowStart;
    // Four rows at once: their sums do not wait for each other. Past the last row it is computed again.
    for (let r = 0; r < rowCount; r += 4) {
      const row0 = matrix + r * width;
      const row1 = matrix + Math.min(r + 1, rowCount - 1) * width;
      const row2 = matrix + Math.min(r + 2, rowCount - 1) * width;
      const row3 = matrix + Math.min(r + 3, rowCount - 1) * width;
      let linear0 = 0;
      let linear1 = 0;
      let linear2 = 0;
      let linear3 = 0;
      for (let j = 0; j < columns; j++) {
        const m = state[s * width + j];
        linear0 += couplings[row0 + j] * m;
        linear1 += couplings[row1 + j] * m;
        linear2 += couplings[row2 + j] * m;
        linear3 += couplings[row3 + j] * m;
      }
      const linear = [linear0, linear1, linear2, linear3];
      for (let k = 0; k < 4 && r + k < rowCount; k++) arrays.field[target + r + k] = linear[k];
      if (constants.MOMENTS === 0) continue;
      let square0 = 0;
      let square1 = 0;
      let square2 = 0;
      let square3 = 0;
      for (let j = 0; j < columns; j++) {
        const w = weights[s * width + j];
        square0 += couplings[row0 + j] * couplings[row0 + j] * w;
        square1 += couplings[row1 + j] * couplings[row1 + j] * w;
        square2 += couplings[row2 + j] * couplings[row2 + j] * w;
        square3 += couplings[row3 + j] * couplings[row3 + j] * w;
      }
      const squares = [square0, square1, square2, square3];
      for (let k = 0; k < 4 && r + k < rowCount; k++) arrays.moments[target + r + k] = squares[k];
    }
    if (rowStart + rowCount < rows) continue;
    arrays.field.fill(0, s * pad(rows) + rows, (s + 1) * pad(rows));
    if (constants.MOMENTS > 0) arrays.moments.fill(0, s * pad(rows) + rows, (s + 1) * pad(rows));
  }
}
