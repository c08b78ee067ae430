/** Cases of the single-site updates that are not iterated. */
import { BINARY_RULES } from "../../../src/reference/binary-update.js";
import { pad } from "../../../src/reference/layout.js";
import { SPHERE_CLOSURES } from "../../../src/reference/sphere-update.js";
import type { KernelCase } from "../../kernel-cases.js";
import { budget, Draws, input, makeCase, ODD_SIZES, output, siteScalars, siteVectors, unread } from "./inputs.js";

type Weights = KernelCase<"moment-weights">;
type BinaryUpdate = KernelCase<"binary-update">;
type SphereUpdate = KernelCase<"sphere-update">;

export const LARGE_D = 0;
export const EXACT = 1;

/** R of the large-D limit, and 1 where there is none. */
export function radiusOf(dimension: number): number {
  return dimension > 2 ? Math.sqrt(dimension / 2 - 1) : 1;
}

/** β of every site, NaN in the padding. */
export function betas(draws: Draws, systems: number, sites: number): Float64Array {
  return draws.uniform(siteScalars(systems, sites), 0.3, 3, NaN);
}

/** |m|/R of the sites in turn: no mean, a tiny one, ordinary ones, nearly saturated, saturated, and past the ball. */
const SATURATIONS = [0, 1e-6, 0.3, 0.7, 0.95, 0.999, 1, 1.02];

export function momentWeightsCase(params: Weights["params"], constants: Weights["constants"]): Weights {
  const { systems, sites, components, componentStride, radius } = params;
  const { KINDS, RESPONSE } = constants;
  const shape = {
    batch: systems,
    rows: sites,
    rowStride: pad(sites),
    columns: components,
    columnStride: componentStride,
  };
  return makeCase<"moment-weights">(params, constants, "", () => {
    const state = new Draws(13).normal(shape, 1, NaN);
    for (let index = 0; index < systems * pad(sites); index++) {
      const m = state.subarray(index * componentStride, index * componentStride + components);
      const scale = (radius * SATURATIONS[index % SATURATIONS.length]) / Math.hypot(...m);
      for (let k = 0; k < components; k++) m[k] *= scale;
    }
    // The values without a mean: no weight exceeds them, and their slope in |m|/R is at most 2 of them.
    const variances = RESPONSE === EXACT ? [radius ** 2 / components, 2 / (components + 2)] : [0.5, 1 / radius ** 2];
    const units = [radius ** 2, ...variances];
    return {
      // Padding is not read.
      state: input(state),
      weights: output(
        siteScalars(systems * KINDS, sites),
        budget(1e-6, (index) => units[Math.floor(index / pad(sites)) % KINDS]),
      ),
    };
  });
}

const weights = (sites: number, components: number, rest: Partial<Weights["params"]> = {}) => ({
  systems: 2,
  sites,
  components,
  componentStride: pad(components),
  radius: radiusOf(components),
  ...rest,
});
const binaryWeights = { components: 1, componentStride: 1, radius: 1 };

export const momentWeightsCases: readonly Weights[] = [
  ...ODD_SIZES.map((n) =>
    momentWeightsCase(weights(n, 1, binaryWeights), { KINDS: 1, PUBLISHED: false, RESPONSE: LARGE_D }),
  ),
  ...[3, 4, 5, 13, 64, 65, 130].flatMap((D) => [
    momentWeightsCase(weights(9, D), { KINDS: 1, PUBLISHED: false, RESPONSE: D % 2 }),
    momentWeightsCase(weights(9, D), { KINDS: 3, PUBLISHED: false, RESPONSE: LARGE_D }),
    momentWeightsCase(weights(9, D), { KINDS: 3, PUBLISHED: false, RESPONSE: EXACT }),
  ]),
  momentWeightsCase(weights(9, 2), { KINDS: 3, PUBLISHED: false, RESPONSE: EXACT }),
  momentWeightsCase(weights(7, 8, { systems: 3 }), { KINDS: 3, PUBLISHED: true, RESPONSE: LARGE_D }),
];

