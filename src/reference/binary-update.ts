import { pad } from "./layout.js";
import { binaryMean, binaryVariance } from "./responses.js";

/** CLOSURE of `shaders/binary-update.wgsl`. */
export const BINARY_CLOSURES = { naive: 0, tap: 1 } as const;

/** Twin of `shaders/binary-update.wgsl`: m = tanh βh (naive) or the root of m = tanh β(h - β m V) (tap). */
export function binaryUpdate(
  arrays: {
    externalField: Float64Array;
    field: Float64Array;
    moments: Float64Array;
    betas: Float64Array;
    image: Float64Array;
    solveResidual: Float64Array;
  },
  params: { systems: number; sites: number },
  constants: { CLOSURE: number },
): void {
  const padded = pad(params.sites);
  for (let index = 0; index < params.systems * padded; index++) {
    arrays.image[index] = 0;
    arrays.solveResidual[index] = 0;
    if (index % padded >= params.sites) continue;
    const beta = arrays.betas[index];
    const a = beta * (arrays.externalField[index] + arrays.field[index]);
    if (constants.CLOSURE === BINARY_CLOSURES.naive) {
      arrays.image[index] = binaryMean(a);
      continue;
    }
    const b = beta * beta * arrays.moments[index];
    const m = tapMean(a, b);
    arrays.image[index] = m;
    arrays.solveResidual[index] = Math.abs(m - binaryMean(a - b * m)) / (1 + b * binaryVariance(a - b * m));
  }
}

/** The unique root of m - tanh(a - b m) in [-1, 1], b >= 0: halvings, then Newton. */
function tapMean(a: number, b: number): number {
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
