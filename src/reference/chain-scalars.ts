import { fieldEntropy } from "../physics/hyperbolic.js";
import { pad } from "./layout.js";

/** Columns of `scalars`. */
export const CHAIN_SCALARS = { energy: 0, production: 1, rate: 2, fieldLength: 3 } as const;

/**
 * Twin of `shaders/chain-scalars.wgsl`: energy of the old spins, entropy production and entropy rate of one step, and the
 * length of the field, site by site (equations 11.6, 11.15, 12.2).
 */
export function chainScalars(
  arrays: {
    externalField: Float64Array;
    field: Float64Array;
    reverseField: Float64Array;
    spins: Float64Array;
    means: Float64Array;
    betas: Float64Array;
    scalars: Float64Array;
  },
  params: { systems: number; sites: number; components: number; componentStride: number },
  constants: { PRODUCTION: boolean },
): void {
  const { systems, sites, components, componentStride } = params;
  const padded = pad(sites);
  for (let index = 0; index < systems * padded; index++) {
    arrays.scalars.fill(0, 4 * index, 4 * index + 4);
    if (index % padded >= sites) continue;
    const beta = arrays.betas[index];
    let energy = 0;
    let production = 0;
    let square = 0;
    for (let k = 0; k < components; k++) {
      const at = index * componentStride + k;
      energy -= arrays.spins[at] * (arrays.externalField[at] + 0.5 * arrays.field[at]);
      square += (arrays.externalField[at] + arrays.field[at]) ** 2;
      if (!constants.PRODUCTION) continue;
      production += arrays.means[at] * arrays.field[at] - arrays.spins[at] * arrays.reverseField[at];
    }
    arrays.scalars[4 * index + CHAIN_SCALARS.energy] = energy;
    arrays.scalars[4 * index + CHAIN_SCALARS.production] = beta * production;
    arrays.scalars[4 * index + CHAIN_SCALARS.fieldLength] = Math.sqrt(square);
    if (componentStride === 1) {
      const a = beta * (arrays.externalField[index] + arrays.field[index]);
      arrays.scalars[4 * index + CHAIN_SCALARS.rate] = fieldEntropy(a);
    }
  }
}
