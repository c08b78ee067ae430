import { RandomMatrix } from "./coupling-row.js";
import { pad } from "./layout.js";
import { MASKED } from "./scores.js";

/**
 * Twin of `shaders/random-couplings.wgsl`: rows of J, [coupling][rowCount][pad(columns)]. `seeds` and `strengths` hold the
 * four numbers of a matrix that `RandomMatrix` takes. CAUSAL: they are scores, and those of keys j > i are masked.
 */
export function randomCouplings(
  arrays: { seeds: Float64Array; strengths: Float64Array; couplings: Float64Array },
  params: { couplings: number; rowStart: number; rowCount: number; columns: number },
  constants: { LAW: number; DILUTED: boolean; INDEPENDENT: boolean; CAUSAL: boolean },
): void {
  const { couplings, rowStart, rowCount, columns } = params;
  const width = pad(columns);
  for (let c = 0; c < couplings; c++) {
    const matrix = new RandomMatrix(
      arrays.seeds.subarray(4 * c, 4 * c + 4),
      arrays.strengths.subarray(4 * c, 4 * c + 4),
      constants,
    );
    for (let r = 0; r < rowCount; r++) {
      const row = arrays.couplings.subarray((c * rowCount + r) * width, (c * rowCount + r + 1) * width);
      matrix.writeRow(rowStart + r, columns, row);
      if (constants.CAUSAL) row.fill(MASKED, rowStart + r + 1, columns);
      row.fill(0, columns);
    }
  }
}
