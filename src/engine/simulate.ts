/** Runs a batch: K steps or the steady state, then observables, all on one executor. */
import { type ClosureName } from "../physics/closures.js";
import type { RawMoments } from "../physics/moments.js";
import { checkObservables } from "../physics/observable-scope.js";
import { measurementsFor, observableOf, type ObservableName } from "../physics/observables.js";
import { BatchLayout, type SystemBatch } from "./batch.js";
import { CapacityError } from "./couplings.js";
import type { CouplingStrategy, StrategyReport } from "./coupling-strategy.js";
import type { Executor, Slot } from "./executor.js";
import { measure, measurementBytes, strategyFor } from "./measurements.js";
import { observe } from "./observe.js";
import { reductionBytes, Reducer, siteScalars } from "./reductions.js";
import { withinScope } from "./scope.js";
import {
  solveSteadyState,
  type Status,
  STEADY_DEFAULTS,
  STEADY_TOLERANCES,
  steadyStateBytes,
  type SteadyOptions,
} from "./steady-state.js";
import { FIELD_SHIFT, responseOf, withShiftedFields } from "./susceptibility.js";
import { type Evolution, evolutionBytes, InnerResidual, runSteps } from "./time-evolution.js";
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
  /** Keep J, [heads][N][N], as it is for the final state. */
  readonly couplings?: boolean;
  /** How J reaches the field products; `auto` unless given, which is `stored` if couplings are to be kept. */
  readonly strategy?: CouplingStrategy | undefined;
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
  /** How J reached the field products. */
  readonly strategy: StrategyReport;
}

/**
 * @returns results by group and point, in the order of the batch
 * @throws InputError if an observable or a strategy is asked for that the system, its shape or the device have not
 * @throws CapacityError, GpuError: never a result that a fault has touched
 */
export async function simulate(
  executor: Executor,
  batch: SystemBatch,
  options: SimulationOptions,
): Promise<PointResult[][]> {
  const steps = stepsOf(options);
  batch.couplings.forEach((couplings, group) =>
    distinctScopes(batch.points[group]).forEach((point) =>
      checkObservables(
        options.observe,
        { ...point, spins: batch.spins, couplings, closure: options.closure, steps },
        "observe",
      ),
    ),
  );
  const wantsResponse = options.observe.some((name) => observableOf(name).needs === "response");
  const shift = FIELD_SHIFT[executor.device.precision];
  const expanded = wantsResponse ? withShiftedFields(batch, shift) : undefined;
  const results = await withinScope(executor, (scope) => simulateBatch(scope, expanded?.batch ?? batch, options));
  return batch.points.map((group, g) =>
    group.map((_, replica) => {
      const own = expanded ? expanded.locate(g, replica) : { group: g, replica };
      const { moments, ...result } = results[own.group][own.replica];
      const response =
        expanded &&
        responseOf(
          [own, ...expanded.shifted(g, replica)].map((at) => results[at.group][at.replica]),
          shift,
        );
      return { ...result, observables: evaluate(options.observe, moments, response) };
    }),
  );
}

/** The first point, and those whose sites have a β of their own: what can be observed of the others is the same. */
function distinctScopes(points: SystemBatch["points"][number]): SystemBatch["points"][number] {
  return points.filter(({ betas }, k) => k === 0 || betas !== points[0].betas);
}

const stepsOf = ({ run }: Pick<SimulationOptions, "run">) => ("steps" in run ? run.steps : undefined);

type RawResult = Omit<PointResult, "observables"> & { readonly moments: readonly RawMoments[] };

async function simulateBatch(
  executor: Executor,
  batch: SystemBatch,
  options: SimulationOptions,
): Promise<RawResult[][]> {
  const layout = new BatchLayout(batch);
  const { systems, stateLength } = layout;
  // The state, its image, and the copy that is read back.
  const stateBytes = 3 * executor.elementBytes * systems * stateLength;
  const ownBytes =
    "steps" in options.run
      ? evolutionBytes(layout, options.run.steps, options, executor.elementBytes)
      : steadyStateBytes(layout, executor.elementBytes);
  const measured = measurementsFor(options.observe);
  const steps = stepsOf(options);
  const observationBytes =
    reductionBytes(layout, executor.elementBytes) + measurementBytes(measured, layout, steps, executor.elementBytes);
  const asked = options.strategy ?? "auto";
  const callerBytes = stateBytes + ownBytes + observationBytes;
  const step = new TimeStep(
    executor,
    layout,
    options.closure,
    callerBytes,
    strategyFor(measured, batch, options.couplings && asked === "auto" ? "stored" : asked),
  );
  const state = executor.upload(
    "state",
    layout.pack((point) => point.initial),
  );
  const image = executor.allocate("image", systems * stateLength);
  try {
    let evolution: Evolution = { final: state, worstInner: new Float64Array(systems), trajectory: [] };
    let solved: Awaited<ReturnType<typeof solveSteadyState>> | undefined;
    if ("steps" in options.run) {
      evolution = await runSteps(executor, layout, step, [state, image], options.run.steps, options);
    } else {
      const settings = { ...STEADY_DEFAULTS, ...options.run.steady };
      solved = await solveSteadyState(executor, layout, step, state, settings, options.progress);
    }
    const { final, worstInner, trajectory } = evolution;
    const ends = await evaluateResidual(executor, layout, step, final, final === state ? image : state);
    // After the residual, so that the rows of couplings that follow the state are those of the state returned.
    const basic = await observe(executor, layout, final, step.couplings.statistics);
    const states = options.states ? await executor.read(final) : undefined;
    const couplings = options.couplings ? await readCouplings(executor, layout, step, final) : undefined;
    // Last, because some measurements step on from here.
    const more = await measure(measured, { executor, layout, step, state: final, steps, residual: ends.residual });
    const moments = basic.map((raw, system) => ({ ...raw, ...more[system] }));

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
          strategy: step.couplings.report,
        };
      }),
    );
  } finally {
    step.dispose();
    executor.free(state, image);
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
  if (step.couplings.report.name !== "stored")
    throw new CapacityError("the couplings are not stored whole on the device and cannot be given out");
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
      observableOf(name).compute(responses ? { ...raw, response: responses[head] } : raw),
    );
    return [name, perHead.reduce((sum, value) => sum + value, 0) / perHead.length] as const;
  });
  return Object.fromEntries(entries);
}
