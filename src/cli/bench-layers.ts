/** `onsager bench layers`: steps per second of the dynamics against N, as a table, a figure and cost exponents. */
import { Option } from "commander";
import type { CouplingStrategy } from "../engine/coupling-strategy.js";
import { openExecutor } from "../engine/devices.js";
import type { Executor } from "../engine/executor.js";
import { OutputFolder } from "../files/output-folder.js";
import { type ClosureName, closureNames } from "../physics/closures.js";
import { InputError } from "../physics/input-error.js";
import { type LayersOutcome, measureLayers } from "../sweep/layers/measure.js";
import {
  type LayerPlan,
  OPERATIONS_FORMULA,
  type Precision,
  precisions,
  type Source,
  sources,
} from "../sweep/layers/series.js";
import { failureLines, layersText } from "./bench-layers-text.js";
import { EXIT, isTooLarge } from "./exit-codes.js";
import { listOf, numberWithin, oneOf, wholeNumber } from "./options.js";
import { openProgress } from "./progress.js";
import type { Session } from "./session.js";
import { deviceLine } from "./text-layout.js";

export interface BenchLayersOptions {
  readonly n: readonly number[];
  readonly d: readonly number[];
  readonly heads: readonly number[];
  readonly closure: readonly ClosureName[];
  readonly source: readonly Source[];
  /** f32 and f64, as far as the device has them, unless given. */
  readonly precision?: readonly Precision[];
  readonly all?: boolean;
  readonly systems: number;
  readonly seconds: number;
  readonly out?: string;
  readonly replace?: boolean;
  readonly json?: boolean;
  readonly strategy: CouplingStrategy;
  readonly select: string | undefined;
  readonly memory: number;
  readonly version: string;
  /** The command as it was typed, for the manifest. */
  readonly command: string;
}

/** N unless said otherwise. */
const SITES = Array.from({ length: 13 }, (_, k) => 256 * 2 ** k);

/** R = sqrt(D/2 - 1) is positive from here on. */
const LEAST_DIMENSION = 3;

export function benchLayersOptions(): Option[] {
  const list = <Entry>(
    flags: string,
    description: string,
    read: (text: string) => Entry,
    fallback: readonly Entry[],
    shown = fallback.join(","),
  ) => new Option(flags, description).argParser(listOf(read)).default(fallback, shown);
  return [
    list("--n <list>", "sites N", wholeNumber(1), SITES, "256,512,...,1048576"),
    list("--d <list>", "D of a spin, and d of queries and keys", wholeNumber(LEAST_DIMENSION), [64, 16, 256]),
    list("--heads <list>", "heads", wholeNumber(1), [1, 4]),
    list("--closure <list>", `any of ${closureNames.join(", ")}`, oneOf(closureNames), ["onsager", "naive", "tap"]),
    list("--source <list>", "queries and keys of the state, at every step,\nor of the field, once", oneOf(sources), [
      "state",
    ]),
    new Option(
      "--precision <list>",
      "f32, f16 or split-f16 on the device, f64 on the\nCPU engine (default: f32 and f64)",
    ).argParser(listOf(oneOf(precisions))),
    new Option("--all", "every combination of the lists"),
    new Option("--systems <count>", "small systems of one batch, 0 for none").argParser(wholeNumber(0)).default(1000),
    new Option("--seconds <s>", "time of a point; N grows while a step takes less")
      .argParser(numberWithin((s) => s > 0, "a number above 0"))
      .default(0.5),
    new Option("--out <folder>", "write results.csv, plots/ and manifest.json"),
    new Option("--replace", "let --out replace results of an earlier run"),
    new Option("--json", "print one JSON object"),
  ];
}

/** @returns exit code 0, or 1 if a check failed */
export async function benchLayersCommand(options: BenchLayersOptions, session: Session): Promise<number> {
  const { out, replace, json, version, command } = options;
  const folder = out === undefined ? undefined : await OutputFolder.create(out, { replace: replace ?? false });
  let outcome: LayersOutcome;
  try {
    outcome = await measure(options, session);
    if (folder !== undefined) {
      // Drawing takes a second to load.
      const { writeLayers } = await import("../sweep/layers/write.js");
      await writeLayers(folder, outcome, { version, command });
    }
  } catch (error) {
    await folder?.abandon();
    throw error;
  }
  if (json) {
    session.print(JSON.stringify({ ...outcome, operations: OPERATIONS_FORMULA, version }, null, 2));
  } else {
    session.print(layersText(outcome));
    if (out !== undefined) session.print(`\nwritten to ${out}: results.csv, manifest.json, plots/`);
  }
  const failures = failureLines(outcome);
  for (const line of failures) session.note(`onsager: ${line}`);
  return failures.length === 0 ? EXIT.done : EXIT.fault;
}

async function measure(options: BenchLayersOptions, session: Session): Promise<LayersOutcome> {
  const { select, memory: memoryLimit, strategy, json } = options;
  const chosen = await openExecutor({ select, memoryLimit, timing: true });
  const executors = new Map<Precision, Executor>([[chosen.device.precision, chosen]]);
  const progress = openProgress(session, "bench layers");
  try {
    const wanted = precisionsOf(options, chosen);
    if (wanted.includes("f64") && !executors.has("f64")) {
      executors.set("f64", await openExecutor({ select: "cpu", memoryLimit }));
    }
    for (const precision of wanted) if (precision !== "f64") executors.set(precision, chosen);
    for (const { device } of new Set(executors.values())) {
      const line = deviceLine(device);
      if (json) session.note(line);
      else session.print(line);
    }
    const settings = { strategy, isTooLarge, progress: progress.update };
    return await measureLayers(executors, planOf(options, wanted), settings);
  } finally {
    progress.stop();
    for (const executor of new Set(executors.values())) executor.dispose();
  }
}

/** The CPU engine has f64 alone, and only the strategies that a matrix has. */
function precisionsOf({ precision, strategy }: BenchLayersOptions, { device }: Executor): readonly Precision[] {
  if (device.precision === "f64") {
    const other = precision?.find((each) => each !== "f64");
    if (other !== undefined) throw new InputError("--precision", `${other} on the CPU engine`, "f64, or a GPU");
    return ["f64"];
  }
  return precision ?? (strategy === "auto" || strategy === "stored" ? ["f32", "f64"] : ["f32"]);
}

function planOf(options: BenchLayersOptions, wanted: readonly Precision[]): LayerPlan {
  const { n, d, heads, closure, source, all, seconds, systems } = options;
  return {
    sites: [...n].sort((one, other) => one - other),
    dimensions: d,
    heads,
    closures: closure,
    sources: source,
    precisions: wanted,
    all: all ?? false,
    seconds,
    smallSystems: systems,
  };
}
