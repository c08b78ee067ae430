/** `npm run bench`: measures the suites on one adapter, prints Markdown, writes JSON. */
import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { EXIT, explainFailure } from "../src/cli/exit-codes.js";
import { openExecutor } from "../src/engine/devices.js";
import { writeFileAtomically } from "../src/files/atomic-file.js";
import { type BenchAdapter, chooseAdapter } from "./adapter.js";
import { measureCeilings } from "./ceilings.js";
import { describeEnvironment, environmentText } from "./environment.js";
import { runGpu } from "./gpu.js";
import { installPeers } from "./peer-packages.js";
import { runPeers } from "./peers.js";
import type { Row, SuiteOutcome } from "./rows.js";
import { runSteps } from "./steps.js";

const SUITES = ["steps", "peers", "gpu"] as const;
type SuiteName = (typeof SUITES)[number];
interface Options {
  readonly suite?: readonly SuiteName[];
  readonly json?: string;
  readonly n?: readonly number[];
}

/** Asked for something that this machine is not for: the message says it all. */
class Refusal extends Error {}

const say = (line: string) => console.error(`bench: ${line}`);
process.exitCode = await main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<number> {
  try {
    return await measure(parse(words));
  } catch (error) {
    if (process.env.ONSAGER_DEBUG && !(error instanceof CommanderError)) console.error(error);
    const { code, message } = explainFailure(error);
    if (error instanceof Refusal) say(error.message);
    else if (message !== "") say(message);
    return error instanceof Refusal ? EXIT.badInput : code;
  }
}

function parse(words: readonly string[]): Options {
  const program = new Command("npm run bench --")
    .description("Measures Onsager, and what else computes the same, on one adapter.")
    .addOption(
      new Option("--suite <NAME[,NAME]>", `of ${SUITES.join(", ")} (default: all that make sense here)`).argParser(
        suites,
      ),
    )
    .addOption(new Option("--json <FILE>", "write environment and rows there, too"))
    .addOption(new Option("--n <N[,N]>", "sizes instead of those of the suite peers").argParser(sizes))
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({
      outputError: (text) =>
        say(
          text
            .replace(/^error: /, "")
            .replace(/\s*\n\s*/g, " ")
            .trim(),
        ),
      getOutHelpWidth: () => 80,
    })
    .addHelpText(
      "after",
      `
Suites: steps (one step of the dynamics), peers (other libraries at the same field),
gpu (targets at large sizes within eight minutes, hardware only).
ONSAGER_DEVICE selects the adapter by a part of its name.

Example: ONSAGER_DEVICE=llvmpipe npm run bench -- --suite peers --json peers.json

Exit codes: 0 done, 1 wrong numbers, a missing peer or a fault, 2 bad usage.`,
    );
  return program.parse([...words], { from: "user" }).opts<Options>();
}

function suites(text: string): SuiteName[] {
  const names = text.split(",");
  const unknown = names.find((name) => !(SUITES as readonly string[]).includes(name));
  if (unknown !== undefined) throw new InvalidArgumentError(`No suite "${unknown}"; there are ${SUITES.join(", ")}.`);
  return SUITES.filter((name) => names.includes(name));
}

function sizes(text: string): number[] {
  const numbers = text.split(",").map((word) => (/^\d+$/.test(word) ? Number(word) : NaN));
  if (!numbers.every((n) => n >= 4 && n <= 2 ** 20))
    throw new InvalidArgumentError("Sizes are whole numbers from 4 to 2^20.");
  return [...new Set(numbers)];
}

async function measure(options: Options): Promise<number> {
  const select = process.env.ONSAGER_DEVICE || undefined;
  if (options.json !== undefined) await requireFilePlace(options.json);
  const adapter = select?.toLowerCase() === "cpu" ? undefined : await chooseAdapter(select);
  const chosen = options.suite ?? suitesFor(adapter);
  const compares = chosen.some((suite) => suite !== "steps");
  if (compares && adapter === undefined)
    throw new Refusal("the suites peers and gpu need a GPU adapter, not the CPU engine");
  if (chosen.includes("gpu") && adapter?.report.kind !== "hardware")
    throw new Refusal(`suite gpu needs a hardware adapter, and ${adapter?.report.name} is software`);

  if (chosen.includes("peers")) await installPeers(say);
  const executor = adapter ? await adapter.openExecutor() : await openExecutor({ select: "cpu" });
  say(`on ${executor.device.name}`);
  if (compares) say("measuring ceilings");
  const ceilings = adapter && compares ? await measureCeilings(adapter) : null;
  const environment = describeEnvironment(executor.device, adapter, ceilings);
  console.log(environmentText(environment));

  const rows: Row[] = [];
  const failures: string[] = [];
  const report = (outcome: SuiteOutcome) => {
    console.log(`\n${outcome.text}`);
    rows.push(...outcome.rows);
    failures.push(...outcome.failures);
  };
  try {
    if (chosen.includes("steps")) report(await runSteps(executor, say));
    if (adapter !== undefined && ceilings !== null) {
      const setting = { host: { adapter, executor }, ceilings, progress: say };
      if (chosen.includes("peers")) for await (const outcome of runPeers(setting, options.n)) report(outcome);
      if (chosen.includes("gpu")) for await (const outcome of runGpu(setting)) report(outcome);
    }
  } finally {
    executor.dispose();
    // What was measured before a fault is worth keeping.
    if (options.json !== undefined) {
      await writeFileAtomically(options.json, `${JSON.stringify({ environment, rows }, null, 2)}\n`);
    }
  }
  failures.forEach(say);
  return failures.length === 0 ? EXIT.done : EXIT.fault;
}

function suitesFor(adapter: BenchAdapter | undefined): SuiteName[] {
  if (adapter === undefined) return ["steps"];
  return adapter.report.kind === "hardware" ? ["steps", "peers", "gpu"] : ["steps", "peers"];
}

/** Hours of measuring shall not end at a folder in the way. */
async function requireFilePlace(path: string): Promise<void> {
  await mkdir(dirname(resolve(path)), { recursive: true });
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory()) throw new Refusal(`--json ${path}: found a folder, expected a file`);
}
