/** Writes a measurement of layers: table, figure and manifest. */
import { stringify } from "csv-stringify/sync";
import type { OutputFolder } from "../../files/output-folder.js";
import { renderFigure } from "../figures/render.js";
import { provenance, type RunIdentity } from "../provenance.js";
import { layersFigure } from "./figure.js";
import type { LayersOutcome } from "./measure.js";
import { OPERATIONS_FORMULA } from "./series.js";

/** results.csv, plots/steps-per-second.svg and .png, manifest.json. */
export async function writeLayers(folder: OutputFolder, outcome: LayersOutcome, run: RunIdentity): Promise<void> {
  await folder.write("results.csv", layersCsv(outcome));
  const figure = layersFigure(outcome);
  if (figure !== undefined) {
    const { svg, png } = renderFigure(figure);
    await folder.write("plots/steps-per-second.svg", svg);
    await folder.write("plots/steps-per-second.png", png);
  }
  const { rows, ...rest } = outcome;
  await folder.commit({ ...provenance(run), operations: OPERATIONS_FORMULA, points: rows.length, ...rest });
}

/** A row a point. Rates are steps a second. */
export function layersCsv({ rows }: Pick<LayersOutcome, "rows">): string {
  const header = [
    ...["precision", "source", "closure", "heads", "d", "n", "steps_per_second", "lower_quartile"],
    ...["upper_quartile", "gflops"],
    ...["rounds", "steps_per_round", "peak_bytes", "strategy", "tile", "splits", "adapter", "driver", "date"],
  ];
  const lines = rows.map((row) => [
    row.precision,
    row.source,
    row.closure,
    row.heads,
    row.dimension,
    row.sites,
    row.stepsPerSecond,
    row.lowerQuartile,
    row.upperQuartile,
    row.gflops,
    row.rounds,
    row.stepsPerRound,
    row.peakBytes,
    row.strategy.name,
    Object.entries(row.strategy.tile ?? {})
      .map(([constant, value]) => `${constant} ${value}`)
      .join(" "),
    row.strategy.splits ?? "",
    row.adapter,
    row.driver,
    row.date,
  ]);
  return stringify([header, ...lines]);
}
