/** K steps of the dynamics, with what is kept of every step. */
import { closures } from "../physics/closures.js";
import type { ClosureName } from "../physics/closures.js";
import type { BatchLayout } from "./batch.js";
import type { Executor, Slot } from "./executor.js";
import { NOT_FINITE } from "../reference/reduce.js";
import { History, historyLength } from "./history.js";
import { Reducer, siteScalars } from "./reductions.js";
import type { MemoryArray } from "./step-memory.js";
import type { TimeStep } from "./time-step.js";

export interface Evolution {
  /** The slot that holds the last state. */
  readonly final: Slot;
  /** Largest residual of an inner equation over all steps, one a system. */
  readonly worstInner: Float64Array;
  /** The packed state after every step, if kept. */
  readonly trajectory: readonly Float64Array[];
  /** Steps that were taken, by systems whose correlations then diverged: they stay as they were. */
  readonly stopped: ReadonlyMap<number, number>;
}

/** Steps back and forth between two slots; returns the slot that holds the last state. */
export async function runSteps(
  executor: Executor,
  layout: BatchLayout,
  step: TimeStep,
  slots: readonly [Slot, Slot],
  steps: number,
  options: {
    readonly closure: ClosureName;
    readonly trajectory?: boolean;
    readonly correlations?: boolean;
    readonly progress?: (fraction: number) => void;
  },
): Promise<Evolution> {
  const inner = closures[options.closure].implicit ? new InnerResidual(executor, layout, step) : undefined;
  const guard = step.memory.length > 0 && step.pairs ? new DivergenceGuard(executor, layout, step) : undefined;
  const worstInner = new Float64Array(layout.systems);
  const trajectory: Float64Array[] = [];
  const keepWorst = (results: Float64Array) =>
    inner?.perSystem(results).forEach((value, system) => (worstInner[system] = Math.max(worstInner[system], value)));
  const innerHistory = inner && new History(executor, "inner residuals", inner.results.length, steps, keepWorst);
  const states = options.trajectory
    ? new History(executor, "trajectory", slots[0].length, steps, (state) => trajectory.push(state.slice()))
    : undefined;
  try {
    for (let t = 0; t < steps; t++) {
      const next = slots[(t + 1) % 2];
      step.record(slots[t % 2], next);
      await guard?.hold(slots[t % 2], next, t);
      // The last two: see `recordCorrelations`.
      if (options.correlations && t >= steps - 2) step.recordCorrelations(slots[t % 2], next);
      step.advance();
      inner?.record();
      if (inner) await innerHistory?.push(inner.results);
      await states?.push(next);
      await executor.flush();
      options.progress?.((t + 1) / steps);
    }
    await innerHistory?.drain();
    await states?.drain();
    await executor.flush(true);
    return { final: slots[steps % 2], worstInner, trajectory, stopped: guard?.stopped ?? new Map<number, number>() };
  } finally {
    guard?.dispose();
    inner?.dispose();
    innerHistory?.dispose();
    states?.dispose();
  }
}

/** Bytes that `runSteps` allocates for a batch, and the copies that it reads back. */
export function evolutionBytes(
  { systems, stateLength }: BatchLayout,
  steps: number,
  { closure, trajectory }: { readonly closure: ClosureName; readonly trajectory?: boolean },
  elementBytes: number,
): number {
  const states = trajectory ? historyLength(systems * stateLength, steps) : 0;
  const inner = closures[closure].implicit ? historyLength(2 * systems, steps) : 0;
  return 2 * elementBytes * (states + inner);
}

/**
 * Stops systems of which some |C_ik| exceeds 1: they stay at the last step whose correlations were such. One number a system is
 * read back at every step, which beside the N³ operations of a step is nothing.
 */
class DivergenceGuard {
  readonly stopped = new Map<number, number>();
  readonly #reducer: Reducer;
  readonly #correlations: MemoryArray;

  constructor(
    private readonly executor: Executor,
    private readonly layout: BatchLayout,
    private readonly step: TimeStep,
  ) {
    const { systems } = layout;
    [this.#correlations] = step.memory;
    const { length } = this.#correlations;
    const shape = { batch: systems, rows: length, rowStride: length, columns: 1, columnStride: 1 };
    this.#reducer = new Reducer(executor, shape);
  }

  /** Undoes the step from `state` to `image` of systems that have diverged in it. */
  async hold(state: Slot, image: Slot, steps: number): Promise<void> {
    this.#reducer.record(this.#correlations.image, "maximum");
    const largest = await this.executor.read(this.#reducer.results);
    largest.forEach((value, system) => {
      if (value < NOT_FINITE) return;
      if (!this.stopped.has(system)) this.stopped.set(system, steps);
      const undo = (from: Slot, to: Slot, length: number) =>
        this.executor.copy(from, to, { from: system * length, to: system * length, length });
      undo(state, image, this.layout.stateLength);
      for (const array of this.step.memory) undo(array.current, array.image, array.length);
    });
  }

  dispose(): void {
    this.#reducer.dispose();
  }
}

/** The largest inner residual of every system after one recorded step. */
export class InnerResidual {
  readonly #reducer: Reducer;
  readonly results: Slot;

  constructor(
    executor: Executor,
    private readonly layout: BatchLayout,
    private readonly step: TimeStep,
  ) {
    const { columns } = step.innerResidual;
    const shape = siteScalars(layout.systems, layout.sites);
    this.#reducer = new Reducer(executor, { ...shape, columns, columnStride: columns });
    this.results = this.#reducer.results;
  }

  record(): void {
    this.#reducer.record(this.step.innerResidual.slot, "maximum");
  }

  /** The last column of [system][columns]. */
  perSystem(results: Float64Array): Float64Array {
    const { columns } = this.step.innerResidual;
    const last = new Float64Array(this.layout.systems);
    for (let system = 0; system < last.length; system++) last[system] = results[system * columns + columns - 1];
    return last;
  }

  dispose(): void {
    this.#reducer.dispose();
  }
}
