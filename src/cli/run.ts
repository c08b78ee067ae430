/** `onsager run SYSTEM`: K steps of the dynamics, or the steady state, of one system. */
import { batchOf } from "../engine/batch.js";
import type { CouplingRequest } from "../engine/coupling-strategy.js";
import { openExecutor } from "../engine/devices.js";
import type { Executor } from "../engine/executor.js";
import { measureRemoval, type RemovalResponse } from "../engine/removal.js";
import type { System } from "../engine/realise.js";
import { type PointResult, simulate } from "../engine/simulate.js";
import type { SteadyOptions } from "../engine/steady-state.js";
import { memoryOf } from "../engine/step-memory.js";
import { OutputFolder } from "../files/output-folder.js";
import { type ClosureName, momentRule } from "../physics/closures.js";
import { InputError } from "../physics/input-error.js";
import { checkObservables, inapplicable } from "../physics/observable-scope.js";
import type { ProfileName } from "../physics/moments.js";
import { isFree, type ObservableName, observableNames, observableOf } from "../physics/observables.js";
import { type LoadedSystem, loadSystem } from "../verify/load-system.js";
import { type VerificationReport, verifyStep } from "../verify/verify-step.js";
import { EXIT } from "./exit-codes.js";
import { openProgress } from "./progress.js";
import { checkSizes, describeRun, type RunOutcome, runResult, writeRun } from "./run-result.js";
import type { Session } from "./session.js";
import { deviceLine } from "./text-layout.js";

export interface RunCommandOptions extends CouplingRequest {
  readonly closure: ClosureName;
  /** The steady state unless given. */
  readonly steps?: number;
  readonly damping?: number;
  readonly maxIterations?: number;
  readonly trajectory?: boolean;
  readonly couplings?: boolean;
  readonly correlations?: boolean;
  /** Sites or heads to run without as well. */
  readonly removeSites?: readonly number[];
  readonly removeHeads?: readonly number[];
  readonly verify?: boolean;
  readonly observe?: readonly ObservableName[];
  readonly json?: boolean;
  readonly out?: string;
  readonly replace?: boolean;
  readonly select: string | undefined;
  readonly memory: number;
  readonly seed?: number;
  readonly version: string;
  /** The command as it was typed. */
  readonly command: string;
}

const VERIFIED_ROWS = 64;

/** @returns the exit code */
export async function runCommand(path: string, options: RunCommandOptions, session: Session): Promise<number> {
  const { closure, out, replace = false, memory, steps, version, command } = options;
  if (options.trajectory && steps === undefined) {
    throw new InputError("--trajectory", "no number of steps", "--steps K, as a steady state has no trajectory");
  }
  const system = await loadSystem(path, { seed: options.seed, memoryLimit: memory });
  const rule = momentRule(closure, system.spins);
  if (typeof rule !== "string") throw new InputError("--closure", rule.found, rule.expected);
  const observe = chosenObservables(options, system);
  checkSizes(system, options);

  const folder = out === undefined ? undefined : await OutputFolder.create(out, { replace });
  try {
    const executor = await openExecutor({ select: options.select, memoryLimit: memory });
    let outcome: RunOutcome;
    try {
      const { device } = executor;
      if (options.json) session.note(deviceLine(device));
      else if (device.kind === "cpu" && options.select === undefined) session.note(`onsager: ${device.reason}`);
      const removal = await removePart(executor, system, { ...options, observe });
      const point = removal?.intact ?? (await simulateOne(executor, system, { ...options, observe }, session));
      const verification = options.verify ? await verifyEnd(executor, system, point, options, session) : undefined;
      outcome = { path, system, closure, steps, point, removal, verification, device, version, command };
    } finally {
      executor.dispose();
    }
    if (folder && out !== undefined) await writeRun(folder, outcome);
    if ([system.field, system.initial].every((array) => array.every((value) => value === 0))) {
      session.note("onsager: field and start are zero, where every closure stays: give initial, or a field");
    }
    session.print(options.json ? runResult(outcome, out) : describeRun(outcome));
    if (out !== undefined) session.note(`written to ${out}`);
    return exitCode(outcome);
  } catch (error) {
    await folder?.abandon();
    throw error;
  }
}

/** What was asked for, or all that costs nothing. */
function chosenObservables(
  { observe: names, closure, steps }: RunCommandOptions,
  system: System,
): readonly ObservableName[] {
  const run = { ...system, closure, steps };
  if (names) {
    checkObservables(names, run, "--observe");
    return names;
  }
  const all = new Set<ObservableName>([...observableNames, ...(Object.keys(system.profiles ?? {}) as ProfileName[])]);
  return [...all].filter((name) => isFree(observableOf(name)) && !inapplicable(name, run));
}

function steadyOptions({ damping, maxIterations }: RunCommandOptions): Partial<SteadyOptions> {
  return {
    ...(damping !== undefined && { damping }),
    ...(maxIterations !== undefined && { maxIterations }),
  };
}

async function simulateOne(
  executor: Executor,
  system: System,
  options: RunCommandOptions & { readonly observe: readonly ObservableName[] },
  session: Session,
): Promise<PointResult> {
  const { closure, observe, steps, strategy, precision } = options;
  const { trajectory = false, couplings = false, correlations = false } = options;
  const run = steps === undefined ? { steady: steadyOptions(options) } : { steps };
  const progress = openProgress(session, steps === undefined ? "steady state" : `${steps} steps`);
  try {
    const results = await simulate(executor, batchOf(system), {
      closure,
      run,
      observe,
      trajectory,
      states: true,
      couplings,
      correlations,
      strategy,
      precision,
      progress: progress.update,
    });
    return results[0][0];
  } finally {
    progress.stop();
  }
}

/** The runs with and without the sites or heads that are to be removed. */
async function removePart(
  executor: Executor,
  system: System,
  options: RunCommandOptions & { readonly observe: readonly ObservableName[] },
): Promise<RemovalResponse | undefined> {
  const {
    removeSites,
    removeHeads,
    closure,
    observe,
    steps,
    strategy,
    couplings = false,
    trajectory = false,
  } = options;
  const removal = removeSites ? { sites: removeSites } : removeHeads && { heads: removeHeads };
  if (removal === undefined) return undefined;
  const settings = { closure, run: steps === undefined ? { steady: steadyOptions(options) } : { steps }, observe };
  return measureRemoval(executor, system, removal, { ...settings, strategy, couplings, trajectory });
}

/** One more step from the state that is returned: that is where spins are saturated and attention is condensed. */
async function verifyEnd(
  executor: Executor,
  system: LoadedSystem,
  { state }: PointResult,
  { closure, strategy, precision }: RunCommandOptions,
  session: Session,
): Promise<VerificationReport> {
  const progress = openProgress(session, "verification");
  try {
    const start = state?.every(Number.isFinite) ? state : system.initial;
    const report = await verifyStep(executor, { ...system, initial: start }, closure, {
      rows: VERIFIED_ROWS,
      seed: system.seed,
      strategy,
      precision,
      progress: progress.update,
    });
    if (report.start === "random") return report;
    const from = memoryOf(closure) === "none" ? "the state that is returned" : "the means that are returned alone";
    return { ...report, quantity: `one step of the closure ${closure} from ${from}` };
  } finally {
    progress.stop();
  }
}

function exitCode({ point, removal, verification }: RunOutcome): number {
  if (verification?.pass === false) return EXIT.fault;
  const ended = [point, ...(removal ? [removal.remaining] : [])].map(({ status }) => status);
  return ended.every((status) => status === "completed" || status === "converged") ? EXIT.done : EXIT.notConverged;
}
