/** Runs a batch: K steps or the steady state, then observables, all on one executor. */
import { type ClosureName } from "../physics/closures.js";
import { InputError } from "../physics/input-error.js";
import type { RawMoments } from "../physics/moments.js";
import { checkObservables } from "../physics/observable-scope.js";
import { measurementsFor, observableOf, type ObservableName } from "../physics/observables.js";
import { pad } from "../reference/layout.js";
import { NOT_FINITE } from "../reference/reduce.js";
import { BatchLayout, type SystemBatch } from "./batch.js";
import { CapacityError } from "./couplings.js";
import type { CouplingRequest, StrategyReport } from "./coupling-strategy.js";
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
import { memoryLength } from "./step-memory.js";
import { INNER_ACCEPTED, TimeStep } from "./time-step.js";

/** The strategy is `stored` unless given if couplings are to be kept. */
export interface SimulationOptions extends CouplingRequest {
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
  /** Keep the correlations of the last step, or of the steady state. They need J stored, and N² arrays beside it. */
  readonly correlations?: boolean;
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
  readonly correlations?: Correlations;
  /** How J reached the field products. */
  readonly strategy: StrategyReport;
}

export interface Correlations {
  /** C_ik = ⟨s_i s_k⟩ - m_i m_k at the end, [heads][N][N]; binary spins only. NaN where a closure has |C_ik| > 1, which no law has. */
  readonly equalTime?: Float64Array;
  /** D_ij = ⟨s_i · s_j(t-1)⟩ - m_i · m_j(t-1), the first index later, [heads][N][N]. Equations 4, 8. */
  readonly delayed: Float64Array;
  /** How `gaussian-field` made C: by integrals, or to first order because there are too many sites for them. */
  readonly quadrature?: "double" | "first-order";
}

/**
 * @returns results by group and point, in the order of the batch
 * @throws InputError if what is asked for the system, its shape or the device have not, if couplings have to be symmetric and
 * are not, and for damping of a closure that carries more than its means
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
  if (wantsResponse && options.precision === "f16") {
    // Its rounding is as large as the differences that it would be taken of.
    throw new InputError("precision", "f16 for the susceptibility", "f32 or split-f16");
  }
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
  const memory = memoryLength(options.closure, layout);
  const ownBytes =
    "steps" in options.run
      ? evolutionBytes(layout, options.run.steps, options, executor.elementBytes)
      : steadyStateBytes(layout, memory, executor.elementBytes);
  const measured = measurementsFor(options.observe);
  const steps = stepsOf(options);
  // How far the memory moves in one more step is an array of its own.
  const observationBytes =
    reductionBytes(layout, executor.elementBytes) +
    measurementBytes(measured, layout, steps, executor.elementBytes) +
    executor.elementBytes * systems * memory;
  const callerBytes = stateBytes + ownBytes + observationBytes;
  const { damping = 1 } = "steady" in options.run ? options.run.steady : {};
  if (memory > 0 && damping !== 1) {
    throw new InputError("damping", `${damping} for ${options.closure}, which is iterated as it is`, "1");
  }
  const { closure, precision, correlations = false, strategy: asked = "auto" } = options;
  const strategy = strategyFor(measured, batch, options.couplings && asked === "auto" ? "stored" : asked);
  const step = new TimeStep(executor, layout, { closure, callerBytes, correlations, strategy, precision });
  const state = executor.upload(
    "state",
    layout.pack((point) => point.initial),
  );
  const image = executor.allocate("image", systems * stateLength);
  try {
    let evolution: Evolution = {
      final: state,
      worstInner: new Float64Array(systems),
      trajectory: [],
      stopped: new Map(),
    };
    let solved: Awaited<ReturnType<typeof solveSteadyState>> | undefined;
    if ("steps" in options.run) {
      evolution = await runSteps(executor, layout, step, [state, image], options.run.steps, options);
    } else {
      const settings = { ...STEADY_DEFAULTS, ...options.run.steady };
      solved = await solveSteadyState(executor, layout, step, state, settings, options.progress);
    }
    const { final, worstInner, trajectory, stopped } = evolution;
    const other = final === state ? image : state;
    if (options.correlations && solved) {
      step.record(final, other);
      for (let time = 0; time < 2; time++) step.recordCorrelations(final, final);
    }
    const correlations = options.correlations ? await readCorrelations(executor, layout, step) : undefined;
    const ends = await evaluateResidual(executor, layout, step, final, other);
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
            heads.map((system) => solved?.status[system] ?? (stopped.has(system) ? "diverged" : "completed")),
            residual,
            innerResidual,
            executor,
          ),
          residual,
          innerResidual,
          iterations: solved
            ? largest(solved.iterations)
            : Math.min(
                ...heads.map((system) => stopped.get(system) ?? ("steps" in options.run ? options.run.steps : 0)),
              ),
          moments: heads.map((system) => moments[system]),
          ...(states && { state: layout.unpack(states, g, replica) }),
          ...(options.trajectory && { trajectory: trajectory.map((packed) => layout.unpack(packed, g, replica)) }),
          ...(couplings && { couplings: couplings[g] }),
          ...(correlations && { correlations: correlations(heads) }),
          strategy: step.couplings.report,
        };
      }),
    );
  } finally {
    step.dispose();
    executor.free(state, image);
  }
}

/** One more evaluation of G on the state that is returned, its memory included: its residual, and that of the inner equations. */
async function evaluateResidual(
  executor: Executor,
  layout: BatchLayout,
  step: TimeStep,
  state: Slot,
  image: Slot,
): Promise<{ residual: Float64Array; inner: Float64Array }> {
  const { systems, sites, components, componentStride, radius } = layout;
  const inner = new InnerResidual(executor, layout, step);
  try {
    step.record(state, image);
    const measured = { sites, components, componentStride, radius };
    const residual = await largestDistance(executor, image, state, { systems, ...measured });
    for (const { image: next, current, length } of step.memory) {
      const shape = { systems, sites: length, components: 1, componentStride: 1, radius: 1 };
      const moved = await largestDistance(executor, next, current, shape);
      moved.forEach((value, system) => (residual[system] = Math.max(residual[system], value)));
    }
    inner.record();
    return { residual, inner: inner.perSystem(await executor.read(inner.results)) };
  } finally {
    inner.dispose();
  }
}

