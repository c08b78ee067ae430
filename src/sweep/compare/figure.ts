/** Work and precision: the error of each closure against the time to its answer, over the noise of the exact means. */
import { closureNames, MONTE_CARLO } from "../../physics/closures.js";
import type { Figure, Point, Series } from "../figures/figure.js";
import type { ComparisonOutcome, ComparisonRow } from "./compare.js";

/** What of the noise the band shows at least, in decades, where all errors are above it. */
const NOISE_DECADES = 0.5;
/** Room beside the outermost points. */
const MARGIN = 1.6;

/** Undefined where no closure has an error that a logarithmic axis can show. */
export function comparisonFigure({ rows, exact, device, plan }: ComparisonOutcome): Figure | undefined {
  const series: Series[] = rows.flatMap((row): Series[] => {
    const point = pointOf(row);
    if (point === undefined) return [];
    const name = row.belowNoise ? `${row.closure} (within noise)` : row.closure;
    return [{ kind: "points", style: closureNames.indexOf(row.closure), name, points: [point] }];
  });
  if (series.length === 0) return undefined;
  if (exact.noise > 0) {
    const x = exact.secondsPerStep * exact.stepsTaken;
    const points = [{ x, y: exact.noise, converged: exact.status === "completed" }];
    series.push({ kind: "points", style: closureNames.length, name: MONTE_CARLO, points });
  }
  const all = series.flatMap((each) => (each.kind === "points" ? each.points : []));
  const xs = all.map(({ x }) => x);
  const range = [Math.min(...xs) / MARGIN, Math.max(...xs) * MARGIN] as const;
  const low = Math.min(
    ...all.map(({ y, errorBar = 0 }) => (errorBar < y ? y - errorBar : y / 3) / MARGIN),
    ...(exact.noise > 0 ? [exact.noise / 10 ** NOISE_DECADES] : []),
  );
  const high = MARGIN * Math.max(...all.map(({ y, errorBar = 0 }) => y + errorBar));
  if (exact.noise > 0) {
    const name = "sampling noise (removed)";
    series.unshift({ kind: "band", name, x: range, lower: [low, low], upper: [exact.noise, exact.noise] });
  }
  const adapter = device.kind === "hardware" ? device.name : device.kind === "cpu" ? "CPU engine" : "software adapter";
  const when = plan.steps === undefined ? "steady state" : `*t* = ${plan.steps}`;
  return {
    panels: [
      {
        x: { label: `time to the answer (s), ${adapter}`, scale: "log", range },
        y: {
          label: exact.measure === "relative" ? "relative error of *m*_{i}" : "error of *m*_{i} / *R*",
          scale: "log",
          range: [low, high],
        },
        series,
        label: when,
        // Text is not to stand on the band.
        legend: exact.noise > 0 ? "above" : "auto",
        heightMillimetres: 60,
      },
    ],
  };
}

/** An error that noise hides is drawn at what noise leaves possible, with a bar that goes down to the frame. */
function pointOf({ error, errorStandardError, belowNoise, converged, ...row }: ComparisonRow): Point | undefined {
  const x = row.secondsPerStep * Math.max(1, row.stepsTaken);
  const y = belowNoise ? errorStandardError : error;
  if (!(x > 0 && y > 0 && Number.isFinite(y))) return undefined;
  return { x, y, errorBar: errorStandardError, converged };
}