/** Sizes of the fields in units of 1 (binary) or R (sphere). */
const FIELDS = { "": 1, "strong fields": 40, "weak fields": 1e-6, "no field": 0 } as const;
type Fields = keyof typeof FIELDS;

export function binaryUpdateCase(
  params: BinaryUpdate["params"],
  constants: BinaryUpdate["constants"],
  fields: Fields = "",
  variance = 1,
): BinaryUpdate {
  const { systems, sites } = params;
  const note = [fields, variance === 1 ? "" : `V up to ${variance}`].filter((part) => part !== "").join(", ");
  return makeCase<"binary-update">(params, constants, note, () => {
    const draws = new Draws(14);
    const shape = siteScalars(systems, sites);
    const size = FIELDS[fields];
    return {
      externalField: input(draws.normal(shape, size)),
      field: input(draws.normal(shape, size)),
      moments: constants.RULE === BINARY_RULES.naive ? unread() : input(draws.uniform(shape, 0, variance)),
      echo: constants.RULE === BINARY_RULES.amp ? input(draws.uniform(shape, -1, 1)) : unread(),
      betas: input(betas(draws, systems, sites)),
      // f32 error budget: one binary step, 3e-7 absolute. The argument of amp is a difference of numbers up to 9 times its root.
      image: output(shape, budget(constants.RULE === BINARY_RULES.amp ? 1e-6 : 3e-7)),
      solveResidual: output(shape, budget(3e-7)),
    };
  });
}

export const binaryUpdateCases: readonly BinaryUpdate[] = Object.values(BINARY_RULES).flatMap((RULE) => [
  ...ODD_SIZES.map((sites) => binaryUpdateCase({ systems: 3, sites }, { RULE })),
  ...(Object.keys(FIELDS) as Fields[]).map((fields) => binaryUpdateCase({ systems: 5, sites: 61 }, { RULE }, fields)),
  ...(RULE === BINARY_RULES.tap || RULE === BINARY_RULES["gaussian-field"] || RULE === BINARY_RULES["gaussian-gain"]
    ? [0, 30, 1000].map((variance) => binaryUpdateCase({ systems: 5, sites: 61 }, { RULE }, "", variance))
    : []),
]);

export function sphereUpdateCase(
  params: SphereUpdate["params"],
  constants: SphereUpdate["constants"],
  fields: Fields = "",
): SphereUpdate {
  const { systems, sites, dimension, radius } = params;
  return makeCase<"sphere-update">(params, constants, fields, () => {
    const draws = new Draws(15);
    const shape = siteVectors(systems, sites, dimension);
    const scalars = siteScalars(systems, sites);
    const size = (FIELDS[fields] * radius) / Math.sqrt(dimension);
    return {
      externalField: input(draws.normal(shape, size)),
      field: input(draws.normal(shape, size)),
      moments: constants.CLOSURE === SPHERE_CLOSURES.naive ? unread() : input(draws.uniform(scalars, 0, radius ** 2)),
      betas: input(betas(draws, systems, sites)),
      // f32 error budget: one sphere step, naive, gaussian-field or onsager, 1e-6 R.
      image: output(
        shape,
        budget(1e-6, () => radius),
      ),
      // Relative to |h|; the inner equation counts as solved at 2e-6.
      solveResidual: output(scalars, budget(1e-6)),
    };
  });
}

export const sphereUpdateCases: readonly SphereUpdate[] = Object.values(SPHERE_CLOSURES).flatMap((CLOSURE) =>
  [LARGE_D, EXACT].flatMap((RESPONSE) => {
    const at = (sites: number, D: number, fields?: Fields, systems = 2) =>
      sphereUpdateCase({ systems, sites, dimension: D, radius: radiusOf(D) }, { CLOSURE, RESPONSE }, fields);
    return [
      ...[3, 4, 5, 13, 64, 65, 130].map((D) => at(7, D)),
      ...[1, 3, 4, 5, 31, 65].map((sites) => at(sites, 8)),
      ...(["strong fields", "weak fields", "no field"] as const).map((fields) => at(13, 6, fields, 5)),
      ...(RESPONSE === EXACT ? [at(7, 2)] : []),
    ];
  }),
);
