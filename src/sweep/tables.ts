/** results.csv, summary.csv, and the table a sweep ends with. */
import { stringify } from "csv-stringify/sync";
import { type ObservableName } from "../physics/observables.js";
import { type Overlay, overlayFor } from "./overlays.js";
import type { ResultRow, SweepOutcome } from "./run.js";
import type { AxisValue, Sweep } from "./spec.js";
import { type SampleSummary, summarize } from "../physics/statistics.js";

/** Statistics of one point over its disorder samples. */
export interface SummaryRow {
  readonly point: number;
  readonly values: readonly AxisValue[];
  /** Samples behind the statistics, and how many of them came to an end that may be called converged. */
  readonly samples: number;
  readonly converged: number;
  readonly rows: readonly ResultRow[];
  readonly statistics: Readonly<Partial<Record<ObservableName, SampleSummary>>>;
}

/** A run of K steps has nothing to converge; a steady state has. */
export function isConverged({ status }: Pick<ResultRow, "status">): boolean {
  return status === "converged" || status === "completed";
}

export function summariseRows({ sweep, rows }: Pick<SweepOutcome, "sweep" | "rows">): SummaryRow[] {
  const byPoint = new Map<number, ResultRow[]>();
  for (const row of rows) byPoint.set(row.point, [...(byPoint.get(row.point) ?? []), row]);
  return sweep.points.flatMap(({ values }, point) => {
    const own = byPoint.get(point) ?? [];
    const statistics = Object.fromEntries(
      sweep.observe.map((name) => [name, summarize(own.map(({ observables }) => observables[name] ?? NaN))]),
    );
    return { point, values, samples: own.length, converged: own.filter(isConverged).length, rows: own, statistics };
  });
}

/** Column of an axis: its path, where `closure` is always there. */
function axisColumns(sweep: Sweep): string[] {
  const paths = sweep.axes.map(({ path }) => path);
  return paths.includes("closure") ? paths : [...paths, "closure"];
}

function axisValues(sweep: Sweep, point: number): AxisValue[] {
  const { values, closure } = sweep.points[point];
  return sweep.axes.some(({ path }) => path === "closure") ? [...values] : [...values, closure];
}

/** A row per point, closure and sample. Empty cells are numbers that do not exist. */
export function resultsCsv({ sweep, rows }: SweepOutcome): string {
  // Errors from chains, where there are any; those of samples are in summary.csv.
  const chainErrors = sweep.points.some(({ chains }) => chains) ? sweep.observe : [];
  const header = [
    ...axisColumns(sweep),
    "sites",
    "sample",
    "seed",
    ...sweep.observe,
    ...chainErrors.map((name) => `${name}_standard_error`),
    "residual",
    "inner_residual",
    "iterations",
    "status",
  ];
  const lines = rows.map((row) => [
    ...axisValues(sweep, row.point),
    row.sites,
    row.sample,
    sweep.seed,
    ...sweep.observe.map((name) => cell(row.observables[name])),
    ...chainErrors.map((name) => cell(row.standardErrors?.[name])),
    cell(row.residual),
    cell(row.innerResidual),
    row.iterations,
    row.status,
  ]);
  return stringify([header, ...lines]);
}

/** Sample mean and standard error of every observable, a row per point and closure. */
export function summaryCsv({ sweep }: SweepOutcome, summary: readonly SummaryRow[]): string {
  const header = [
    ...axisColumns(sweep),
    "samples",
    "converged",
    ...sweep.observe.flatMap((name) => [`${name}_mean`, `${name}_standard_error`]),
  ];
  const lines = summary.map(({ point, samples, converged, statistics }) => [
    ...axisValues(sweep, point),
    samples,
    converged,
    ...sweep.observe.flatMap((name) => [cell(statistics[name]?.mean), cell(statistics[name]?.standardError)]),
  ]);
  return stringify([header, ...lines]);
}

function cell(value: number | undefined): number | string {
  return value === undefined || Number.isNaN(value) ? "" : value;
}

/** Columns of a terminal table at most; more series are left to summary.csv. */
const MAX_TABLE_COLUMNS = 4;

