/** Residual vectors kept: MEMORY of the `anderson-*` shaders. */
export const ANDERSON_MEMORY = 5;

/** Twin of `shaders/anderson-gram.wgsl`: r_slot · r_k for every filled slot k. */
export function andersonGram(
  arrays: { residuals: Float64Array; gram: Float64Array },
  params: { systems: number; length: number; slot: number; filled: number },
): void {
  const { systems, length, slot, filled } = params;
  for (let system = 0; system < systems; system++) {
    const base = system * ANDERSON_MEMORY * ANDERSON_MEMORY;
    for (let other = 0; other < filled; other++) {
      let sum = 0;
      for (let k = 0; k < length; k++) {
        sum +=
          arrays.residuals[(slot * systems + system) * length + k] *
          arrays.residuals[(other * systems + system) * length + k];
      }
      arrays.gram[base + slot * ANDERSON_MEMORY + other] = sum;
      arrays.gram[base + other * ANDERSON_MEMORY + slot] = sum;
    }
  }
}
