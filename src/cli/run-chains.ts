/** `onsager run SYSTEM --closure monte-carlo`: exact dynamics of one system by many chains. */
import { batchOf } from "../engine/batch.js";
import type { MonteCarloResult } from "../engine/chain-results.js";
import type { ChainStart } from "../engine/chains.js";
import { openExecutor } from "../engine/devices.js";
import type { DeviceDescription, Executor } from "../engine/executor.js";
import { CHAIN_DEFAULTS, monteCarlo } from "../engine/monte-carlo.js";
import { writeNpy } from "../files/npy.js";
import { OutputFolder } from "../files/output-folder.js";
import { MONTE_CARLO } from "../physics/closures.js";
import { InputError } from "../physics/input-error.js";
import type { ProfileName } from "../physics/moments.js";
import { checkObservables, inapplicable } from "../physics/observable-scope.js";
import { type ObservableName, observableNames, observableOf } from "../physics/observables.js";
import { COUNTER_LAYOUT } from "../reference/philox.js";
import { type LoadedSystem, loadSystem } from "../verify/load-system.js";
import { verifySample } from "../verify/verify-sample.js";
import type { VerificationReport } from "../verify/verify-step.js";
import { correlationSummaries, correlationTable } from "./correlation-text.js";
import { EXIT } from "./exit-codes.js";
import { openProgress } from "./progress.js";
import type { RunCommandOptions } from "./run.js";
import { checkSizes, describeSystem, nested, stateShape } from "./run-result.js";
import type { Session } from "./session.js";
import { deviceLine, describeStrategy, labelled, rhatLine, table } from "./text-layout.js";
import { verificationTable } from "./verification-text.js";

/** Options of `run` that only chains have. */
export interface ChainCommandOptions {
  readonly chains?: number;
  readonly burnIn?: number;
  readonly thin?: number;
  readonly start?: ChainStart;
}

interface Outcome {
  readonly path: string;
  readonly system: LoadedSystem;
  readonly settings: { chains: number; burnIn: number; steps: number; thin: number; start: ChainStart };
  readonly result: MonteCarloResult;
  readonly verification: VerificationReport | undefined;
  readonly device: DeviceDescription;
  readonly version: string;
}

const VERIFIED_ROWS = 64;

/** Entropy production costs a second field product, the susceptibility a long run; spins are no tokens. */
const UNASKED: ReadonlySet<ObservableName> = new Set(["entropy-production", "susceptibility", "mean-token-cosine"]);

/** @returns the exit code: 3 if two starts disagree, or a draw failed */
export async function runChainsCommand(
  path: string,
  options: Omit<RunCommandOptions, "closure"> & ChainCommandOptions,
  session: Session,
): Promise<number> {
  const { out, replace = false, memory, steps, version, command } = options;
  if (steps === undefined)
    throw new InputError("--steps", "nothing", `--steps T, the steps that ${MONTE_CARLO} measures`);
  for (const name of ["trajectory", "couplings", "removeSites", "removeHeads"] as const) {
    if (options[name]) throw new InputError(flagOf(name), `it with ${MONTE_CARLO}`, "a closure");
  }
  const { chains, burnIn, thin, start } = { ...CHAIN_DEFAULTS, ...chainOptionsOf(options) };
  const settings = { chains, burnIn, steps, thin, start };
  const system = await loadSystem(path, { seed: options.seed, memoryLimit: memory });
  const run = { ...system, closure: MONTE_CARLO, steps, chains, thin } as const;
  if (options.observe) checkObservables(options.observe, run, "--observe");
  const profiles = Object.keys(system.profiles ?? {}) as ProfileName[];
  const usual = [...new Set<ObservableName>([...observableNames, ...profiles])].filter((name) => !UNASKED.has(name));
  const observe = options.observe ?? usual.filter((name) => !inapplicable(name, run));
  // C and D go into files, or into JSON as summaries.
  checkSizes(system, { ...options, correlations: false });
  const folder = out === undefined ? undefined : await OutputFolder.create(out, { replace });
  try {
    const executor = await openExecutor({ select: options.select, memoryLimit: memory });
    let outcome: Outcome;
    try {
      const { device } = executor;
      if (options.json) session.note(deviceLine(device));
      const { strategy, correlations = false } = options;
      const result = await sampleOne(executor, system, { ...settings, observe, strategy, correlations }, session);
      const verification = options.verify ? await verifyEnd(executor, system, result, options) : undefined;
      outcome = { path, system, settings, result, verification, device, version };
    } finally {
      executor.dispose();
    }
    if (folder && out !== undefined) {
      const arrays = arraysOf(outcome);
      for (const { name, shape, values } of arrays) {
        await writeNpy(await folder.path(`${name}.npy`), shape, values, "<f8");
      }
      await folder.write("result.json", `${resultJson(outcome)}\n`);
      const files = ["result.json", ...arrays.map(({ name }) => `${name}.npy`)];
      const { device } = outcome;
      const written = new Date().toISOString();
      await folder.commit({
        command,
        system: path,
        seed: system.seed,
        random: COUNTER_LAYOUT,
        version,
        device,
        written,
        files,
      });
    }
    session.print(options.json ? resultJson(outcome) : describeOutcome(outcome));
    if (out !== undefined) session.note(`written to ${out}`);
    if (outcome.verification?.pass === false) return EXIT.fault;
    return outcome.result.status === "completed" ? EXIT.done : EXIT.notConverged;
  } catch (error) {
    await folder?.abandon();
    throw error;
  }
}

