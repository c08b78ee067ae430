/** Several closures against the exact dynamics of one system: errors with error bars, and the time of a step. */
import { batchOf } from "../../engine/batch.js";
import type { CouplingStrategy } from "../../engine/coupling-strategy.js";
import type { DeviceDescription, Executor } from "../../engine/executor.js";
import type { ChainOptions } from "../../engine/monte-carlo.js";
import { type PointResult, simulate } from "../../engine/simulate.js";
import { type ClosureName, closureNames, momentRule } from "../../physics/closures.js";
import { InputError } from "../../physics/input-error.js";
import type { Spins } from "../../physics/spins.js";
import type { LoadedSystem } from "../../verify/load-system.js";
import { type ErrorMeasure, ExactMeans } from "../../physics/closure-errors.js";
import { enumerateExactly, type ExactDynamics, isEnumerable, sampleExactly } from "./exact-dynamics.js";
import { chainStepper, closureStepper, timeInTurn } from "./step-times.js";

/** Without `steps` the stationary state is compared. */
export interface ComparisonPlan {
  readonly closures: readonly ClosureName[];
  readonly steps: number | undefined;
  /** How the exact dynamics is sampled where it is not enumerated. */
  readonly chains: ChainOptions;
}

/** One closure. Numbers that do not exist are NaN. */
export interface ComparisonRow {
  readonly closure: ClosureName;
  /** How its run ended; `refused` where there was none, for the `reason`. */
  readonly status: PointResult["status"] | "refused";
  readonly converged: boolean;
  readonly residual: number;
  readonly iterations: number;
  readonly error: number;
  readonly errorStandardError: number;
  readonly belowNoise: boolean;
  readonly signedOverlapError: number;
  readonly secondsPerStep: number;
  /** Steps, or iterations of the steady state, from the start to the state that is compared. */
  readonly stepsTaken: number;
  readonly reason?: string;
}

/** What is said of the exact dynamics beside its means. */
export interface ExactSummary extends Omit<ExactDynamics, "means" | "secondsPerStep"> {
  readonly measure: ErrorMeasure;
  readonly noise: number;
  readonly overlap: number;
  readonly overlapStandardError: number;
  /** Of all chains together. */
  readonly secondsPerStep: number;
  /** All chains give `chains / (2 τ)` effective samples a step; this is the time of one step times 2 τ. */
  readonly secondsPerEffectiveSample: number;
}

export interface ComparisonOutcome {
  readonly plan: ComparisonPlan;
  readonly device: DeviceDescription;
  readonly exact: ExactSummary;
  /** By error, ascending; refused closures last. */
  readonly rows: readonly ComparisonRow[];
}

export interface ComparisonContext {
  readonly strategy: CouplingStrategy;
  /** True for an error that says that a system is too large for a device. */
  readonly isTooLarge: (error: unknown) => boolean;
  /** Called before each of the parts of the work with its name; what it returns takes the share that is done. */
  readonly begin: (part: string) => (fraction: number) => void;
}

/** Every closure that the spins have. */
export function applicableClosures(spins: Spins): ClosureName[] {
  return closureNames.filter((name) => typeof momentRule(name, spins) === "string");
}

/**
 * @throws InputError, CapacityError if the exact dynamics cannot be run; a closure that cannot is a row with the reason
 * @throws GpuError: never a result that a fault has touched
 */
export async function compareClosures(
  executor: Executor,
  system: LoadedSystem,
  plan: ComparisonPlan,
  context: ComparisonContext,
): Promise<ComparisonOutcome> {
  const { steps, chains } = plan;
  const { strategy } = context;
  const enumerable = isEnumerable(system);
  const progress = context.begin(enumerable ? "enumeration" : `${chains.chains} chains`);
  const exact = enumerable
    ? await enumerateExactly(system, steps, progress)
    : await sampleExactly(executor, system, chains, { strategy, progress });
  const means = new ExactMeans(exact.means, system.sites * system.heads * system.spins.radius ** 2);
  const untimed: ComparisonRow[] = [];
  for (const closure of plan.closures) untimed.push(await runClosure(executor, system, closure, plan, means, context));

  const timed = untimed.filter(({ status }) => status !== "refused").map(({ closure }) => closure);
  const steppers = timed.map((closure) => closureStepper(system, closure, strategy));
  if (!enumerable) steppers.push(chainStepper(system, chains, strategy));
  const times = await timeInTurn(executor, steppers, context.begin("time of a step"));
  const rows = untimed.map((row) => ({ ...row, secondsPerStep: times[timed.indexOf(row.closure)] ?? NaN }));
  const secondsPerStep = exact.secondsPerStep ?? times[timed.length];
  return { plan, device: executor.device, exact: summaryOf(exact, means, secondsPerStep), rows: rows.sort(byError) };
}

async function runClosure(
  executor: Executor,
  system: LoadedSystem,
  closure: ClosureName,
  { steps }: ComparisonPlan,
  means: ExactMeans,
  { strategy, isTooLarge, begin }: ComparisonContext,
): Promise<ComparisonRow> {
  const rule = momentRule(closure, system.spins);
  if (typeof rule !== "string") return refusal(closure, `found ${rule.found}, expected ${rule.expected}`);
  const run = steps === undefined ? { steady: {} } : { steps };
  const progress = begin(closure);
  try {
    const options = { closure, run, observe: [], states: true, strategy, progress };
    const [[{ status, residual, iterations, state = new Float64Array() }]] = await simulate(
      executor,
      batchOf(system),
      options,
    );
    const converged = status === "converged" || status === "completed";
    return {
      closure,
      status,
      converged,
      residual,
      iterations,
      ...means.errorOf(state),
      secondsPerStep: NaN,
      stepsTaken: iterations,
    };
  } catch (error) {
    if (!(error instanceof InputError) && !isTooLarge(error)) throw error;
    return refusal(closure, error instanceof Error ? error.message : String(error));
  }
}

function refusal(closure: ClosureName, reason: string): ComparisonRow {
  const none = { error: NaN, errorStandardError: NaN, belowNoise: false, signedOverlapError: NaN };
  const nowhere = { residual: NaN, iterations: 0, secondsPerStep: NaN, stepsTaken: 0 };
  return { closure, status: "refused", converged: false, ...nowhere, ...none, reason };
}

function summaryOf(exact: ExactDynamics, means: ExactMeans, secondsPerStep: number): ExactSummary {
  const { method, status, stepsTaken, sampling } = exact;
  const { measure, noise, overlap, overlapStandardError } = means;
  const times = Object.values(sampling?.autocorrelation ?? {});
  // One step says nothing about times.
  const slowest = times.length > 0 && (sampling?.measurements ?? 0) > 1 ? Math.max(...times) : NaN;
  const secondsPerEffectiveSample = 2 * slowest * secondsPerStep;
  return {
    method,
    status,
    stepsTaken,
    ...(sampling && { sampling }),
    measure,
    noise,
    overlap,
    overlapStandardError,
    secondsPerStep,
    secondsPerEffectiveSample,
  };
}

function byError(one: ComparisonRow, other: ComparisonRow): number {
  const rank = ({ error }: ComparisonRow) => (Number.isNaN(error) ? Infinity : error);
  const [a, b] = [rank(one), rank(other)];
  return a === b ? 0 : a - b;
}
