/** Figures and lines of text of finite-size scaling. */
import type { ScalingCurve } from "../physics/finite-size-scaling/curves.js";
import { rescale } from "../physics/finite-size-scaling/scaling-form.js";
import { inVariable, type ScalingVariableName } from "../physics/finite-size-scaling/scaling-variables.js";
import type { Spins } from "../physics/spins.js";
import type { Figure, Series } from "./figures/figure.js";
import { type Overlay, overlayFor } from "./overlays.js";
import { axisLabel, axisSymbol, observableLabel, seriesPart } from "./plot-labels.js";
import type { SweepOutcome } from "./run.js";
import type { Collapse, Crossing, ScalingResult } from "./scaling.js";
import type { Point, Sweep } from "./spec.js";
import { withUncertainty } from "./uncertainty.js";

const title = (series: ScalingResult["series"]) =>
  Object.entries(series)
    .map(([path, value]) => seriesPart(path, String(value)))
    .join(", ");

/** Figures by name. */
export function scalingFigures({ sweep }: SweepOutcome, results: readonly ScalingResult[]): Map<string, Figure> {
  const along = sweep.input.scaling?.along ?? "";
  const { spins } = sweep.points[0].system(0);
  return new Map(
    results.flatMap((result): [string, Figure][] => {
      const suffix = Object.values(result.series).map((value) => `-${String(value)}`);
      const figure =
        result.kind === "crossing" ? crossingFigure(result, along, spins) : collapseFigure(result, sweep, spins);
      const kind =
        result.kind === "collapse" && result.variable !== "power" ? `collapse-${result.variable}` : result.kind;
      return figure ? [[`${result.observable}-${kind}${suffix.join("")}`, figure]] : [];
    }),
  );
}

function crossingFigure({ curves, observable, result, series }: Crossing, along: string, spins: Spins): Figure {
  const { criticalPoint, criticalValue } = result;
  const name = title(series);
  const marks = [
    ...(criticalPoint
      ? [
          {
            x: criticalPoint.best.value,
            label: `${axisSymbol(along)}_{c} = ${withUncertainty(criticalPoint.best.value, criticalPoint.best.standardError)}`,
          },
        ]
      : []),
    ...(criticalValue ? [{ y: criticalValue.best.value }] : []),
  ];
  return {
    ...(name !== "" && { title: name }),
    panels: [
      {
        x: { label: axisLabel(along) },
        y: { label: observableLabel(observable, spins) },
        series: curves.map(({ sites, points }, style): Series => {
          return { kind: "points", style, name: `*N* = ${sites}`, points: points.map(asPoint) };
        }),
        marks,
      },
    ],
  };
}

/** How a scaling variable is written: the control parameter, its critical value, and the size. */
const SYMBOLS: Readonly<
  Record<ScalingVariableName, (control: string) => { control: string; critical: string; size: string }>
> = {
  power: (control) => ({ control, critical: `${control}_{c}`, size: "*N*" }),
  rem: (control) => ({ control: `${control}/√(2 ln *N*)`, critical: "*x*_{c}", size: "(ln *N*)" }),
};

/** Points of an exact curve. */
const CURVE_POINTS = 81;

/** Without a fit there is nothing to rescale by. */
function collapseFigure(collapse: Collapse, sweep: Sweep, spins: Spins): Figure | undefined {
  const { curves, observable, result, series, variable } = collapse;
  if (result.status !== "converged") return undefined;
  const form = { criticalPoint: result.criticalPoint.value, a: result.a.value, b: result.b.value };
  const [x, a, b] = [result.criticalPoint, result.a, result.b].map((each) =>
    each.standardError > 0
      ? withUncertainty(each.value, each.standardError)
      : String(Number(each.value.toPrecision(4))),
  );
  const symbol = SYMBOLS[variable](axisSymbol(sweep.input.scaling?.along ?? ""));
  const name = title(series);
  const exact = exactCurves(collapse, sweep);
  const asLine = ({ name: theory, curve }: ExactCurve, style: number): Series => {
    const points = rescale(inVariable(curve, variable), form);
    const drawn = { x: points.map((at) => at.x), y: points.map((at) => at.mean) };
    return { kind: "line", style, ...(style === 0 && { name: theory }), ...drawn };
  };
  return {
    ...(name !== "" && { title: name }),
    panels: [
      {
        x: { label: `(${symbol.control} − ${symbol.critical}) ${symbol.size}^{${a}},  ${symbol.critical} = ${x}` },
        y: { label: `${observableLabel(observable, spins)}${result.b.value === 0 ? "" : ` × ${symbol.size}^{${b}}`}` },
        series: [
          ...exact.map(asLine),
          ...curves.map((curve, style): Series => {
            const points = rescale(inVariable(curve, variable), form).map(asPoint);
            return { kind: "points", style, name: `*N* = ${curve.sites}`, points };
          }),
        ],
      },
    ],
  };
}

