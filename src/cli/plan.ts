/** `onsager plan SPEC`: what a sweep will take, without running it. */
import { dirname } from "node:path";
import { openExecutor } from "../engine/devices.js";
import { readDocument } from "../files/documents.js";
import { planSweep, type SweepPlan } from "../sweep/plan.js";
import { cachedLoader } from "../sweep/run.js";
import { parseSweeps } from "../sweep/spec.js";
import { arrayLoader } from "../verify/load-system.js";
import { EXIT } from "./exit-codes.js";
import type { Session } from "./session.js";
import { deviceLine, labelled, readableTime } from "./text-layout.js";

export interface PlanCommandOptions {
  readonly blocks?: number;
  readonly json?: boolean;
  readonly select: string | undefined;
  readonly memory?: number | undefined;
}

/** @throws InputError as the sweep would, before it runs */
export async function planCommand(path: string, options: PlanCommandOptions, { print }: Session): Promise<number> {
  const sweeps = parseSweeps(await readDocument(path), path);
  const load = cachedLoader(arrayLoader(dirname(path)));
  const executor = await openExecutor({ select: options.select, memoryLimit: options.memory });
  try {
    const plans: SweepPlan[] = [];
    for (const sweep of sweeps)
      plans.push(await planSweep(sweep, executor, { load, context: path, blocks: options.blocks }));
    if (options.json) print(JSON.stringify(plans, null, 2));
    else print([deviceLine(executor.device), ...plans.map(describe)].join("\n\n"));
  } finally {
    executor.dispose();
  }
  return EXIT.done;
}

/** What an estimate of the time is worth: nothing is measured here. */
const ORIGIN: Readonly<Record<SweepPlan["speed"], string>> = {
  nominal: "by nominal speeds of two idle processors: a loaded machine takes several times as long",
  guessed: "by a guess of the speed of a GPU, which was never measured",
};

function describe({
  name,
  axes,
  points,
  samples,
  runs,
  blocks,
  operations,
  bytes,
  seconds,
  refinement,
  speed,
}: SweepPlan): string {
  const counts = axes.map(({ path, values }) => `${path} ${values}`).join(" × ");
  return [
    labelled(name, `${points} points (${counts}), ${samples} sample${samples > 1 ? "s" : ""}: ${runs} runs`),
    ...(refinement > 0 ? [labelled("refinement", `up to ${refinement} runs more`)] : []),
    labelled("blocks", String(blocks)),
    labelled("operations", `${operations.toPrecision(2)}, roughly`),
    labelled("memory", `${readableBytes(bytes)} at most at a time`),
    labelled(
      "time",
      `about ${readableTime(seconds)} for the steps alone, ${ORIGIN[speed]}; progress bar and status know better`,
    ),
  ].join("\n");
}

function readableBytes(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  const unit = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  return `${Number((bytes / 1024 ** unit).toPrecision(3))} ${units[unit]}`;
}
