/** Runs a batch: K steps or the steady state, then observables, all on one executor. */
import { type ClosureName, closures } from "../physics/closures.js";
import { observables, type ObservableName, type RawMoments } from "../physics/observables.js";
import { BatchLayout, type BatchPoint, type SystemBatch } from "./batch.js";
import { CapacityError } from "./couplings.js";
import type { Executor, Slot } from "./executor.js";
import { observe } from "./observe.js";
import { Reducer, siteScalars } from "./reductions.js";
import {
  solveSteadyState,
  type Status,
  STEADY_DEFAULTS,
  STEADY_TOLERANCES,
  steadyStateBytes,
  type SteadyOptions,
} from "./steady-state.js";
import { INNER_ACCEPTED, TimeStep } from "./time-step.js";

export interface SimulationOptions {
  readonly closure: ClosureName;
  /** A number of steps of the dynamics, or the fixed point. */
  readonly run: { readonly steps: number } | { readonly steady: Partial<SteadyOptions> };
  readonly observe: readonly ObservableName[];
  /** Keep the state after every step. */
  readonly trajectory?: boolean;
  /** Keep the final states; off saves the read-back in large sweeps. */
  readonly states?: boolean;
  /** Keep J, [heads][N][N], of the last step. */
  readonly couplings?: boolean;
  readonly progress?: (fraction: number) => void;
}

export interface PointResult {
  /** `completed` after K steps; else how the steady state ended. */
  readonly status: Status | "completed";
  /** max_i |G(m)_i - m_i| / R of the returned state, evaluated afresh. */
  readonly residual: number;
  /** Largest distance from the root of an inner equation, in units of R; 0 for explicit closures. */
  readonly innerResidual: number;
  readonly iterations: number;
  readonly observables: Partial<Record<ObservableName, number>>;
  /** m, [N][heads · D]. */
  readonly state?: Float64Array;
  readonly trajectory?: Float64Array[];
  readonly couplings?: Float64Array;
}

/** δ of the central difference behind the susceptibility: rounding / δ against δ² of the curvature. */
const FIELD_SHIFT = { f32: 4e-3, f64: 1e-4 } as const;

/**
 * @returns results by group and point, in the order of the batch
 * @throws CapacityError, GpuError: never a result that a fault has touched
 */
export async function simulate(
  executor: Executor,
  batch: SystemBatch,
  options: SimulationOptions,
): Promise<PointResult[][]> {
  const wantsResponse = options.observe.some((name) => observables[name].needs === "response");
  const shift = FIELD_SHIFT[executor.device.precision];
  const expanded = wantsResponse ? withShiftedFields(batch, shift) : undefined;
  const results = await simulateBatch(executor, expanded?.batch ?? batch, options);
  return batch.points.map((group, g) =>
    group.map((_, replica) => {
      const own = expanded ? expanded.locate(g, replica) : { group: g, replica };
      const { moments, ...result } = results[own.group][own.replica];
      const response =
        expanded &&
        responseOf(
          expanded.shifted(g, replica).map((at) => results[at.group][at.replica]),
          shift,
        );
      return { ...result, observables: evaluate(options.observe, moments, response) };
    }),
  );
}

type RawResult = Omit<PointResult, "observables"> & { readonly moments: readonly RawMoments[] };