interface ExactCurve extends Pick<Overlay, "name"> {
  readonly curve: ScalingCurve;
}

/** Of every size, where the theory knows sizes. */
function exactCurves({ curves, observable, series }: Collapse, { axes, points, input }: Sweep): ExactCurve[] {
  const { along = "", sizes = "" } = input.scaling ?? {};
  const place = (path: string) => axes.findIndex((axis) => axis.path === path);
  const isOfSeries = ({ values }: Point) =>
    Object.entries(series).every(([path, value]) => values[place(path)] === value);
  return curves.flatMap(({ sites, points: own }): ExactCurve[] => {
    const point = points.find((each) => each.values[place(sizes)] === sites && isOfSeries(each));
    if (!point || !overlayFor(sizes, observable, point)) return [];
    const overlay = overlayFor(along, observable, point);
    if (!overlay) return [];
    const xs = own.map(({ x }) => x);
    const [low, high] = [Math.min(...xs), Math.max(...xs)];
    const at = Array.from({ length: CURVE_POINTS }, (_, k) => low + ((high - low) * k) / (CURVE_POINTS - 1));
    const exact = at.map((x) => ({ x, mean: overlay.curve(x), standardError: 0 }));
    return [{ name: overlay.name, curve: { sites, points: exact } }];
  });
}

const asPoint = ({ x, mean, standardError }: { x: number; mean: number; standardError: number }) => ({
  x,
  y: mean,
  ...(standardError > 0 && { errorBar: standardError }),
});

/** Lines for people, one or two a result. */
export function scalingText(results: readonly ScalingResult[]): string[] {
  return results.flatMap((result) => {
    const where = Object.values(result.series).map(String).join(", ");
    const head = `${result.kind} of ${result.observable}${where === "" ? "" : ` (${where})`}: `;
    return result.kind === "crossing" ? [head + crossingText(result)] : [head + collapseText(result)];
  });
}

function crossingText({ result: { criticalPoint, criticalValue, pairs } }: Crossing): string {
  if (!criticalPoint || !criticalValue) {
    const reasons = pairs.flatMap((pair) =>
      pair.status === "none" ? [`${pair.sites.join("/")}: ${pair.reason}`] : [],
    );
    return `none (${reasons.join("; ")})`;
  }
  const { best, extrapolation } = criticalPoint;
  const { value, standardError } = criticalValue.best;
  const degrees = best.degreesOfFreedom > 0 ? `, χ²/degree ${best.chiSquarePerDegree.toPrecision(2)}` : "";
  return (
    `at ${withUncertainty(best.value, best.standardError)}, value ${withUncertainty(value, standardError)}` +
    ` (${extrapolation ? "N → ∞" : "one pair"}${degrees}${extrapolation && best.degreesOfFreedom === 0 ? " by two pairs, which nothing checks" : ""})`
  );
}

function collapseText({ result, variable }: Collapse): string {
  if (result.status !== "converged") return `not converged: ${result.reason}`;
  const [x, a, b] = [result.criticalPoint, result.a, result.b].map((each) =>
    withUncertainty(each.value, each.standardError),
  );
  const of = variable === "rem" ? "of x/√(2 ln N) and ln N: " : "";
  return `${of}x_c = ${x}, a = ${a}, b = ${b}, S = ${result.quality.toPrecision(2)}, χ²/degree ${result.chiSquarePerDegree.toPrecision(2)}`;
}
