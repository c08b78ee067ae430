import { binaryMean, binaryVariance } from "./responses.js";

/** Twin of `shaders/lib/tap-mean.wgsl`: the unique root of m - tanh(a - b m) in [-1, 1], b >= 0. Halvings, then Newton. */
export function tapMean(a: number, b: number): number {
  let low = -1;
  let high = 1;
  for (let k = 0; k < 50; k++) {
    const middle = 0.5 * (low + high);
    if (middle < binaryMean(a - b * middle)) low = middle;
    else high = middle;
  }
  let m = 0.5 * (low + high);
  for (let k = 0; k < 2; k++) {
    m -= (m - binaryMean(a - b * m)) / (1 + b * binaryVariance(a - b * m));
  }
  return Math.min(1, Math.max(-1, m));
}
