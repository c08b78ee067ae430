/** Cases of the kernels on pairs of sites, behind correlations. */
import { EQUAL_TIME_RULES } from "../../../src/reference/equal-time-correlations.js";
import { pad } from "../../../src/reference/layout.js";
import { momentWeights } from "../../../src/reference/moment-weights.js";
import type { KernelCase } from "../../kernel-cases.js";
import {
  asNaive,
  budget,
  Draws,
  input,
  makeCase,
  matrixRows,
  ODD_SIZES,
  output,
  siteScalars,
  siteVectors,
  unread,
  valuesIn,
} from "./inputs.js";
import { betas, EXACT, LARGE_D, radiusOf } from "./updates.js";

type Product = KernelCase<"matrix-product">;
type Sums = KernelCase<"row-sums">;
type Delayed = KernelCase<"delayed-correlations">;
type EqualTime = KernelCase<"equal-time-correlations">;
type Fields = KernelCase<"pair-fields">;
type Means = KernelCase<"pair-means">;
type SphereDelayed = KernelCase<"sphere-delayed-correlations">;

const square = (systems: number, sites: number) => matrixRows(systems, sites, sites);

export function matrixProductCase(params: Product["params"], constants: Product["constants"]): Product {
  const { systems, sites, leftSharing, rightSharing } = params;
  return makeCase<"matrix-product">(params, constants, "", () => {
    const draws = new Draws(31);
    return {
      left: input(draws.normal(square(systems / leftSharing, sites))),
      right: input(draws.normal(square(systems / rightSharing, sites))),
      weights: constants.WEIGHTED ? input(draws.uniform(siteScalars(systems, sites), 0, 1)) : unread(),
      product: output(square(systems, sites), asNaive),
    };
  });
}

const alone = { systems: 1, leftSharing: 1, rightSharing: 1 };
export const matrixProductCases: readonly Product[] = [
  { TRANSPOSED: false, WEIGHTED: false },
  { TRANSPOSED: true, WEIGHTED: false },
  { TRANSPOSED: true, WEIGHTED: true },
].flatMap((constants) => [
  ...ODD_SIZES.map((sites) => matrixProductCase({ ...alone, sites }, constants)),
  // More quads than a chunk.
  matrixProductCase({ ...alone, sites: 261 }, constants),
  matrixProductCase({ systems: 6, sites: 13, leftSharing: 3, rightSharing: 1 }, constants),
  matrixProductCase({ systems: 6, sites: 13, leftSharing: 1, rightSharing: 3 }, constants),
]);

export function rowSumsCase(params: Sums["params"], constants: Sums["constants"]): Sums {
  const { systems, sites, factorSharing } = params;
  return makeCase<"row-sums">(params, constants, "", () => {
    const draws = new Draws(32);
    return {
      values: input(draws.normal(square(systems, sites))),
      factors: constants.PRODUCT ? input(draws.normal(square(systems / factorSharing, sites))) : unread(),
      sums: output(siteScalars(systems, sites), asNaive),
    };
  });
}

export const rowSumsCases: readonly Sums[] = [true, false].flatMap((PRODUCT) => [
  ...ODD_SIZES.map((sites) => rowSumsCase({ systems: 2, sites, factorSharing: 1 }, { PRODUCT })),
  rowSumsCase({ systems: 6, sites: 261, factorSharing: 3 }, { PRODUCT }),
]);

export function delayedCorrelationsCase(params: Delayed["params"], constants: Delayed["constants"]): Delayed {
  const { systems, sites, systemsPerCoupling } = params;
  return makeCase<"delayed-correlations">(params, constants, "", () => {
    const draws = new Draws(33);
    const scalars = siteScalars(systems, sites);
    return {
      couplings: input(draws.normal(square(systems / systemsPerCoupling, sites))),
      products: constants.PRODUCT_LAW ? unread() : input(draws.normal(square(systems, sites))),
      means: input(draws.uniform(scalars, -1, 1)),
      previous: input(draws.uniform(scalars, -1, 1)),
      gains: input(draws.uniform(scalars, 0, 1)),
      betas: input(betas(draws, systems, sites)),
      // Six roundings, and the bracket may cancel.
      delayed: output(square(systems, sites), budget(1e-6, "magnitude")),
    };
  });
}

