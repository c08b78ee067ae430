/** The commands around sweeps: what can be typed, and what is called for it. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { fleetOptions } from "./fleet-program.js";
import { type Invocation, withDevice } from "./invocation.js";
import { mergeCommand } from "./merge.js";
import {
  deviceOption,
  type DeviceSelection,
  memoryOption,
  numberWithin,
  precisionOption,
  strategyOption,
  wholeNumber,
} from "./options.js";
import { planCommand, type PlanCommandOptions } from "./plan.js";
import { reportCommand } from "./report.js";
import { schemaCommand, schemaNames } from "./schema.js";
import { statusCommand } from "./status.js";
import { sweepCommand, type SweepCommandOptions } from "./sweep.js";

export function addSweepCommands(program: Command, invocation: Invocation): void {
  addSweep(program, invocation);
  addPlan(program, invocation);
  addSchema(program, invocation);
  addStatus(program, invocation);
  addMerge(program, invocation);
  addReport(program, invocation);
}

function addSweep(program: Command, invocation: Invocation): void {
  type Parsed = Omit<SweepCommandOptions, "select" | "version" | "command"> & DeviceSelection;
  const share = numberWithin((value) => value >= 0 && value <= 1, "a number from 0 to 1");
  const command = program
    .command("sweep")
    .description("Run a specification over its axes into a folder of tables and figures, block by block.")
    .argument("<spec>", "YAML or JSON file")
    .requiredOption("--out <folder>", "where the results go")
    .option("--resume", "go on with a folder: blocks that are finished stay")
    .addOption(new Option("--replace", "start anew over results of an earlier run").conflicts("resume"))
    .addOption(
      new Option("--verify <share>", "of the blocks that are checked in float64\n(default: 0.02)").argParser(share),
    )
    .addOption(
      new Option(
        "--blocks <count>",
        "cut the work into so many blocks at least\n(default: as suits the device)",
      ).argParser(wholeNumber(1)),
    )
    .addOption(new Option("--shard <k/n>", "part k of n only, k from 0; see shard").argParser(parseShard))
    .addOption(strategyOption())
    .addOption(precisionOption())
    .addOption(deviceOption())
    .addOption(memoryOption())
    .addHelpText(
      "after",
      "\nExamples:\n  onsager sweep examples/quickstart.yaml --out out/quickstart" +
        "\n  onsager sweep examples/quickstart.yaml --out out/quickstart --resume",
    )
    .action((path: string, options: Parsed) =>
      withDevice(invocation, options, (select) => {
        const { session, version, command } = invocation;
        return sweepCommand(path, { ...options, select, version, command }, session);
      }),
    );
  for (const option of fleetOptions()) command.addOption(option);
}

function parseShard(text: string): { index: number; count: number } {
  const [index, count] = /^(\d+)\/(\d+)$/.exec(text)?.slice(1).map(Number) ?? [];
  if (count >= 1 && index < count) return { index, count };
  throw new InvalidArgumentError("Expected k/n with k from 0 to n - 1, such as 0/4.");
}

function addPlan(program: Command, invocation: Invocation): void {
  type Parsed = Omit<PlanCommandOptions, "select"> & DeviceSelection;
  program
    .command("plan")
    .description(
      "Say what a sweep will take, without running it: points, blocks, operations, memory and an estimate of the time.",
    )
    .argument("<spec>", "YAML or JSON file")
    .addOption(new Option("--blocks <count>", "as of sweep").argParser(wholeNumber(1)))
    .option("--json", "print one JSON array, an object a sweep")
    .addOption(deviceOption())
    .addOption(memoryOption())
    .addHelpText("after", "\nExample:\n  onsager plan examples/quickstart.yaml")
    .action((path: string, options: Parsed) =>
      withDevice(invocation, options, (select) => planCommand(path, { ...options, select }, invocation.session)),
    );
}

function addSchema(program: Command, { session }: Invocation): void {
  program
    .command("schema")
    .description("Print the JSON Schema of a file, for editors that complete and check YAML.")
    .argument("[name]", schemaNames.join(" or "), "sweep")
    .addHelpText(
      "after",
      "\nExample, with the YAML extension of an editor:\n  onsager schema > sweep.schema.json" +
        "\n  # yaml-language-server: $schema=sweep.schema.json   (first line of a spec)",
    )
    .action((name: string) => schemaCommand(name, session));
}

function addStatus(program: Command, invocation: Invocation): void {
  program
    .command("status")
    .description("Say how far a sweep is, and whether its files are whole.")
    .argument("<folder>", "that a sweep writes, or that holds several")
    .option("--json", "print one JSON array, an object a sweep")
    .addHelpText(
      "after",
      "\nExits with 0 if it is finished, with 3 if blocks are missing.\n\nExample:\n  onsager status out/quickstart",
    )
    .action(async (path: string, options: { readonly json?: boolean }) => {
      invocation.code = await statusCommand(path, options, invocation.session);
    });
}

function addMerge(program: Command, invocation: Invocation): void {
  program
    .command("merge")
    .description("Put partial runs of the same specification together.")
    .argument("<folders...>", "of sweeps: parts of shard, or copies that were gone on with apart")
    .requiredOption("--out <folder>", "where all blocks go, with tables and figures if none is missing")
    .addHelpText(
      "after",
      "\nBlocks that stand in two folders are taken once; if their numbers differ, they\nhave to be of different adapters." +
        "\n\nExample:\n  onsager merge out/part-0 out/part-1 --out out/merged",
    )
    .action(async (folders: string[], { out }: { readonly out: string }) => {
      const { version, command, session } = invocation;
      invocation.code = await mergeCommand(folders, { out, version, command }, session);
    });
}

function addReport(program: Command, invocation: Invocation): void {
  program
    .command("report")
    .description("Make tables, figures and report.html of a sweep again, or of what there is of it.")
    .argument("<folder>", "that a sweep has written, or that holds several")
    .addHelpText("after", "\nExample:\n  onsager report out/quickstart/asymmetric-sk")
    .action(async (path: string) => {
      invocation.code = await reportCommand(path, invocation.session);
    });
}
