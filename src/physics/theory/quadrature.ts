/**
 * Integrals over functions with structure on scales that differ by any factor, to about 1e-14 of the largest value.
 *
 * An interval is halved until no panel is longer than the scale of the structure near it, and every panel takes a
 * 16-point Gauss-Legendre rule. Away from a step the panels double in length, so a step that is 1e10 times narrower
 * than the law around it costs 33 panels more, where a uniform rule would need 1e11 points.
 */

import { erf } from "./error-function.js";

/** Where a function varies fast, and on what length: tanh(a) and its derivatives have one of width 1 at 0. */
export interface Feature {
  readonly at: number;
  readonly width: number;
}

const RULE = gaussLegendre(16);

/**
 * Integral of f from the first breakpoint to the last.
 *
 * @param f the function, analytic within `width` of each feature and, elsewhere, within the distance to the nearest one
 * @param breakpoints ascending ends of the first panels
 * @param features where panels have to be shorter
 */
export function integrate(
  f: (x: number) => number,
  breakpoints: readonly number[],
  features: readonly Feature[],
): number {
  let sum = 0;
  for (let k = 1; k < breakpoints.length; k++) sum += panel(f, breakpoints[k - 1], breakpoints[k], features);
  return sum;
}

/**
 * int Dz f(mean + deviation z), Dz the standard normal measure.
 *
 * The integral runs over a = mean + deviation z, in which the features stand still however large the deviation is.
 *
 * @param f the function, of width 1 at each kink and smooth elsewhere
 * @param mean, deviation of the argument; deviation >= 0
 * @param kinks where f varies on the scale 1
 */
export function gaussianAverage(
  f: (a: number) => number,
  mean: number,
  deviation: number,
  kinks: readonly number[] = [0],
): number {
  if (deviation === 0) return f(mean);
  if (deviation <= 1) return trapezoid(f, mean, deviation);
  const norm = Math.sqrt(2 * Math.PI);
  // A kink out in the tail may hold all there is of the integral: sech^2 far from zero field.
  const reaches = kinks.map((kink) => Math.abs(kink - mean) / deviation).filter((distance) => distance < 37);
  const panels = Math.ceil(Math.max(9, ...reaches.map((distance) => distance + 1.5)));
  const ends = Array.from({ length: panels + 1 }, (_, k) => 2 * k - panels);
  // A step out of reach must not cost the digits of z = (a - mean)/deviation.
  if (reaches.length === 0) return integrate((z) => Math.exp(-0.5 * z * z) * f(mean + deviation * z), ends, []) / norm;
  const density = (a: number): number => Math.exp(-0.5 * ((a - mean) / deviation) ** 2) * f(a);
  const breakpoints = ends.map((z) => mean + deviation * z);
  const features = kinks.map((at) => ({ at, width: 1 }));
  return integrate(density, breakpoints, features) / (deviation * norm);
}

/**
 * Density at x of u + deviation z, u uniform on [-halfWidth, halfWidth] and z standard normal.
 *
 * @param halfWidth >= 0
 * @param deviation > 0
 */
export function boxedNormalDensity(x: number, halfWidth: number, deviation: number): number {
  const distance = Math.abs(x) / deviation;
  const width = halfWidth / deviation;
  if (width > 1) {
    return (erf((distance + width) / Math.SQRT2) - erf((distance - width) / Math.SQRT2)) / (4 * halfWidth);
  }
  // The difference would cancel: average the density over the box.
  const norm = deviation * Math.sqrt(2 * Math.PI);
  return rule((t) => Math.exp(-0.5 * (distance - width * t) ** 2), 0, 1) / (2 * norm);
}

/**
 * The rule of {@link integrate} as nodes and weights, for sums in which one function stands many times: each panel between
 * two breakpoints in equal pieces.
 *
 * @param breakpoints ascending ends of panels
 * @param pieces of one panel, at least 1
 */
export function quadratureRule(
  breakpoints: readonly number[],
  pieces: (from: number, to: number) => number,
): Record<"nodes" | "weights", readonly number[]> {
  const nodes: number[] = [];
  const weights: number[] = [];
  for (let k = 1; k < breakpoints.length; k++) {
    const [from, to] = [breakpoints[k - 1], breakpoints[k]];
    const count = pieces(from, to);
    const half = (to - from) / (2 * count);
    for (let piece = 0; piece < count; piece++) {
      const centre = from + (2 * piece + 1) * half;
      RULE.nodes.forEach((node, j) => {
        nodes.push(centre + half * node);
        weights.push(half * RULE.weights[j]);
      });
    }
  }
  return { nodes, weights };
}

/** As {@link gaussianAverage}: with poles at i pi/2 and beyond, the error is about exp(-pi^2/(step deviation)) = exp(-45). */
function trapezoid(f: (a: number) => number, mean: number, deviation: number): number {
  const step = Math.min(0.6, 0.22 / deviation);
  let sum = f(mean);
  for (let z = step; z < 9; z += step) {
    sum += Math.exp(-0.5 * z * z) * (f(mean + deviation * z) + f(mean - deviation * z));
  }
  return (sum * step) / Math.sqrt(2 * Math.PI);
}

function panel(f: (x: number) => number, from: number, to: number, features: readonly Feature[]): number {
  const length = to - from;
  const centre = from + length / 2;
  const isShort = features.every(({ at, width }) => length <= Math.max(2 * width, from - at, at - to));
  if (isShort || !(centre > from && centre < to)) return rule(f, centre, length / 2);
  return panel(f, from, centre, features) + panel(f, centre, to, features);
}

function rule(f: (x: number) => number, centre: number, half: number): number {
  let sum = 0;
  for (let k = 0; k < RULE.nodes.length; k++) sum += RULE.weights[k] * f(centre + half * RULE.nodes[k]);
  return half * sum;
}

/** Nodes and weights on [-1, 1]: Newton's method on the Legendre polynomial. Source: Abramowitz & Stegun 25.4.29. */
function gaussLegendre(count: number): Record<"nodes" | "weights", Float64Array> {
  const nodes = new Float64Array(count);
  const weights = new Float64Array(count);
  for (let k = 0; k < count; k++) {
    let x = Math.cos((Math.PI * (k + 0.75)) / (count + 0.5));
    let slope = 1;
    for (let step = 0; step < 10; step++) {
      let [before, value] = [0, 1];
      for (let n = 1; n <= count; n++) [before, value] = [value, ((2 * n - 1) * x * value - (n - 1) * before) / n];
      slope = (count * (x * value - before)) / (x * x - 1);
      x -= value / slope;
    }
    nodes[k] = x;
    weights[k] = 2 / ((1 - x * x) * slope * slope);
  }
  return { nodes, weights };
}
