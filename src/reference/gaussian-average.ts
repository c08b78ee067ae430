/**
 * Averages over a standard normal variable z: twin of `shaders/lib/gaussian-average.wgsl`, equations 4.5. The trapezoid spans
 * [-9, 9] here with 30 intervals a unit of the slope on each side, which leaves 1e-14 of functions of tanh(slope z).
 */
import { binaryMean, binaryVariance } from "./responses.js";

const RANGE = 9;
const HALF_INTERVALS = 30;
/** Slopes below this are taken for it: exp(-z²/2) wants points of its own. */
const LEAST_SLOPE = 1.6;

/** Points z with weights that sum to 1, fine enough for tanh(slope z). */
export function gaussianPoints(slope: number): { readonly z: number; readonly weight: number }[] {
  const half = Math.ceil(HALF_INTERVALS * Math.max(slope, LEAST_SLOPE));
  const points = Array.from({ length: 2 * half + 1 }, (_, k) => {
    const z = ((k - half) * RANGE) / half;
    return { z, weight: Math.exp(-0.5 * z * z) };
  });
  const total = points.reduce((sum, { weight }) => sum + weight, 0);
  return points.map(({ z, weight }) => ({ z, weight: weight / total }));
}

/** ∫Dz tanh(a + slope z). */
export function gaussianMean(a: number, slope: number): number {
  return gaussianPoints(slope).reduce((sum, { z, weight }) => sum + weight * binaryMean(a + slope * z), 0);
}

/** ∫Dz sech²(a + slope z). */
export function gaussianGain(a: number, slope: number): number {
  return gaussianPoints(slope).reduce((sum, { z, weight }) => sum + weight * binaryVariance(a + slope * z), 0);
}

/** A site of a pair: tanh(a + slope z) of a normal z. */
interface PairedSite {
  readonly a: number;
  readonly slope: number;
}

/** ∫∫ D_ρ(z,w) tanh(a_i + slope_i z) tanh(a_k + slope_k w), with w = ρ z + sqrt(1 - ρ²) y and y independent of z. */
export function gaussianPairMean(one: PairedSite, other: PairedSite, correlation: number): number {
  const points = gaussianPoints(Math.max(one.slope, other.slope));
  const across = Math.sqrt(1 - correlation * correlation);
  let sum = 0;
  for (const outer of points) {
    let inner = 0;
    for (const { z, weight } of points) {
      inner += weight * binaryMean(other.a + other.slope * (correlation * outer.z + across * z));
    }
    sum += outer.weight * binaryMean(one.a + one.slope * outer.z) * inner;
  }
  return sum;
}
