/** Makes tables and figures of what a folder holds. They can be made again at any time, with the same bytes. */
import { join } from "node:path";
import { writeCsv } from "../files/csv.js";
import { writeParquet } from "../files/parquet.js";
import { describeColumns } from "../files/table.js";
import { renderFigure } from "./figures/render.js";
import { countStatuses } from "./folder/collection.js";
import type { SweepOutcomeReport } from "./folder/manifest.js";
import type { RunFolder } from "./folder/run-folder.js";
import { phaseMaps } from "./phase-maps.js";
import { sweepFigures } from "./plots.js";
import type { SweepOutcome } from "./run.js";
import { scalingFigures } from "./scaling-figures.js";
import { scalingResults } from "./scaling.js";
import { writeStates } from "./state-arrays.js";
import { resultColumns, summariseRows, summaryColumns } from "./tables.js";

/** @returns the names of the files, relative to the folder */
export async function writeTables(folder: RunFolder, outcome: SweepOutcome): Promise<string[]> {
  const summary = summariseRows(outcome);
  const tables = { results: resultColumns(outcome), summary: summaryColumns(outcome, summary) };
  const names: string[] = [];
  for (const [name, columns] of Object.entries(tables)) {
    await writeCsv(join(folder.path, `${name}.csv`), columns);
    await writeParquet(join(folder.path, `${name}.parquet`), columns);
    names.push(`${name}.csv`, `${name}.parquet`);
  }
  names.push(...(await writeStates(folder, outcome)));
  const scaling = scalingResults(outcome, summary);
  if (scaling.length > 0) {
    await folder.write("scaling.json", `${JSON.stringify(scaling, null, 2)}\n`);
    names.push("scaling.json");
  }
  const figures = [
    ...sweepFigures(outcome, summary),
    ...phaseMaps(outcome, summary),
    ...scalingFigures(outcome, scaling),
  ];
  for (const [name, figure] of figures) {
    const { svg, png } = renderFigure(figure);
    await folder.write(`plots/${name}.svg`, svg);
    await folder.write(`plots/${name}.png`, png);
    names.push(`plots/${name}.svg`, `plots/${name}.png`);
  }
  return names;
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
    columns: {
      results: describeColumns(resultColumns(outcome)),
      summary: describeColumns(summaryColumns(outcome, [])),
    },
  };
}
