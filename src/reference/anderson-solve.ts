import { ANDERSON_MEMORY } from "./anderson-gram.js";
import { NOT_FINITE } from "./reduce.js";

/** Fields of `struct Control` in `shaders/anderson-solve.wgsl`, one number each. */
export const CONTROL = {
  phase: 0,
  best: 1,
  since: 2,
  iterations: 3,
  history: 4,
  falls: 5,
  last: 6,
  improved: 7,
  twoStep: 8,
} as const;
export const CONTROL_FIELDS = 9;
export const PHASES = { running: 0, finished: 1, diverged: 2 } as const;

const FALLS = 3;
const RIDGE = 1e-6;

/** Twin of `shaders/anderson-solve.wgsl`: judges the iterate and chooses the weights of the next. */
export function andersonSolve(
  arrays: {
    gram: Float64Array;
    residual: Float64Array;
    twoStep: Float64Array;
    control: Float64Array;
    coefficients: Float64Array;
  },
  params: { systems: number; slot: number; goal: number; accept: number; patience: number },
): void {
  const { slot, goal, accept, patience } = params;
  for (let system = 0; system < params.systems; system++) {
    const at = arrays.control.subarray(system * CONTROL_FIELDS, (system + 1) * CONTROL_FIELDS);
    const r = arrays.residual[system];
    at[CONTROL.improved] = 0;
    if (at[CONTROL.phase] !== PHASES.running) continue;
    if (r >= NOT_FINITE) {
      at[CONTROL.phase] = PHASES.diverged;
      continue;
    }
    at[CONTROL.twoStep] = arrays.twoStep[system];
    if (r < at[CONTROL.best]) {
      at[CONTROL.improved] = 1;
      at[CONTROL.best] = r;
      at[CONTROL.since] = 0;
    } else {
      at[CONTROL.since]++;
    }
    at[CONTROL.history] = Math.min(at[CONTROL.history] + 1, ANDERSON_MEMORY);
    if (at[CONTROL.falls] >= FALLS) {
      if (r > 2 * at[CONTROL.last]) {
        at[CONTROL.falls] = 0;
        at[CONTROL.history] = 1;
      }
    } else {
      at[CONTROL.falls] = at[CONTROL.iterations] > 0 && r < at[CONTROL.last] ? at[CONTROL.falls] + 1 : 0;
    }
    at[CONTROL.iterations]++;
    at[CONTROL.last] = r;
    if (r <= goal || (at[CONTROL.since] >= patience && at[CONTROL.best] <= accept)) {
      at[CONTROL.phase] = PHASES.finished;
    }
    const weights = arrays.coefficients.subarray(system * ANDERSON_MEMORY, (system + 1) * ANDERSON_MEMORY);
    weights.fill(0);
    weights[slot] = 1;
    if (at[CONTROL.falls] < FALLS || at[CONTROL.history] <= 1) continue;
    const slots = Array.from({ length: at[CONTROL.history] }, (_, a) => (slot + ANDERSON_MEMORY - a) % ANDERSON_MEMORY);
    const base = system * ANDERSON_MEMORY * ANDERSON_MEMORY;
    const solution = constrainedWeights(slots, (a, b) => arrays.gram[base + a * ANDERSON_MEMORY + b]);
    solution?.forEach((weight, a) => (weights[slots[a]] = weight));
  }
}

/** The weights a, Σ a = 1, that minimise aᵀ (K + ridge) a, by Cholesky; undefined if K gives none. */
function constrainedWeights(slots: number[], gram: (a: number, b: number) => number): number[] | undefined {
  const n = slots.length;
  const scale = slots.reduce((sum, slot) => sum + gram(slot, slot), 0) / n;
  if (!(scale > 0)) return undefined;
  const factor = Array.from({ length: n }, () => new Float64Array(n));
  for (let a = 0; a < n; a++) {
    for (let b = 0; b <= a; b++) {
      let value = gram(slots[a], slots[b]) / scale + (a === b ? RIDGE : 0);
      for (let k = 0; k < b; k++) value -= factor[a][k] * factor[b][k];
      if (a !== b) factor[a][b] = value / factor[b][b];
      else if (value > 0) factor[a][a] = Math.sqrt(value);
      else return undefined;
    }
  }
  const y = new Array<number>(n).fill(1);
  for (let a = 0; a < n; a++) {
    for (let k = 0; k < a; k++) y[a] -= factor[a][k] * y[k];
    y[a] /= factor[a][a];
  }
  for (let a = n - 1; a >= 0; a--) {
    for (let k = a + 1; k < n; k++) y[a] -= factor[k][a] * y[k];
    y[a] /= factor[a][a];
  }
  const total = y.reduce((sum, value) => sum + value, 0);
  return total > 0 ? y.map((value) => value / total) : undefined;
}
