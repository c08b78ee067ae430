/** Runs one block: its systems in batches, a row a task, and the float64 check of those that were chosen. */
import type { LoadArray } from "../engine/array-inputs.js";
import type { CouplingRequest, StrategyReport } from "../engine/coupling-strategy.js";
import type { MonteCarloResult } from "../engine/chain-results.js";
import type { Executor } from "../engine/executor.js";
import { monteCarlo } from "../engine/monte-carlo.js";
import { realise, type System } from "../engine/realise.js";
import { type PointResult, simulate } from "../engine/simulate.js";
import { type MethodName, MONTE_CARLO } from "../physics/closures.js";
import { InputError } from "../physics/input-error.js";
import { verifySample } from "../verify/verify-sample.js";
import { type VerificationReport, verifyStep } from "../verify/verify-step.js";
import { type BatchLimits, planBatches, type Task, type TaskBatch, toSystemBatch } from "./batches.js";
import type { Block } from "./blocks.js";
import type { Sweep } from "./spec.js";

/** One row of results.csv. */
export interface ResultRow extends Pick<PointResult, "observables" | "residual" | "innerResidual" | "iterations"> {
  readonly status: PointResult["status"] | MonteCarloResult["status"];
  /** From independent chains; monte-carlo only. */
  readonly standardErrors?: MonteCarloResult["standardErrors"];
  /** Head by head; monte-carlo only. */
  readonly moments?: MonteCarloResult["moments"];
  /** Of the chains; monte-carlo only. */
  readonly autocorrelation?: MonteCarloResult["autocorrelation"];
  readonly splitRhat?: MonteCarloResult["splitRhat"];
  /** Index into `sweep.points`. */
  readonly point: number;
  readonly sample: number;
  readonly sites: number;
}

export interface SweepVerification extends VerificationReport {
  readonly point: number;
  readonly sample: number;
  readonly closure: MethodName;
}

/** What a block has come to. */
export interface BlockResult {
  /** By point, then by sample. */
  readonly rows: readonly ResultRow[];
  readonly verification: readonly SweepVerification[];
  /** How J reached the field products: one entry, unless shapes differ between points. */
  readonly strategies: readonly StrategyReport[];
  /** Means of single sites, [N][heads · D] a row of `rows`; only if the specification asks for arrays. */
  readonly states?: readonly Float64Array[];
}

export interface BlockContext extends CouplingRequest {
  readonly load: LoadArray;
  /** What messages start with: the specification's file. */
  readonly context: string;
  /** N of every point. */
  readonly sites: readonly number[];
  /** Called with the share of the block that is done. */
  readonly progress?: ((fraction: number) => void) | undefined;
}

/** Rows of J that a check recomputes in float64. */
const VERIFIED_ROWS = 64;

/** Shares of the memory limit that a batch may take with couplings, of which attention holds two, and with states. */
const COUPLING_SHARE = 0.25;
const STATE_SHARE = 0.25;

interface TaskResult {
  readonly row: ResultRow;
  readonly state: Float64Array;
  readonly strategy: StrategyReport;
  /** What the next point of a walk goes on from: the state, or the spins of every chain. Empty where no walk goes on. */
  readonly handedOn: HandedOn;
  readonly check?: VerificationReport;
}

type HandedOn = readonly Float64Array[];

/**
 * @throws InputError, CapacityError, GpuError as any run: never a result that a fault has touched
 */
export async function runBlock(
  executor: Executor,
  sweep: Sweep,
  block: Pick<Block, "walks" | "checked" | "work">,
  context: BlockContext,
): Promise<BlockResult> {
  const done: TaskResult[] = [];
  let before = new Map<string, HandedOn>();
  const length = Math.max(...block.walks.map((walk) => walk.length));
  let worked = 0;
  for (let place = 0; place < length; place++) {
    const tasks = block.walks.flatMap((walk) => walk.slice(place, place + 1));
    const after = new Map<string, HandedOn>();
    for (const batch of planBatches(sweep, tasks, limitsOf(executor), context.sites)) {
      const progress = (fraction: number) => context.progress?.((worked + fraction * batch.work) / block.work);
      const results = await runBatch(executor, sweep, block, batch, before, { ...context, progress });
      for (const { row, handedOn } of results) after.set(keyOf(row), handedOn);
      done.push(...results);
      worked += batch.work;
    }
    before = after;
  }
  context.progress?.(1);
  done.sort(({ row: one }, { row: other }) => one.point - other.point || one.sample - other.sample);
  const strategies = new Map(done.map(({ strategy }) => [JSON.stringify(strategy), strategy]));
  return {
    rows: done.map(({ row }) => row),
    verification: done.flatMap(({ row: { point, sample }, check }) =>
      check === undefined ? [] : [{ ...check, point, sample, closure: sweep.points[point].closure }],
    ),
    strategies: [...strategies.values()],
    ...(sweep.input.arrays && { states: done.map(({ state }) => state) }),
  };
}

