/** Finite-size scaling of a finished sweep: crossings and collapses, as its specification asks for them. */
import { curveOfSamples } from "../physics/disorder-averages.js";
import { collapse, type CollapseResult } from "../physics/finite-size-scaling/collapse.js";
import { type CrossingAnalysis, crossings } from "../physics/finite-size-scaling/crossings.js";
import type { ScalingCurve } from "../physics/finite-size-scaling/curves.js";
import {
  inVariable,
  type ScalingVariableName,
  scalingVariables,
} from "../physics/finite-size-scaling/scaling-variables.js";
import type { ScalingForm } from "../physics/finite-size-scaling/scaling-form.js";
import type { ObservableName } from "../physics/observables.js";
import type { AxisValue } from "./axes.js";
import type { SweepOutcome } from "./run.js";
import { isConverged, overSamples, type SummaryRow } from "./tables.js";

/** One observable of one series. */
interface Analysed {
  /** Values of all other axes, by path. */
  readonly series: Readonly<Record<string, AxisValue>>;
  readonly observable: ObservableName;
  readonly curves: readonly ScalingCurve[];
}

export interface Crossing extends Analysed {
  readonly kind: "crossing";
  readonly result: CrossingAnalysis;
}

export interface Collapse extends Analysed {
  readonly kind: "collapse";
  readonly variable: ScalingVariableName;
  readonly start: ScalingForm;
  readonly result: CollapseResult;
}

export type ScalingResult = Crossing | Collapse;

export function scalingResults(outcome: SweepOutcome, summary: readonly SummaryRow[]): ScalingResult[] {
  const { sweep } = outcome;
  const { scaling } = sweep.input;
  if (scaling === undefined) return [];
  const place = (path: string) => sweep.axes.findIndex((axis) => axis.path === path);
  const [along, sizes] = [place(scaling.along), place(scaling.sizes)];
  const others = sweep.axes.flatMap(({ values }, k) => (k === along || k === sizes || values.length < 2 ? [] : [k]));
  const groups = new Map<string, SummaryRow[]>();
  for (const row of summary) {
    const key = JSON.stringify(others.map((k) => row.values[k]));
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].flatMap((rows): ScalingResult[] => {
    const series = Object.fromEntries(others.map((k) => [sweep.axes[k].path, rows[0].values[k]]));
    const curvesOf = (observable: ObservableName, own = rows) => curves(own, observable, along, sizes);
    const crossed = scaling.crossing.map((observable): Crossing => {
      const own = curvesOf(observable);
      return { kind: "crossing", series, observable, curves: own, result: crossings(own) };
    });
    const critical = crossed.find(({ result }) => result.criticalPoint)?.result.criticalPoint?.best.value;
    const xs = rows.map(({ values }) => values[along] as number);
    const collapsed = scaling.collapse.map((wanted): Collapse => {
      const {
        observable,
        variable = "power",
        start: given,
        fixed,
        within: [from, to] = [-Infinity, Infinity],
      } = wanted;
      const { control } = scalingVariables[variable];
      const near = rows.filter(({ values }) => {
        const x = control(values[along] as number, values[sizes] as number);
        return x >= from && x <= to;
      });
      const own = curvesOf(observable, near);
      const middle = (Math.min(...xs) + Math.max(...xs)) / 2;
      const known = scalingVariables[variable].criticalPoint ?? critical ?? middle;
      const start = { ...given, criticalPoint: given.criticalPoint ?? known };
      const scaled = own.map((curve) => inVariable(curve, variable));
      const result = collapse(scaled, { start, fixed });
      return { kind: "collapse", variable, series, observable, curves: own, start, result };
    });
    return [...crossed, ...collapsed];
  });
}

/** A curve a size, of the points whose runs may all be trusted. */
function curves(rows: readonly SummaryRow[], observable: ObservableName, along: number, sizes: number): ScalingCurve[] {
  const trusted = rows.filter((row) => row.rows.every(isConverged));
  const bySize = new Map<number, SummaryRow[]>();
  for (const row of trusted) {
    const size = row.values[sizes] as number;
    bySize.set(size, [...(bySize.get(size) ?? []), row]);
  }
  // With one sample there is nothing to leave out: points are independent, their errors those of chains.
  const sampled = trusted.every(({ samples }) => samples > 1);
  return [...bySize].map(([sites, own]): ScalingCurve => {
    if (sampled) {
      return curveOfSamples(
        sites,
        own.map((row) => ({
          x: row.values[along] as number,
          samples: row.rows.map(({ sample }) => sample),
          ...overSamples(observable, row.rows),
        })),
      );
    }
    return {
      sites,
      points: own.map(({ values, statistics }) => ({
        x: values[along] as number,
        mean: statistics[observable]?.mean ?? NaN,
        standardError: statistics[observable]?.standardError ?? NaN,
      })),
    };
  });
}
