/** Twin of `shaders/accumulate.wgsl`: totals += values. `length` is a multiple of four. */
export function accumulate(arrays: { values: Float64Array; totals: Float64Array }, params: { length: number }): void {
  for (let index = 0; index < params.length; index++) arrays.totals[index] += arrays.values[index];
}
