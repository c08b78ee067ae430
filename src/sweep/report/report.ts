/** report.html: everything that there is to know about a sweep, on one page that needs nothing but itself. */
import { stringify } from "yaml";
import { cellAt, type Column } from "../../files/table.js";
import { observableOf } from "../../physics/observables.js";
import type { SweepManifest } from "../folder/manifest.js";
import { mixingNote } from "../mixing.js";
import type { SweepOutcome } from "../run.js";
import { scalingText } from "../scaling-figures.js";
import type { ScalingResult } from "../scaling.js";
import { isConverged, type SummaryRow } from "../tables.js";
import { definitions, escape, page, section, tableOf } from "./html.js";

/** Rows of a table on the page; more are in the files beside it. */
const MAX_ROWS = 1000;

export interface ReportParts {
  readonly outcome: SweepOutcome;
  readonly manifest: SweepManifest;
  readonly summary: readonly SummaryRow[];
  readonly columns: readonly Column[];
  /** Drawings by name. */
  readonly figures: ReadonlyMap<string, string>;
  readonly scaling: readonly ScalingResult[];
}

export function reportPage(parts: ReportParts): string {
  const { outcome, manifest } = parts;
  const { sweep, rows, blocks, planned } = outcome;
  const lead =
    `${sweep.points.length} points, ${sweep.samples} sample${sweep.samples > 1 ? "s" : ""} each, ` +
    `${rows.length} runs in ${blocks} blocks, seed ${sweep.seed}.`;
  const body = [
    `<h1>${escape(sweep.name)}</h1>`,
    `<p class="lead">${escape(lead)}</p>`,
    ...(blocks < planned
      ? [`<p class="warning">Not finished: ${blocks} of ${planned} blocks. Numbers below are of these alone.</p>`]
      : []),
    figuresSection(parts),
    ...(parts.scaling.length > 0 ? [scalingSection(parts.scaling)] : []),
    convergenceSection(parts),
    verificationSection(outcome),
    summarySection(parts.columns),
    originSection(manifest, outcome),
    repeatSection(manifest),
    columnsSection(parts.columns),
  ];
  return page(`${sweep.name}: Onsager sweep`, body.join("\n"));
}

function figuresSection({ figures, outcome }: ReportParts): string {
  const { observe, samples } = outcome.sweep;
  const errors = samples > 1 ? `bars: standard errors over ${samples} samples` : "bars: standard errors from chains";
  const drawn = [...figures].map(([name, svg]) => {
    const observable = observe.find((each) => name === each || name.startsWith(`${each}-`));
    const description = observable ? observableOf(observable).description : "";
    const isError = name.endsWith("-closure-error");
    const what = isError ? `${description}: closures minus monte-carlo on the same disorder samples` : description;
    const reference = observable ? ` Equations ${observableOf(observable).reference}.` : "";
    // What counts is the drawing: the prologue belongs to a file.
    const drawing = svg.slice(svg.indexOf("<svg"));
    return `<figure id="${escape(name)}">${drawing}<figcaption><b>${escape(name)}</b>: ${escape(what)}.${escape(reference)} (${errors}; crosses did not converge.)</figcaption></figure>`;
  });
  return section("Figures", `<div class="figures">${drawn.join("\n")}</div>`);
}

function scalingSection(results: readonly ScalingResult[]): string {
  return section(
    "Finite-size scaling",
    `<ul>${scalingText(results)
      .map((line) => `<li>${escape(line)}</li>`)
      .join("")}</ul>`,
    "<p>Form: y N^b = f((x − x_c) N^a); of variable rem with ln N for N and x/√(2 ln N) for x. All numbers, pairs of sizes and curves: scaling.json.</p>",
  );
}

