import { pad } from "./layout.js";

/** Twin of `shaders/delayed-correlations.wgsl`: D_il = β a_i Q_il, times 1 + 2β J_il m_i m'_l if SECOND_ORDER. */
export function delayedCorrelations(
  arrays: {
    couplings: Float64Array;
    products: Float64Array;
    means: Float64Array;
    previous: Float64Array;
    gains: Float64Array;
    betas: Float64Array;
    delayed: Float64Array;
  },
  params: { systems: number; sites: number; systemsPerCoupling: number },
  constants: { PRODUCT_LAW: boolean; SECOND_ORDER: boolean },
): void {
  const { systems, sites, systemsPerCoupling } = params;
  const width = pad(sites);
  const block = sites * width;
  for (let index = 0; index < systems * block; index++) {
    const system = Math.floor(index / block);
    const column = index % width;
    arrays.delayed[index] = 0;
    if (column >= sites) continue;
    const later = system * width + Math.floor((index % block) / width);
    const beta = arrays.betas[later];
    const earlier = arrays.previous[system * width + column];
    const coupling = arrays.couplings[Math.floor(system / systemsPerCoupling) * block + (index % block)];
    const response = constants.PRODUCT_LAW ? coupling * (1 - earlier) * (1 + earlier) : arrays.products[index];
    const bracket = constants.SECOND_ORDER ? 1 + 2 * beta * coupling * arrays.means[later] * earlier : 1;
    arrays.delayed[index] = beta * arrays.gains[later] * response * bracket;
  }
}
