/**
 * The fixed point m = G(m), by damped iteration with Anderson mixing, decided on the device system by system.
 *
 * Returned is the best iterate with the residual max_i |G(m)_i - m_i| / R of that very tensor, and a status. Equations 6.
 */
import { ANDERSON_MEMORY } from "../reference/anderson-gram.js";
import { CONTROL, CONTROL_FIELDS, PHASES } from "../reference/anderson-solve.js";
import type { BatchLayout } from "./batch.js";
import type { Executor, Slot } from "./executor.js";
import { Reducer, siteScalars } from "./reductions.js";
import type { TimeStep } from "./time-step.js";

export type Status = "converged" | "max-iter" | "cycle" | "diverged";

export interface SteadyOptions {
  /** ω in m <- m + ω (G(m) - m); 1 is the dynamics itself. */
  readonly damping: number;
  readonly maxIterations: number;
}

export const STEADY_DEFAULTS: SteadyOptions = { damping: 1, maxIterations: 2000 };

/**
 * Stop below `goal`, or when the residual has not fallen for `patience` iterations while its best is at most `accept`;
 * `accept` is also what converged means. Stopping f32 at 1e-5 at once would leave steady states wrong by 2e-5.
 */
export const STEADY_TOLERANCES = {
  f32: { goal: 3e-7, accept: 1e-5, patience: 10 },
  f64: { goal: 1e-15, accept: 1e-12, patience: 10 },
} as const;

/** Iterations between two looks at the control numbers. */
const CHECK_EVERY = 16;

export interface SteadyResult {
  /** One entry a system. */
  readonly status: Status[];
  readonly residual: Float64Array;
  readonly iterations: Float64Array;
}

/** Bytes that `solveSteadyState` allocates for a batch. */
export function steadyStateBytes(layout: BatchLayout, elementBytes: number): number {
  const states = 2 * ANDERSON_MEMORY + 3;
  return elementBytes * layout.systems * (states * layout.stateLength + layout.paddedSites + 64);
}

/** Leaves the best iterate of every system in `state`. */
export async function solveSteadyState(
  executor: Executor,
  layout: BatchLayout,
  step: TimeStep,
  state: Slot,
  options: SteadyOptions,
  progress?: (fraction: number) => void,
): Promise<SteadyResult> {
  const { systems, stateLength, sites, components, componentStride, radius } = layout;
  const owned: Slot[] = [];
  const allocate = (label: string, length: number) => {
    const slot = executor.allocate(label, length);
    owned.push(slot);
    return slot;
  };
  const total = systems * stateLength;
  const image = allocate("image", total);
  const best = allocate("best state", total);
  const twoSteps = allocate("two-step distance", total);
  const iterates = allocate("iterates", ANDERSON_MEMORY * total);
  const residuals = allocate("residual vectors", ANDERSON_MEMORY * total);
  const distance = allocate("site residual", systems * layout.paddedSites);
  const gram = allocate("gram", systems * ANDERSON_MEMORY ** 2);
  const coefficients = allocate("coefficients", systems * ANDERSON_MEMORY);
  const initial = new Float64Array(systems * CONTROL_FIELDS);
  for (let system = 0; system < systems; system++) initial[system * CONTROL_FIELDS + CONTROL.best] = 1e30;
  const control = executor.upload("control", initial);
  owned.push(control);
  const siteReducer = new Reducer(executor, siteScalars(systems, sites));
  const stateReducer = new Reducer(executor, {
    batch: systems,
    rows: stateLength,
    rowStride: stateLength,
    columns: 1,
    columnStride: 1,
  });
  const { goal, accept, patience } = STEADY_TOLERANCES[executor.device.precision];

  const recordIteration = (iteration: number) => {
    const slot = iteration % ANDERSON_MEMORY;
    const slotBeforeLast = iteration < 2 ? slot : (iteration - 2) % ANDERSON_MEMORY;
    const filled = Math.min(iteration + 1, ANDERSON_MEMORY);
    const shape = { systems, length: stateLength, slot };
    step.record(state, image);
    executor.run({
      kernel: "site-distance",
      arrays: { left: image, right: state, distance },
      params: { systems, sites, components, componentStride, radius },
      constants: { SUBTRACT: true },
    });
    siteReducer.record(distance, "maximum");
    executor.run({
      kernel: "anderson-record",
      arrays: { state, image, iterates, residuals, twoSteps },
      params: { ...shape, slotBeforeLast },
      constants: {},
    });
    stateReducer.record(twoSteps, "maximum");
    executor.run({
      kernel: "anderson-gram",
      arrays: { residuals, gram },
      params: { ...shape, filled },
      constants: {},
    });
    executor.run({
      kernel: "anderson-solve",
      arrays: { gram, residual: siteReducer.results, twoStep: stateReducer.results, control, coefficients },
      params: { systems, slot, goal, accept, patience },
      constants: {},
    });
    executor.run({
      kernel: "anderson-mix",
      arrays: { iterates, residuals, coefficients, control, state, best },
      params: { ...shape, damping: options.damping },
      constants: {},
    });
  };

  try {
    executor.copy(state, best);
    let numbers: Float64Array = initial;
    for (let iteration = 0; iteration < options.maxIterations; iteration++) {
      recordIteration(iteration);
      await executor.flush();
      if ((iteration + 1) % CHECK_EVERY === 0 || iteration + 1 === options.maxIterations) {
        numbers = await executor.read(control);
        progress?.((iteration + 1) / options.maxIterations);
        if (everySystem(numbers, (at) => at[CONTROL.phase] !== PHASES.running)) break;
      }
    }
    executor.copy(best, state);
    await executor.flush(true);
    return summarise(numbers, systems, accept, radius);
  } finally {
    siteReducer.dispose();
    stateReducer.dispose();
    executor.free(...owned);
  }
}

function everySystem(control: Float64Array, test: (at: Float64Array) => boolean): boolean {
  for (let base = 0; base < control.length; base += CONTROL_FIELDS) {
    if (!test(control.subarray(base, base + CONTROL_FIELDS))) return false;
  }
  return true;
}

function summarise(control: Float64Array, systems: number, accept: number, radius: number): SteadyResult {
  const status: Status[] = [];
  const residual = new Float64Array(systems);
  const iterations = new Float64Array(systems);
  for (let system = 0; system < systems; system++) {
    const at = control.subarray(system * CONTROL_FIELDS, (system + 1) * CONTROL_FIELDS);
    residual[system] = at[CONTROL.best];
    iterations[system] = at[CONTROL.iterations];
    status.push(statusOf(at, accept, radius));
  }
  return { status, residual, iterations };
}

function statusOf(at: Float64Array, accept: number, radius: number): Status {
  if (at[CONTROL.phase] === PHASES.diverged) return "diverged";
  if (at[CONTROL.best] <= accept) return "converged";
  // Period two: m(k) is back where m(k-2) was, and still moves by more than it should.
  return at[CONTROL.twoStep] <= accept * radius && at[CONTROL.last] > accept ? "cycle" : "max-iter";
}
