/** The figures of a sweep: every observable against the first numeric axis, a series for each combination of the others. */
import type { ObservableName } from "../physics/observables.js";
import { otherAxes } from "./axes.js";
import type { Figure, Point as FigurePoint, Series } from "./figures/figure.js";
import { type Overlay, overlayFor } from "./overlays.js";
import { hasMaps } from "./phase-maps.js";
import { axisLabel, observableLabel, seriesPart } from "./plot-labels.js";
import type { SweepOutcome } from "./run.js";
import { figureAxis, isConverged, type SummaryRow } from "./tables.js";

/** More series than this are told apart by nobody: where there is a map, that is the figure. */
const MAX_SERIES = 8;

/** Points of a theory curve. */
const CURVE_POINTS = 241;

/** One figure an observable, by its name; none if no axis is numeric. */
export function sweepFigures(outcome: SweepOutcome, summary: readonly SummaryRow[]): Map<ObservableName, Figure> {
  const { sweep } = outcome;
  const axisIndex = figureAxis(sweep);
  const figures = new Map<ObservableName, Figure>();
  if (axisIndex < 0) return figures;
  const series = otherAxes(sweep.axes, axisIndex).reduce((count, k) => count * sweep.axes[k].values.length, 1);
  if (series > MAX_SERIES && hasMaps(outcome)) return figures;
  for (const name of sweep.observe) figures.set(name, figureOf(outcome, summary, axisIndex, name));
  return figures;
}

function figureOf(
  { sweep }: SweepOutcome,
  summary: readonly SummaryRow[],
  axisIndex: number,
  name: ObservableName,
): Figure {
  const axis = sweep.axes[axisIndex];
  const groups = new Map<string, SummaryRow[]>();
  for (const row of summary) {
    const others = otherAxes(sweep.axes, axisIndex).filter((k) => sweep.axes[k].values.length > 1);
    const key = others.map((k) => seriesPart(sweep.axes[k].path, String(row.values[k]))).join(", ");
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const xs = axis.values as readonly number[];
  const series: Series[] = [];
  const marks = new Map<string, { x: number; label: string; style?: number }>();
  const overlays: { readonly overlay: Overlay; readonly style: number }[] = [];
  [...groups].forEach(([key, rows], style) => {
    series.push({
      kind: "points",
      style,
      name: key === "" ? sweep.points[rows[0].point].closure : key,
      points: rows.map((row) => figurePoint(row, axisIndex, name)),
    });
    const overlay = overlayFor(axis.path, name, sweep.points[rows[0].point]);
    if (overlay !== undefined) overlays.push({ overlay, style });
  });

  // Closures share one exact curve, drawn black; curves that differ take the colour of their points.
  const curves = overlays.map((entry) => ({ ...entry, ...sampleCurve(entry.overlay, xs, axis.scale) }));
  const distinct = curves.filter(({ y }, k) => curves.findIndex((other) => sameCurve(other.y, y)) === k);
  distinct.forEach(({ overlay, style, x, y }, k) => {
    const own = distinct.length > 1 ? { style } : {};
    series.unshift({ kind: "line", x, y, ...(k === 0 && { name: overlay.name }), ...own });
    // A mark beyond the points would stretch the axis.
    if (overlay.mark && overlay.mark.x >= Math.min(...xs) && overlay.mark.x <= Math.max(...xs)) {
      marks.set(`${overlay.mark.x}`, { ...overlay.mark, ...own });
    }
  });
  const { spins } = sweep.points[0].system(0);
  return {
    panels: [
      {
        x: { label: axisLabel(axis.path), scale: axis.scale },
        y: { label: observableLabel(name, spins), scale: yScale(summary, name) },
        series,
        marks: [...marks.values()],
      },
    ],
  };
}

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
