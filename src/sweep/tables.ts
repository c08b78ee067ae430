/** The tables of a sweep, results and summary, and the one that it ends with on a terminal. */
import type { Column } from "../files/table.js";
import {
  functionOfMoments,
  jackknifeOfSamples,
  meanOfSamples,
  type SampleEstimate,
} from "../physics/disorder-averages.js";
import { type ObservableName, observableOf } from "../physics/observables.js";
import { isNumeric, otherAxes } from "./axes.js";
import { type Overlay, overlayFor } from "./overlays.js";
import { mixingColumns } from "./mixing.js";
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
  /** What the standard errors are taken over; absent where nothing is known. */
  readonly errorFrom?: "samples" | "chains";
}

/** A run of K steps has nothing to converge; a steady state has. */
export function isConverged({ status }: Pick<ResultRow, "status">): boolean {
  return status === "converged" || status === "completed";
}

/** In the order of the tables; points of which nothing is known yet are left out. */
export function summariseRows({ sweep, rows }: Pick<SweepOutcome, "sweep" | "rows">): SummaryRow[] {
  const byPoint = new Map<number, ResultRow[]>();
  for (const row of rows) byPoint.set(row.point, [...(byPoint.get(row.point) ?? []), row]);
  return sweep.order.flatMap((point) => {
    const own = byPoint.get(point);
    if (own === undefined) return [];
    const { values } = sweep.points[point];
    const statistics = Object.fromEntries(sweep.observe.map((name) => [name, statisticsOf(own, name)]));
    const errorFrom = own.length > 1 ? "samples" : own[0].standardErrors ? "chains" : undefined;
    const converged = own.filter(isConverged).length;
    return [{ point, values, samples: own.length, converged, rows: own, statistics, ...(errorFrom && { errorFrom }) }];
  });
}

/**
 * Samples are independent, chains within one are not: with several samples, errors come from these alone. One sample, as of
 * couplings that have no disorder, leaves the error from its chains.
 */
function statisticsOf(rows: readonly ResultRow[], name: ObservableName): SampleSummary {
  const summary = summarize(rows.map(({ observables }) => observables[name] ?? NaN));
  if (rows.length === 1) return { ...summary, standardError: rows[0].standardErrors?.[name] ?? NaN };
  const { value: mean, standardError } = overSamples(name, rows);
  return { ...summary, mean, standardError };
}

/** The mean over disorder samples; of ratios the moments are averaged first (equations 7.4). */
export function overSamples(name: ObservableName, rows: readonly ResultRow[]): SampleEstimate {
  const { ratio, sampled } = observableOf(name);
  if (!ratio || !sampled || rows.some(({ moments }) => !moments)) {
    return meanOfSamples(rows.map(({ observables }) => observables[name] ?? NaN));
  }
  const moments = rows.map((row) => row.moments ?? []);
  const heads = moments[0].map((_, head) =>
    functionOfMoments(
      moments.map((each) => each[head]),
      sampled,
    ),
  );
  const mean = (of: (head: SampleEstimate) => number) => summarize(heads.map(of)).mean;
  return jackknifeOfSamples(rows.length, (leftOut) =>
    mean(({ value, withoutSample }) => (leftOut === undefined ? value : withoutSample[leftOut])),
  );
}

/** Columns of the axes, and of the closure where it is no axis. */
function axisColumns(sweep: Sweep, points: readonly number[]): Column[] {
  const columns = sweep.axes.map((axis, k): Column => {
    const described = { name: axis.path, description: `axis ${axis.path} of the specification` };
    const values = points.map((point) => sweep.points[point].values[k]);
    return isNumeric(axis)
      ? { ...described, type: "double", values: values as number[] }
      : { ...described, type: "utf8", values: values.map(String) };
  });
  if (sweep.axes.some(({ path }) => path === "closure")) return columns;
  const closures = points.map((point) => sweep.points[point].closure);
  return [...columns, { name: "closure", description: "how means follow from means", type: "utf8", values: closures }];
}

/** The unit stands in the symbol, in brackets; most observables have none. */
function unitOf(name: ObservableName): { readonly unit?: string } {
  const unit = /\(([^)]+)\)$/.exec(observableOf(name).symbol)?.[1];
  return unit === undefined ? {} : { unit };
}

const doubles = (name: string, description: string, values: readonly (number | undefined)[]): Column => ({
  name,
  description,
  type: "double",
  values,
});

