/**
 * The fixed point m = G(m) that the (damped) dynamics settles on from its start. Equations 6.
 *
 * Anderson mixing finds fixed points fast, and finds repelling ones as readily: in an ordered phase the state m = 0, which
 * no dynamics stays at. So a mixed solution is kept only if plain steps from beside it come back. If they do not, or if
 * mixing gets nowhere, the plain trajectory from the start is followed further and mixing tried again from there.
 *
 * A closure that carries correlations or m(t-2) is iterated plainly, and has settled when all of that has.
 *
 * Returned is the best iterate with the residual max_i |G(m)_i - m_i| / R of that very tensor, and a status.
 */
import { gaussianMatrix, STREAMS } from "../reference/random.js";
import type { BatchLayout } from "./batch.js";
import type { Executor, Slot } from "./executor.js";
import { FixedPointIteration, type IteratedMap, iterationBytes, type Standing } from "./fixed-point-iteration.js";
import { JointMap } from "./joint-map.js";
import type { TimeStep } from "./time-step.js";

export type Status = "converged" | "max-iter" | "cycle" | "diverged";

export interface SteadyOptions {
  /** ω in m <- m + ω (G(m) - m); 1 is the dynamics itself. */
  readonly damping: number;
  readonly maxIterations: number;
}

export const STEADY_DEFAULTS: SteadyOptions = { damping: 1, maxIterations: 1000 };

/**
 * Stop below `goal`, or when the residual has not fallen for `patience` iterations while its best is at most `accept`;
 * `accept` is also what converged means. Stopping f32 at 1e-5 at once would leave steady states wrong by 2e-5.
 */
export const STEADY_TOLERANCES = {
  f32: { goal: 3e-7, accept: 1e-5, patience: 10 },
  f64: { goal: 1e-15, accept: 1e-12, patience: 10 },
} as const;

/** Plain steps from the start after which mixing is tried; after the last try all steps are plain. */
const MIXING_AFTER = [0, 50, 500] as const;

/** Iterations that one try gets. Mixing takes 10 to 200 where it works. */
const MIXING_ITERATIONS = 300;

/**
 * A fixed point is shaken by this share of R at every site and followed by plain steps: as many as the solution took,
 * within bounds. It repels if the residual, having fallen, doubles.
 */
const SHAKE = { share: 1e-2, fewest: 24, most: 128, growth: 2 } as const;

export interface SteadyResult {
  /** One entry a system. */
  readonly status: Status[];
  readonly residual: Float64Array;
  /** Iterations on the way from the start to the state returned; abandoned tries are not counted. */
  readonly iterations: Float64Array;
}

/**
 * Bytes that `solveSteadyState` allocates for a batch.
 * @param memory numbers that a system remembers beside its state
 */
export function steadyStateBytes(layout: BatchLayout, memory: number, elementBytes: number): number {
  const { systems, stateLength, paddedSites } = layout;
  const length = stateLength + memory;
  const measured = memory > 0 ? length : paddedSites;
  const own = elementBytes * systems * (2 * length + SHAKE.most);
  return iterationBytes(systems, length, measured, elementBytes) + own;
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
  if (step.memory.length > 0) return settle(executor, layout, step, state, options, progress);
  const { maxIterations } = options;
  const tolerances = STEADY_TOLERANCES[executor.device.precision];
  const { accept } = tolerances;
  const { systems, stateLength, heads, sites, components, componentStride, radius } = layout;
  const map: IteratedMap = {
    systems,
    systemsPerUnit: step.couplings.followsState ? heads : 1,
    systemLength: stateLength,
    sites: { sites, components, componentStride, radius },
    record: (from, to) => step.record(from, to),
  };
  const walked = executor.allocate("plain trajectory", state.length);
  const iteration = new FixedPointIteration(executor, map, state, options.damping);
  try {
    executor.copy(state, walked);
    executor.copy(state, iteration.best);
    let open = Array.from({ length: iteration.units }, (_, unit) => unit);
    let steps = 0;
    const report = (iterations: number) => progress?.((steps + iterations) / maxIterations);
    const begin = async () => {
      iteration.copyUnits(walked, state, open);
      await iteration.start(open, steps);
    };
    for (const target of MIXING_AFTER) {
      if (open.length === 0 || (target > 0 && target >= maxIterations)) break;
      await begin();
      if (target > steps) {
        await iteration.iterate(target - steps, false, tolerances, report);
        // What has finished by plain steps is an answer; the others go on from here.
        const standings = iteration.standings();
        open = open.filter((unit) => standings[unit].running);
        iteration.copyUnits(state, walked, open);
        steps = target;
      }
      await iteration.iterate(Math.min(MIXING_ITERATIONS, maxIterations - steps), true, tolerances, report);
      const standings = iteration.standings();
      const solved = open.filter((unit) => standings[unit].best <= accept && !standings[unit].diverged);
      const attracting = await whichAttract(executor, layout, iteration, solved, steps, accept);
      open = open.filter((unit) => !attracting.has(unit));
    }
    if (open.length > 0) {
      await begin();
      await iteration.iterate(maxIterations - steps, false, tolerances, report);
    }
    executor.copy(iteration.best, state);
    await executor.flush(true);
    progress?.(1);
    return summarise(iteration.standings(), layout, accept);
  } finally {
    iteration.dispose();
    executor.free(walked);
  }
}