async function simulateBatch(
  executor: Executor,
  batch: SystemBatch,
  options: SimulationOptions,
): Promise<RawResult[][]> {
  const layout = new BatchLayout(batch);
  const { systems, stateLength } = layout;
  const steady = "steady" in options.run;
  const stateBytes = executor.elementBytes * systems * stateLength;
  const solverBytes = steady ? steadyStateBytes(layout, executor.elementBytes) : 0;
  const step = new TimeStep(executor, layout, options.closure, 3 * stateBytes + solverBytes);
  const state = executor.upload(
    "state",
    layout.pack((point) => point.initial),
  );
  const image = executor.allocate("image", systems * stateLength);
  try {
    const trajectory: Float64Array[] = [];
    let worstInner: Float64Array = new Float64Array(systems);
    let solved: Awaited<ReturnType<typeof solveSteadyState>> | undefined;
    let final = state;
    if ("steps" in options.run) {
      ({ final, worstInner } = await runSteps(
        executor,
        layout,
        step,
        [state, image],
        options.run.steps,
        options,
        trajectory,
      ));
    } else {
      const settings = { ...STEADY_DEFAULTS, ...options.run.steady };
      solved = await solveSteadyState(executor, layout, step, state, settings, options.progress);
    }
    const moments = await observe(executor, layout, final, step.couplings.statistics);
    const states = options.states ? await executor.read(final) : undefined;
    const ends = await evaluateResidual(executor, layout, step, final, final === state ? image : state);
    const couplings = options.couplings ? await readCouplings(executor, layout, step, final) : undefined;

    return batch.points.map((group, g) =>
      group.map((_, replica): RawResult => {
        const heads = Array.from({ length: layout.heads }, (_, head) => layout.system(g, head, replica));
        const largest = (values: Float64Array) => Math.max(...heads.map((system) => values[system]));
        const innerResidual = Math.max(largest(worstInner), largest(ends.inner));
        const residual = largest(ends.residual);
        return {
          status: verdict(
            heads.map((system) => solved?.status[system] ?? "completed"),
            residual,
            innerResidual,
            executor,
          ),
          residual,
          innerResidual,
          iterations: solved ? largest(solved.iterations) : "steps" in options.run ? options.run.steps : 0,
          moments: heads.map((system) => moments[system]),
          ...(states && { state: layout.unpack(states, g, replica) }),
          ...(options.trajectory && { trajectory: trajectory.map((packed) => layout.unpack(packed, g, replica)) }),
          ...(couplings && { couplings: couplings[g] }),
        };
      }),
    );
  } finally {
    step.dispose();
    executor.free(state, image);
  }
}

/** Steps back and forth between two slots; returns the slot that holds the last state. */
async function runSteps(
  executor: Executor,
  layout: BatchLayout,
  step: TimeStep,
  slots: readonly [Slot, Slot],
  steps: number,
  options: SimulationOptions,
  trajectory: Float64Array[],
): Promise<{ final: Slot; worstInner: Float64Array }> {
  const implicit = closures[options.closure].implicit;
  const inner = implicit ? new InnerResidual(executor, layout, step) : undefined;
  const history = inner && executor.allocate("inner residuals", steps * inner.results.length);
  try {
    for (let t = 0; t < steps; t++) {
      step.record(slots[t % 2], slots[(t + 1) % 2]);
      if (inner && history) {
        inner.record();
        executor.copy(inner.results, history, { to: t * inner.results.length });
      }
      await executor.flush();
      if (options.trajectory) trajectory.push(await executor.read(slots[(t + 1) % 2]));
      options.progress?.((t + 1) / steps);
    }
    const worstInner = new Float64Array(layout.systems);
    if (inner && history) {
      const all = await executor.read(history);
      for (let t = 0; t < steps; t++) {
        const at = inner.perSystem(all.subarray(t * inner.results.length, (t + 1) * inner.results.length));
        at.forEach((value, system) => (worstInner[system] = Math.max(worstInner[system], value)));
      }
    }
    await executor.flush(true);
    return { final: slots[steps % 2], worstInner };
  } finally {
    inner?.dispose();
    if (history) executor.free(history);
  }
}

/** The largest inner residual of every system after one recorded step. */
class InnerResidual {
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
    return Float64Array.from({ length: this.layout.systems }, (_, system) => results[system * columns + columns - 1]);
  }

  dispose(): void {
    this.#reducer.dispose();
  }
}

/** One more evaluation of G on the state that is returned: its residual, and that of the inner equations. */
async function evaluateResidual(
  executor: Executor,
  layout: BatchLayout,
  step: TimeStep,
  state: Slot,
  image: Slot,
): Promise<{ residual: Float64Array; inner: Float64Array }> {
  const { systems, sites, components, componentStride, radius } = layout;
  const distance = executor.allocate("site residual", systems * layout.paddedSites);
  const reducer = new Reducer(executor, siteScalars(systems, sites));
  const inner = new InnerResidual(executor, layout, step);
  try {
    step.record(state, image);
    executor.run({
      kernel: "site-distance",
      arrays: { left: image, right: state, distance },
      params: { systems, sites, components, componentStride, radius },
      constants: { SUBTRACT: true },
    });
    reducer.record(distance, "maximum");
    inner.record();
    const residual = await executor.read(reducer.results);
    return { residual, inner: inner.perSystem(await executor.read(inner.results)) };
  } finally {
    executor.free(distance);
    reducer.dispose();
    inner.dispose();
  }
}

