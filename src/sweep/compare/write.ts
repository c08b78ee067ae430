/** Writes a comparison: one JSON object, a table, a figure and a manifest. */
import { stringify } from "csv-stringify/sync";
import type { OutputFolder } from "../../files/output-folder.js";
import { renderFigure } from "../figures/render.js";
import { provenance, type RunIdentity } from "../provenance.js";
import type { ComparisonOutcome } from "./compare.js";
import { comparisonFigure } from "./figure.js";

/** comparison.json, comparison.csv, plots/comparison.svg and .png, manifest.json. */
export async function writeComparison(
  folder: OutputFolder,
  outcome: ComparisonOutcome,
  json: string,
  run: RunIdentity & { readonly system: string; readonly seed: number },
): Promise<void> {
  const { system, seed, ...identity } = run;
  const files = ["comparison.json", "comparison.csv"];
  await folder.write("comparison.json", `${json}\n`);
  await folder.write("comparison.csv", comparisonCsv(outcome));
  const figure = comparisonFigure(outcome);
  if (figure !== undefined) {
    const { svg, png } = renderFigure(figure);
    await folder.write("plots/comparison.svg", svg);
    await folder.write("plots/comparison.png", png);
    files.push("plots/comparison.svg", "plots/comparison.png");
  }
  const { device, plan } = outcome;
  await folder.commit({ ...provenance(identity), system, seed, device, plan, files });
}

/** A row a closure. Empty cells are numbers that do not exist. */
export function comparisonCsv({ rows, exact, device }: ComparisonOutcome): string {
  const header = [
    ...["closure", "status", "converged", "residual", "iterations", "measure", "error", "error_standard_error"],
    ...["below_noise", "signed_overlap_error", "seconds_per_step", "steps_taken", "exact_method", "exact_status"],
    ...["adapter", "driver", "reason"],
  ];
  const lines = rows.map((row) => [
    row.closure,
    row.status,
    row.converged,
    cell(row.residual),
    row.iterations,
    exact.measure,
    cell(row.error),
    cell(row.errorStandardError),
    row.belowNoise,
    cell(row.signedOverlapError),
    cell(row.secondsPerStep),
    row.stepsTaken,
    exact.method,
    exact.status,
    device.name,
    device.driver,
    row.reason ?? "",
  ]);
  return stringify([header, ...lines], { cast: { boolean: String } });
}

function cell(value: number): number | string {
  return Number.isNaN(value) ? "" : value;
}
