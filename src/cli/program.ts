/** The command line: what can be typed, and what is called for it. */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { CHAIN_STARTS } from "../engine/chains.js";
import { fusedKernels } from "../kernels/strategies.js";
import { type MethodName, MONTE_CARLO, methodNames } from "../physics/closures.js";
import { type ObservableName, observableNames, speciesObserved } from "../physics/observables.js";
import { maskAddresses } from "../sweep/fleet/queue-address.js";
import { oracleSizes } from "../verify/oracles/bench.js";
import { theoryNames } from "../physics/theory/theories.js";
import { benchLayersCommand, benchLayersOptions, type BenchLayersOptions } from "./bench-layers.js";
import { addCluster } from "./cluster.js";
import { addCompare } from "./compare.js";
import { devicesCommand } from "./devices.js";
import { EXIT, explainFailure } from "./exit-codes.js";
import { addShard, addWorker } from "./fleet-program.js";
import { type Invocation, withDevice } from "./invocation.js";
import {
  closureOption,
  deviceOption,
  listOf,
  type DeviceSelection,
  memoryOption,
  numberWithin,
  precisionOption,
  seedOption,
  strategyOption,
  wholeNumber,
} from "./options.js";
import { moduleCommand, type ModuleCommandOptions } from "./module.js";
import { oracleCommand, type OracleCommandOptions } from "./oracle.js";
import { retrieveCommand, type RetrieveCommandOptions } from "./retrieve.js";
import { runCommand, type RunCommandOptions } from "./run.js";
import { type ChainCommandOptions, refuseChainOptions, runChainsCommand } from "./run-chains.js";
import type { Session } from "./session.js";
import { addSweepCommands } from "./sweep-program.js";
import { theoryCommand, type TheoryCommandOptions } from "./theory.js";
import { tuneCommand, type TuneCommandOptions } from "./tune.js";
import { verifyCommand, type VerifyCommandOptions } from "./verify.js";
import { packageVersion } from "./version.js";

/** Runs one command line and returns its exit code. Never throws. */
export async function runCli(words: readonly string[], session: Session): Promise<number> {
  const invocation: Invocation = {
    session,
    version: packageVersion(),
    command: maskAddresses(["onsager", ...words].join(" ")),
    code: EXIT.done,
  };
  try {
    await createProgram(invocation).parseAsync([...words], { from: "user" });
    return invocation.code;
  } catch (error) {
    const { code, message } = explainFailure(error);
    if (message !== "") session.note(`onsager: ${message}`);
    if (process.env.ONSAGER_DEBUG && error instanceof Error && !(error instanceof CommanderError)) {
      session.note(error.stack ?? "");
    }
    return code;
  }
}

function createProgram(invocation: Invocation): Command {
  const { session, version } = invocation;
  const program = new Command("onsager")
    .description(
      "Mean-field dynamics of spin systems and transformers on WebGPU,\nevery number checked against float64.",
    )
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => session.print(text.trimEnd()),
      writeErr: (text) => session.note(text.trimEnd()),
      outputError: (text, write) =>
        write(
          `onsager: ${text
            .replace(/^error: /, "")
            .replace(/\s*\n\s*/g, " ")
            .trim()}`,
        ),
      getOutHelpWidth: () => 80,
      getErrHelpWidth: () => 80,
    })
    .addHelpText(
      "after",
      "\nExit codes: 0 done, 1 a failed check or a fault, 2 bad input or command line,\n3 not converged.",
    );
  addRun(program, invocation);
  addCompare(program, invocation);
  addSweepCommands(program, invocation);
  addWorker(program, invocation);
  addShard(program, invocation);
  addRetrieve(program, invocation);
  addVerify(program, invocation);
  addModule(program, invocation);
  addCluster(program, invocation);
  addOracle(program, invocation);
  addTheory(program, invocation);
  addDevices(program, invocation);
  addTune(program, invocation);
  addBench(program, invocation);
  return program;
}

