import { pad } from "./layout.js";

/** Twin of `shaders/subtract-diagonal.wgsl`: h_i <- h_i - d_i m_i, what a site would do to itself. */
export function subtractDiagonal(
  arrays: { diagonal: Float64Array; state: Float64Array; field: Float64Array },
  params: { systems: number; systemsPerCoupling: number; sites: number; componentStride: number },
): void {
  const { systems, systemsPerCoupling, sites, componentStride } = params;
  for (let index = 0; index < systems * pad(sites) * componentStride; index++) {
    const site = Math.floor(index / componentStride) % pad(sites);
    const coupling = Math.floor(index / (componentStride * pad(sites) * systemsPerCoupling));
    arrays.field[index] -= arrays.diagonal[coupling * pad(sites) + site] * arrays.state[index];
  }
}
