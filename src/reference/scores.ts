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
  const stride = pad(dimension);
  const width = pad(columns);
  for (let c = 0; c < couplings; c++) {
    for (let r = 0; r < rowCount; r++) {
      const i = rowStart + r;
      const query = (Math.floor(c / querySharing) * pad(rows) + i) * stride;
      const out = (c * rowCount + r) * width;
      for (let j = 0; j < columns; j++) {
        const key = (c * pad(columns) + j) * stride;
        let sum = 0;
        for (let k = 0; k < dimension; k++) sum += arrays.queries[query + k] * arrays.keys[key + k];
        const masked =
          (constants.MASK === MASKS.causal && j > i) ||
          (constants.MASK === MASKS.user && arrays.available[i * columns + j] === 0);
        if (constants.MASK === ZERO_DIAGONAL && j === i) sum = 0;
        arrays.scores[out + j] = masked ? MASKED : arrays.scales[c] * sum;
      }
      arrays.scores.fill(0, out + columns, out + width);
    }
  }
}
