import { pad } from "./layout.js";
import { RESPONSES } from "./moment-weights.js";
import { responseGain } from "./responses.js";

/** Larger than any residual. */
const UNSOLVED = 1e30;

/** Twin of `shaders/sphere-tap-start.wgsl`: θ = h = x + J m', m = F(θ), and γ'_i. `sites` holds [γ'_i, best residual]. */
export function sphereTapStart(
  arrays: {
    externalField: Float64Array;
    field: Float64Array;
    previous: Float64Array;
    betas: Float64Array;
    local: Float64Array;
    effective: Float64Array;
    mean: Float64Array;
    sites: Float64Array;
  },
  params: { systems: number; sites: number; dimension: number; radius: number },
  constants: { RESPONSE: number },
): void {
  const { systems, sites, dimension, radius } = params;
  const stride = pad(dimension);
  const padded = pad(sites);
  for (let index = 0; index < systems * padded; index++) {
    const base = index * stride;
    for (const array of [arrays.local, arrays.effective, arrays.mean]) array.fill(0, base, base + stride);
    arrays.sites.set([1, 0], 2 * index);
    if (index % padded >= sites) continue;
    let square = 0;
    let previousSquare = 0;
    for (let k = base; k < base + dimension; k++) {
      const h = arrays.externalField[k] + arrays.field[k];
      arrays.local[k] = h;
      arrays.effective[k] = h;
      square += h * h;
      previousSquare += arrays.previous[k] ** 2;
    }
    const beta = arrays.betas[index];
    const gain = responseGain(Math.sqrt(square), beta, radius, dimension, RESPONSES[constants.RESPONSE]);
    for (let k = base; k < base + dimension; k++) arrays.mean[k] = gain * arrays.local[k];
    const gamma = (radius * radius + previousSquare) / (radius * radius - previousSquare);
    arrays.sites.set([gamma, UNSOLVED], 2 * index);
  }
}
