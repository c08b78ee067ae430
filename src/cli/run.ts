/** `onsager run SYSTEM`: K steps of the dynamics, or the steady state, of one system. */
import { batchOf } from "../engine/batch.js";
import type { CouplingStrategy } from "../engine/coupling-strategy.js";
import { openExecutor } from "../engine/devices.js";
import type { Executor } from "../engine/executor.js";
import type { System } from "../engine/realise.js";
import { type PointResult, simulate } from "../engine/simulate.js";
import type { SteadyOptions } from "../engine/steady-state.js";
import { OutputFolder } from "../files/output-folder.js";
import { type ClosureName, momentRule } from "../physics/closures.js";
import { InputError } from "../physics/input-error.js";
import { type ObservableName, observableNames, observables } from "../physics/observables.js";
import { type LoadedSystem, loadSystem } from "../verify/load-system.js";
import { type VerificationReport, verifyStep } from "../verify/verify-step.js";
import { EXIT } from "./exit-codes.js";
import { openProgress } from "./progress.js";
import { checkSizes, describeRun, type RunOutcome, runResult, writeRun } from "./run-result.js";
import type { Session } from "./session.js";
import { describeDevice } from "./text-layout.js";

export interface RunCommandOptions {
  readonly closure: ClosureName;
  /** The steady state unless given. */
  readonly steps?: number;
  readonly damping?: number;
  readonly maxIterations?: number;
  readonly trajectory?: boolean;
  readonly couplings?: boolean;
  readonly strategy: CouplingStrategy;
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
  const observe = chosenObservables(options.observe, system);
  checkSizes(system, options);

  const folder = out === undefined ? undefined : await OutputFolder.create(out, { replace });
  try {
    const executor = await openExecutor({ select: options.select, memoryLimit: memory });
    let outcome: RunOutcome;
    try {
      const { device } = executor;
      if (options.json) session.note(`device ${describeDevice(device)}`);
      else if (device.kind === "cpu" && options.select === undefined) session.note(`onsager: ${device.reason}`);
      const point = await simulateOne(executor, system, { ...options, observe }, session);
      const verification = options.verify ? await verifyEnd(executor, system, point, options, session) : undefined;
      outcome = { path, system, closure, steps, point, verification, device, version, command };
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
function chosenObservables(names: readonly ObservableName[] | undefined, system: System): readonly ObservableName[] {
  const hasRows = system.couplings.kind === "attention";
  const available = observableNames.filter(
    (name) => observables[name].needs !== "samples" && (hasRows || observables[name].needs !== "rows"),
  );
  const missing = names?.find((name) => !available.includes(name));
  if (missing !== undefined) {
    throw new InputError(
      "--observe",
      observables[missing].needs === "samples"
        ? `${missing} of a closure`
        : `${missing} for couplings without softmax rows`,
      `of ${available.join(", ")}`,
    );
  }
  return names ?? available.filter((name) => observables[name].needs !== "response");
}

async function simulateOne(
  executor: Executor,
  system: System,
  options: RunCommandOptions & { readonly observe: readonly ObservableName[] },
  session: Session,
): Promise<PointResult> {
  const { closure, observe, steps, strategy, trajectory = false, couplings = false, damping, maxIterations } = options;
  const steady: Partial<SteadyOptions> = {
    ...(damping !== undefined && { damping }),
    ...(maxIterations !== undefined && { maxIterations }),
  };
  const run = steps === undefined ? { steady } : { steps };
  const progress = openProgress(session, steps === undefined ? "steady state" : `${steps} steps`);
  try {
    const results = await simulate(executor, batchOf(system), {
      closure,
      run,
      observe,
      trajectory,
      states: true,
      couplings,
      strategy,
      progress: progress.update,
    });
    return results[0][0];
  } finally {
    progress.stop();
  }
}

/** One more step from the state that is returned: that is where spins are saturated and attention is condensed. */
async function verifyEnd(
  executor: Executor,
  system: LoadedSystem,
  { state }: PointResult,
  { closure, strategy }: RunCommandOptions,
  session: Session,
): Promise<VerificationReport> {
  const progress = openProgress(session, "verification");
  try {
    const start = state?.every(Number.isFinite) ? state : system.initial;
    const report = await verifyStep(executor, { ...system, initial: start }, closure, {
      rows: VERIFIED_ROWS,
      seed: system.seed,
      strategy,
      progress: progress.update,
    });
    return { ...report, quantity: `one step of the closure ${closure} from the state that is returned` };
  } finally {
    progress.stop();
  }
}

function exitCode({ point, verification }: RunOutcome): number {
  if (verification?.pass === false) return EXIT.fault;
  return point.status === "completed" || point.status === "converged" ? EXIT.done : EXIT.notConverged;
}
