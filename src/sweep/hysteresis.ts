/** Noisy tokens led along couplings: the table, and the figure of both directions over the branches of the theory. */
import { stringify } from "csv-stringify/sync";
import type { ContinuationPoint } from "../engine/token-clouds.js";
import { noisyAttentionThreshold } from "../physics/theory/noisy-attention.js";
import { noisyAttentionTransition, orderedBranch } from "../physics/theory/noisy-attention-order.js";
import type { Figure, Series } from "./figures/figure.js";

/** What the theory needs to know of the tokens. */
export interface NoisyTokens {
  readonly count: number;
  readonly dimension: number;
  readonly beta: number;
  /** The theory is of unnormalised weights. */
  readonly unnormalised: boolean;
}

/** A row a coupling and direction. */
export function hysteresisCsv(points: readonly ContinuationPoint[]): string {
  const header = [
    "coupling",
    "direction",
    "order",
    "order_standard_error",
    "pair_cosine",
    "pair_cosine_standard_error",
  ];
  const cell = (value: number) => (Number.isNaN(value) ? "" : value);
  const rows = points.map(({ coupling, direction, order, pairCosine }) => [
    coupling,
    direction,
    order.mean,
    cell(order.standardError),
    pairCosine.mean,
    cell(pairCosine.standardError),
  ]);
  return stringify([header, ...rows]);
}

export function hysteresisFigure(points: readonly ContinuationPoint[], tokens: NoisyTokens): Figure {
  const series: Series[] = [];
  for (const [style, direction] of (["up", "down"] as const).entries()) {
    const own = points.filter((point) => point.direction === direction);
    if (own.length === 0) continue;
    const drawn = own.map(({ coupling, order }) => ({ x: coupling, y: order.mean, errorBar: order.standardError }));
    series.push({ kind: "points", style, name: `*K* ${direction === "up" ? "rising" : "falling"}`, points: drawn });
  }
  const couplings = points.map(({ coupling }) => coupling);
  const range = [Math.min(...couplings), Math.max(...couplings)] as const;
  const critical = tokens.unnormalised ? noisyAttentionTransition(tokens.dimension, tokens.beta).critical : NaN;
  return {
    panels: [
      {
        x: { label: "coupling *K*" },
        y: { label: "order parameter *r*", range: [0, 1] },
        series: tokens.unnormalised ? [...series, ...branches(range, tokens)] : series,
        marks: critical > range[0] && critical < range[1] ? [{ x: critical, label: "*K*_{c}" }] : [],
        label: `*d* = ${tokens.dimension}, *β* = ${tokens.beta}, *n* = ${tokens.count}`,
        legend: "above",
        heightMillimetres: 60,
      },
    ],
  };
}

/** Curves have this many points. */
const CURVE_POINTS = 60;

/**
 * The ordered branch for n → ∞, and the uniform law with the fluctuations of n tokens: Σ_i x_i / n has d independent Gaussian
 * components of variance 1/(d n (1 - K/K_#)), whose stiffness vanishes at K_#.
 */
function branches([from, to]: readonly [number, number], { count, dimension, beta }: NoisyTokens): Series[] {
  const threshold = noisyAttentionThreshold(dimension, beta);
  const ordered = orderedBranch(dimension, beta, to, CURVE_POINTS).filter(({ strength }) => strength >= from);
  const lines: Series[] = [];
  if (ordered.length > 1) {
    const [x, y] = [ordered.map(({ strength }) => strength), ordered.map(({ order }) => order)];
    lines.push({ kind: "line", name: "ordered, *n* → ∞", x, y });
  }
  const end = Math.min(to, threshold * (1 - 2 / Math.sqrt(count)));
  if (end > from) {
    const x = Array.from({ length: CURVE_POINTS }, (_, k) => from + ((end - from) * k) / (CURVE_POINTS - 1));
    const y = x.map((strength) => meanNorm(dimension) / Math.sqrt(dimension * count * (1 - strength / threshold)));
    lines.push({ kind: "line", name: `uniform, *n* = ${count}`, x, y, style: 0 });
  }
  return lines;
}

/** Mean norm of d standard normal numbers, √2 Γ((d+1)/2)/Γ(d/2). */
function meanNorm(dimension: number): number {
  let value = dimension % 2 === 0 ? Math.sqrt(Math.PI / 2) : Math.sqrt(2 / Math.PI);
  for (let d = dimension % 2 === 0 ? 2 : 1; d < dimension; d += 2) value *= (d + 1) / d;
  return value;
}