/** results: a row per point, closure and sample. Empty cells are numbers that do not exist. */
export function resultColumns({ sweep, rows, adapters, adapterOfRow }: SweepOutcome): Column[] {
  // Errors from chains, where there are any; those of samples are in the summary.
  const chainErrors = sweep.points.some(({ chains }) => chains) ? sweep.observe : [];
  const points = rows.map(({ point }) => point);
  const whole = (name: string, description: string, values: readonly number[]): Column => ({
    name,
    description,
    type: "int64",
    values,
  });
  return [
    ...axisColumns(sweep, points),
    whole(
      "sites",
      "N",
      rows.map(({ sites }) => sites),
    ),
    whole(
      "sample",
      "disorder sample, drawn from the seed",
      rows.map(({ sample }) => sample),
    ),
    whole(
      "seed",
      "of everything drawn at random",
      rows.map(() => sweep.seed),
    ),
    ...sweep.observe.map((name) => ({
      ...doubles(
        name,
        observableOf(name).description,
        rows.map(({ observables }) => observables[name]),
      ),
      ...unitOf(name),
    })),
    ...chainErrors.map((name) => ({
      ...doubles(
        `${name}_standard_error`,
        `standard error of ${name} from chains`,
        rows.map(({ standardErrors }) => standardErrors?.[name]),
      ),
      ...unitOf(name),
    })),
    ...mixingColumns(rows.map((row) => [row])),
    doubles(
      "residual",
      "max_i |G(m)_i - m_i| / R of the final state",
      rows.map(({ residual }) => residual),
    ),
    doubles(
      "inner_residual",
      "of the inner equations, in units of R",
      rows.map(({ innerResidual }) => innerResidual),
    ),
    doubles(
      "iterations",
      "steps or iterations that were taken",
      rows.map(({ iterations }) => iterations),
    ),
    {
      name: "status",
      description: "completed or converged, or what went wrong",
      type: "utf8",
      values: rows.map(({ status }) => status),
    },
    whole("point", "number of the point, by which arrays of states are named", points),
    {
      name: "adapter",
      description: "who computed it",
      type: "utf8",
      values: adapterOfRow.map((k) => `${adapters[k].name} (${adapters[k].driver}), ${adapters[k].precision}`),
    },
  ];
}

/** summary: sample mean and standard error of every observable, a row per point and closure, and the exact value where one is known. */
export function summaryColumns({ sweep }: Pick<SweepOutcome, "sweep">, summary: readonly SummaryRow[]): Column[] {
  const count = (name: string, description: string, values: readonly number[]): Column => ({
    name,
    description,
    type: "int64",
    values,
  });
  return [
    ...axisColumns(
      sweep,
      summary.map(({ point }) => point),
    ),
    count(
      "samples",
      "disorder samples behind the statistics",
      summary.map(({ samples }) => samples),
    ),
    count(
      "converged",
      "those of them that settled, or with `steps` came to their end",
      summary.map(({ converged }) => converged),
    ),
    {
      name: "error_from",
      description: "what standard errors are taken over: samples, or the chains of a single one",
      type: "utf8",
      values: summary.map(({ errorFrom }) => errorFrom),
    },
    ...sweep.observe.flatMap((name): Column[] => {
      const exact = summary.map(({ point }) => exactValue(sweep, point, name));
      const { description } = observableOf(name);
      return [
        {
          ...doubles(
            `${name}_mean`,
            description,
            summary.map(({ statistics }) => statistics[name]?.mean),
          ),
          ...unitOf(name),
        },
        {
          ...doubles(
            `${name}_standard_error`,
            `standard error of ${name}_mean`,
            summary.map(({ statistics }) => statistics[name]?.standardError),
          ),
          ...unitOf(name),
        },
        ...(exact.some((value) => value !== undefined)
          ? [{ ...doubles(`${name}_exact`, "what theory says", exact), ...unitOf(name) }]
          : []),
      ];
    }),
    ...mixingColumns(summary.map(({ rows }) => rows)),
  ];
}

function exactValue(sweep: Sweep, point: number, name: ObservableName): number | undefined {
  const axis = figureAxis(sweep);
  if (axis < 0) return undefined;
  return overlayFor(sweep.axes[axis].path, name, sweep.points[point])?.curve(Number(sweep.points[point].values[axis]));
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
  const others = otherAxes(sweep.axes, axis);
  const labelOf = ({ values }: SummaryRow) => others.map((k) => axisLabel(sweep.axes[k].path, values[k])).join(", ");
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

/**
 * The axis that figures and tables put things against, or -1: the one that scaling, a continuation or refinement goes along,
 * else the first numeric one with more than one value.
 */
export function figureAxis({ axes, input }: Sweep): number {
  const named = input.scaling?.along ?? input.continuation?.axis ?? input.refine?.axis;
  if (named !== undefined) return axes.findIndex(({ path }) => path === named);
  return axes.findIndex((axis) => axis.values.length > 1 && isNumeric(axis));
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
