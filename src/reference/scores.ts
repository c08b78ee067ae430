import { pad } from "./layout.js";

/** Finite stand-in for the score of a masked key; a score at or below it is masked. */
export const MASKED = -1e30;

/** Value of MASK, of `scores` alone, at which S_ii = 0: Hebb's couplings of a site with itself. */
export const ZERO_DIAGONAL = 3;

/** Masks by number, as the constant MASK of the shaders has them. */
export const MASKS = { none: 0, causal: 1, user: 2 } as const;

/**
 * Twin of `shaders/scores.wgsl`: S_ij = λ q_i · k_j for rows rowStart .. rowStart + rowCount.
 * `querySharing` consecutive matrices share one set of queries. Rows up to pad(rows) may be asked for.
 * MASK: 0 none, 1 causal, 2 user (`available[i * columns + j] !== 0`), 3 no mask but S_ii = 0.
 */
export function scores(
  arrays: {
    queries: Float64Array;
    keys: Float64Array;
    scales: Float64Array;
    available: Float64Array;
    scores: Float64Array;
  },
  params: {
    couplings: number;
    rows: number;
    rowStart: number;
    rowCount: number;
    columns: number;
    dimension: number;
    querySharing: number;
  },
  constants: { MASK: number },
): void {
  const { couplings, rows, rowStart, rowCount, columns, dimension, querySharing } = params;
  const { queries, keys } = arrays;
  const stride = pad(dimension);
  const width = pad(columns);
  const products = new Float64Array(4);
  for (let c = 0; c < couplings; c++) {
    for (let r = 0; r < rowCount; r++) {
      const i = rowStart + r;
      const query = (Math.floor(c / querySharing) * pad(rows) + i) * stride;
      const out = (c * rowCount + r) * width;
      // Four keys at once: their sums do not wait for each other. Past the last key it is taken again.
      for (let first = 0; first < columns; first += 4) {
        const key0 = (c * width + first) * stride;
        const key1 = (c * width + Math.min(first + 1, columns - 1)) * stride;
        const key2 = (c * width + Math.min(first + 2, columns - 1)) * stride;
        const key3 = (c * width + Math.min(first + 3, columns - 1)) * stride;
        let sum0 = 0;
        let sum1 = 0;
        let sum2 = 0;
        let sum3 = 0;
        for (let k = 0; k < dimension; k++) {
          const q = queries[query + k];
          sum0 += q * keys[key0 + k];
          sum1 += q * keys[key1 + k];
          sum2 += q * keys[key2 + k];
          sum3 += q * keys[key3 + k];
        }
        products[0] = sum0;
        products[1] = sum1;
        products[2] = sum2;
        products[3] = sum3;
        for (let j = first; j < first + 4 && j < columns; j++) {
          const masked =
            (constants.MASK === MASKS.causal && j > i) ||
            (constants.MASK === MASKS.user && arrays.available[i * columns + j] === 0);
          const product = constants.MASK === ZERO_DIAGONAL && j === i ? 0 : products[j - first];
          arrays.scores[out + j] = masked ? MASKED : arrays.scales[c] * product;
        }
      }
      arrays.scores.fill(0, out + columns, out + width);
    }
  }
}
