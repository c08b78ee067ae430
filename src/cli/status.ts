/** `onsager status DIR`: how far a sweep is, who works on it, and whether its files are whole. */
import { join } from "node:path";
import { InputError } from "../physics/input-error.js";
import { countStatuses, sweepFolders } from "../sweep/folder/collection.js";
import { workerOf } from "../sweep/folder/folder-lock.js";
import { RunFolder } from "../sweep/folder/run-folder.js";
import { outcomeOf } from "../sweep/folder/outcome.js";
import { isConverged } from "../sweep/tables.js";
import { EXIT } from "./exit-codes.js";
import type { Session } from "./session.js";
import { labelled, readableTime } from "./text-layout.js";

/** @returns 0 if everything is finished, 2 if a manifest of several cannot be read, 3 if blocks, rounds of refinement or the tables are missing */
export async function statusCommand(
  path: string,
  { json = false }: { readonly json?: boolean },
  { print, note }: Session,
): Promise<number> {
  const reports: Status[] = [];
  const folders = await sweepFolders(path);
  let unreadable = 0;
  for (const folder of folders) {
    try {
      reports.push(await statusOf(folder));
    } catch (error) {
      // One of several does not hide the others.
      if (!(error instanceof InputError) || folders.length === 1) throw error;
      note(`onsager: ${error.message}`);
      unreadable++;
    }
  }
  if (json) print(JSON.stringify(reports, null, 2));
  else print(reports.map(describe).join("\n\n"));
  const isWhole = ({ finished, damaged }: Status) => finished !== null && damaged.length === 0;
  if (unreadable > 0) return EXIT.badInput;
  return reports.every(isWhole) ? EXIT.done : EXIT.notConverged;
}

type Status = Awaited<ReturnType<typeof statusOf>>;

async function statusOf(path: string) {
  const folder = await RunFolder.read(path);
  const { manifest, damaged } = folder;
  const outcome = await outcomeOf(folder);
  const { blocks, planned, rows, verification, adapters, computingSeconds, secondsLeft } = outcome;
  return {
    name: manifest.name,
    folder: path,
    // One whose block was damaged since is not.
    finished: (blocks === planned && manifest.outcome?.finished) || null,
    worker: (await workerOf(path)) ?? null,
    ...(manifest.shard && { shard: manifest.shard }),
    blocks,
    missing: planned - blocks,
    damaged,
    rounds: { refined: manifest.refined.length, asked: manifest.specification.refine?.rounds ?? 0 },
    rows: rows.length,
    statuses: countStatuses(rows),
    notConverged: rows.filter((row) => !isConverged(row)).length,
    checks: { made: verification.length, failed: verification.filter(({ pass }) => !pass).length },
    adapters,
    computingSeconds,
    secondsLeft,
    sessions: manifest.sessions.length,
  };
}

function describe(status: Status): string {
  const { name, folder, finished, worker, shard, blocks, missing, damaged, rounds, rows, notConverged } = status;
  const { checks, adapters, computingSeconds, secondsLeft, sessions } = status;
  const state = finished ? `finished ${finished}` : worker ? `at work: ${worker}` : "stopped; --resume goes on";
  const left =
    missing > 0 && secondsLeft !== null
      ? `, about ${readableTime(secondsLeft)} of computing left at the rate so far`
      : "";
  const lines = [
    labelled(name, folder),
    labelled("state", state),
    labelled("blocks", `${blocks} of ${blocks + missing} finished, ${computingSeconds.toFixed(1)} s${left}`),
    ...(shard ? [labelled("shard", `${shard.index} of ${shard.count}`)] : []),
    ...(rounds.asked > 0 ? [labelled("refinement", `${rounds.refined} of ${rounds.asked} rounds`)] : []),
    labelled("rows", `${rows}, of which ${notConverged} did not settle or end well`),
    labelled("checks", `${checks.made} in float64, ${checks.failed} failed`),
    labelled("adapters", adapters.map((adapter) => `${adapter.name} (${adapter.driver})`).join("; ") || "none yet"),
    labelled("sessions", String(sessions)),
    ...damaged.map(({ file, reason }) => labelled("damaged", `${join(file)}: ${reason}`)),
  ];
  return lines.join("\n");
}
