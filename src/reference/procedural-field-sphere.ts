import { RandomMatrix } from "./coupling-row.js";
import { fieldSphere } from "./field-sphere.js";
import { pad } from "./layout.js";

/**
 * Twin of `shaders/procedural-field-sphere.wgsl`: what `fieldSphere` computes, of random couplings of which one row at a
 * time is drawn. `seeds` and `strengths` hold the four numbers of a matrix that `RandomMatrix` takes.
 */
export function proceduralFieldSphere(
  arrays: {
    seeds: Float64Array;
    strengths: Float64Array;
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
  constants: { LAW: number; DILUTED: boolean; INDEPENDENT: boolean; MOMENTS: number },
): void {
  const { seeds, strengths, state, weights, field, moments } = arrays;
  const { systems, systemsPerCoupling, rows, rowStart, rowCount, columns, dimension, weightKinds } = params;
  const couplings = new Float64Array(pad(columns));
  for (let c = 0; c < systems / systemsPerCoupling; c++) {
    const matrix = new RandomMatrix(seeds.subarray(4 * c, 4 * c + 4), strengths.subarray(4 * c, 4 * c + 4), constants);
    const of = (values: Float64Array, length: number) =>
      values.subarray(c * systemsPerCoupling * length, (c + 1) * systemsPerCoupling * length);
    const own = {
      couplings,
      state: of(state, pad(columns) * pad(dimension)),
      weights: of(weights, weightKinds * pad(columns)),
      field: of(field, pad(rows) * pad(dimension)),
      moments: of(moments, constants.MOMENTS * pad(rows)),
    };
    const shape = { systems: systemsPerCoupling, systemsPerCoupling, rows, columns, dimension, weightKinds };
    for (let i = rowStart; i < rowStart + rowCount; i++) {
      matrix.writeRow(i, columns, couplings);
      fieldSphere(own, { ...shape, rowStart: i, rowCount: 1 }, constants);
    }
  }
}
