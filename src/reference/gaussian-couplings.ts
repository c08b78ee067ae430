import { inverseNormal } from "./inverse-normal.js";
import { pad } from "./layout.js";
import { philox4x32 } from "./philox.js";
import { STREAMS } from "./random.js";

/**
 * Twin of `shaders/gaussian-couplings.wgsl`: J_ij = mean + a A_ij + b B_ij.
 * `seeds` holds [seed low, seed high, sample, 0] and `strengths` [mean, a, b, 0] a coupling.
 */
export function gaussianCouplings(
  arrays: { seeds: Float64Array; strengths: Float64Array; couplings: Float64Array },
  params: { couplings: number; rowStart: number; rowCount: number; columns: number },
  constants: { INDEPENDENT: boolean },
): void {
  const { couplings, rowStart, rowCount, columns } = params;
  const width = pad(columns);
  const counter = new Uint32Array(4);
  const key = new Uint32Array(2);
  const words = new Uint32Array(4);
  const normalAt = (row: number, column: number, stream: number, sample: number): number => {
    counter.set([Math.floor(column / 4), row, stream, sample]);
    philox4x32(counter, key, words);
    return inverseNormal(words[column % 4]);
  };
  for (let c = 0; c < couplings; c++) {
    key.set([arrays.seeds[4 * c], arrays.seeds[4 * c + 1]]);
    const sample = arrays.seeds[4 * c + 2];
    const [mean, a, b] = arrays.strengths.subarray(4 * c, 4 * c + 3);
    for (let r = 0; r < rowCount; r++) {
      const i = rowStart + r;
      const base = (c * rowCount + r) * width;
      for (let j = 0; j < columns; j++) {
        let value = mean;
        if (constants.INDEPENDENT) {
          if (a !== 0) value += a * normalAt(i, j, STREAMS.couplings, sample);
        } else if (i === j) {
          value = 0;
        } else {
          const low = Math.min(i, j);
          const high = Math.max(i, j);
          if (a !== 0) value += a * normalAt(low, high, STREAMS.couplingsSymmetric, sample);
          if (b !== 0) value += Math.sign(j - i) * b * normalAt(low, high, STREAMS.couplingsAntisymmetric, sample);
        }
        arrays.couplings[base + j] = value;
      }
      arrays.couplings.fill(0, base + columns, base + width);
    }
  }
}
