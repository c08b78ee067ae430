import { gaussianPairMean } from "./gaussian-average.js";
import { pad } from "./layout.js";
import { NOT_FINITE } from "./reduce.js";
import { tapMean } from "./tap-mean.js";

/** RULE of `shaders/equal-time-correlations.wgsl`. */
export const EQUAL_TIME_RULES = { diagonal: 0, "first-order": 1, gaussian: 2, pairwise: 3 } as const;

/** Twin of `shaders/equal-time-correlations.wgsl`: C_ik from the covariances P_ik of the fields, symmetric; C_ii = 1 - m_i². */
export function equalTimeCorrelations(
  arrays: {
    products: Float64Array;
    means: Float64Array;
    gains: Float64Array;
    externalField: Float64Array;
    field: Float64Array;
    moments: Float64Array;
    betas: Float64Array;
    correlations: Float64Array;
  },
  params: { systems: number; sites: number },
  constants: { RULE: number },
): void {
  const { systems, sites } = params;
  const { RULE } = constants;
  const width = pad(sites);
  const { products, means, gains, correlations } = arrays;
  for (let s = 0; s < systems; s++) {
    const at = (i: number, k: number) => (s * sites + i) * width + k;
    const site = (i: number) => {
      const index = s * width + i;
      const beta = arrays.betas[index];
      return {
        beta,
        m: means[index],
        a: beta * (arrays.externalField[index] + arrays.field[index]),
        slope: beta * Math.sqrt(Math.max(arrays.moments[index], 0)),
      };
    };
    const covariance = (i: number, k: number): number => {
      const [one, other] = [site(i), site(k)];
      const mixed = one.beta * other.beta;
      if (RULE === EQUAL_TIME_RULES["first-order"]) {
        return mixed * gains[s * width + i] * gains[s * width + k] * products[at(i, k)];
      }
      if (RULE === EQUAL_TIME_RULES.pairwise) {
        const half = (from: typeof one, m: number, product: number) =>
          pairwiseCovariance(from.a, mixed * product, from.slope ** 2, m);
        return 0.5 * (half(one, other.m, products[at(i, k)]) + half(other, one.m, products[at(k, i)]));
      }
      const scale = one.slope * other.slope;
      if (!(scale > 0)) return 0;
      const correlation = Math.max(-1, Math.min(1, (mixed * products[at(i, k)]) / scale));
      return gaussianPairMean(one, other, correlation) - one.m * other.m;
    };
    for (let i = 0; i < sites; i++) {
      correlations.fill(0, at(i, sites), at(i, width));
      const m = means[s * width + i];
      correlations[at(i, i)] = (1 - m) * (1 + m);
      for (let k = i + 1; k < sites; k++) {
        const value = RULE === EQUAL_TIME_RULES.diagonal ? 0 : covariance(i, k);
        const kept = Math.abs(value) <= 1 ? value : NOT_FINITE;
        correlations[at(i, k)] = kept;
        correlations[at(k, i)] = kept;
      }
    }
  }
}

/** (1 - m²)/2 [tanh ψ(+) - tanh ψ(-)], ψ(s) = h + strength (s - m) - variance tanh ψ(s). */
function pairwiseCovariance(h: number, strength: number, variance: number, m: number): number {
  const up = tapMean(h + strength * (1 - m), variance);
  const down = tapMean(h - strength * (1 + m), variance);
  return 0.5 * (1 - m) * (1 + m) * (up - down);
}
