/** Adaptive refinement: where an axis gets more values, from the results so far. A function of these alone, so it can be resumed. */
import { summarize } from "../physics/statistics.js";
import { isNumeric, otherAxes, type Refined, rounded } from "./axes.js";
import type { ResultRow } from "./run-block.js";
import type { Sweep } from "./spec.js";

/** Intervals narrower than this share of the axis are left alone. */
const NARROWEST = 1e-6;

/** Values of the next round, of a sweep of which all rounds so far are there; none if it was the last. */
export function nextRound(sweep: Sweep, rows: readonly ResultRow[], refined: Refined): number[] {
  return refined.length >= (sweep.input.refine?.rounds ?? 0) ? [] : refinedValues(sweep, rows);
}

/**
 * The values that a round adds: midpoints of the intervals across which the mean over samples, or the variance over
 * them, changes most in any series. Empty where every interval is too narrow or has no finite change.
 */
function refinedValues(sweep: Sweep, rows: readonly ResultRow[]): number[] {
  const { refine } = sweep.input;
  if (refine === undefined) return [];
  const along = sweep.axes.findIndex(({ path }) => path === refine.axis);
  const axis = sweep.axes[along];
  if (!isNumeric(axis)) return [];
  const log = axis.scale === "log";
  const values = [...new Set(axis.values as readonly number[])].sort((one, other) => one - other);
  const width = values[values.length - 1] - values[0];
  const series = followed(sweep, rows, along);
  const intervals = values.slice(1).map((right, k) => {
    const left = values[k];
    const changes = series.map((at) => Math.abs((at.get(right) ?? NaN) - (at.get(left) ?? NaN)));
    return { left, right, change: Math.max(0, ...changes.filter(Number.isFinite)) };
  });
  return intervals
    .filter(({ left, right, change }) => change > 0 && right - left > NARROWEST * width)
    .sort((one, other) => other.change - one.change || one.left - other.left)
    .slice(0, refine.points)
    .map(({ left, right }) => rounded(log ? Math.sqrt(left * right) : (left + right) / 2))
    .sort((one, other) => one - other);
}

/** Of every series, the number that is followed at each value of the axis. */
function followed(sweep: Sweep, rows: readonly ResultRow[], along: number): Map<number, number>[] {
  const { observable, by } = sweep.input.refine!;
  const others = otherAxes(sweep.axes, along);
  const samples = new Map<number, number[]>();
  for (const { point, observables } of rows) {
    samples.set(point, [...(samples.get(point) ?? []), observables[observable] ?? NaN]);
  }
  const series = new Map<string, Map<number, number>>();
  for (const [point, values] of samples) {
    const own = sweep.points[point].values;
    const key = JSON.stringify(others.map((axis) => own[axis]));
    const { mean, standardDeviation } = summarize(values);
    const at = series.get(key) ?? new Map<number, number>();
    at.set(own[along] as number, by === "mean" ? mean : standardDeviation ** 2);
    series.set(key, at);
  }
  return [...series.values()];
}