export const delayedCorrelationsCases: readonly Delayed[] = [true, false].flatMap((PRODUCT_LAW) =>
  [true, false].flatMap((SECOND_ORDER) => [
    ...[1, 3, 4, 5, 13].map((sites) =>
      delayedCorrelationsCase({ systems: 2, sites, systemsPerCoupling: 1 }, { PRODUCT_LAW, SECOND_ORDER }),
    ),
    delayedCorrelationsCase({ systems: 6, sites: 31, systemsPerCoupling: 3 }, { PRODUCT_LAW, SECOND_ORDER }),
  ]),
);

/**
 * Correlated fields: P = Z Zᵀ / N scaled, V its diagonal, so that the correlation coefficients of fields are below 1. One site
 * in four has a field that does not vary.
 */
export function equalTimeCorrelationsCase(
  params: EqualTime["params"],
  constants: EqualTime["constants"],
  scale = 0.5,
): EqualTime {
  const { systems, sites } = params;
  const note = scale === 0.5 ? "" : `V about ${scale}`;
  const { diagonal, "first-order": firstOrder } = EQUAL_TIME_RULES;
  const integrated = constants.RULE !== diagonal && constants.RULE !== firstOrder;
  return makeCase<"equal-time-correlations">(params, constants, note, () => {
    const draws = new Draws(34);
    const scalars = siteScalars(systems, sites);
    const factors = draws.normal(square(systems, sites));
    const products = new Float64Array(factors.length);
    const moments = new Float64Array(systems * pad(sites));
    const row = (s: number, i: number) =>
      factors.subarray((s * sites + i) * pad(sites), (s * sites + i + 1) * pad(sites));
    for (let s = 0; s < systems; s++) {
      for (let i = 0; i < sites; i++) {
        for (let k = 0; k < sites; k++) {
          const still = i % 4 === 3 || k % 4 === 3;
          const sum = row(s, i).reduce((total, value, j) => total + value * row(s, k)[j], 0);
          products[(s * sites + i) * pad(sites) + k] = still ? 0 : (scale * sum) / sites;
        }
        moments[s * pad(sites) + i] = products[(s * sites + i) * pad(sites) + i];
      }
    }
    const fields = () => (integrated ? input(draws.normal(scalars, 0.5)) : unread());
    return {
      products: constants.RULE === diagonal ? unread() : input(products),
      means: input(draws.uniform(scalars, -1, 1)),
      gains: constants.RULE === firstOrder ? input(draws.uniform(scalars, 0, 0.5)) : unread(),
      externalField: fields(),
      field: fields(),
      moments: integrated ? input(moments) : unread(),
      betas: input(draws.uniform(scalars, 0.3, 1.2)),
      // Differences of numbers up to 1; arguments up to 5 have their rounding.
      correlations: output(
        square(systems, sites),
        budget(1.5e-6, (_, expected) => Math.max(1, Math.abs(expected))),
      ),
    };
  });
}

export const equalTimeCorrelationsCases: readonly EqualTime[] = Object.values(EQUAL_TIME_RULES).flatMap((RULE) => [
  ...[1, 2, 3, 4, 5, 13].map((sites) => equalTimeCorrelationsCase({ systems: 2, sites }, { RULE })),
  equalTimeCorrelationsCase({ systems: 3, sites: 9 }, { RULE }, 0.02),
  ...(RULE === EQUAL_TIME_RULES.gaussian ? [equalTimeCorrelationsCase({ systems: 2, sites: 5 }, { RULE }, 9)] : []),
  // Beyond 1 there is no correlation.
  ...(RULE === EQUAL_TIME_RULES["first-order"]
    ? [equalTimeCorrelationsCase({ systems: 2, sites: 9 }, { RULE }, 100)]
    : []),
]);

