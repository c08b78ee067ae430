/**
 * How far closures are from the exact dynamics along a sweep: the mean over disorder samples of observable minus that of
 * monte-carlo, sample by sample, which share their couplings. Errors are those of this difference, so that what samples have in
 * common does not count; of a single sample, those of its chains.
 */
import { MONTE_CARLO } from "../physics/closures.js";
import type { ObservableName } from "../physics/observables.js";
import { jackknifeOfSamples } from "../physics/disorder-averages.js";
import type { Figure, Point, Series } from "./figures/figure.js";
import { axisLabel, observableLabel } from "./plot-labels.js";
import { MAX_SERIES, seriesRows } from "./plots.js";
import type { ResultRow, SweepOutcome } from "./run.js";
import { figureAxis, isConverged, overSamples, type SummaryRow } from "./tables.js";

/** Figures by name; none unless chains and closures are compared at the same points. */
export function closureErrorFigures({ sweep }: SweepOutcome, summary: readonly SummaryRow[]): Map<string, Figure> {
  const figures = new Map<string, Figure>();
  const axisIndex = figureAxis(sweep);
  const closure = sweep.axes.findIndex(({ path }) => path === "closure");
  // Chains count the steps that are measured, which is no time.
  if (axisIndex < 0 || closure < 0 || sweep.axes[axisIndex].path === "steps") return figures;
  const { spins } = sweep.points[0].system(0);
  const placeOf = ({ values }: SummaryRow) => JSON.stringify(values.toSpliced(closure, 1));
  const exact = new Map(summary.filter((row) => row.values[closure] === MONTE_CARLO).map((row) => [placeOf(row), row]));
  for (const name of sweep.observe) {
    const series: Series[] = [];
    // Styles are those of the figure of the observable.
    [...seriesRows(sweep, summary, axisIndex)].forEach(([key, rows], style) => {
      const points = rows.flatMap((row): Point[] => {
        const reference = exact.get(placeOf(row));
        const difference = reference && reference !== row ? differenceOf(row, reference, name) : undefined;
        return difference ? [{ x: row.values[axisIndex] as number, ...difference }] : [];
      });
      if (points.some(({ y }) => Number.isFinite(y))) {
        series.push({ kind: "points", style, name: key, points });
      }
    });
    if (series.length === 0 || series.length > MAX_SERIES) continue;
    const { path, scale } = sweep.axes[axisIndex];
    figures.set(`${name}-closure-error`, {
      panels: [
        {
          x: { label: axisLabel(path), scale },
          y: { label: `error of ${observableLabel(name, spins)}` },
          series,
          marks: [{ y: 0 }],
          label: `closure − ${MONTE_CARLO}`,
        },
      ],
    });
  }
  return figures;
}

function differenceOf(
  { rows }: SummaryRow,
  { rows: chains }: SummaryRow,
  name: ObservableName,
): Pick<Point, "y" | "errorBar" | "converged"> | undefined {
  const bySample = new Map(chains.map((row) => [row.sample, row]));
  const pairs = rows.flatMap((row): [ResultRow, ResultRow][] => {
    const own = bySample.get(row.sample);
    return own ? [[row, own]] : [];
  });
  if (pairs.length === 0) return undefined;
  const average = (which: 0 | 1, of: typeof pairs) =>
    overSamples(
      name,
      of.map((pair) => pair[which]),
    ).value;
  const { value, standardError } = jackknifeOfSamples(pairs.length, (leftOut) => {
    const left = leftOut === undefined ? pairs : pairs.toSpliced(leftOut, 1);
    return average(0, left) - average(1, left);
  });
  const errorBar = pairs.length > 1 ? standardError : (pairs[0][1].standardErrors?.[name] ?? NaN);
  return { y: value, converged: pairs.flat().every(isConverged), ...(Number.isFinite(errorBar) && { errorBar }) };
}