function addRun(program: Command, invocation: Invocation): void {
  type Parsed = Omit<RunCommandOptions, "select" | "version" | "command" | "closure"> &
    ChainCommandOptions &
    DeviceSelection & { readonly closure: MethodName };
  program
    .command("run")
    .description("Run one system: K steps of the dynamics, or its steady state (the default).")
    .argument("<system>", "YAML or JSON file; paths of arrays in it are relative to it")
    .addOption(closureOption("naive", methodNames))
    .addOption(new Option("--steps <K>", "steps of the dynamics").argParser(wholeNumber(1)))
    .addOption(new Option("--steady", "the fixed point m = f(m, m) (default)").conflicts("steps"))
    .addOption(
      new Option("--damping <w>", "w in m <- m + w (f(m) - m), steady state only")
        .argParser(numberWithin((w) => w > 0 && w <= 1, "a number above 0, at most 1"))
        .conflicts("steps"),
    )
    .addOption(
      new Option("--max-iterations <n>", "give up after n, steady state only")
        .argParser(wholeNumber(1))
        .conflicts("steps"),
    )
    .addOption(new Option("--chains <count>", `independent chains, ${MONTE_CARLO} only`).argParser(wholeNumber(1)))
    .addOption(
      new Option("--burn-in <B>", `steps before the first measurement, ${MONTE_CARLO} only`).argParser(wholeNumber(0)),
    )
    .addOption(new Option("--thin <k>", `measure every k-th step, ${MONTE_CARLO} only`).argParser(wholeNumber(1)))
    .addOption(new Option("--start <name>", `of the chains, ${MONTE_CARLO} only`).choices(CHAIN_STARTS))
    .option("--trajectory", "keep the state after every step, with --steps")
    .option("--couplings", "give J out too, [head][N][N]")
    .option(
      "--correlations",
      `give C and D too, [head][N][N]: of the last step, or ${MONTE_CARLO} averages with errors`,
    )
    .option("--verify", "check a step from the final state against float64")
    .addOption(
      new Option(
        "--observe <list>",
        `observables, separated by commas:\n${observableNames.join(", ")},\nmagnetization:SPECIES`,
      ).argParser(parseObservables),
    )
    .addOption(
      new Option("--remove-sites <list>", "run without these too, and report what changes").argParser(
        listOf(wholeNumber(0)),
      ),
    )
    .addOption(
      new Option("--remove-heads <list>", "the same with heads")
        .argParser(listOf(wholeNumber(0)))
        .conflicts("removeSites"),
    )
    .addOption(strategyOption())
    .addOption(precisionOption())
    .option("--json", "print one JSON object")
    .option("--out <folder>", "write result.json and the arrays as .npy files")
    .option("--replace", "let --out replace results of an earlier run")
    .addOption(seedOption("in place of the seed of the system"))
    .addOption(deviceOption())
    .addOption(memoryOption())
    .addHelpText("after", "\nExample:\n  onsager run system.yaml --closure tap --steps 10 --trajectory --json")
    .action((path: string, { closure, ...options }: Parsed) =>
      withDevice(invocation, options, (select) => {
        const { session, version, command } = invocation;
        const all = { ...options, select, version, command };
        if (closure === MONTE_CARLO) return runChainsCommand(path, all, session);
        refuseChainOptions(options);
        return runCommand(path, { ...all, closure }, session);
      }),
    );
}

function addRetrieve(program: Command, invocation: Invocation): void {
  type Parsed = Omit<RetrieveCommandOptions, "select" | "version"> & DeviceSelection;
  program
    .command("retrieve")
    .description("Retrieve from a softmax memory (modern Hopfield network).")
    .argument("<memory>", "YAML or JSON file: patterns, states, scale")
    .addOption(new Option("--steps <K>", "steps at most").argParser(wholeNumber(1)).default(100))
    .option("--json", "print one JSON object")
    .addOption(deviceOption())
    .addOption(memoryOption())
    .action((path: string, options: Parsed) =>
      withDevice(invocation, options, (select) => {
        const { session, version } = invocation;
        return retrieveCommand(path, { ...options, select, version }, session);
      }),
    );
}

