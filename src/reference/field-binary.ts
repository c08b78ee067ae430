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
  const width = pad(columns);
  for (let s = 0; s < systems; s++) {
    const matrix = Math.floor(s / systemsPerCoupling) * rowCount * width;
    for (let r = 0; r < rowCount; r++) {
      const row = matrix + r * width;
      let linear = 0;
      let square = 0;
      for (let j = 0; j < columns; j++) {
        const coupling = arrays.couplings[row + j];
        linear += coupling * arrays.state[s * width + j];
        if (constants.MOMENTS > 0) square += coupling * coupling * arrays.weights[s * width + j];
      }
      const target = s * pad(rows) + rowStart + r;
      arrays.field[target] = linear;
      if (constants.MOMENTS > 0) arrays.moments[target] = square;
    }
    if (rowStart + rowCount < rows) continue;
    arrays.field.fill(0, s * pad(rows) + rows, (s + 1) * pad(rows));
    if (constants.MOMENTS > 0) arrays.moments.fill(0, s * pad(rows) + rows, (s + 1) * pad(rows));
  }
}