/** @throws InputError if a closure is given options of chains */
export function refuseChainOptions(options: ChainCommandOptions): void {
  const [name] = Object.keys(chainOptionsOf(options));
  if (name === undefined) return;
  throw new InputError(flagOf(name), "it with a closure", `--closure ${MONTE_CARLO}`);
}

/** An option as it is typed. */
function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function chainOptionsOf({ chains, burnIn, thin, start }: ChainCommandOptions): ChainCommandOptions {
  return {
    ...(chains !== undefined && { chains }),
    ...(burnIn !== undefined && { burnIn }),
    ...(thin !== undefined && { thin }),
    ...(start !== undefined && { start }),
  };
}

async function sampleOne(
  executor: Executor,
  system: LoadedSystem,
  settings: Outcome["settings"] &
    Pick<RunCommandOptions, "strategy" | "correlations"> & { observe: readonly ObservableName[] },
  session: Session,
): Promise<MonteCarloResult> {
  const progress = openProgress(session, `${settings.chains} chains`);
  const identity = () => ({ seed: system.seed, point: 0, sample: system.sample });
  try {
    const results = await monteCarlo(executor, batchOf(system), { ...settings, identity, progress: progress.update });
    return results[0][0];
  } finally {
    progress.stop();
  }
}

/** What goes into files beside result.json. */
function arraysOf({ system, result }: Outcome): { name: string; shape: readonly number[]; values: Float64Array }[] {
  const shape = stateShape(system);
  const pairs = [system.heads, system.sites, system.sites];
  const { state, stateErrors, correlations } = result;
  return [
    { name: "magnetization", shape, values: state },
    { name: "magnetization-errors", shape, values: stateErrors },
    ...(correlations
      ? [
          { name: "correlations", shape: pairs, values: correlations.equalTime },
          { name: "correlations-standard-errors", shape: pairs, values: correlations.equalTimeErrors },
          { name: "delayed-correlations", shape: pairs, values: correlations.delayed },
          { name: "delayed-correlations-standard-errors", shape: pairs, values: correlations.delayedErrors },
        ]
      : []),
  ];
}

/** One more step of the first chain. */
function verifyEnd(
  executor: Executor,
  system: LoadedSystem,
  { spins, lastStep }: MonteCarloResult,
  { strategy }: Pick<RunCommandOptions, "strategy">,
): Promise<VerificationReport> {
  const identity = { seed: system.seed, point: 0, sample: system.sample };
  const at = { identity, step: lastStep + 1 };
  return verifySample(executor, { ...system, initial: spins }, at, {
    rows: VERIFIED_ROWS,
    seed: system.seed,
    strategy,
  });
}

/** One JSON object, a key a line; numbers that do not exist are null. */
function resultJson({ system, settings, result, verification, device, version }: Outcome): string {
  const { steps, ...chains } = settings;
  const shape = stateShape(system);
  const entries = {
    closure: MONTE_CARLO,
    steps,
    ...chains,
    status: result.status,
    iterations: result.lastStep,
    measurements: result.measurements,
    magnetization: nested(result.state, shape),
    magnetizationErrors: nested(result.stateErrors, shape),
    observables: result.observables,
    standardErrors: result.standardErrors,
    autocorrelation: result.autocorrelation,
    splitRhat: result.splitRhat,
    thermalisation: result.thermalisation,
    failedDraws: result.failedDraws,
    acceptance: result.acceptance,
    ...(result.correlations && correlationSummaries(result.correlations, system.sites)),
    strategy: result.strategy,
    device,
    seed: system.seed,
    version,
    ...(verification && { verification }),
  };
  const lines = Object.entries(entries).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  return `{\n${lines.join(",\n")}\n}`;
}

function describeOutcome({ path, system, settings, result, verification, device }: Outcome): string {
  const { chains, burnIn, thin, start } = settings;
  const { thermalisation, autocorrelation, splitRhat, failedDraws, acceptance, measurements } = result;
  const number = (value: number | undefined) =>
    value === undefined || Number.isNaN(value) ? "-" : value.toPrecision(3);
  const scores = Object.entries(thermalisation.zScores).map(([name, z]) => `z = ${z.toFixed(2)} of ${name}`);
  const lines = [
    labelled("system", `${path}: ${describeSystem(system)}`),
    labelled("closure", MONTE_CARLO),
    labelled("chains", `${chains}, start ${start}, ${burnIn} steps, then ${measurements} measurements every ${thin}`),
    deviceLine(device),
    labelled("strategy", describeStrategy(result.strategy)),
    labelled("seed", String(system.seed)),
    labelled("status", result.status),
    labelled("two starts", [thermalisation.verdict, ...scores].join(", ")),
    rhatLine(splitRhat),
    ...(Number.isNaN(acceptance)
      ? []
      : [labelled("draws", `${(100 * acceptance).toFixed(1)} % accepted, ${failedDraws} failed`)]),
    "",
    table([
      ["observable", "mean", "error", "autocorrelation"],
      ...Object.entries(result.observables).map(([name, value = NaN]) => [
        `${name}, ${observableOf(name as ObservableName).symbol}`,
        value.toPrecision(7),
        number(result.standardErrors[name as ObservableName]),
        name in autocorrelation ? `${number(autocorrelation[name as keyof typeof autocorrelation])} steps` : "",
      ]),
    ]),
  ];
  if (result.correlations) lines.push("", correlationTable(result.correlations, system.sites));
  if (verification) lines.push("", verificationTable(verification));
  return lines.join("\n");
}