/**
 * Lines that a terminal of 80 columns shows: the first observable against the first numeric axis, a column for each
 * combination of the other axes, and the exact result where there is one.
 */
export function summaryTable({ sweep }: SweepOutcome, summary: readonly SummaryRow[]): string {
  const [observable] = sweep.observe;
  const axis = Math.max(0, figureAxis(sweep));
  const labelOf = ({ values }: SummaryRow) =>
    values.flatMap((value, k) => (k === axis ? [] : [axisLabel(sweep.axes[k].path, value)])).join(", ");
  const labels = [...new Set(summary.map(labelOf))];
  const shown = labels.slice(0, MAX_TABLE_COLUMNS);
  const byValue = new Map<AxisValue, Map<string, SummaryRow>>();
  for (const row of summary) {
    const at = byValue.get(row.values[axis]) ?? new Map<string, SummaryRow>();
    byValue.set(row.values[axis], at.set(labelOf(row), row));
  }
  let unconverged = 0;
  const body = [...byValue].map(([value, rows]) => {
    const overlays = [...rows.values()].map(({ point }) =>
      overlayFor(sweep.axes[axis].path, observable, sweep.points[point]),
    );
    const exact = labels.length === 1 || sharesExact(sweep, axis) ? sharedValue(overlays, Number(value)) : undefined;
    const cells = shown.map((label) => {
      const row = rows.get(label);
      if (row === undefined) return "";
      const failed = row.samples - row.converged;
      unconverged += failed;
      return `${meanAndError(row.statistics[observable])}${failed > 0 ? "*" : " "}`;
    });
    return [typeof value === "number" ? short(value) : value, ...cells, exact === undefined ? "" : digits(exact)];
  });
  const exactTitle = overlayFor(sweep.axes[axis].path, observable, sweep.points[0])?.name ?? "";
  const title = [
    sweep.axes[axis].path,
    ...shown.map((label) => `${label || observable} `),
    exactTitle.replace(/[*_{}]/g, ""),
  ];
  const hasExact = body.some((line) => line[line.length - 1] !== "");
  const table = [title, ...body].map((line) => (hasExact ? line : line.slice(0, -1)));
  const widths = table[0].map((_, k) => Math.max(...table.map((line) => line[k].length)));
  const lines = table.map((line) => `  ${line.map((text, k) => text.padStart(widths[k])).join("  ")}`.trimEnd());
  const notes = [
    `  ${observable}, mean ± standard error of ${sweep.samples} sample${sweep.samples > 1 ? "s" : ""}`,
    ...(unconverged > 0 ? [`  * ${unconverged} runs did not converge`] : []),
    ...(labels.length > shown.length ? [`  ${labels.length - shown.length} more series: see summary.csv`] : []),
  ];
  return [...notes, ...lines].join("\n");
}

/** The axis that figures and tables put things against: the first numeric one with more than one value, or -1. */
export function figureAxis({ axes }: Sweep): number {
  return axes.findIndex(({ values }) => values.length > 1 && values.every((value) => typeof value === "number"));
}

/** Whether the exact result is the same for every series, because they differ at most in the closure. */
function sharesExact({ axes }: Sweep, axis: number): boolean {
  return axes.every(({ path, values }, k) => k === axis || path === "closure" || values.length === 1);
}

/** The value of all curves, if they have one; closures may have a theory each. */
function sharedValue(overlays: readonly (Overlay | undefined)[], x: number): number | undefined {
  const [first, ...others] = overlays.map((overlay) => overlay?.curve(x));
  return first !== undefined && others.every((other) => other === first) ? first : undefined;
}

function axisLabel(path: string, value: AxisValue): string {
  const key = path.split(".").at(-1) ?? path;
  return path === "closure" ? String(value) : `${key} ${value}`;
}

function meanAndError(at: SampleSummary | undefined): string {
  if (at === undefined) return "";
  return Number.isNaN(at.standardError) ? digits(at.mean) : `${digits(at.mean)} ± ${digits(at.standardError)}`;
}

/** Four decimals, or two significant digits of what they would not show. */
function digits(value: number): string {
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(1) : value.toFixed(4);
}

function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}
