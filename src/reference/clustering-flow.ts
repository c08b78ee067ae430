import { pad } from "./layout.js";

/**
 * Twin of `shaders/clustering-flow.wgsl`: one Runge-Kutta stage of dx/dt = K P w f on the unit sphere, K being `rate`; of
 * UNNORMALISED weights `rate` is the sign of K and `logGain` ln(|K|/N). What comes out is the sum of weighted velocities so far
 * and the state of the next stage; of the LAST one, the step itself.
 */
export function clusteringFlow(
  arrays: {
    start: Float64Array;
    stage: Float64Array;
    field: Float64Array;
    statistics: Float64Array;
    velocities: Float64Array;
    next: Float64Array;
  },
  params: {
    systems: number;
    systemsPerCoupling: number;
    sites: number;
    dimension: number;
    statisticsColumns: number;
    rate: number;
    logGain: number;
    advance: number;
    weight: number;
  },
  constants: { FIRST: boolean; LAST: boolean; UNNORMALISED: boolean },
): void {
  const { systems, systemsPerCoupling, sites, dimension, statisticsColumns, rate, logGain, advance, weight } = params;
  const { FIRST, LAST, UNNORMALISED } = constants;
  const { start, stage, field, velocities, next } = arrays;
  const stride = pad(dimension);
  const padded = pad(sites);
  for (let index = 0; index < systems * padded; index++) {
    const base = index * stride;
    if (index % padded >= sites) {
      velocities.fill(0, base, base + stride);
      next.fill(0, base, base + stride);
      continue;
    }
    let along = 0;
    let square = 0;
    for (let k = base; k < base + dimension; k++) {
      along += field[k] * stage[k];
      square += stage[k] ** 2;
    }
    const part = square > 0 ? along / square : 0;
    const row = Math.floor(index / padded / systemsPerCoupling) * padded + (index % padded);
    const gain = UNNORMALISED ? rate * Math.exp(arrays.statistics[row * statisticsColumns] + logGain) : rate;
    let norm = 0;
    for (let k = base; k < base + stride; k++) {
      const velocity = gain * (field[k] - part * stage[k]);
      velocities[k] = weight * velocity + (FIRST ? 0 : velocities[k]);
      norm += (start[k] + velocities[k]) ** 2;
      if (!LAST) next[k] = start[k] + advance * velocity;
    }
    if (!LAST) continue;
    for (let k = base; k < base + stride; k++) next[k] = (start[k] + velocities[k]) / Math.sqrt(norm);
  }
}
