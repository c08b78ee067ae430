/**
 * The figures of a sweep: every observable against the first numeric axis, a series for each combination of the others, and
 * against time where the steps are an axis.
 */
import { MONTE_CARLO } from "../physics/closures.js";
import type { ObservableName } from "../physics/observables.js";
import { isNumeric, otherAxes } from "./axes.js";
import type { Figure, Mark, Point as FigurePoint, Series } from "./figures/figure.js";
import { type Overlay, overlayFor } from "./overlays.js";
import { hasMaps } from "./phase-maps.js";
import { axisLabel, observableLabel, seriesPart } from "./plot-labels.js";
import type { SweepOutcome } from "./run.js";
import { figureAxis, isConverged, type SummaryRow } from "./tables.js";

/** More series than this are told apart by nobody: where there is a map, that is the figure. */
export const MAX_SERIES = 8;

/** Fewer times than this are no trajectory, but series. */
const FEWEST_TIMES = 4;

/** Times whose middle one lies below this share of the last are drawn on a logarithmic axis: 1, 2, 4, 8, ... */
const EARLY = 0.25;

/** Reference lines that have a label each. */
const MAX_LABELLED = 3;

/** Points of a theory curve. */
const CURVE_POINTS = 241;

/** One figure an observable, by its name, and its trajectories; none if no axis is numeric. */
export function sweepFigures(outcome: SweepOutcome, summary: readonly SummaryRow[]): Map<string, Figure> {
  const { sweep } = outcome;
  const axisIndex = figureAxis(sweep);
  const figures = new Map<string, Figure>();
  if (axisIndex < 0) return figures;
  const moving = trajectoryRows(outcome, summary);
  const isCrowded = countSeries(sweep, axisIndex) > MAX_SERIES && hasMaps(outcome);
  for (const name of sweep.observe) {
    if (!isCrowded && axisIndex !== moving?.time) figures.set(name, figureOf(outcome, summary, axisIndex, name));
    if (moving) figures.set(`${name}-trajectory`, figureOf(outcome, moving.rows, moving.time, name, true));
  }
  return figures;
}

const countSeries = ({ axes }: SweepOutcome["sweep"], axisIndex: number) =>
  otherAxes(axes, axisIndex).reduce((count, k) => count * new Set(axes[k].values).size, 1);

/**
 * What is drawn against time, where the steps are an axis: closures alone, since chains count the steps that are measured,
 * and of the main axis a few values in even distances where all are more series than can be told apart.
 */
function trajectoryRows(
  { sweep }: SweepOutcome,
  summary: readonly SummaryRow[],
): { readonly time: number; readonly rows: readonly SummaryRow[] } | undefined {
  const time = sweep.axes.findIndex(({ path, values }) => path === "steps" && values.length >= FEWEST_TIMES);
  const closures = summary.filter(({ point }) => sweep.points[point].closure !== MONTE_CARLO);
  if (time < 0 || closures.length === 0) return undefined;
  const others = otherAxes(sweep.axes, time).filter((k) => isNumeric(sweep.axes[k]) && sweep.axes[k].values.length > 1);
  const thinned = others.reduce((widest, k) => {
    return sweep.axes[k].values.length > (sweep.axes[widest]?.values.length ?? 0) ? k : widest;
  }, -1);
  if (thinned < 0) return { time, rows: closures };
  const { values } = sweep.axes[thinned];
  const most = Math.max(1, Math.floor((MAX_SERIES * values.length) / countSeries(sweep, time)));
  if (values.length <= most) return { time, rows: closures };
  const place = (k: number) => (most === 1 ? 0 : Math.round((k * (values.length - 1)) / (most - 1)));
  const kept = new Set(Array.from({ length: most }, (_, k) => values[place(k)]));
  return { time, rows: closures.filter((row) => kept.has(row.values[thinned])) };
}