const keyOf = ({ point, sample }: Task) => `${point} ${sample}`;

/** What a batch may take on a device. */
export function limitsOf({ memoryLimit, elementBytes, maxArrayLength }: Executor): BatchLimits {
  const memoryElements = memoryLimit / elementBytes;
  return {
    couplingElements: Math.min(COUPLING_SHARE * memoryElements, maxArrayLength),
    // The five iterates of the mixing are one array, the longest of those that hold states.
    stateElements: Math.min(STATE_SHARE * memoryElements, 4 * maxArrayLength),
  };
}

async function runBatch(
  executor: Executor,
  sweep: Sweep,
  { checked }: Pick<Block, "checked">,
  { closure, run, chains, observe, groups }: TaskBatch,
  before: ReadonlyMap<string, HandedOn>,
  { load, context, strategy, precision, sites, progress }: BlockContext,
): Promise<TaskResult[]> {
  const handedTo = ({ point, sample }: Task): HandedOn | undefined => {
    const { previous } = sweep.points[point];
    return previous === undefined ? undefined : before.get(keyOf({ point: previous, sample }));
  };
  const walks = sweep.input.continuation !== undefined;
  const systems: System[][] = [];
  for (const group of groups) {
    systems.push(
      await Promise.all(
        group.map(async ({ point, sample, description }) => {
          const system = await realise(description, load, `${context}: system`);
          const initial = closure === MONTE_CARLO ? undefined : handedTo({ point, sample })?.[0];
          return initial ? { ...system, initial } : system;
        }),
      ),
    );
  }
  const isChecked = (task: Task) => checked.some(({ point, sample }) => point === task.point && sample === task.sample);
  const settings = { observe, strategy, ...(progress && { progress }) };
  const check = { rows: VERIFIED_ROWS, seed: sweep.seed, strategy, precision };
  const identityOf = ({ point, sample }: Task) => ({ seed: sweep.seed, point, sample });
  const results: TaskResult[] = [];
  if (closure === MONTE_CARLO) {
    if (precision !== undefined && precision !== "f32") {
      throw new InputError("precision", `${precision} for ${MONTE_CARLO}`, "f32");
    }
    if (!chains) throw new Error("chains and monte-carlo come together");
    const identity = (group: number, replica: number) => identityOf(groups[group][replica]);
    // All tasks of a batch stand at the same place of their walks.
    const goesOn = handedTo(groups[0][0]) !== undefined;
    const continued = (group: number, replica: number) => handedTo(groups[group][replica]) ?? [];
    const sampled = await monteCarlo(executor, toSystemBatch(systems), {
      ...settings,
      ...chains,
      identity,
      chainSpins: walks,
      ...(goesOn && { continued }),
    });
    for (const [g, group] of groups.entries()) {
      for (const [k, { point, sample }] of group.entries()) {
        const { observables, standardErrors, moments, autocorrelation, splitRhat, ...result } = sampled[g][k];
        const { status, lastStep, ...rest } = result;
        const { spins, state, strategy: report, chainSpins: handedOn = [] } = rest;
        const estimates = { observables, standardErrors, moments, autocorrelation, splitRhat, status };
        const row = {
          point,
          sample,
          sites: sites[point],
          ...estimates,
          iterations: lastStep,
          residual: NaN,
          innerResidual: NaN,
        };
        const at = { identity: identityOf(row), step: lastStep + 1 };
        const repeat = () => verifySample(executor, { ...systems[g][k], initial: spins }, at, check);
        results.push({ row, state, strategy: report, handedOn, ...(isChecked(row) && { check: await repeat() }) });
      }
    }
    return results;
  }
  // States are read back only where somebody looks at them.
  const wanted = sweep.input.arrays !== undefined || walks || groups.flat().some(isChecked);
  const options = { ...settings, closure, run, states: wanted, precision };
  const simulated = await simulate(executor, toSystemBatch(systems), options);
  for (const [g, group] of groups.entries()) {
    for (const [k, { point, sample }] of group.entries()) {
      const { observables, residual, innerResidual, status, iterations, state, strategy: report } = simulated[g][k];
      const row = { point, sample, sites: sites[point], observables, residual, innerResidual, status, iterations };
      const final = state ?? new Float64Array();
      // One step from the state the sweep ended in: that is where saturated spins and condensed rows are.
      const repeat = () => verifyStep(executor, { ...systems[g][k], initial: final }, closure, check);
      const handedOn = walks ? [final] : [];
      results.push({ row, state: final, strategy: report, handedOn, ...(isChecked(row) && { check: await repeat() }) });
    }
  }
  return results;
}