function convergenceSection({ summary, outcome }: ReportParts): string {
  const { sweep, rows } = outcome;
  const failed = rows.filter((row) => !isConverged(row));
  const note = mixingNote(sweep, rows);
  const mixing = note === undefined ? [] : [`<p class="warning">${escape(note)} (columns *_split_rhat).</p>`];
  if (failed.length === 0) {
    return section("Convergence", `<p>All ${rows.length} runs came to their end.</p>`, ...mixing);
  }
  const points = summary.filter(({ converged, samples }) => converged < samples).slice(0, MAX_ROWS);
  const lines = points.map(({ point, converged, samples, rows: own }) => [
    ...sweep.points[point].values.map(String),
    String(samples - converged),
    String(samples),
    [...new Set(own.filter((row) => !isConverged(row)).map(({ status }) => status))].join(", "),
  ]);
  const header = [...sweep.axes.map(({ path }) => path), "not converged", "samples", "status"];
  return section(
    "Convergence",
    `<p class="warning">${failed.length} of ${rows.length} runs did not converge; figures show their points as crosses.</p>`,
    tableOf(header, lines),
    ...mixing,
  );
}

function verificationSection({ verification, sweep }: SweepOutcome): string {
  if (verification.length === 0) return section("Verification", '<p class="warning">No block was checked.</p>');
  const passed = verification.filter(({ pass }) => pass).length;
  const lines = verification.map(({ closure, point, sample, rows, sites, maximumError, allowed, pass, ...rest }) => [
    closure,
    sweep.axes.map(({ path }, k) => `${path} ${sweep.points[point].values[k]}`).join(", "),
    String(sample),
    `${rows} of ${sites}`,
    maximumError.toExponential(1),
    rest.plainMaximumError.toExponential(1),
    allowed.toExponential(1),
    pass ? "pass" : "FAIL",
  ]);
  return section(
    "Verification",
    `<p>${passed} of ${verification.length} checks passed: one step from the final state, random rows of it recomputed in float64. ` +
      "Allowed is twice the error of plain loops in the same precision, and 1e-7.</p>",
    tableOf(["closure", "point", "sample", "rows", "error", "plain loops", "allowed", "verdict"], lines),
  );
}

function summarySection(columns: readonly Column[]): string {
  const count = columns[0].values.length;
  const lines = Array.from({ length: Math.min(count, MAX_ROWS) }, (_, row) =>
    columns.map((column) => {
      const cell = cellAt(column, row);
      if (cell === null) return "";
      return typeof cell === "number" && !Number.isInteger(cell) ? String(Number(cell.toPrecision(6))) : String(cell);
    }),
  );
  const more = count > MAX_ROWS ? [`<p>${count - MAX_ROWS} more rows are in summary.csv.</p>`] : [];
  return section(
    "Summary",
    tableOf(
      columns.map(({ name }) => name),
      lines,
    ),
    ...more,
  );
}

function originSection(manifest: SweepManifest, { adapters, strategies, computingSeconds }: SweepOutcome): string {
  const { version, commit, sessions, randomNumbers, node, platform, precision, sizing } = manifest;
  return section(
    "Origin",
    definitions([
      ["program", `Onsager ${version}${commit === null ? "" : `, commit ${commit}`}`],
      ...adapters.map(
        (adapter) => ["adapter", `${adapter.name} (${adapter.driver}), ${adapter.precision}, ${adapter.kind}`] as const,
      ),
      ["precision asked for", precision ?? "that of the device"],
      ...strategies.map((strategy) => ["couplings", JSON.stringify(strategy)] as const),
      ["random numbers", randomNumbers],
      ["share checked", String(sizing.verify)],
      ["computing time", `${computingSeconds.toFixed(1)} s`],
      ["platform", `Node.js ${node}, ${platform}`],
      ...sessions.map(({ command, started }) => [started, command] as const),
    ]),
  );
}

function repeatSection({ name, specification, inputs, sessions }: SweepManifest): string {
  const first =
    sessions[0]?.command.replace(/ --(resume|replace)\b/g, "") ?? `onsager sweep ${name}.yaml --out ${name}`;
  const arrays = Object.entries(inputs).map(([file, hash]) => `# ${file}: SHA-256 ${hash}`);
  return section(
    "To repeat it",
    `<pre>${escape(`npx ${first}`)}</pre>`,
    "<p>with this specification:</p>",
    `<pre>${escape([...arrays, stringify(specification)].join("\n"))}</pre>`,
  );
}

function columnsSection(columns: readonly Column[]): string {
  const lines = columns.map(({ name, type, unit, description }) => [name, type, unit ?? "", description]);
  return section("Columns of the summary", tableOf(["name", "type", "unit", "description"], lines));
}
