import { RandomMatrix } from "./coupling-row.js";
import { fieldBinary } from "./field-binary.js";
import { pad } from "./layout.js";

/**
 * Twin of `shaders/procedural-field-binary.wgsl`: what `fieldBinary` computes, of random couplings of which one row at a
 * time is drawn. `seeds` and `strengths` hold the four numbers of a matrix that `RandomMatrix` takes.
 */
export function proceduralFieldBinary(
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
  },
  constants: { LAW: number; DILUTED: boolean; INDEPENDENT: boolean; MOMENTS: number },
): void {
  const { seeds, strengths, state, weights, field, moments } = arrays;
  const { systems, systemsPerCoupling, rows, rowStart, rowCount, columns } = params;
  const couplings = new Float64Array(pad(columns));
  for (let c = 0; c < systems / systemsPerCoupling; c++) {
    const matrix = new RandomMatrix(seeds.subarray(4 * c, 4 * c + 4), strengths.subarray(4 * c, 4 * c + 4), constants);
    const of = (values: Float64Array, sites: number) =>
      values.subarray(c * systemsPerCoupling * pad(sites), (c + 1) * systemsPerCoupling * pad(sites));
    const own = {
      couplings,
      state: of(state, columns),
      weights: of(weights, columns),
      field: of(field, rows),
      moments: of(moments, rows),
    };
    for (let i = rowStart; i < rowStart + rowCount; i++) {
      matrix.writeRow(i, columns, couplings);
      const row = { systems: systemsPerCoupling, systemsPerCoupling, rows, rowStart: i, rowCount: 1, columns };
      fieldBinary(own, row, constants);
    }
  }
}
