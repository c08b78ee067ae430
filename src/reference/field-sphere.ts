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
  const { couplings, state, weights } = arrays;
  const linear = new Float64Array(stride);
  // Columns of a row whose coupling is not zero: half of a causal mask are.
  const linked = new Uint32Array(columns);
  for (let s = 0; s < systems; s++) {
    const matrix = Math.floor(s / systemsPerCoupling) * rowCount * width;
    const states = s * width * stride;
    for (let r = 0; r < rowCount; r++) {
      const row = matrix + r * width;
      linear.fill(0);
      const squares = [0, 0];
      let count = 0;
      for (let j = 0; j < columns; j++) {
        const coupling = couplings[row + j];
        if (coupling === 0) continue;
        linked[count++] = j;
        for (let kind = 0; kind < MOMENTS; kind++) {
          squares[kind] += coupling * coupling * weights[(s * weightKinds + kind) * width + j];
        }
      }
      let next = 0;
      // Four columns at once, added in their order: the sums are read and written a quarter as often.
      for (; next + 4 <= count; next += 4) {
        const j0 = linked[next];
        const j1 = linked[next + 1];
        const j2 = linked[next + 2];
        const j3 = linked[next + 3];
        const c0 = couplings[row + j0];
        const c1 = couplings[row + j1];
        const c2 = couplings[row + j2];
        const c3 = couplings[row + j3];
        const m0 = states + j0 * stride;
        const m1 = states + j1 * stride;
        const m2 = states + j2 * stride;
        const m3 = states + j3 * stride;
        for (let k = 0; k < dimension; k++) {
          const sum = linear[k] + c0 * state[m0 + k] + c1 * state[m1 + k];
          linear[k] = sum + c2 * state[m2 + k] + c3 * state[m3 + k];
        }
      }
      for (; next < count; next++) {
        const coupling = couplings[row + linked[next]];
        const site = states + linked[next] * stride;
        for (let k = 0; k < dimension; k++) linear[k] += coupling * state[site + k];
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