function addVerify(program: Command, invocation: Invocation): void {
  type Parsed = Omit<VerifyCommandOptions, "select" | "version" | "typed"> & DeviceSelection;
  program
    .command("verify")
    .description(
      "Check one step of a system, m(0) to m(1), against float64 on random rows; or a finished sweep: its files, and some of its blocks once more.",
    )
    .argument("[system]", "YAML or JSON file, unless --attention is given; or the folder\nof a sweep")
    .addOption(
      new Option(
        "--share <share>",
        "of the blocks of a sweep that are computed again\n(default: 0.02, one a closure at least)",
      ).argParser(numberWithin((value) => value >= 0 && value <= 1, "a number from 0 to 1")),
    )
    .option("--attention", "softmax attention with random queries and keys")
    .addOption(new Option("--n <N>", "sites of --attention").argParser(wholeNumber(1)))
    .addOption(new Option("--d <D>", "dimension of spins, queries and keys of --attention").argParser(wholeNumber(1)))
    .option("--causal", "with --attention: keys j <= i only")
    .addOption(
      new Option("--scale <x>", "with --attention: scale of the scores\n(default: 1/sqrt(D))").argParser(
        numberWithin(() => true, "a number"),
      ),
    )
    .addOption(closureOption("onsager"))
    .addOption(new Option("--rows <count>", "rows to recompute").argParser(wholeNumber(1)).default(64))
    .addOption(strategyOption())
    .addOption(precisionOption())
    .option("--against <file.npy>", "check your own m(1), N x (heads D), instead")
    .addOption(seedOption("chooses rows or blocks, and draws the arrays of --attention"))
    .option("--json", "print one JSON object")
    .addOption(deviceOption())
    .addOption(memoryOption())
    .addHelpText(
      "after",
      "\nThe check passes if its error is at most twice that of plain loops in the same\nprecision, plus 1e-7. Of a sweep, exits with 1 if anything fails, with 3 if\nblocks are missing.\n" +
        "\nExamples:\n  onsager verify --attention --n 8192 --d 64" +
        "\n  onsager verify system.yaml --closure tap --against mine.npy" +
        "\n  onsager verify out/asymmetric-sk --share 0.1",
    )
    .action((path: string | undefined, options: Parsed, command: Command) =>
      withDevice(invocation, options, (select) => {
        const { session, version } = invocation;
        const isTyped = (option: Option) => command.getOptionValueSource(option.attributeName()) === "cli";
        const typed = command.options.filter(isTyped).map(({ long }) => long ?? "");
        return verifyCommand(path, { ...options, select, version, typed }, session);
      }),
    );
}

function addModule(program: Command, invocation: Invocation): void {
  type Parsed = Omit<ModuleCommandOptions, "select" | "version" | "command"> & DeviceSelection;
  program
    .command("module")
    .description("Tokens through the layers of a spin transformer (Bal 2023, 2026).")
    .argument("<module>", "YAML or JSON file; paths of arrays in it are relative to it")
    .addOption(
      new Option("--observe <list>", "observables of every layer, separated by commas").argParser(parseObservables),
    )
    .addOption(strategyOption())
    .addOption(precisionOption())
    .option("--json", "print one JSON object")
    .option("--out <folder>", "write result.json and layers.npy, [layer][N][W]")
    .option("--replace", "let --out replace results of an earlier run")
    .addOption(deviceOption())
    .addOption(memoryOption())
    .addHelpText("after", "\nExample:\n  onsager module examples/spin-transformer.yaml --observe overlap,entropy")
    .action((path: string, options: Parsed) =>
      withDevice(invocation, options, (select) => {
        const { session, version, command } = invocation;
        return moduleCommand(path, { ...options, select, version, command }, session);
      }),
    );
}

function addOracle(program: Command, invocation: Invocation): void {
  type Parsed = Omit<OracleCommandOptions, "select"> & DeviceSelection;
  program
    .command("oracle")
    .description("Run the built-in exact results: expected, got, tolerance, verdict.")
    .argument("[name]", "one oracle, as in B4, or all of a letter; all without it")
    .addOption(
      new Option("--size <size>", "of large-N oracles; large ones want a GPU").choices(oracleSizes).default("small"),
    )
    .option("--json", "print an array of { name, expected, got, tolerance, pass }")
    .addOption(deviceOption())
    .addOption(memoryOption())
    .addHelpText("after", "\nExits with 1 if a check fails.\n\nExample:\n  onsager oracle B --device swiftshader")
    .action((name: string | undefined, options: Parsed) =>
      withDevice(invocation, options, (select) => oracleCommand(name, { ...options, select }, invocation.session)),
    );
}

