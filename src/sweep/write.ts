/** Makes tables and figures of what a folder holds. They can be made again at any time, with the same bytes. */
import { renderFigure } from "./figures/render.js";
import { countStatuses } from "./folder/collection.js";
import type { SweepOutcomeReport } from "./folder/manifest.js";
import type { RunFolder } from "./folder/run-folder.js";
import { phaseMaps } from "./phase-maps.js";
import { sweepFigures } from "./plots.js";
import type { SweepOutcome } from "./run.js";
import { resultsCsv, summariseRows, summaryCsv } from "./tables.js";

/** @returns the names of the files, relative to the folder */
export async function writeTables(folder: Pick<RunFolder, "write">, outcome: SweepOutcome): Promise<string[]> {
  const summary = summariseRows(outcome);
  const files: [string, string | Uint8Array][] = [
    ["results.csv", resultsCsv(outcome)],
    ["summary.csv", summaryCsv(outcome, summary)],
  ];
  for (const [name, figure] of [...sweepFigures(outcome, summary), ...phaseMaps(outcome, summary)]) {
    const { svg, png } = renderFigure(figure);
    files.push([`plots/${name}.svg`, svg], [`plots/${name}.png`, png]);
  }
  for (const [name, contents] of files) await folder.write(name, contents);
  return files.map(([name]) => name);
}

/** What the manifest of a finished sweep says of it. */
export function describeOutcome(outcome: SweepOutcome): SweepOutcomeReport {
  const { sweep, rows, blocks, verification, strategies, adapters, computingSeconds } = outcome;
  return {
    finished: new Date().toISOString(),
    points: sweep.points.length,
    rows: rows.length,
    blocks,
    statuses: countStatuses(rows),
    strategies,
    adapters,
    verification,
    computingSeconds,
    columns: {},
  };
}
