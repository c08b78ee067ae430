import { gaussianGain, gaussianMean } from "./gaussian-average.js";
import { pad } from "./layout.js";
import { binaryMean, binaryVariance } from "./responses.js";
import { tapMean } from "./tap-mean.js";

/** RULE of `shaders/binary-update.wgsl`; `gaussian-gain` gives a = ∫Dz sech² in place of the mean. */
export const BINARY_RULES = { naive: 0, tap: 1, "gaussian-field": 2, "gaussian-gain": 3, amp: 4 } as const;

/** Twin of `shaders/binary-update.wgsl`: the mean of a binary spin from its field, by one of five rules. */
export function binaryUpdate(
  arrays: {
    externalField: Float64Array;
    field: Float64Array;
    moments: Float64Array;
    echo: Float64Array;
    betas: Float64Array;
    image: Float64Array;
    solveResidual: Float64Array;
  },
  params: { systems: number; sites: number },
  constants: { RULE: number },
): void {
  const { RULE } = constants;
  const padded = pad(params.sites);
  for (let index = 0; index < params.systems * padded; index++) {
    arrays.image[index] = 0;
    arrays.solveResidual[index] = 0;
    if (index % padded >= params.sites) continue;
    const beta = arrays.betas[index];
    const a = beta * (arrays.externalField[index] + arrays.field[index]);
    if (RULE === BINARY_RULES.naive) {
      arrays.image[index] = binaryMean(a);
      continue;
    }
    // Of plefka-t, V is the diagonal of a matrix that need not be positive.
    const b = beta * beta * Math.max(arrays.moments[index], 0);
    if (RULE === BINARY_RULES.amp) {
      arrays.image[index] = binaryMean(a - b * arrays.echo[index]);
    } else if (RULE === BINARY_RULES.tap) {
      const m = tapMean(a, b);
      arrays.image[index] = m;
      arrays.solveResidual[index] = Math.abs(m - binaryMean(a - b * m)) / (1 + b * binaryVariance(a - b * m));
    } else {
      const average = RULE === BINARY_RULES["gaussian-gain"] ? gaussianGain : gaussianMean;
      arrays.image[index] = average(a, Math.sqrt(b));
    }
  }
}
