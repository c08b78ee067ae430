/** Phase maps: an observable over the plane of two numeric axes, a figure for each combination of the others. */
import type { ObservableName } from "../physics/observables.js";
import { isNumeric, otherAxes } from "./axes.js";
import { cellEdges } from "./figures/colour-map.js";
import type { Figure } from "./figures/figure.js";
import { markWith } from "./overlays.js";
import { axisLabel, observableLabel, seriesPart } from "./plot-labels.js";
import type { SweepOutcome } from "./run.js";
import { figureAxis, isConverged, type SummaryRow } from "./tables.js";

/** Fewer cells than this in a direction are series, not a map. */
const FEWEST = 4;

/** Pieces of a critical line. */
const FINE = 100;

/** Figures by name: the observable, and what tells one map from another. */
export function phaseMaps({ sweep }: SweepOutcome, summary: readonly SummaryRow[]): Map<string, Figure> {
  const figures = new Map<string, Figure>();
  const mapped = mappedAxes(sweep);
  if (mapped === undefined) return figures;
  const { x, y } = mapped;
  const others = otherAxes(sweep.axes, x).filter(
    (k) => sweep.axes[k].group !== sweep.axes[y].group && sweep.axes[k].values.length > 1,
  );
  const planes = new Map<string, SummaryRow[]>();
  for (const row of summary) {
    const key = JSON.stringify(others.map((k) => row.values[k]));
    planes.set(key, [...(planes.get(key) ?? []), row]);
  }
  for (const name of sweep.observe) {
    for (const rows of planes.values()) {
      const suffix = others.map((k) => `-${String(rows[0].values[k])}`).join("");
      const title = others.map((k) => seriesPart(sweep.axes[k].path, String(rows[0].values[k]))).join(", ");
      figures.set(`${name}-map${suffix}`, mapOf(sweep, rows, name, { x, y, title }));
    }
  }
  return figures;
}

/** Whether there are maps of a sweep. */
export const hasMaps = ({ sweep }: Pick<SweepOutcome, "sweep">): boolean => mappedAxes(sweep) !== undefined;

function mappedAxes(sweep: SweepOutcome["sweep"]): { readonly x: number; readonly y: number } | undefined {
  const x = figureAxis(sweep);
  const apart = (k: number) => sweep.axes[k].group !== sweep.axes[x].group;
  const y = x < 0 ? undefined : otherAxes(sweep.axes, x).find((k) => apart(k) && isMapped(sweep, k));
  // Sizes are compared by curves.
  if (y === undefined || !isMapped(sweep, x) || sweep.input.scaling) return undefined;
  return { x, y };
}

const isMapped = ({ axes }: SweepOutcome["sweep"], k: number) => axes[k].values.length >= FEWEST && isNumeric(axes[k]);

/** Values over the range of some that rise, evenly or by even factors. */
function finely(values: readonly number[], log: boolean): number[] {
  const [from, to] = [values[0], values[values.length - 1]];
  return Array.from({ length: FINE + 1 }, (_, k) => {
    const share = k / FINE;
    return log ? from * (to / from) ** share : from + (to - from) * share;
  });
}

function mapOf(
  sweep: SweepOutcome["sweep"],
  rows: readonly SummaryRow[],
  name: ObservableName,
  { x, y, title }: { readonly x: number; readonly y: number; readonly title: string },
): Figure {
  const rising = (axis: number) => [...new Set(rows.map(({ values }) => values[axis] as number))].sort((a, b) => a - b);
  const [xs, ys] = [rising(x), rising(y)];
  const cells = new Map(rows.map((row) => [`${row.values[x]} ${row.values[y]}`, row]));
  const at = (column: number, line: number) => cells.get(`${column} ${line}`);
  const [xLog, yLog] = [x, y].map((axis) => sweep.axes[axis].scale === "log");
  const ends = (edges: number[]) => [edges[0], edges[edges.length - 1]] as const;
  // Where the theory says that something happens: a curve, however few rows the map has.
  const [path, along] = [sweep.axes[y].path, sweep.axes[x].path];
  const isKey = path.split(".").length <= 2;
  const line = (isKey ? finely(ys, yLog) : ys).flatMap((value) => {
    const nearest = ys.reduce((best, each) => (Math.abs(each - value) < Math.abs(best - value) ? each : best));
    const row = xs.map((column) => at(column, nearest)).find((cell) => cell !== undefined);
    const mark = row && markWith(along, name, sweep.points[row.point], [path, isKey ? value : nearest]);
    return mark && mark.x >= xs[0] && mark.x <= xs[xs.length - 1] ? [{ x: mark.x, y: value }] : [];
  });
  const { spins } = sweep.points[0].system(0);
  return {
    ...(title !== "" && { title }),
    panels: [
      {
        x: { label: axisLabel(sweep.axes[x].path), scale: xLog ? "log" : "linear", range: ends(cellEdges(xs, xLog)) },
        y: { label: axisLabel(sweep.axes[y].path), scale: yLog ? "log" : "linear", range: ends(cellEdges(ys, yLog)) },
        map: {
          x: xs,
          y: ys,
          z: ys.map((value) => xs.map((column) => at(column, value)?.statistics[name]?.mean ?? NaN)),
          converged: ys.map((value) => xs.map((column) => at(column, value)?.rows.every(isConverged) ?? true)),
          label: observableLabel(name, spins),
        },
        series:
          line.length > 1
            ? [{ kind: "line", name: "exact critical line", x: line.map((p) => p.x), y: line.map((p) => p.y) }]
            : [],
      },
    ],
  };
}
