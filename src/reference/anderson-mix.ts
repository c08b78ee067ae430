import { ANDERSON_MEMORY } from "./anderson-gram.js";
import { CONTROL, CONTROL_FIELDS, PHASES } from "./anderson-solve.js";

/** Twin of `shaders/anderson-mix.wgsl`: m <- Σ_k a_k (m_k + ω r_k), and the best iterate. */
export function andersonMix(
  arrays: {
    iterates: Float64Array;
    residuals: Float64Array;
    coefficients: Float64Array;
    control: Float64Array;
    state: Float64Array;
    best: Float64Array;
  },
  params: { systems: number; length: number; slot: number; damping: number },
): void {
  const { systems, length, slot, damping } = params;
  const total = systems * length;
  for (let index = 0; index < total; index++) {
    const system = Math.floor(index / length);
    const control = system * CONTROL_FIELDS;
    if (arrays.control[control + CONTROL.improved] === 1) arrays.best[index] = arrays.iterates[slot * total + index];
    if (arrays.control[control + CONTROL.phase] !== PHASES.running) continue;
    let next = 0;
    for (let k = 0; k < ANDERSON_MEMORY; k++) {
      const a = arrays.coefficients[system * ANDERSON_MEMORY + k];
      // Slots that hold nothing yet have a = 0 and may hold anything.
      if (a !== 0) next += a * (arrays.iterates[k * total + index] + damping * arrays.residuals[k * total + index]);
    }
    arrays.state[index] = next;
  }
}
