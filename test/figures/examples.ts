/** Figures from made-up measurements around exact curves, as sweeps produce them. */
import { asymmetricSkCriticalBeta, asymmetricSkMagnetization } from "../../src/physics/theory/asymmetric-sk.js";
import { softmaxCrossover, softmaxRowAverages } from "../../src/physics/theory/softmax-rem.js";
import { exactSphereOrder, exactThreshold } from "../../src/physics/theory/sphere-order.js";
import type { Figure, Point, Series } from "../../src/sweep/figures/figure.js";
import { summarize } from "../../src/physics/statistics.js";

/** Pseudo-random normal deviates, the same in every run (Lehmer generator and Box-Muller). */
function normals(seed: number): () => number {
  let state = seed;
  const uniform = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

function range(count: number, from: number, to: number): number[] {
  return Array.from({ length: count }, (_, k) => from + ((to - from) * k) / (count - 1));
}

function measured(x: number, mean: number, spread: number, count: number, normal: () => number): Point {
  const samples = Array.from({ length: count }, () => mean + spread * normal());
  const summary = summarize(samples);
  return { x, y: summary.mean, errorBar: summary.standardError, samples };
}

/** Magnetization of the asymmetric SK model: two closures, four samples a point, two points that did not converge. */
export function magnetizationFigure(): Figure {
  const model = { couplingMean: 1, couplingDeviation: 0.1, fieldHalfWidth: 0.5 };
  const critical = asymmetricSkCriticalBeta(model);
  const normal = normals(11);
  const closure = (name: string, excess: number): Series => ({
    kind: "points",
    name,
    points: range(21, 0.5 * critical, 2 * critical).map((beta, k) => {
      const spread = 0.012 + 0.06 * Math.exp(-(((beta - critical) / 0.12) ** 2));
      const mean = asymmetricSkMagnetization(beta * (1 + excess), model) + 0.02;
      const point = measured(beta, mean, spread, 4, normal);
      return name === "tap" && (k === 7 || k === 8) ? { ...point, converged: false } : point;
    }),
  });
  const curve = range(300, 0.5 * critical, 2 * critical);
  return {
    panels: [
      {
        x: { label: "inverse temperature *β*" },
        y: { label: "magnetization *m*" },
        series: [
          closure("naive", 0.02),
          closure("tap", 0),
          { kind: "line", name: "*N* → ∞", x: curve, y: curve.map((beta) => asymmetricSkMagnetization(beta, model)) },
        ],
        marks: [{ x: critical, label: `*β*_{c} = ${critical.toFixed(4)}` }],
      },
    ],
  };
}

/** Order of token spins and participation of softmax rows, each against its exact curve. */
export function attentionFigure(): Figure {
  const [dimension, radius] = [64, Math.sqrt(31)];
  const normal = normals(5);
  const betas = range(200, 1, 5);
  const scales = range(120, Math.log(0.25), Math.log(16)).map(Math.exp);
  const participation = (count: number, style: number): Series[] => [
    {
      kind: "points",
      name: `*N* = ${count}`,
      style,
      points: range(13, Math.log(0.3), Math.log(13)).map((u) => {
        const exact = softmaxRowAverages(count, Math.exp(u)).participation;
        return measured(Math.exp(u), exact, 0.12 * exact * (1 - exact), 6, normal);
      }),
    },
    { kind: "line", style, x: scales, y: scales.map((scale) => softmaxRowAverages(count, scale).participation) },
  ];
  return {
    panels: [
      {
        label: "(a)",
        x: { label: "inverse temperature *β*" },
        y: { label: "order |*m*| / *R*" },
        series: [
          {
            kind: "line",
            name: "exact response, *D* = 64",
            x: betas,
            y: betas.map((beta) => exactSphereOrder(beta, dimension, radius) / radius),
          },
          {
            kind: "points",
            name: "WebGPU",
            points: range(17, 1, 5).map((beta) => ({ x: beta, y: exactSphereOrder(beta, dimension, radius) / radius })),
          },
        ],
        marks: [{ x: exactThreshold(dimension, radius), label: "*D* / *R*^{2} = 2.06" }],
      },
      {
        label: "(b)",
        x: { label: "score scale *λ*", scale: "log" },
        y: { label: "participation *Y*_{2}", scale: "log" },
        series: [...participation(256, 0), ...participation(1024, 1)],
        marks: [256, 1024].map((count) => ({
          x: softmaxCrossover(count),
          style: count === 256 ? 0 : 1,
          ...(count === 256 ? { label: "√(2 ln *N*)" } : {}),
        })),
      },
    ],
  };
}
