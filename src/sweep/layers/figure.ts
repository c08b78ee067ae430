/** Steps per second against N on logarithmic axes: the reference at every d, and its variations in everything else. */
import type { Figure, Panel, Point, Series } from "../figures/figure.js";
import type { CostExponents } from "./exponents.js";
import type { LayersOutcome } from "./measure.js";
import type { LayerRow } from "./rows.js";
import { type LayerSeries, planSeries, referenceSeries } from "./series.js";

/** Series of one panel at most: as many as there are colours. */
const MOST_SERIES = 6;

/** Undefined where nothing was measured. */
export function layersFigure(outcome: LayersOutcome): Figure | undefined {
  const reference = referenceSeries(outcome.plan);
  const measured = planSeries(outcome.plan).filter((series) => outcome.rows.some((row) => isOf(row, series)));
  const differences = (series: LayerSeries) => SERIES_KEYS.filter((key) => series[key] !== reference[key]);
  const only = (key: keyof LayerSeries) => (series: LayerSeries) => differences(series).every((other) => other === key);
  const dimensions = measured.filter(only("dimension")).sort((one, other) => one.dimension - other.dimension);
  const others = measured.filter(
    (series) => series.dimension === reference.dimension && differences(series).length <= 1,
  );
  const panels: Panel[] = [];
  if (dimensions.length > 0) {
    panels.push(panel(outcome, describe(reference), dimensions, ({ dimension }) => `*d* = ${dimension}`, true));
  }
  if (others.length > 1) {
    const name = (series: LayerSeries) => variation(series, differences(series)[0] ?? "closure");
    panels.push(panel(outcome, `*d* = ${reference.dimension}, time ∝ *N*^{*a*}`, others, name, false));
  }
  if (panels.length === 0) return undefined;
  return {
    sharedX: true,
    panels: panels.map((each, k) => (panels.length > 1 ? { ...each, label: `(${"ab"[k]}) ${each.label}` } : each)),
  };
}

const SERIES_KEYS = ["dimension", "heads", "closure", "source", "precision"] as const;

function isOf(row: LayerRow, series: LayerSeries): boolean {
  return SERIES_KEYS.every((key) => row[key] === series[key]);
}

function describe({ closure, heads, precision }: LayerSeries): string {
  return `${closure}, ${heads} ${heads === 1 ? "head" : "heads"}, ${precision}`;
}

/** What a series differs in from the reference. */
function variation(series: LayerSeries, key: keyof LayerSeries): string {
  if (key === "heads") return `${series.heads} ${series.heads === 1 ? "head" : "heads"}`;
  if (key === "source") return `*J* of the ${series.source}`;
  if (key === "precision") return series.precision === "f64" ? "f64, CPU" : series.precision;
  return String(series[key]);
}

/** @param joint whether the fit has an exponent of d, and stands once for all series */
function panel(
  { rows, exponents }: LayersOutcome,
  label: string,
  shown: readonly LayerSeries[],
  name: (series: LayerSeries) => string,
  joint: boolean,
): Panel {
  const points: Series[] = [];
  const lines: Series[] = [];
  shown.slice(0, MOST_SERIES).forEach((series, style) => {
    const own = rows.filter((row) => isOf(row, series));
    const fit = exponents.find(
      ({ closure, heads, source, precision }) =>
        closure === series.closure &&
        heads === series.heads &&
        source === series.source &&
        precision === series.precision,
    );
    const suffix = joint || fit === undefined ? "" : `, *a* = ${exponentText(fit.sites)}`;
    points.push({ kind: "points", style, name: `${name(series)}${suffix}`, points: own.map(figurePoint) });
    const fitted = fit && fittedLine(fit, series.dimension, own);
    if (fit === undefined || fitted === undefined) return;
    const isFirst = lines.length === 0;
    lines.push({ kind: "line", style, ...fitted, ...(joint && isFirst && { name: powerLaw(fit) }) });
  });
  return {
    x: { label: "sites *N*", scale: "log" },
    y: { label: "step rate (s^{−1})", scale: "log" },
    series: [...points, ...lines],
    label,
    heightMillimetres: 60,
  };
}

function figurePoint({ sites, stepsPerSecond, lowerQuartile, upperQuartile }: LayerRow): Point {
  return { x: sites, y: stepsPerSecond, errorBar: (upperQuartile - lowerQuartile) / 2 };
}

/** The fit where it was made of this series' points. */
function fittedLine({ prefactor, sites, dimension, range }: CostExponents, d: number, own: readonly LayerRow[]) {
  const x = own.map((row) => row.sites).filter((n) => n * range >= Math.max(...own.map((row) => row.sites)));
  if (x.length < 2) return undefined;
  return { x, y: x.map((n) => 1 / (prefactor * n ** sites.value * d ** (dimension?.value ?? 0))) };
}

/** `time ∝ *N*^{1.98±0.02} *d*^{0.85±0.04}` */
function powerLaw({ sites, dimension }: CostExponents): string {
  const factors = [`*N*^{${exponentText(sites)}}`, ...(dimension ? [`*d*^{${exponentText(dimension)}}`] : [])];
  return `time ∝ ${factors.join(" ")}`;
}

function exponentText({ value, standardError }: CostExponents["sites"]): string {
  return Number.isNaN(standardError) ? value.toFixed(2) : `${value.toFixed(2)}±${standardError.toFixed(2)}`;
}
