/** The von Mises–Fisher sampler: mean A_D(κ) and variance A' of the cosine, the share of accepted proposals, and isotropy. */
import { describe, expect, test } from "vitest";
import { besselRatioDerivatives } from "../../src/reference/bessel.js";
import { pad } from "../../src/reference/layout.js";
import { chainKey } from "../../src/reference/random.js";
import { engine, precisions } from "./engines.js";

const SITES = 4096;

/** D, κ, and the share of proposals that Wood's method accepts, by quadrature over z; D = 3 needs no proposals. */
const cases: readonly (readonly [number, number, number])[] = [
  [2, 2, NaN],
  [3, 0.5, 1],
  [3, 50, 1],
  [8, 5, 0.8882],
  [64, 30, 0.9288],
  [64, 600, 0.7245],
  [512, 250, 0.926],
];

describe.each(precisions)("%s", (precision) => {
  test.each(cases)("D = %d, κ = %d", async (dimension, kappa, acceptance) => {
    const executor = await engine(precision);
    const stride = pad(dimension);
    const length = SITES * stride;
    // The field lies along the second axis, R = 1 and β = 1.
    const field = new Float64Array(length);
    for (let site = 0; site < SITES; site++) field[site * stride + 1] = kappa;
    const slots = {
      externalField: executor.upload("x", new Float64Array(length)),
      field: executor.upload("field", field),
      betas: executor.upload("β", new Float64Array(SITES).fill(1)),
      chainKeys: executor.upload("keys", chainKey({ seed: 5, point: dimension, sample: 0, chain: 0, head: 0 })),
      spins: executor.allocate("spins", length),
      means: executor.allocate("means", length),
      tallies: executor.upload("tallies", new Float64Array(2 * SITES)),
    };
    const params = { systems: 1, sites: SITES, dimension, radius: 1, step: 1 };
    executor.run({ kernel: "sphere-sample", arrays: slots, params, constants: {} });
    const spins = await executor.read(slots.spins);
    const tallies = await executor.read(slots.tallies);
    executor.free(...Object.values(slots));

    const cosines = Float64Array.from({ length: SITES }, (_, site) => spins[site * stride + 1]);
    const { a, slope } = besselRatioDerivatives(dimension, kappa);
    const mean = average(cosines);
    expect(Math.abs(mean - kappa * a)).toBeLessThan(4 * Math.sqrt(slope / SITES));
    const squares = cosines.map((w) => (w - kappa * a) ** 2);
    const spread = Math.sqrt(average(squares.map((value) => (value - slope) ** 2)) / SITES);
    expect(Math.abs(average(squares) - slope)).toBeLessThan(4 * spread);
    // Across the field no direction is preferred.
    const across = average(Float64Array.from({ length: SITES }, (_, site) => spins[site * stride]));
    expect(Math.abs(across)).toBeLessThan(4 / Math.sqrt(SITES * dimension));
    for (let site = 0; site < SITES; site += 97) {
      expect(Math.hypot(...spins.subarray(site * stride, (site + 1) * stride))).toBeCloseTo(1, 5);
    }
    const sum = (column: number) => tallies.reduce((total, value, k) => total + (k % 2 === column ? value : 0), 0);
    expect(sum(1)).toBe(0);
    const error = acceptance * Math.sqrt((1 - acceptance) / SITES);
    if (!Number.isNaN(acceptance)) expect(Math.abs(SITES / sum(0) - acceptance)).toBeLessThanOrEqual(4 * error);
  });
});

function average(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