/** max_i |left_i - right_i| / R of every system. */
async function largestDistance(
  executor: Executor,
  left: Slot,
  right: Slot,
  shape: { systems: number; sites: number; components: number; componentStride: number; radius: number },
): Promise<Float64Array> {
  const { systems, sites } = shape;
  const distance = executor.allocate("site residual", systems * pad(sites));
  const reducer = new Reducer(executor, siteScalars(systems, sites));
  try {
    executor.run({
      kernel: "site-distance",
      arrays: { left, right, distance },
      params: shape,
      constants: { SUBTRACT: true },
    });
    reducer.record(distance, "maximum");
    return await executor.read(reducer.results);
  } finally {
    executor.free(distance);
    reducer.dispose();
  }
}

/** C and D at the end, by the systems of a point: [heads][N][N] each. */
async function readCorrelations(
  executor: Executor,
  { sites, paddedSites }: BatchLayout,
  { pairs, sphere }: TimeStep,
): Promise<(systems: readonly number[]) => Correlations> {
  const delayedSlot = sphere?.delayed ?? pairs?.delayed.current;
  if (!delayedSlot) throw new Error("no correlations were recorded");
  const delayed = await executor.read(delayedSlot);
  const equalTime = pairs && (await executor.read(pairs.equalTime.current));
  const quadrature = pairs?.quadrature;
  const unpadded = (values: Float64Array, systems: readonly number[]) => {
    const matrices = new Float64Array(systems.length * sites * sites);
    systems.forEach((system, head) => {
      for (let row = 0; row < sites; row++) {
        const from = (system * sites + row) * paddedSites;
        const entries = values.subarray(from, from + sites).map((value) => (value < NOT_FINITE ? value : NaN));
        matrices.set(entries, (head * sites + row) * sites);
      }
    });
    return matrices;
  };
  return (systems) => ({
    ...(equalTime && { equalTime: unpadded(equalTime, systems) }),
    delayed: unpadded(delayed, systems),
    ...(quadrature && { quadrature }),
  });
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
