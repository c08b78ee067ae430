import { pad } from "./layout.js";

/**
 * Twin of `shaders/field-sphere.wgsl`: (J m)_i for vectors and Σ_j J_ij² w_j for the first MOMENTS weights. Row blocks start
 * at multiples of four, and the last one also writes the padding rows.
 */
export function fieldSphere(
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
    dimension: number;
    weightKinds: number;
  },
  constants: { MOMENTS: number },
): void {
  const { systems, systemsPerCoupling, rows, rowStart, rowCount, columns, dimension, weightKinds } = params;
  const { MOMENTS } = constants;
  const width = pad(columns);
  const stride = pad(dimension);
  const linear = new Float64Array(stride);
  for (let s = 0; s < systems; s++) {
    const matrix = Math.floor(s / systemsPerCoupling) * rowCount * width;
    for (let r = 0; r < rowCount; r++) {
      const row = matrix + r * width;
      linear.fill(0);
      const squares = [0, 0];
      for (let j = 0; j < columns; j++) {
        const coupling = arrays.couplings[row + j];
        if (coupling === 0) continue;
        const site = (s * width + j) * stride;
        for (let k = 0; k < dimension; k++) linear[k] += coupling * arrays.state[site + k];
        for (let kind = 0; kind < MOMENTS; kind++) {
          squares[kind] += coupling * coupling * arrays.weights[(s * weightKinds + kind) * width + j];
        }
      }
      arrays.field.set(linear, (s * pad(rows) + rowStart + r) * stride);
      for (let kind = 0; kind < MOMENTS; kind++) {
        arrays.moments[(s * MOMENTS + kind) * pad(rows) + rowStart + r] = squares[kind];
      }
    }
    if (rowStart + rowCount < rows) continue;
    arrays.field.fill(0, (s * pad(rows) + rows) * stride, (s + 1) * pad(rows) * stride);
    for (let kind = 0; kind < MOMENTS; kind++) {
      const base = (s * MOMENTS + kind) * pad(rows);
      arrays.moments.fill(0, base + rows, base + pad(rows));
    }
  }
}