/** J of every group, [heads][N][N], as it is for `state`. */
async function readCouplings(
  executor: Executor,
  layout: BatchLayout,
  step: TimeStep,
  state: Slot,
): Promise<Float64Array[]> {
  const { sites, heads, paddedSites } = layout;
  const all = layout.batch.couplings.map(() => new Float64Array(heads * sites * sites));
  if (!step.couplings.stays)
    throw new CapacityError("the couplings do not fit the device whole and cannot be given out");
  step.couplings.forEachBlock(state, () => undefined);
  for (const block of step.couplings.blocks) {
    const values = await executor.read(block.couplings);
    for (let matrix = 0; matrix < layout.matrices; matrix++) {
      for (let row = 0; row < block.rowCount; row++) {
        const from = (matrix * block.rowCount + row) * paddedSites;
        const to = ((matrix % heads) * sites + block.rowStart + row) * sites;
        all[Math.floor(matrix / heads)].set(values.subarray(from, from + sites), to);
      }
    }
  }
  return all;
}

/** The worst of the heads; an inner equation that is not solved is not converged either. */
function verdict(
  heads: readonly (Status | "completed")[],
  residual: number,
  innerResidual: number,
  executor: Executor,
): Status | "completed" {
  const { precision } = executor.device;
  const order = ["diverged", "cycle", "max-iter", "converged", "completed"] as const;
  const worst = order.find((status) => heads.includes(status)) ?? "completed";
  if (residual >= 1e30 || !Number.isFinite(residual)) return "diverged";
  if (worst === "diverged" || worst === "cycle") return worst;
  if (innerResidual > INNER_ACCEPTED[precision]) return "max-iter";
  // The residual is evaluated afresh; it may miss the bound by rounding only.
  if (worst === "converged" && residual > 2 * STEADY_TOLERANCES[precision].accept) return "max-iter";
  return worst;
}

/** Observables are averaged over heads. */
function evaluate(
  names: readonly ObservableName[],
  moments: readonly RawMoments[],
  responses: readonly (readonly [number, number, number])[] | undefined,
): Partial<Record<ObservableName, number>> {
  const entries = names.map((name) => {
    const perHead = moments.map((raw, head) =>
      observables[name].compute(responses ? { ...raw, response: responses[head] } : raw),
    );
    return [name, perHead.reduce((sum, value) => sum + value, 0) / perHead.length] as const;
  });
  return Object.fromEntries(entries);
}

interface Place {
  readonly group: number;
  readonly replica: number;
}

/** The batch with two more points behind each: field shifted by ±δ along the all-ones direction. */
function withShiftedFields(batch: SystemBatch, shift: number) {
  const amount = shift / Math.sqrt(batch.spins.components);
  const shiftedBy = (point: BatchPoint, sign: number) => ({
    ...point,
    field: point.field.map((x) => x + sign * amount),
  });
  const couplings = batch.couplings;
  const followsState = couplings[0].kind === "attention" && couplings[0].features.source === "state";
  const triple = (point: BatchPoint) => [point, shiftedBy(point, 1), shiftedBy(point, -1)];
  if (!followsState) {
    return {
      batch: { ...batch, points: batch.points.map((group) => group.flatMap(triple)) },
      locate: (group: number, replica: number): Place => ({ group, replica: 3 * replica }),
      shifted: (group: number, replica: number): Place[] => [1, 2].map((k) => ({ group, replica: 3 * replica + k })),
    };
  }
  // Couplings that follow the state belong to one system each.
  return {
    batch: {
      ...batch,
      couplings: couplings.flatMap((coupling) => [coupling, coupling, coupling]),
      points: batch.points.flatMap((group) => triple(group[0]).map((point) => [point])),
    },
    locate: (group: number): Place => ({ group: 3 * group, replica: 0 }),
    shifted: (group: number): Place[] => [1, 2].map((k) => ({ group: 3 * group + k, replica: 0 })),
  };
}

/** [Σ m·n at x + δ, at x - δ, δ] of every head. */
function responseOf(shifted: readonly RawResult[], shift: number): (readonly [number, number, number])[] {
  const along = ({ componentSums }: RawMoments) =>
    componentSums.reduce((sum, value) => sum + value, 0) / Math.sqrt(componentSums.length);
  return shifted[0].moments.map((plus, head) => [along(plus), along(shifted[1].moments[head]), shift] as const);
}
