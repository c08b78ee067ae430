/** Cases of self-attention dynamics on the unit sphere. */
import { pad } from "../../../src/reference/layout.js";
import type { KernelCase } from "../../kernel-cases.js";
import { budget, Draws, input, makeCase, ODD_SIZES, output, siteScalars, siteVectors, unread, valuesIn } from "./inputs.js";
import { chainKeys } from "./sampling.js";

type Field = KernelCase<"clustering-field">;
type Map = KernelCase<"clustering-map">;
type Flow = KernelCase<"clustering-flow">;
type Diffusion = KernelCase<"sphere-diffusion">;

/** Unit vectors, NaN in the padding of sites but zeros in that of components. */
function tokens(draws: Draws, systems: number, sites: number, dimension: number, length = 1): Float64Array {
  const state = draws.normal(siteVectors(systems, sites, dimension));
  const stride = pad(dimension);
  for (let base = 0; base < state.length; base += stride) {
    const token = state.subarray(base, base + stride);
    const norm = Math.hypot(...token);
    if (norm > 0) token.forEach((value, k) => (token[k] = (length * value) / norm));
  }
  return state;
}

export function clusteringFieldCase(params: Field["params"], constants: Field["constants"], beta = 4): Field {
  const { systems, sites } = params;
  const dimension = 4 * constants.QUADS - 2;
  return makeCase<"clustering-field">(params, constants, `beta ${beta}`, () => ({
    state: input(tokens(new Draws(34), systems, sites, dimension)),
    betas: input(Float64Array.from({ length: systems }, (_, system) => beta / (1 + system))),
    // A score is off by a few β 2^-24, and its weight by as much; so is ln Z.
    field: output(siteVectors(systems, sites, dimension), budget(1e-6 + 3e-7 * beta)),
    statistics: output(siteScalars(systems, sites), budget(1e-6 + 3e-7 * beta)),
  }));
}

export const clusteringFieldCases: readonly Field[] = [
  ...ODD_SIZES.map((sites) => clusteringFieldCase({ systems: 3, sites }, { QUADS: 1 })),
  ...[2, 3, 4].map((QUADS) => clusteringFieldCase({ systems: 2, sites: 129, }, { QUADS })),
  clusteringFieldCase({ systems: 2, sites: 65 }, { QUADS: 1 }, 0),
  clusteringFieldCase({ systems: 2, sites: 65 }, { QUADS: 1 }, 200),
];

export function clusteringMapCase(params: Map["params"], constants: Map["constants"], fields = ""): Map {
  const { systems, sites, dimension } = params;
  return makeCase<"clustering-map">(params, constants, fields, () => {
    const draws = new Draws(31);
    const shape = siteVectors(systems, sites, dimension);
    return {
      state: input(tokens(draws, systems, sites, dimension)),
      field: input(fields === "no field" ? draws.uniform(shape, 0, 0) : tokens(draws, systems, sites, dimension, 0.4)),
      // f32 error budget: 1e-6 of the radius a step.
      image: output(shape, budget(1e-6)),
    };
  });
}

export const clusteringMapCases: readonly Map[] = [true, false].flatMap((RESIDUAL) => [
  ...ODD_SIZES.map((sites) => clusteringMapCase({ systems: 3, sites, dimension: 3, step: 0.7 }, { RESIDUAL })),
  ...[2, 4, 5, 64, 65].map((dimension) =>
    clusteringMapCase({ systems: 2, sites: 9, dimension, step: 1 }, { RESIDUAL }),
  ),
  clusteringMapCase({ systems: 2, sites: 9, dimension: 5, step: 1 }, { RESIDUAL }, "no field"),
]);

export function clusteringFlowCase(params: Flow["params"], constants: Flow["constants"]): Flow {
  const { systems, systemsPerCoupling, sites, dimension, statisticsColumns } = params;
  return makeCase<"clustering-flow">(params, constants, "", () => {
    const draws = new Draws(32);
    const shape = siteVectors(systems, sites, dimension);
    const rows = siteScalars((systems / systemsPerCoupling) * statisticsColumns, sites);
    const sums = output(shape, budget(1e-6));
    const middle = params.logGain < -50 ? -params.logGain : 0;
    return {
      start: input(tokens(draws, systems, sites, dimension)),
      stage: input(tokens(draws, systems, sites, dimension, 1.05)),
      field: input(tokens(draws, systems, sites, dimension, 0.4)),
      statistics: constants.UNNORMALISED ? input(draws.uniform(rows, middle - 1, middle + 1)) : unread(),
      velocities: constants.FIRST
        ? sums
        : { role: "in-out", values: draws.normal(shape, 0.1), content: valuesIn(shape), tolerance: budget(1e-6) },
      next: output(shape, budget(1e-6)),
    };
  });
}

const flow = (sites: number, dimension: number, rest: Partial<Flow["params"]> = {}): Flow["params"] => ({
  systems: 2,
  systemsPerCoupling: 1,
  sites,
  dimension,
  statisticsColumns: 8,
  rate: 1.5,
  logGain: -0.7,
  advance: 0.05,
  weight: 0.02,
  ...rest,
});

const STAGES = [
  { FIRST: true, LAST: true },
  { FIRST: true, LAST: false },
  { FIRST: false, LAST: false },
  { FIRST: false, LAST: true },
];

export const clusteringFlowCases: readonly Flow[] = [
  ...ODD_SIZES.map((sites) => clusteringFlowCase(flow(sites, 3), { ...STAGES[0], UNNORMALISED: false })),
  ...[2, 4, 5, 65].flatMap((dimension) =>
    STAGES.map((stage) => clusteringFlowCase(flow(9, dimension), { ...stage, UNNORMALISED: dimension % 2 === 0 })),
  ),
  clusteringFlowCase(flow(13, 5, { systems: 6, systemsPerCoupling: 3 }), { ...STAGES[3], UNNORMALISED: true }),
  // exp(100) is beyond f32, its product with K/N is not.
  clusteringFlowCase(flow(9, 2, { rate: -1, logGain: -100 }), { ...STAGES[0], UNNORMALISED: true }),
];

export function sphereDiffusionCase(params: Diffusion["params"], constants: Diffusion["constants"]): Diffusion {
  const { systems, sites, dimension } = params;
  return makeCase<"sphere-diffusion">(params, constants, "", () => {
    const shape = siteVectors(systems, sites, dimension);
    return {
      state: input(tokens(new Draws(33), systems, sites, dimension, 1.0001)),
      chainKeys: input(chainKeys(systems)),
      // f32 error budget: 1e-6 of the radius a step.
      image: output(shape, budget(1e-6)),
    };
  });
}

export const sphereDiffusionCases: readonly Diffusion[] = [
  ...ODD_SIZES.map((sites) => sphereDiffusionCase({ systems: 3, sites, dimension: 3, step: sites, variance: 0.01 }, {})),
  ...[2, 4, 5, 64, 65].map((dimension) =>
    sphereDiffusionCase({ systems: 2, sites: 9, dimension, step: 2 ** 32 - 1, variance: 0.05 }, {}),
  ),
  // Angles of all quadrants, and no motion.
  sphereDiffusionCase({ systems: 2, sites: 61, dimension: 3, step: 7, variance: 9 }, {}),
  sphereDiffusionCase({ systems: 2, sites: 9, dimension: 3, step: 7, variance: 0 }, {}),
];
