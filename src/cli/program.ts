/** The command line: what can be typed, and what is called for it. */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { type ObservableName, observableNames } from "../physics/observables.js";
import { devicesCommand } from "./devices.js";
import { EXIT, explainFailure } from "./exit-codes.js";
import {
  closureOption,
  deviceOption,
  type DeviceSelection,
  LIST_DEVICES,
  memoryOption,
  numberWithin,
  seedOption,
  selectedDevice,
  wholeNumber,
} from "./options.js";
import { openProgress } from "./progress.js";
import { runCommand, type RunCommandOptions } from "./run.js";
import type { Session } from "./session.js";
import { sweepCommand } from "./sweep.js";
import { verifyCommand, type VerifyCommandOptions } from "./verify.js";
import { packageVersion } from "./version.js";

/** Runs one command line and returns its exit code. Never throws. */
export async function runCli(words: readonly string[], session: Session): Promise<number> {
  const invocation: Invocation = {
    session,
    version: packageVersion(),
    command: ["onsager", ...words].join(" "),
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

interface Invocation {
  readonly session: Session;
  readonly version: string;
  /** What was typed. */
  readonly command: string;
  code: number;
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
  addSweep(program, invocation);
  addVerify(program, invocation);
  addDevices(program, invocation);
  return program;
}

/** Calls `command` with the device that was chosen, or lists the devices if that was asked for. */
async function withDevice(
  invocation: Invocation,
  options: Pick<DeviceSelection, "device"> & { readonly json?: boolean },
  command: (select: string | undefined) => Promise<number>,
): Promise<void> {
  const { session, version } = invocation;
  const select = selectedDevice(options);
  if (select?.toLowerCase() === LIST_DEVICES) {
    await devicesCommand({ select: undefined, json: options.json ?? false, version }, session);
  } else {
    invocation.code = await command(select);
  }
}

function addRun(program: Command, invocation: Invocation): void {
  type Parsed = Omit<RunCommandOptions, "select" | "version" | "command"> & DeviceSelection;
  program
    .command("run")
    .description("Run one system: K steps of the dynamics, or its steady state (the default).")
    .argument("<system>", "YAML or JSON file; paths of arrays in it are relative to it")
    .addOption(closureOption("naive"))
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
    .option("--trajectory", "keep the state after every step, with --steps")
    .option("--couplings", "give J out too, [head][N][N]")
    .option("--verify", "check a step from the final state against float64")
    .addOption(
      new Option("--observe <list>", `observables, separated by commas:\n${observableNames.join(", ")}`).argParser(
        parseObservables,
      ),
    )
    .option("--json", "print one JSON object")
    .option("--out <folder>", "write result.json and the arrays as .npy files")
    .option("--replace", "let --out replace results of an earlier run")
    .addOption(seedOption("in place of the seed of the system"))
    .addOption(deviceOption())
    .addOption(memoryOption())
    .addHelpText("after", "\nExample:\n  onsager run system.yaml --closure tap --steps 10 --trajectory --json")
    .action((path: string, options: Parsed) =>
      withDevice(invocation, options, (select) => {
        const { session, version, command } = invocation;
        return runCommand(path, { ...options, select, version, command }, session);
      }),
    );
}

function addSweep(program: Command, invocation: Invocation): void {
  program
    .command("sweep")
    .description("Run a specification over its axes and write tables, figures and a manifest.")
    .argument("<spec>", "YAML or JSON file")
    .requiredOption("--out <folder>", "where results.csv, summary.csv, manifest.json and plots/ go")
    .option("--replace", "let --out replace results of an earlier run")
    .addOption(deviceOption())
    .addOption(memoryOption())
    .addHelpText("after", "\nExample:\n  onsager sweep examples/quickstart.yaml --out out/quickstart")
    .action((path: string, options: DeviceSelection & { readonly out: string; readonly replace?: boolean }) =>
      withDevice(invocation, options, (select) => {
        const { session, version, command } = invocation;
        return sweepCommand(path, {
          out: options.out,
          replace: options.replace ?? false,
          select,
          memoryLimit: options.memory,
          version,
          command,
          print: session.print,
          openProgress: (title) => openProgress(session, title),
        });
      }),
    );
}

function addVerify(program: Command, invocation: Invocation): void {
  type Parsed = Omit<VerifyCommandOptions, "select" | "version"> & DeviceSelection;
  program
    .command("verify")
    .description("Check one step of a system, m(0) to m(1), against float64 on random rows.")
    .argument("[system]", "YAML or JSON file, unless --attention is given")
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
    .option("--against <file.npy>", "check your own m(1), N x (heads D), instead")
    .addOption(seedOption("chooses the rows, and draws the arrays of --attention"))
    .option("--json", "print one JSON object")
    .addOption(deviceOption())
    .addOption(memoryOption())
    .addHelpText(
      "after",
      "\nThe check passes if its error is at most twice that of plain f32 loops, plus\n1e-7.\n" +
        "\nExamples:\n  onsager verify --attention --n 8192 --d 64" +
        "\n  onsager verify system.yaml --closure tap --against mine.npy",
    )
    .action((path: string | undefined, options: Parsed) =>
      withDevice(invocation, options, (select) => {
        const { session, version } = invocation;
        return verifyCommand(path, { ...options, select, version }, session);
      }),
    );
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

function parseObservables(text: string): ObservableName[] {
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !observableNames.includes(name as ObservableName));
  if (unknown === undefined) return names as ObservableName[];
  throw new InvalidArgumentError(`Expected names out of ${observableNames.join(", ")}.`);
}
