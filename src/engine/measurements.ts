/** The extra work behind some observables: one function each, run only if one of its observables is asked for. */
import type { Measurement, Measurements } from "../physics/moments.js";
import { hasSoftmaxRows } from "../physics/couplings.js";
import { InputError } from "../physics/input-error.js";
import { followsState } from "../physics/observable-scope.js";
import type { BatchLayout, SystemBatch } from "./batch.js";
import { measureHousekeeping, measureRowNorm, measureScoreGaps, SCORE_ELEMENTS } from "./coupling-measurements.js";
import type { CouplingStrategy } from "./coupling-strategy.js";
import type { MeasurementContext } from "./measurement-context.js";
import { measureMismatch, measurePlainResiduals } from "./relaxation-measurements.js";
import { ExecutorScope } from "./scope.js";
import { measureDirections, measureEnergies, measureGram, measureLocalFields } from "./state-measurements.js";
import { steadyStateBytes } from "./steady-state.js";
import { measureDeflated, measureTangent, measureTangentTrajectory, POWER_ITERATIONS } from "./tangent-measurements.js";

/** One entry a system; undefined where there is nothing to measure. */
type Measured<K extends Measurement> = readonly (Measurements[K] | undefined)[];

/**
 * In this order: the ones at the end step away from the final state, and take couplings that follow the state along.
 * Work, in products J m: energies and localFields 1, tangent and deflated 300, tangentTrajectory 2 a step, plainResiduals as many as
 * steps or 256, mismatch a steady state. Housekeeping takes N² (4 D + 10) operations, the others less than a product.
 */
const measurements: { readonly [K in Measurement]: (context: MeasurementContext) => Promise<Measured<K>> } = {
  gram: measureGram,
  directions: measureDirections,
  energies: measureEnergies,
  localFields: measureLocalFields,
  housekeeping: measureHousekeeping,
  scoreGaps: measureScoreGaps,
  rowNorm: measureRowNorm,
  deflated: measureDeflated,
  tangent: measureTangent,
  tangentTrajectory: measureTangentTrajectory,
  plainResiduals: measurePlainResiduals,
  mismatch: measureMismatch,
};

/** @returns what was measured, one record a system */
export async function measure(
  wanted: ReadonlySet<Measurement>,
  context: MeasurementContext,
): Promise<Partial<Measurements>[]> {
  const records = Array.from({ length: context.layout.systems }, (): Record<string, unknown> => ({}));
  for (const [name, work] of Object.entries(measurements)) {
    if (!wanted.has(name as Measurement)) continue;
    const scope = new ExecutorScope(context.executor);
    try {
      const values: readonly unknown[] = await work({ ...context, executor: scope });
      values.forEach((value, system) => value !== undefined && (records[system][name] = value));
    } finally {
      scope.dispose();
    }
  }
  return records;
}

/**
 * The strategy of a run that measures: J is stored where a measurement reads it.
 * @throws InputError if another strategy is asked for
 */
export function strategyFor(
  wanted: ReadonlySet<Measurement>,
  { couplings: [first] }: SystemBatch,
  asked: CouplingStrategy,
): CouplingStrategy {
  const reads = [...wanted].find((name) => {
    // Softmax rows sum to one, and frozen attention gives products without being stored.
    if (name === "rowNorm") return !hasSoftmaxRows(first);
    if (name === "deflated") return followsState(first);
    // Products with the patterns alone give no second moments.
    if (name === "energies") return first.kind === "hopfield";
    return name === "housekeeping";
  });
  if (reads === undefined || asked === "stored") return asked;
  if (asked !== "auto") throw new InputError("strategy", `${asked} with an observable that reads J`, "auto or stored");
  return "stored";
}

/** Bytes that the measurements of a batch allocate at most, one after the other. */
export function measurementBytes(
  wanted: ReadonlySet<Measurement>,
  layout: BatchLayout,
  steps: number | undefined,
  elementBytes: number,
): number {
  if (wanted.size === 0) return 0;
  const { systems, stateLength, paddedSites, componentStride, matrices } = layout;
  const gram = wanted.has("gram") ? componentStride ** 2 : 0;
  const history = Math.max(POWER_ITERATIONS, steps ?? 0);
  // Perturbation, its image, their product, a trajectory and its image; moments, weights and energies of the sites.
  const states = systems * (6 * stateLength + 12 * paddedSites + gram + history);
  const scores = wanted.has("scoreGaps") ? Math.max(SCORE_ELEMENTS, 4 * matrices * paddedSites) : 0;
  const solver = wanted.has("mismatch") ? steadyStateBytes(layout, 0, elementBytes) : 0;
  return elementBytes * (states + scores) + solver;
}
