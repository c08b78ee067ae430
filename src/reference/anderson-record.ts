/** Twin of `shaders/anderson-record.wgsl`: keeps m and G(m) - m in a slot, and |m(k) - m(k-2)|. */
export function andersonRecord(
  arrays: {
    state: Float64Array;
    image: Float64Array;
    iterates: Float64Array;
    residuals: Float64Array;
    twoSteps: Float64Array;
  },
  params: { systems: number; length: number; slot: number; slotBeforeLast: number },
): void {
  const total = params.systems * params.length;
  const { slot, slotBeforeLast } = params;
  for (let index = 0; index < total; index++) {
    const m = arrays.state[index];
    const before = slotBeforeLast === slot ? m + 1 : arrays.iterates[slotBeforeLast * total + index];
    arrays.twoSteps[index] = Math.abs(m - before);
    arrays.iterates[slot * total + index] = m;
    arrays.residuals[slot * total + index] = arrays.image[index] - m;
  }
}