function addTune(program: Command, invocation: Invocation): void {
  type Parsed = Pick<TuneCommandOptions, "kernel" | "json"> & Pick<DeviceSelection, "device">;
  program
    .command("tune")
    .description("Find the fastest tiles of the fused kernels on this GPU; later runs use them.")
    .addOption(new Option("--kernel <name>", "only this kernel").choices(fusedKernels))
    .option("--json", "print one JSON object, with every candidate and its time")
    .addOption(deviceOption())
    .addHelpText(
      "after",
      "\nTakes minutes. Winners are checked against float64 and kept in the user's cache\n" +
        "folder; software adapters have a fixed table. Delete the file to go back.\n" +
        "\nExample:\n  onsager tune --kernel attention-field-sphere",
    )
    .action((options: Parsed) =>
      withDevice(invocation, options, (select) => {
        const { session, version } = invocation;
        return tuneCommand({ ...options, select, version }, session);
      }),
    );
}

function addTheory(program: Command, invocation: Invocation): void {
  program
    .command("theory")
    .description("Compute a theory curve at one point, or list the theories with their parameters.")
    .argument("[name]", theoryNames.join(", "))
    .option("--set <key=value...>", "parameters; whatever follows from them is printed")
    .option("--json", "print one JSON object, with null for what is infinite")
    .addHelpText(
      "after",
      "\nExamples:\n  onsager theory" +
        "\n  onsager theory asymmetric-sk --set dJ=0.1 fieldHalfWidth=0.5" +
        "\n  onsager theory sk-rs --set T=0.5 --set field=0.2 --json",
    )
    .action((name: string | undefined, options: TheoryCommandOptions) => {
      invocation.code = theoryCommand(name, options, invocation.session);
    });
}

function addDevices(program: Command, invocation: Invocation): void {
  program
    .command("devices")
    .description("List every device and driver that was looked for, and which one is chosen.")
    .option("--json", "print one JSON object, with all features and limits")
    .addOption(deviceOption())
    .addHelpText("after", "\nExample:\n  onsager devices --device swiftshader")
    .action((options: Pick<DeviceSelection, "device"> & { readonly json?: boolean }) =>
      withDevice(invocation, options, async (select) => {
        const { session, version } = invocation;
        await devicesCommand({ select, json: options.json ?? false, version }, session);
        return EXIT.done;
      }),
    );
}

function addBench(program: Command, invocation: Invocation): void {
  type Parsed = Omit<BenchLayersOptions, "select" | "version" | "command"> & DeviceSelection;
  const bench = program
    .command("bench")
    .description("Measure speed. Nothing is timed that fails its float64 check.")
    .addHelpText("after", "\nExample:\n  onsager bench layers");
  const layers = bench
    .command("layers")
    .description(
      "Layer as time step: steps per second of sphere spins with softmax attention\n" +
        "against N, and the exponents of N and d in the time of a step.",
    );
  for (const option of benchLayersOptions()) layers.addOption(option);
  layers
    .addOption(strategyOption())
    .addOption(deviceOption())
    .addOption(memoryOption())
    .addHelpText(
      "after",
      "\nOne list at a time is varied around the first entries of the others.\n" +
        "\nExample:\n  onsager bench layers --n 1024,4096,16384 --d 64,128 --out out/layers",
    )
    .action((options: Parsed) =>
      withDevice(invocation, options, (select) => {
        const { session, version, command } = invocation;
        return benchLayersCommand({ ...options, select, version, command }, session);
      }),
    );
}

function parseObservables(text: string): ObservableName[] {
  const names = text.split(",").map((name) => name.trim());
  const known: readonly string[] = observableNames;
  const unknown = names.find((name) => !known.includes(name) && speciesObserved(name) === undefined);
  if (unknown === undefined) return names as ObservableName[];
  throw new InvalidArgumentError(`Expected names out of ${observableNames.join(", ")}, magnetization:SPECIES.`);
}
