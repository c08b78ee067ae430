/** Runs one sweep: batches in turn, a row for every point and sample, and a float64 check of random rows. */
import type { CouplingRequest, StrategyReport } from "../engine/coupling-strategy.js";
import type { Executor } from "../engine/executor.js";
import type { LoadArray } from "../engine/array-inputs.js";
import type { MonteCarloResult } from "../engine/chain-results.js";
import { monteCarlo } from "../engine/monte-carlo.js";
import { realise, type System } from "../engine/realise.js";
import { type PointResult, simulate } from "../engine/simulate.js";
import type { NumericArray } from "../physics/arrays.js";
import { type MethodName, MONTE_CARLO } from "../physics/closures.js";
import { InputError } from "../physics/input-error.js";
import { STREAMS, uniformMatrix } from "../reference/random.js";
import { type VerificationReport, verifyStep } from "../verify/verify-step.js";
import { verifySample } from "../verify/verify-sample.js";
import { planBatches, type Task, toSystemBatch } from "./batches.js";
import type { Sweep } from "./spec.js";

/** One row of results.csv. */
export interface ResultRow extends Pick<PointResult, "observables" | "residual" | "innerResidual" | "iterations"> {
  readonly status: PointResult["status"] | MonteCarloResult["status"];
  /** From independent chains; monte-carlo only. */
  readonly standardErrors?: MonteCarloResult["standardErrors"];
  readonly moments?: MonteCarloResult["moments"];
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

export interface SweepOutcome {
  readonly sweep: Sweep;
  /** By point, then by sample. */
  readonly rows: readonly ResultRow[];
  readonly verification: readonly SweepVerification[];
  /** How J reached the field products: one entry, unless shapes differ between points. */
  readonly strategies: readonly StrategyReport[];
  readonly batches: number;
  readonly wallSeconds: number;
}

export interface SweepContext extends CouplingRequest {
  readonly load: LoadArray;
  /** What messages start with: the specification's file. */
  readonly context: string;
  /** Called with the share of the work that is done. */
  readonly progress?: (fraction: number) => void;
}

/** Rows of J that the check recomputes in float64 for one point of every closure. */
const VERIFIED_ROWS = 64;

/** Shares of the memory limit that a batch may take with couplings, of which attention holds two, and with states. */
const COUPLING_SHARE = 0.25;
const STATE_SHARE = 0.25;

export async function runSweep(executor: Executor, sweep: Sweep, options: SweepContext): Promise<SweepOutcome> {
  const start = performance.now();
  const { strategy, precision } = options;
  const load = cachedLoader(options.load);
  const realiseTask = (task: Task) => realise(task.description, load, `${options.context}: system`);
  const sites = await settleSites(sweep, realiseTask);
  const memoryElements = executor.memoryLimit / executor.elementBytes;
  const limits = {
    couplingElements: Math.min(COUPLING_SHARE * memoryElements, executor.maxArrayLength),
    // The five iterates of the mixing are one array, the longest of those that hold states.
    stateElements: Math.min(STATE_SHARE * memoryElements, 4 * executor.maxArrayLength),
  };
  const batches = planBatches(sweep, limits, (task) => sites[task.point]);
  const checks = chooseChecks(sweep);
  const isCheck = (task: Task) => checks.some(({ point, sample }) => point === task.point && sample === task.sample);
  const total = batches.reduce((sum, { work }) => sum + work, 0);
  const rows: ResultRow[] = [];
  const verification: SweepVerification[] = [];
  const strategies = new Map<string, StrategyReport>();
  let done = 0;
  for (const { closure, run, chains, observe, groups, work } of batches) {
    const systems: System[][] = [];
    for (const group of groups) systems.push(await Promise.all(group.map(realiseTask)));
    const progress = (fraction: number) => options.progress?.((done + fraction * work) / total);
    const settings = { observe, strategy, progress };
    const identityOf = ({ point, sample }: Task) => ({ seed: sweep.seed, point, sample });
    if (closure === MONTE_CARLO || chains) {
      if (precision !== undefined && precision !== "f32") {
        throw new InputError("precision", `${precision} for ${MONTE_CARLO}`, "f32");
      }
      if (closure !== MONTE_CARLO || !chains) throw new Error("chains and monte-carlo come together");
      const identity = (group: number, replica: number) => identityOf(groups[group][replica]);
      const results = await monteCarlo(executor, toSystemBatch(systems), { ...settings, ...chains, identity });
      for (const [g, group] of groups.entries()) {
        for (const [k, task] of group.entries()) {
          const { observables, standardErrors, moments, status, lastStep, spins, strategy: report } = results[g][k];
          strategies.set(JSON.stringify(report), report);
          const { point, sample } = task;
          const estimates = { observables, standardErrors, moments, status, iterations: lastStep };
          rows.push({ point, sample, sites: sites[point], ...estimates, residual: NaN, innerResidual: NaN });
          if (!isCheck(task)) continue;
          const checked = await verifySample(
            executor,
            { ...systems[g][k], initial: spins },
            { identity: identityOf(task), step: lastStep + 1 },
            { rows: VERIFIED_ROWS, seed: sweep.seed, strategy },
          );
          verification.push({ ...checked, point, sample, closure });
        }
      }
      done += work;
      continue;
    }
    const results = await simulate(executor, toSystemBatch(systems), {
      ...settings,
      closure,
      run,
      states: groups.flat().some(isCheck),
      precision,
    });
    for (const [g, group] of groups.entries()) {
      for (const [k, task] of group.entries()) {
        const { observables, residual, innerResidual, status, iterations, state, strategy: report } = results[g][k];
        strategies.set(JSON.stringify(report), report);
        const { point, sample } = task;
        rows.push({ point, sample, sites: sites[point], observables, residual, innerResidual, status, iterations });
        if (!isCheck(task) || state === undefined) continue;
        // One step from the state the sweep ended in: that is where saturated spins and condensed rows are.
        const system = { ...systems[g][k], initial: state };
        const checked = { rows: VERIFIED_ROWS, seed: sweep.seed, strategy, precision };
        verification.push({ ...(await verifyStep(executor, system, closure, checked)), point, sample, closure });
      }
    }
    done += work;
    options.progress?.(done / total);
  }
  rows.sort((a, b) => a.point - b.point || a.sample - b.sample);
  verification.sort((a, b) => a.point - b.point);
  const wallSeconds = (performance.now() - start) / 1000;
  return { sweep, rows, verification, strategies: [...strategies.values()], batches: batches.length, wallSeconds };
}

/** N of every point: the description says it, or its arrays do. */
async function settleSites(sweep: Sweep, realiseTask: (task: Task) => Promise<System>): Promise<number[]> {
  const sites: number[] = [];
  const known = new Map<string, number>();
  for (const [point, { system }] of sweep.points.entries()) {
    const description = system(0);
    const key = JSON.stringify([description.count, description.couplings, description.field, description.initial]);
    const count = description.count ?? known.get(key) ?? (await realiseTask({ point, sample: 0, description })).sites;
    known.set(key, count);
    sites.push(count);
  }
  return sites;
}

/** One random point and sample of every closure, drawn from the seed. */
function chooseChecks(sweep: Sweep): { readonly point: number; readonly sample: number }[] {
  const names = [...new Set(sweep.points.map(({ closure }) => closure))];
  const draws = uniformMatrix(names.length, 2, { seed: sweep.seed, stream: STREAMS.verificationRows, sample: 0 });
  return names.map((name, k) => {
    const candidates = sweep.points.flatMap(({ closure }, index) => (closure === name ? [index] : []));
    return {
      point: candidates[Math.floor(draws[2 * k] * candidates.length)],
      sample: Math.floor(draws[2 * k + 1] * sweep.samples),
    };
  });
}

function cachedLoader(load: LoadArray): LoadArray {
  const loaded = new Map<string, Promise<NumericArray>>();
  return (path) => {
    const known = loaded.get(path) ?? load(path);
    loaded.set(path, known);
    return known;
  };
}
