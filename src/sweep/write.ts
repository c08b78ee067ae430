/** Makes tables and figures of what a folder holds. They can be made again at any time, with the same bytes. */
import { join } from "node:path";
import { writeCsv } from "../files/csv.js";
import { writeParquet } from "../files/parquet.js";
import { describeColumns } from "../files/table.js";
import { closureErrorFigures } from "./closure-errors.js";
import { renderFigure } from "./figures/render.js";
import { countStatuses } from "./folder/collection.js";
import type { SweepOutcomeReport } from "./folder/manifest.js";
import type { RunFolder } from "./folder/run-folder.js";
import { reportPage } from "./report/report.js";
import { phaseMaps } from "./phase-maps.js";
import { sweepFigures } from "./plots.js";
import type { SweepOutcome } from "./run.js";
import { scalingFigures, scalingText } from "./scaling-figures.js";
import { scalingResults } from "./scaling.js";
import { writeStates } from "./state-arrays.js";
import { resultColumns, summariseRows, summaryColumns } from "./tables.js";

/** What was made of a folder. */
export interface Written {
  /** Names relative to the folder. */
  readonly files: readonly string[];
  /** How many were drawn. */
  readonly figures: number;
  /** What finite-size scaling says, in lines for people. */
  readonly scaling: readonly string[];
}

export async function writeTables(folder: RunFolder, outcome: SweepOutcome): Promise<Written> {
  const summary = summariseRows(outcome);
  const columns = summaryColumns(outcome, summary);
  const names: string[] = [];
  const write = async (name: string, contents: string | Uint8Array) => {
    await folder.write(name, contents);
    names.push(name);
  };
  for (const [name, table] of Object.entries({ results: resultColumns(outcome), summary: columns })) {
    await writeCsv(join(folder.path, `${name}.csv`), table);
    await writeParquet(join(folder.path, `${name}.parquet`), table);
    names.push(`${name}.csv`, `${name}.parquet`);
  }
  names.push(...(await writeStates(folder, outcome)));
  const scaling = scalingResults(outcome, summary);
  if (scaling.length > 0) await write("scaling.json", `${JSON.stringify(scaling, null, 2)}\n`);
  const drawings = new Map<string, string>();
  for (const [name, figure] of [
    ...sweepFigures(outcome, summary),
    ...phaseMaps(outcome, summary),
    ...closureErrorFigures(outcome, summary),
    ...scalingFigures(outcome, scaling),
  ]) {
    const { svg, png } = renderFigure(figure);
    drawings.set(name, svg);
    // A colon, as of magnetization:SPECIES, is no part of a file name everywhere.
    const file = `plots/${name.replaceAll(":", "-")}`;
    await write(`${file}.svg`, svg);
    await write(`${file}.png`, png);
  }
  const { manifest } = folder;
  await write("report.html", reportPage({ outcome, manifest, summary, columns, figures: drawings, scaling }));
  return { files: names, figures: drawings.size, scaling: scalingText(scaling) };
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
      // Of the rows that there are: without any, no column has an exact value.
      summary: describeColumns(summaryColumns(outcome, summariseRows(outcome))),
    },
  };
}
