/** What can be typed about more than one GPU or machine. */
import { type Command, Option } from "commander";
import { DEFAULT_PATIENCE } from "./computing.js";
import { type Invocation, withDevice } from "./invocation.js";
import { deviceOption, type DeviceSelection, memoryOption, numberWithin, wholeNumber } from "./options.js";
import { shardCommand, type ShardCommandOptions } from "./shard.js";
import { workerCommand, type WorkerCommandOptions } from "./worker.js";

/** Silence of a worker after which its block is computed elsewhere. */
const DEFAULT_TAKEOVER = 30;

const seconds = numberWithin((value) => value > 0, "a number of seconds above 0");

const patienceOption = () =>
  new Option("--patience <seconds>", "how long to wait for a queue that is away").argParser(seconds);

/** Options of sweep: who computes. */
export function fleetOptions(): Option[] {
  return [
    new Option("--workers <count>", "processes that compute, each with its own --memory").argParser(wholeNumber(1)),
    new Option("--queue <url>", "leave the computing to its workers; see worker").conflicts("workers"),
    patienceOption(),
  ];
}

export function addWorker(program: Command, invocation: Invocation): void {
  type Parsed = Omit<WorkerCommandOptions, "select" | "version"> & DeviceSelection;
  program
    .command("worker")
    .description("Compute the blocks that sweeps put into a queue (Redis or Valkey), until Ctrl-C.")
    .requiredOption("--queue <url>", "redis://[user:password@]host[:port][/database],\nor rediss:// with TLS")
    .addOption(patienceOption().default(DEFAULT_PATIENCE))
    .addOption(
      new Option("--takeover <seconds>", "silence after which others take a block over")
        .argParser(seconds)
        .default(DEFAULT_TAKEOVER),
    )
    .addOption(deviceOption())
    .addOption(memoryOption())
    .addHelpText(
      "after",
      "\nONSAGER_QUEUE_PASSWORD keeps the password off the command line.\n" +
        "\nExample, on each machine, and anywhere:\n  onsager worker --queue redis://queue.lab:6379" +
        "\n  onsager sweep spec.yaml --out out/spec --queue redis://queue.lab:6379",
    )
    .action((options: Parsed) =>
      withDevice(invocation, options, (select) => {
        const { session, version } = invocation;
        return workerCommand({ ...options, select, version }, session);
      }),
    );
}

export function addShard(program: Command, invocation: Invocation): void {
  program
    .command("shard")
    .description("Write a Slurm job array that computes a sweep in parts.")
    .argument("<spec>", "YAML or JSON file; it and the arrays it names are copied")
    .requiredOption("--count <n>", "parts", wholeNumber(1))
    .requiredOption("--out <folder>", "where the script, and later the parts, go")
    .addOption(
      new Option("--blocks <count>", "cut the work into so many blocks\n(default: 8 a part)").argParser(wholeNumber(1)),
    )
    .addHelpText(
      "after",
      "\nExample:\n  onsager shard spec.yaml --count 16 --out out/parts\n  sbatch out/parts/array.sh" +
        "\n  onsager merge out/parts/shard-* --out out/parts/merged",
    )
    .action(async (path: string, options: ShardCommandOptions) => {
      invocation.code = await shardCommand(path, options, invocation.session);
    });
}
