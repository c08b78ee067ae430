/** results.csv, summary.csv, and the table a sweep ends with. */
import { stringify } from "csv-stringify/sync";
import { type ObservableName } from "../physics/observables.js";
import type { ResultRow, SweepOutcome } from "./run.js";
import type { AxisValue, Sweep } from "./spec.js";
import { type SampleSummary, summarize } from "./statistics.js";

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
  const header = [
    ...axisColumns(sweep),
    "sites",
    "sample",
    "seed",
    ...sweep.observe,
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

/** Lines that a terminal of 80 columns shows: the first observable against the first axis, a column per closure. */
export function summaryTable({ sweep }: SweepOutcome, summary: readonly SummaryRow[]): string {
  const columns = ["", ...axisColumns(sweep), ...sweep.observe].slice(1);
  const body = summary.map(({ point, samples, converged, statistics }) => [
    ...axisValues(sweep, point).map((value) => (typeof value === "number" ? short(value) : value)),
    ...sweep.observe.map((name) => {
      const at = statistics[name];
      const error = at === undefined || Number.isNaN(at.standardError) ? "" : ` ± ${at.standardError.toFixed(4)}`;
      return `${at === undefined ? "" : at.mean.toFixed(4)}${error}`;
    }),
    converged < samples ? `${samples - converged} of ${samples} not converged` : "",
  ]);
  const widths = columns.map((title, k) => Math.max(title.length, ...body.map((line) => line[k].length)));
  const format = (line: readonly string[]) =>
    line
      .map((text, k) => (k < widths.length ? text.padStart(widths[k]) : text))
      .join("  ")
      .trimEnd();
  return [format(columns), ...body.map(format)].map((line) => `  ${line}`).join("\n");
}

function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}
