/** `onsager compare SYSTEM`: closures against the exact dynamics of one system, error against time. */
import { type Command, Option } from "commander";
import type { CouplingStrategy } from "../engine/coupling-strategy.js";
import { openExecutor } from "../engine/devices.js";
import { CHAIN_DEFAULTS, type ChainOptions } from "../engine/monte-carlo.js";
import { OutputFolder } from "../files/output-folder.js";
import { type ClosureName, closureNames } from "../physics/closures.js";
import { applicableClosures, compareClosures, type ComparisonOutcome } from "../sweep/compare/compare.js";
import { isEnumerable } from "../sweep/compare/exact-dynamics.js";
import { type LoadedSystem, loadSystem } from "../verify/load-system.js";
import { comparisonJson, comparisonText } from "./compare-text.js";
import { EXIT, isTooLarge } from "./exit-codes.js";
import { type Invocation, withDevice } from "./invocation.js";
import {
  deviceOption,
  type DeviceSelection,
  listOf,
  memoryOption,
  oneOf,
  seedOption,
  strategyOption,
  wholeNumber,
} from "./options.js";
import { openProgress, type Progress } from "./progress.js";
import type { Session } from "./session.js";
import { deviceLine } from "./text-layout.js";

export interface CompareCommandOptions {
  /** All that the spins have unless given. */
  readonly closures?: readonly ClosureName[];
  /** The stationary state unless given. */
  readonly steps?: number;
  readonly chains?: number;
  readonly burnIn?: number;
  readonly samples?: number;
  readonly thin?: number;
  readonly json?: boolean;
  readonly out?: string;
  readonly replace?: boolean;
  readonly strategy: CouplingStrategy;
  readonly select: string | undefined;
  readonly memory: number;
  readonly seed?: number;
  readonly version: string;
  /** The command as it was typed, for the manifest. */
  readonly command: string;
}

/** Steps that are measured in the stationary state, and chains; a single step is measured over more of them. */
const STATIONARY = { chains: 32, samples: 500 } as const;
const AFTER_STEPS = { chains: 256 } as const;

/** With fewer the two starts cannot be told apart, nor have errors an error. */
const FEWEST_CHAINS = 4;

export function addCompare(program: Command, invocation: Invocation): void {
  type Parsed = Omit<CompareCommandOptions, "select" | "version" | "command"> & DeviceSelection;
  const stationary = (flags: string, description: string, least: number) =>
    new Option(flags, description).argParser(wholeNumber(least)).conflicts("steps");
  program
    .command("compare")
    .description("Compare closures with the exact dynamics of one system: errors with error bars, time, convergence.")
    .argument("<system>", "YAML or JSON file; paths of arrays in it are relative to it")
    .addOption(
      new Option("--closures <list>", "closures, separated by commas\n(default: all that the spins have)").argParser(
        listOf(oneOf(closureNames)),
      ),
    )
    .addOption(new Option("--steps <K>", "compare after K steps from m(0)").argParser(wholeNumber(1)))
    .addOption(new Option("--steady", "compare the steady states (default)").conflicts("steps"))
    .addOption(
      new Option(
        "--chains <count>",
        `independent chains (default: ${STATIONARY.chains}, or ${AFTER_STEPS.chains}\nwith --steps)`,
      ).argParser(wholeNumber(FEWEST_CHAINS)),
    )
    .addOption(stationary("--burn-in <B>", `steps before the first measurement (default: ${CHAIN_DEFAULTS.burnIn})`, 0))
    .addOption(stationary("--samples <T>", `steps after that (default: ${STATIONARY.samples})`, 1))
    .addOption(stationary("--thin <k>", `of which every k-th is measured (default: ${CHAIN_DEFAULTS.thin})`, 1))
    .addOption(strategyOption())
    .option("--json", "print one JSON object")
    .option("--out <folder>", "write comparison.json, comparison.csv and plots/")
    .option("--replace", "let --out replace results of an earlier run")
    .addOption(seedOption("in place of the seed of the system"))
    .addOption(deviceOption())
    .addOption(memoryOption())
    .addHelpText(
      "after",
      "\nUp to 16 binary spins are enumerated, and larger systems sampled by chains.\n" +
        "\nExample:\n  onsager compare system.yaml --closures naive,tap --out out/comparison",
    )
    .action((path: string, options: Parsed) =>
      withDevice(invocation, options, (select) => {
        const { session, version, command } = invocation;
        return compareCommand(path, { ...options, select, version, command }, session);
      }),
    );
}

/** @returns the exit code: 3 if the exact dynamics is not to be trusted */
export async function compareCommand(path: string, options: CompareCommandOptions, session: Session): Promise<number> {
  const { out, replace = false, json, memory, version, command, steps } = options;
  const system = await loadSystem(path, { seed: options.seed, memoryLimit: memory });
  const plan = { closures: options.closures ?? applicableClosures(system.spins), steps, chains: chainsOf(options) };
  const folder = out === undefined ? undefined : await OutputFolder.create(out, { replace });
  try {
    noteWhatIsUnused(system, options, session);
    const outcome = await measure(system, plan, options, session);
    const text = comparisonJson({ path, system, outcome, version });
    if (folder !== undefined) {
      // Drawing takes a second to load.
      const { writeComparison } = await import("../sweep/compare/write.js");
      await writeComparison(folder, outcome, text, { version, command, system: path, seed: system.seed });
    }
    session.print(json ? text : comparisonText({ path, system, outcome }));
    if (out !== undefined) session.note(`written to ${out}`);
    return outcome.exact.status === "completed" ? EXIT.done : EXIT.notConverged;
  } catch (error) {
    await folder?.abandon();
    throw error;
  }
}

function chainsOf({ steps, chains, burnIn, samples, thin }: CompareCommandOptions): ChainOptions {
  if (steps !== undefined) {
    return { chains: chains ?? AFTER_STEPS.chains, burnIn: steps - 1, steps: 1, thin: 1, start: "given" };
  }
  return {
    chains: chains ?? STATIONARY.chains,
    burnIn: burnIn ?? CHAIN_DEFAULTS.burnIn,
    steps: samples ?? STATIONARY.samples,
    thin: thin ?? CHAIN_DEFAULTS.thin,
    start: "both",
  };
}

function noteWhatIsUnused(system: LoadedSystem, options: CompareCommandOptions, session: Session): void {
  const { chains, burnIn, samples, thin } = options;
  if (isEnumerable(system) && [chains, burnIn, samples, thin].some((value) => value !== undefined)) {
    session.note(`onsager: ${system.sites} binary spins are enumerated, so options of chains change nothing`);
  }
  if ([system.field, system.initial].every((array) => array.every((value) => value === 0))) {
    session.note("onsager: field and start are zero, where every closure stays: give initial, or a field");
  }
}

async function measure(
  system: LoadedSystem,
  plan: Parameters<typeof compareClosures>[2],
  { select, memory: memoryLimit, strategy, json }: CompareCommandOptions,
  session: Session,
): Promise<ComparisonOutcome> {
  const executor = await openExecutor({ select, memoryLimit });
  let progress: Progress | undefined;
  const begin = (part: string) => {
    progress?.stop();
    progress = openProgress(session, part);
    return progress.update;
  };
  try {
    if (json) session.note(deviceLine(executor.device));
    return await compareClosures(executor, system, plan, { strategy, isTooLarge, begin });
  } finally {
    progress?.stop();
    executor.dispose();
  }
}