/** Plain steps of (m, memory) until nothing of it moves; leaves the best in `state` and in the memory of the step. */
async function settle(
  executor: Executor,
  layout: BatchLayout,
  step: TimeStep,
  state: Slot,
  { maxIterations }: SteadyOptions,
  progress?: (fraction: number) => void,
): Promise<SteadyResult> {
  const tolerances = STEADY_TOLERANCES[executor.device.precision];
  const map = new JointMap(executor, layout, step, state);
  const joint = executor.allocate("joint state", map.systems * map.systemLength);
  const iteration = new FixedPointIteration(executor, map, joint, 1);
  try {
    map.gather(joint);
    executor.copy(joint, iteration.best);
    const units = Array.from({ length: iteration.units }, (_, unit) => unit);
    await iteration.start(units, 0);
    await iteration.iterate(maxIterations, false, tolerances, (done) => progress?.(done / maxIterations));
    map.scatter(iteration.best);
    await executor.flush(true);
    progress?.(1);
    return summarise(iteration.standings(), layout, tolerances.accept);
  } finally {
    iteration.dispose();
    map.dispose();
    executor.free(joint);
  }
}

/** Those of the solved units whose solution draws back a state that was shaken off it. */
async function whichAttract(
  executor: Executor,
  layout: BatchLayout,
  iteration: FixedPointIteration,
  solved: readonly number[],
  walked: number,
  accept: number,
): Promise<Set<number>> {
  if (solved.length === 0) return new Set();
  const standings = iteration.standings();
  const stepsOf = (unit: number) => Math.min(SHAKE.most, Math.max(SHAKE.fewest, standings[unit].iterations - walked));
  const count = Math.max(...solved.map(stepsOf));
  const states = await executor.read(iteration.best);
  shake(states, layout);
  const residuals = await iteration.probe(solved, states, count);
  const repels = (unit: number) => {
    let least = Infinity;
    for (let step = 0; step < stepsOf(unit); step++) {
      const residual = residuals[step * iteration.units + unit];
      if (residual > accept && residual > SHAKE.growth * least) return true;
      least = Math.min(least, residual);
    }
    return false;
  };
  return new Set(solved.filter((unit) => !repels(unit)));
}

/** Adds the same random vectors to the state of every system; saturated means stay inside the ball. */
function shake(states: Float64Array, layout: BatchLayout): void {
  const { sites, components, componentStride, stateLength, systems, radius } = layout;
  const source = { seed: 0, stream: STREAMS.initial, sample: 0 };
  const amplitude = (SHAKE.share * radius) / Math.sqrt(components);
  const noise = gaussianMatrix(sites, components, source, amplitude);
  for (let system = 0; system < systems; system++) {
    for (let site = 0; site < sites; site++) {
      const mean = states.subarray(
        system * stateLength + site * componentStride,
        system * stateLength + site * componentStride + components,
      );
      for (let k = 0; k < components; k++) mean[k] += noise[site * components + k];
      const norm = Math.hypot(...mean);
      if (norm > radius) for (let k = 0; k < components; k++) mean[k] *= radius / norm;
    }
  }
}

function summarise(standings: readonly Standing[], layout: BatchLayout, accept: number): SteadyResult {
  const { systems, radius } = layout;
  const systemsPerUnit = systems / standings.length;
  const of = (system: number) => standings[Math.floor(system / systemsPerUnit)];
  return {
    status: Array.from({ length: systems }, (_, system) => statusOf(of(system), accept, radius)),
    residual: Float64Array.from({ length: systems }, (_, system) => of(system).best),
    iterations: Float64Array.from({ length: systems }, (_, system) => of(system).iterations),
  };
}

/** How an iteration has ended; `accept` is what converged means, in units of R. */
export function statusOf({ diverged, best, last, twoStep }: Standing, accept: number, radius: number): Status {
  if (diverged) return "diverged";
  if (best <= accept) return "converged";
  // Period two: m(k) is back where m(k-2) was, and still moves by more than it should.
  return twoStep <= accept * radius && last > accept ? "cycle" : "max-iter";
}
