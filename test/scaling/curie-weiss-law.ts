/** Synthetic curves: the exact law of the finite Curie-Weiss model under synchronous updates, and noise on top. */
import type { ScalingCurve } from "../../src/physics/finite-size-scaling/curves.js";
import { gaussianMatrix, STREAMS } from "../../src/reference/random.js";

/** <|m|>, <m²>, <m⁴> of P(M) ~ C(N, (N+M)/2) (2 cosh(M/(N T)))^N (equations 12.2). */
export function curieWeissMoments(sites: number, temperature: number) {
  // ln P relative to its largest value, by the ratio of neighbouring binomials.
  const logs = new Float64Array(sites + 1);
  let binomial = 0;
  let largest = -Infinity;
  for (let up = 0; up <= sites; up++) {
    const y = Math.abs((2 * up - sites) / (sites * temperature));
    logs[up] = binomial + sites * (y + Math.log1p(Math.exp(-2 * y)));
    largest = Math.max(largest, logs[up]);
    binomial += Math.log((sites - up) / (up + 1));
  }
  let [total, absolute, square, fourth] = [0, 0, 0, 0];
  logs.forEach((log, up) => {
    const weight = Math.exp(log - largest);
    const m = (2 * up - sites) / sites;
    total += weight;
    absolute += weight * Math.abs(m);
    square += weight * m * m;
    fourth += weight * m ** 4;
  });
  return { absolute: absolute / total, square: square / total, fourth: fourth / total };
}

export function curieWeissBinder(sites: number, temperature: number): number {
  const { square, fourth } = curieWeissMoments(sites, temperature);
  return 1 - fourth / (3 * square ** 2);
}

export const grid = (low: number, high: number, count: number) =>
  Array.from({ length: count }, (_, k) => low + ((high - low) * k) / (count - 1));

/** A curve without noise whose points claim the error that `error` gives them. */
export function exactCurve(
  sites: number,
  xs: readonly number[],
  of: (sites: number, x: number) => number,
  error: (mean: number) => number,
): ScalingCurve {
  const points = xs.map((x) => {
    const mean = of(sites, x);
    return { x, mean, standardError: error(mean) };
  });
  return { sites, points };
}

/** Normal numbers of one trial. */
export const normals = (count: number, trial: number) =>
  gaussianMatrix(1, count, { seed: 5, stream: STREAMS.initial, sample: trial });

/** The same curves with independent normal errors of their own size. */
export function withNoise(curves: readonly ScalingCurve[], trial: number): ScalingCurve[] {
  const noise = normals(
    curves.reduce((sum, { points }) => sum + points.length, 0),
    trial,
  );
  let next = 0;
  return curves.map(({ sites, points }) => ({
    sites,
    points: points.map((point) => ({ ...point, mean: point.mean + point.standardError * noise[next++] })),
  }));
}

/** Share of z within ±1, which is 0.683 where errors are right, and their root mean square, which is 1. */
export function calibration(z: readonly number[]): { readonly within: number; readonly rootMeanSquare: number } {
  return {
    within: z.filter((each) => Math.abs(each) < 1).length / z.length,
    rootMeanSquare: Math.sqrt(z.reduce((sum, each) => sum + each * each, 0) / z.length),
  };
}
