/** What `reduce` does with the rows: the values of OPERATION in `shaders/reduce.wgsl`. */
export const REDUCTIONS = { sum: 0, sumOfSquares: 1, maximum: 2, sumOfMagnitudes: 3, minimum: 4 } as const;
export type Reduction = keyof typeof REDUCTIONS;

/** What a maximum over anything not finite is reported as, and a minimum with the other sign. */
export const NOT_FINITE = 3.0e38;

/** Rows that one workgroup takes: WORKGROUP_SIZE · TERMS of the shader. */
export const REDUCE_CHUNK = 1024;

/** Twin of `shaders/reduce.wgsl`: reduces each chunk of rows of a [batch][rows][columns] array. */
export function reduce(
  arrays: { values: Float64Array; results: Float64Array },
  params: {
    batch: number;
    rows: number;
    rowStride: number;
    columns: number;
    columnStride: number;
    chunks: number;
  },
  constants: { OPERATION: number },
): void {
  const { batch, rows, rowStride, columns, columnStride, chunks } = params;
  const { OPERATION } = constants;
  for (let entry = 0; entry < batch; entry++) {
    for (let column = 0; column < columns; column++) {
      for (let chunk = 0; chunk < chunks; chunk++) {
        const worst = OPERATION === REDUCTIONS.maximum ? NOT_FINITE : -NOT_FINITE;
        const isExtreme = OPERATION === REDUCTIONS.maximum || OPERATION === REDUCTIONS.minimum;
        let result = isExtreme ? -worst : 0;
        const end = Math.min(rows, (chunk + 1) * REDUCE_CHUNK);
        for (let row = chunk * REDUCE_CHUNK; row < end; row++) {
          const value = arrays.values[(entry * rowStride + row) * columnStride + column];
          if (OPERATION === REDUCTIONS.sum) result += value;
          else if (OPERATION === REDUCTIONS.sumOfSquares) result += value * value;
          else if (OPERATION === REDUCTIONS.sumOfMagnitudes) result += Math.abs(value);
          else {
            const own = Number.isFinite(value) ? value : worst;
            result = OPERATION === REDUCTIONS.maximum ? Math.max(result, own) : Math.min(result, own);
          }
        }
        arrays.results[(entry * columns + column) * chunks + chunk] = result;
      }
    }
  }
}
