/** The figures of a sweep: every observable against the first numeric axis, a series for each combination of the others. */
import { type ObservableName, speciesObserved } from "../physics/observables.js";
import type { Spins } from "../physics/spins.js";
import type { Figure, Point as FigurePoint, Series } from "./figures/figure.js";
import { type Overlay, overlayFor } from "./overlays.js";
import type { SweepOutcome } from "./run.js";
import { figureAxis, isConverged, type SummaryRow } from "./tables.js";

/** Labels of axes with a symbol of their own; other paths stand as they are. */
const AXIS_LABELS: Readonly<Record<string, string>> = {
  beta: "inverse temperature *β*",
  steps: "steps *t*",
  "spins.count": "sites *N*",
  "spins.dimension": "spin dimension *D*",
  "couplings.scale": "softmax scale *λ*",
  "couplings.mean": "mean coupling *J*_{0}",
  "couplings.std": "coupling disorder *g*",
  "couplings.symmetry": "symmetry *η*",
  "couplings.fraction": "fraction *f* of ferromagnetic couplings",
  "couplings.load": "load *α* = *P*/*N*",
  "initial.overlap": "initial overlap *m*_{0}",
  "field.halfWidth": "field half width *H*_{0}",
  "field.value": "field *h*",
  "field.norm": "field norm |*x*| / *R*",
};

const SERIES_NAMES: Readonly<Record<string, (value: string) => string>> = {
  closure: (value) => value,
  beta: (value) => `*β* = ${value}`,
  steps: (value) => `*t* = ${value}`,
  "spins.count": (value) => `*N* = ${value}`,
  "spins.dimension": (value) => `*D* = ${value}`,
  "couplings.scale": (value) => `*λ* = ${value}`,
  "couplings.std": (value) => `*g* = ${value}`,
  "couplings.load": (value) => `*α* = ${value}`,
};

const OBSERVABLE_LABELS: Readonly<Partial<Record<ObservableName, string>>> = {
  magnetization: "magnetization *m*",
  "absolute-magnetization": "magnetization |*m*|",
  "site-norm": "⟨|*m*_{i}|⟩ / *R*",
  overlap: "overlap *q*",
  "pattern-overlap": "pattern overlap *m*",
  susceptibility: "susceptibility *χ*",
  entropy: "row entropy *S* (nats)",
  participation: "row participation *Y*_{2}",
  "log-sum-exp": "ln *Z*",
  binder: "Binder cumulant *U*_{4}",
  "entropy-production": "entropy production *σ* / *N* (nats)",
  "entropy-rate": "entropy rate (nats)",
  "logit-gap": "logit gap Δ*S*",
  "effective-rank": "effective rank",
  "participation-rank": "participation rank",
  "mean-token-cosine": "mean token cosine",
  "zero-norm-sites": "sites without a mean",
  energy: "energy *E* / *N*",
  "free-energy": "free energy *F* / *N*",
  "log-partition": "single-site log-partition",
  housekeeping: "housekeeping entropy production *σ*_{hk} (nats / step)",
  mismatch: "mismatch KL (nats)",
  "spectral-radius": "spectral radius *ρ*",
  lyapunov: "Lyapunov exponent *λ*_{1}",
  "second-eigenvalue": "second eigenvalue |*λ*_{2}|",
  "contraction-bound": "contraction bound",
  "convergence-rate": "convergence rate *ρ*",
  "relaxation-time": "relaxation time *τ* (steps)",
};

/** Points of a theory curve. */
const CURVE_POINTS = 241;

/** One figure an observable, by its name; none if no axis is numeric. */
export function sweepFigures(outcome: SweepOutcome, summary: readonly SummaryRow[]): Map<ObservableName, Figure> {
  const { sweep } = outcome;
  const axisIndex = figureAxis(sweep);
  const figures = new Map<ObservableName, Figure>();
  if (axisIndex < 0) return figures;
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
    const others = sweep.axes.flatMap(({ path }, k) =>
      k === axisIndex ? [] : [seriesPart(path, String(row.values[k]))],
    );
    const key = others.join(", ");
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
        x: { label: AXIS_LABELS[axis.path] ?? axis.path, scale: axis.scale },
        y: { label: observableLabel(name, spins), scale: yScale(summary, name) },
        series,
        marks: [...marks.values()],
      },
    ],
  };
}

/** The magnetization of sphere spins is a length in units of R. */
function observableLabel(name: ObservableName, spins: Spins): string {
  const length = name === "magnetization" || name === "absolute-magnetization";
  return length && spins.kind === "sphere"
    ? "order parameter |*m*| / *R*"
    : (OBSERVABLE_LABELS[name] ?? `magnetization *m* of ${speciesObserved(name) ?? name}`);
}

function seriesPart(path: string, value: string): string {
  return SERIES_NAMES[path]?.(value) ?? `${path} = ${value}`;
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