export function pairFieldsCase(params: Fields["params"]): Fields {
  const { systems, sites, systemsPerCoupling } = params;
  return makeCase<"pair-fields">(params, {}, "", () => {
    const draws = new Draws(35);
    const scalars = siteScalars(systems, sites);
    const pairs = square(systems, sites);
    const inOut = (values: Float64Array) =>
      ({ role: "in-out", values, content: valuesIn(pairs), tolerance: budget(2e-6) }) as const;
    return {
      couplings: input(draws.normal(square(systems / systemsPerCoupling, sites), 0.5)),
      moments: input(draws.uniform(scalars, 0, 0.5)),
      echoes: input(draws.uniform(scalars, -1, 1)),
      previous: input(draws.uniform(scalars, -1, 1)),
      betas: input(draws.uniform(scalars, 0.3, 1.2)),
      strengths: inOut(draws.normal(pairs, 0.5, NaN)),
      variances: inOut(draws.normal(pairs, 0.5, NaN)),
    };
  });
}

export const pairFieldsCases: readonly Fields[] = [
  ...[1, 3, 4, 5, 13].map((sites) => pairFieldsCase({ systems: 2, sites, systemsPerCoupling: 1 })),
  pairFieldsCase({ systems: 6, sites: 31, systemsPerCoupling: 3 }),
];

export function pairMeansCase(params: Means["params"]): Means {
  const { systems, sites } = params;
  return makeCase<"pair-means">(params, {}, "", () => {
    const draws = new Draws(36);
    const scalars = siteScalars(systems, sites);
    const pairs = square(systems, sites);
    return {
      externalField: input(draws.normal(scalars, 0.5)),
      field: input(draws.normal(scalars, 0.5)),
      previous: input(draws.uniform(scalars, -1, 1)),
      betas: input(draws.uniform(scalars, 0.3, 1.2)),
      strengths: input(draws.normal(pairs, 0.5)),
      variances: input(draws.uniform(pairs, 0, 1)),
      // Arguments up to 4 have the rounding of theirs.
      shares: output(
        pairs,
        budget(6e-7, () => 1 / sites),
      ),
      delayed: output(pairs, budget(6e-7)),
    };
  });
}

export const pairMeansCases: readonly Means[] = [1, 3, 4, 5, 13, 31].map((sites) =>
  pairMeansCase({ systems: 3, sites }),
);

export function sphereDelayedCorrelationsCase(
  params: SphereDelayed["params"],
  _constants: SphereDelayed["constants"],
  RESPONSE: typeof LARGE_D | typeof EXACT = LARGE_D,
): SphereDelayed {
  const { systems, sites, systemsPerCoupling, dimension, radius } = params;
  const note = RESPONSE === EXACT ? "exact" : "";
  return makeCase<"sphere-delayed-correlations">(params, {}, note, () => {
    const draws = new Draws(37);
    const pairs = square(systems, sites);
    const vectors = siteVectors(systems, sites, dimension);
    const site = { systems, sites, components: dimension, componentStride: pad(dimension), radius };
    const states = [0, 1].map(() => draws.normal(vectors, (0.5 * radius) / Math.sqrt(dimension)));
    const weightsOf = (state: Float64Array) => {
      const weights = new Float64Array(3 * systems * pad(sites));
      momentWeights({ state, weights }, site, { KINDS: 3, PUBLISHED: false, RESPONSE });
      return weights;
    };
    const gram = draws.normal(pairs, radius ** 2 / (4 * Math.sqrt(dimension)), NaN);
    return {
      couplings: input(draws.normal(square(systems / systemsPerCoupling, sites))),
      weights: input(weightsOf(states[0])),
      previousWeights: input(weightsOf(states[1])),
      betas: input(betas(draws, systems, sites)),
      // Of β J_ij times D τ τ' without means, which no T_ij exceeds by much.
      delayed: { role: "in-out", values: gram, content: valuesIn(pairs), tolerance: budget(2e-6, () => dimension) },
    };
  });
}

export const sphereDelayedCorrelationsCases: readonly SphereDelayed[] = [3, 8, 65].flatMap((dimension) => {
  const shape = { dimension, radius: radiusOf(dimension) };
  return [
    sphereDelayedCorrelationsCase({ systems: 2, sites: 5, systemsPerCoupling: 1, ...shape }, {}),
    sphereDelayedCorrelationsCase({ systems: 4, sites: 13, systemsPerCoupling: 2, ...shape }, {}, EXACT),
  ];
});
