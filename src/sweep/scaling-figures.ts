/** Figures and lines of text of finite-size scaling. */
import { rescale } from "../physics/finite-size-scaling/scaling-form.js";
import type { Spins } from "../physics/spins.js";
import type { Figure, Series } from "./figures/figure.js";
import { axisLabel, axisSymbol, observableLabel, seriesPart } from "./plot-labels.js";
import type { SweepOutcome } from "./run.js";
import type { Collapse, Crossing, ScalingResult } from "./scaling.js";
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
        result.kind === "crossing" ? crossingFigure(result, along, spins) : collapseFigure(result, along, spins);
      return figure ? [[`${result.observable}-${result.kind}${suffix.join("")}`, figure]] : [];
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

/** Without a fit there is nothing to rescale by. */
function collapseFigure(
  { curves, observable, result, series }: Collapse,
  along: string,
  spins: Spins,
): Figure | undefined {
  if (result.status !== "converged") return undefined;
  const form = { criticalPoint: result.criticalPoint.value, a: result.a.value, b: result.b.value };
  const [x, a, b] = [result.criticalPoint, result.a, result.b].map((each) =>
    each.standardError > 0
      ? withUncertainty(each.value, each.standardError)
      : String(Number(each.value.toPrecision(4))),
  );
  const symbol = axisSymbol(along);
  const name = title(series);
  return {
    ...(name !== "" && { title: name }),
    panels: [
      {
        x: { label: `(${symbol} − ${symbol}_{c}) *N*^{${a}},  ${symbol}_{c} = ${x}` },
        y: { label: `${observableLabel(observable, spins)}${result.b.value === 0 ? "" : ` × *N*^{${b}}`}` },
        series: curves.map((curve, style): Series => {
          return { kind: "points", style, name: `*N* = ${curve.sites}`, points: rescale(curve, form).map(asPoint) };
        }),
      },
    ],
  };
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
    ` (${extrapolation ? "N → ∞" : "one pair"}${degrees})`
  );
}

function collapseText({ result }: Collapse): string {
  if (result.status !== "converged") return `not converged: ${result.reason}`;
  const [x, a, b] = [result.criticalPoint, result.a, result.b].map((each) =>
    withUncertainty(each.value, each.standardError),
  );
  return `x_c = ${x}, a = ${a}, b = ${b}, S = ${result.quality.toPrecision(2)}, χ²/degree ${result.chiSquarePerDegree.toPrecision(2)}`;
}
