/** Order of accuracy of sphere closures in general position: three sites, D = 3, against a double integral over two spheres. */
import type { ClosureName } from "../../physics/closures.js";
import { dot, logSlope, type Oracle, type OracleBench } from "./bench.js";
import { readCase } from "./case-files.js";
import { angles } from "./two-site-exact.js";

interface Orders {
  checks: { order_D3: { eps: number[]; slope_nMF: number; slope_TAP: number } };
}

type Vector = readonly [number, number, number];

const RADIUS = Math.sqrt(0.5);
const BETA = 1.3;
/** Fields of the receiver, and of the senders a step before. */
const FIELD: Vector = [0.9, -0.3, 0.5];
const SENDERS: readonly { field: Vector; coupling: number }[] = [
  { field: [0.2, 1.4, -0.4], coupling: 0.9 },
  { field: [-1.1, 0.3, 0.8], coupling: -1.2 },
];

const size = (v: Vector) => Math.hypot(...v);
/** A_3(k)/k = (coth k - 1/k)/k. */
const gain = (k: number) => (k < 1e-3 ? 1 / 3 - (k * k) / 45 : (1 / Math.tanh(k) - 1 / k) / k);
/** F(h) of one spin. */
const response = (h: Vector): Vector => {
  const g = BETA * RADIUS ** 2 * gain(BETA * RADIUS * size(h));
  return [g * h[0], g * h[1], g * h[2]];
};

/** Directions of a spin in a field, and their probabilities: Gauss-Legendre in the polar angle, trapezoid around the field. */
function directions(field: Vector): { spin: Vector; probability: number }[] {
  const n = field.map((value) => value / size(field));
  // Any vector across n: e_k minus its part along n, for the smallest component k.
  const smallest = n.map(Math.abs).indexOf(Math.min(...n.map(Math.abs)));
  const across = n.map((value, k) => Number(k === smallest) - n[smallest] * value);
  const u = across.map((value) => value / Math.hypot(...across));
  const w = [n[1] * u[2] - n[2] * u[1], n[2] * u[0] - n[0] * u[2], n[0] * u[1] - n[1] * u[0]];
  const around = 16;
  const kappa = BETA * RADIUS * size(field);
  const all = angles(20).flatMap(({ angle, weight }) =>
    Array.from({ length: around }, (_, k) => {
      const phi = (2 * Math.PI * k) / around;
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      const spin = n.map((value, i) => RADIUS * (c * value + s * (Math.cos(phi) * u[i] + Math.sin(phi) * w[i])));
      return { spin: spin as unknown as Vector, probability: weight * s * Math.exp(kappa * (c - 1)) };
    }),
  );
  const total = all.reduce((sum, { probability }) => sum + probability, 0);
  return all.map(({ spin, probability }) => ({ spin, probability: probability / total }));
}

/** ⟨F(x + Σ J s)⟩ over both senders. */
function exactMean(scale: number): number[] {
  const [first, second] = SENDERS.map(({ field }) => directions(field));
  const mean = [0, 0, 0];
  for (const a of first) {
    for (const b of second) {
      const h = FIELD.map(
        (value, k) => value + scale * (SENDERS[0].coupling * a.spin[k] + SENDERS[1].coupling * b.spin[k]),
      );
      const g = BETA * RADIUS ** 2 * gain(BETA * RADIUS * Math.sqrt(dot(h, h)));
      for (let k = 0; k < 3; k++) mean[k] += a.probability * b.probability * g * h[k];
    }
  }
  return mean;
}

async function orders(bench: OracleBench): Promise<void> {
  const { eps, slope_nMF, slope_TAP } = readCase<Orders>("kinetic/vector-spin-tap").checks.order_D3;
  const exact = eps.map(exactMean);
  for (const [closure, expected, width, tabulated] of [
    ["naive", 2, 0.15, slope_nMF],
    ["tap", 3, 0.25, slope_TAP],
  ] as const satisfies readonly (readonly [ClosureName, number, number, number])[]) {
    const errors: number[] = [];
    for (const [k, scale] of eps.entries()) {
      const [first, second] = SENDERS.map(({ coupling }) => scale * coupling);
      const system = {
        spins: { kind: "sphere", dimension: 3, response: "exact" },
        beta: BETA,
        couplings: {
          kind: "dense",
          matrix: [
            [0, first, second],
            [0, 0, 0],
            [0, 0, 0],
          ],
        },
        field: [FIELD, ...SENDERS.map(({ field }) => field)],
        initial: [[0, 0, 0], ...SENDERS.map(({ field }) => response(field))],
      };
      const { state } = await bench.run(system, { closure, run: { steps: 1 } });
      errors.push(Math.hypot(...exact[k].map((value, at) => value - state[at])));
    }
    bench.within(`${closure} order, three sites`, logSlope(eps, errors), expected, width);
    // Its inputs are not stored.
    bench.within(`${closure} slope of the table`, tabulated, expected, width);
  }
}

export const orderOracles: readonly Oracle[] = [
  {
    id: "E3",
    title: "order of accuracy of sphere closures in general position, D = 3",
    reference: "5.3, 5.7; vector-spin-tap",
    float64Only: true,
    run: orders,
  },
];
