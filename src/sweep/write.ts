/** Writes the results of a document: tables, figures and a manifest, in a folder that never looks whole when it is not. */
import type { DeviceDescription } from "../engine/executor.js";
import type { OutputFolder } from "../files/output-folder.js";
import { renderFigure } from "./figures/render.js";
import { sweepFigures } from "./plots.js";
import { provenance } from "./provenance.js";
import type { SweepOutcome } from "./run.js";
import { resultsCsv, summariseRows, summaryCsv } from "./tables.js";

export interface SweepManifest {
  readonly version: string;
  readonly device: DeviceDescription;
  /** The document as it was read. */
  readonly document: unknown;
  readonly command: string;
}

/** One folder; where the document lists several sweeps, one folder each inside it. */
export async function writeOutcomes(
  folder: OutputFolder,
  outcomes: readonly SweepOutcome[],
  manifest: SweepManifest,
): Promise<void> {
  const several = outcomes.length > 1;
  for (const outcome of outcomes) {
    const prefix = several ? `${outcome.sweep.name}/` : "";
    const summary = summariseRows(outcome);
    await folder.write(`${prefix}results.csv`, resultsCsv(outcome));
    await folder.write(`${prefix}summary.csv`, summaryCsv(outcome, summary));
    for (const [name, figure] of sweepFigures(outcome, summary)) {
      const { svg, png } = renderFigure(figure);
      await folder.write(`${prefix}plots/${name}.svg`, svg);
      await folder.write(`${prefix}plots/${name}.png`, png);
    }
    if (several) {
      await folder.write(`${prefix}manifest.json`, `${JSON.stringify(describeOutcome(outcome, manifest), null, 2)}\n`);
    }
  }
  await folder.commit(
    several
      ? { ...common(manifest), sweeps: outcomes.map(({ sweep, wallSeconds }) => ({ name: sweep.name, wallSeconds })) }
      : describeOutcome(outcomes[0], manifest),
  );
}

function common({ device, document, ...run }: SweepManifest) {
  return { ...provenance(run), device, document };
}

function describeOutcome(outcome: SweepOutcome, manifest: SweepManifest): Record<string, unknown> {
  const { sweep, rows, verification, strategies, batches, wallSeconds } = outcome;
  const statuses = rows.reduce<Record<string, number>>((counts, { status }) => {
    counts[status] = (counts[status] ?? 0) + 1;
    return counts;
  }, {});
  return {
    ...common(manifest),
    name: sweep.name,
    specification: sweep.input,
    seed: sweep.seed,
    samples: sweep.samples,
    points: sweep.points.length,
    rows: rows.length,
    statuses,
    strategies,
    batches,
    wallSeconds,
    verification,
  };
}
