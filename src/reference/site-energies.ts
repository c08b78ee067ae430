import { logTwoCosh } from "../physics/hyperbolic.js";
import { besselRatio } from "./bessel.js";
import { pad } from "./layout.js";
import { RESPONSES } from "./moment-weights.js";
import { integrateUnit } from "./quadrature.js";

/** Numbers a site: COLUMNS of the shader. */
export const ENERGY_COLUMNS = 5;

/**
 * Twin of `shaders/site-energies.wgsl`: x · m, m · J m, the log-partition of the site, and for binary spins its entropy
 * and (1 - m²) V.
 */
export function siteEnergies(
  arrays: {
    externalField: Float64Array;
    field: Float64Array;
    state: Float64Array;
    moments: Float64Array;
    betas: Float64Array;
    energies: Float64Array;
  },
  params: { systems: number; sites: number; components: number; componentStride: number; radius: number },
  constants: { BINARY: boolean; RESPONSE: number },
): void {
  const { systems, sites, components, componentStride, radius } = params;
  const { BINARY, RESPONSE } = constants;
  const padded = pad(sites);
  for (let index = 0; index < systems * padded; index++) {
    const values = arrays.energies.subarray(index * ENERGY_COLUMNS, (index + 1) * ENERGY_COLUMNS).fill(0);
    if (index % padded >= sites) continue;
    const beta = arrays.betas[index];
    let square = 0;
    for (let k = index * componentStride; k < index * componentStride + components; k++) {
      const { externalField, field, state } = arrays;
      values[0] += externalField[k] * state[k];
      values[1] += field[k] * state[k];
      square += (externalField[k] + field[k]) ** 2;
    }
    const h = Math.sqrt(square);
    if (!BINARY) {
      values[2] = sphereLogPartition(h, beta, radius, components, RESPONSES[RESPONSE]);
      continue;
    }
    const m = Math.min(1, Math.max(-1, arrays.state[index]));
    values[2] = logTwoCosh(beta * h) - Math.LN2;
    values[3] = surprise((1 + m) / 2) + surprise((1 - m) / 2);
    values[4] = (1 - m) * (1 + m) * arrays.moments[index];
  }
}

function sphereLogPartition(
  h: number,
  beta: number,
  radius: number,
  dimension: number,
  response: (typeof RESPONSES)[number],
): number {
  if (response === "exact") {
    const concentration = beta * radius * h;
    return concentration * integrateUnit((t) => besselRatio(dimension, concentration * t));
  }
  const u = (beta * h) / radius;
  const excess = (u * u) / (1 + Math.sqrt(1 + u * u));
  return radius ** 2 * (excess - Math.log1p(excess / 2));
}

/** -p ln p, 0 at p = 0. */
function surprise(p: number): number {
  return p > 0 ? -p * Math.log(p) : 0;
}