/** Rows that make a series, by its name: all with the same values on the axes beside `axisIndex`. */
export function seriesRows({ axes }: SweepOutcome["sweep"], summary: readonly SummaryRow[], axisIndex: number) {
  const others = otherAxes(axes, axisIndex).filter((k) => axes[k].values.length > 1);
  const groups = new Map<string, SummaryRow[]>();
  for (const row of summary) {
    const key = others.map((k) => seriesPart(axes[k].path, String(row.values[k]))).join(", ");
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return groups;
}

/** @param joined draws a line through points that no theory has a curve for, and none of the samples beside them */
function figureOf(
  { sweep }: SweepOutcome,
  summary: readonly SummaryRow[],
  axisIndex: number,
  name: ObservableName,
  joined = false,
): Figure {
  const axis = sweep.axes[axisIndex];
  const groups = seriesRows(sweep, summary, axisIndex);
  const xs = axis.values as readonly number[];
  const series: Series[] = [];
  const marks = new Map<string, { x: number; label: string; style?: number }>();
  const overlays: { readonly overlay: Overlay; readonly style: number }[] = [];
  [...groups].forEach(([key, rows], style) => {
    const points = rows.map((row) => ({ ...figurePoint(row, axisIndex, name), ...(joined && { samples: [] }) }));
    const overlay = overlayFor(axis.path, name, sweep.points[rows[0].point]);
    if (overlay !== undefined) overlays.push({ overlay, style });
    else if (joined) series.push({ kind: "line", style, x: points.map(({ x }) => x), y: points.map(({ y }) => y) });
    series.push({ kind: "points", style, name: key === "" ? sweep.points[rows[0].point].closure : key, points });
  });

  // Closures share one exact curve, drawn black; curves that differ take the colour of their points.
  const curves = overlays.map((entry) => ({ ...entry, ...sampleCurve(entry.overlay, xs, axis.scale) }));
  const distinct = curves.filter(({ y }, k) => curves.findIndex((other) => sameCurve(other.y, y)) === k);
  distinct.forEach(({ overlay, style, x, y }, k) => {
    const own = distinct.length > 1 ? { style } : {};
    const isFirst = distinct.findIndex((other) => other.overlay.name === overlay.name) === k;
    series.unshift({ kind: "line", x, y, ...(isFirst && { name: overlay.name }), ...own });
    // A mark beyond the points would stretch the axis.
    if (overlay.mark && overlay.mark.x >= Math.min(...xs) && overlay.mark.x <= Math.max(...xs)) {
      marks.set(`${overlay.mark.x}`, { ...overlay.mark, ...own });
    }
  });
  const { spins } = sweep.points[0].system(0);
  return {
    panels: [
      {
        x: { label: axisLabel(axis.path), scale: joined && isEarly(xs) ? "log" : axis.scale },
        y: { label: observableLabel(name, spins), scale: yScale(summary, name) },
        series,
        marks: sparinglyLabelled([...marks.values()]),
      },
    ],
  };
}

/** Labels of many lines hide each other: those of the first and the last say what they are. */
function sparinglyLabelled(marks: readonly Mark[]): Mark[] {
  const isNamed = (k: number) => marks.length <= MAX_LABELLED || k === 0 || k === marks.length - 1;
  return marks.map((mark, k) => (isNamed(k) ? mark : { ...mark, label: "" }));
}

const isEarly = (times: readonly number[]) => times[Math.floor(times.length / 2)] < EARLY * times[times.length - 1];

function figurePoint(row: SummaryRow, axisIndex: number, name: ObservableName): FigurePoint {
  const at = row.statistics[name];
  return {
    x: row.values[axisIndex] as number,
    y: at?.mean ?? NaN,
    ...(at && Number.isFinite(at.standardError) && { errorBar: at.standardError }),
    ...(row.samples > 1 && { samples: row.rows.map(({ observables }) => observables[name] ?? NaN) }),
    converged: row.rows.every(isConverged),
  };
}

/** Participation spans decades; everything else is drawn linearly. */
function yScale(summary: readonly SummaryRow[], name: ObservableName): "linear" | "log" {
  if (name !== "participation") return "linear";
  const means = summary.map(({ statistics }) => statistics[name]?.mean ?? NaN).filter((mean) => mean > 0);
  return Math.max(...means) > 30 * Math.min(...means) ? "log" : "linear";
}

function sampleCurve(overlay: Overlay, xs: readonly number[], scale: "linear" | "log") {
  const low = Math.min(...xs);
  const high = Math.max(...xs);
  const x = Array.from({ length: CURVE_POINTS }, (_, k) => {
    const t = k / (CURVE_POINTS - 1);
    return scale === "log" ? low * (high / low) ** t : low + (high - low) * t;
  });
  // A square-root onset needs its own point, or the curve misses the corner.
  const corner = overlay.mark?.x;
  if (corner !== undefined && corner > low && corner < high) x.push(corner);
  const nodes = overlay.whole ? [...new Set(x.map(Math.round))] : x;
  nodes.sort((a, b) => a - b);
  return { x: nodes, y: nodes.map((value) => overlay.curve(value)) };
}

function sameCurve(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, k) => Math.abs(value - b[k]) < 1e-12);
}
