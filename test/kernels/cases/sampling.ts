/** Cases of the Monte Carlo steps and of what they add up. */
import { pad } from "../../../src/reference/layout.js";
import type { CaseArray, KernelCase } from "../../kernel-cases.js";
import {
  budget,
  Draws,
  exact,
  input,
  makeCase,
  ODD_SIZES,
  output,
  type Shape,
  siteScalars,
  siteVectors,
  unread,
  valuesIn,
} from "./inputs.js";
import { betas, radiusOf } from "./updates.js";

type BinarySample = KernelCase<"binary-sample">;
type SphereSample = KernelCase<"sphere-sample">;
type ChainOverlap = KernelCase<"chain-overlap">;
type ChainScalars = KernelCase<"chain-scalars">;
type Accumulate = KernelCase<"accumulate">;
type AccumulateProducts = KernelCase<"accumulate-products">;

export const chainKeys = (systems: number) => Uint32Array.from({ length: 4 * systems }, (_, k) => (k * 0x9e3779b9 + 7) >>> 0);

/** Sizes of the fields in units of 1 (binary) or R (sphere). */
const FIELDS = { "": 1, "strong fields": 200, "weak fields": 1e-6, "no field": 0 } as const;
type Fields = keyof typeof FIELDS;

export function binarySampleCase(
  params: BinarySample["params"],
  constants: BinarySample["constants"],
  fields: Fields = "",
): BinarySample {
  const { systems, sites } = params;
  return makeCase<"binary-sample">(params, constants, fields, () => {
    const draws = new Draws(31);
    const shape = siteScalars(systems, sites);
    return {
      externalField: input(draws.normal(shape, FIELDS[fields])),
      field: input(draws.normal(shape, FIELDS[fields])),
      betas: input(betas(draws, systems, sites)),
      chainKeys: input(chainKeys(systems)),
      // One spin in 10^7 may differ where its threshold falls within rounding; none of these does.
      spins: output(shape, exact),
      means: output(shape, budget(3e-7)),
    };
  });
}

export const binarySampleCases: readonly BinarySample[] = [
  ...ODD_SIZES.map((sites) => binarySampleCase({ systems: 3, sites, step: sites }, {})),
  ...(["strong fields", "weak fields", "no field"] as const).map((fields) =>
    binarySampleCase({ systems: 5, sites: 61, step: 2 ** 32 - 1 }, {}, fields),
  ),
];

export function sphereSampleCase(
  params: SphereSample["params"],
  constants: SphereSample["constants"],
  fields: Fields = "",
): SphereSample {
  const { systems, sites, dimension, radius } = params;
  return makeCase<"sphere-sample">(params, constants, fields, () => {
    const draws = new Draws(32);
    const shape = siteVectors(systems, sites, dimension);
    const tallies: Shape = {
      ...siteScalars(systems, sites),
      rows: sites,
      rowStride: pad(sites),
      columns: 2,
      columnStride: 2,
    };
    const size = (FIELDS[fields] * radius) / Math.sqrt(dimension);
    const units = { unit: () => radius };
    return {
      externalField: input(draws.normal(shape, size)),
      field: input(draws.normal(shape, size)),
      betas: input(betas(draws, systems, sites)),
      chainKeys: input(chainKeys(systems)),
      spins: output(shape, budget(SPIN_BUDGET, units.unit)),
      means: output(shape, budget(1e-6, units.unit)),
      tallies: {
        role: "in-out",
        values: new Float64Array(systems * pad(sites) * 2).fill(3),
        content: (index) => (valuesIn(tallies)(index) === "value" ? "value" : "untouched"),
        tolerance: exact,
      },
    };
  });
}

/**
 * Normal numbers are good to 1e-7, a cosine near 0 turns that into as much, and two components are what is left of a vector
 * along the field.
 */
const SPIN_BUDGET = 4e-6;

export const sphereSampleCases: readonly SphereSample[] = [
  ...[2, 3, 4, 5, 8, 13, 64, 65, 130].flatMap((dimension) =>
    (["", "strong fields", "weak fields", "no field"] as const).map((fields) =>
      sphereSampleCase({ systems: 2, sites: 7, dimension, radius: radiusOf(dimension), step: 5 }, {}, fields),
    ),
  ),
  ...ODD_SIZES.map((sites) => sphereSampleCase({ systems: 2, sites, dimension: 6, radius: 1.5, step: 1 }, {})),
];

/** Chains one beside the other, or heads apart. */
const sets = (rest: Partial<ChainOverlap["params"]> = {}) => ({
  systems: 6,
  chains: 3,
  chainStride: 1,
  sites: 7,
  components: 1,
  componentStride: 1,
  ...rest,
});

const stateShape = (systems: number, sites: number, components: number, componentStride: number): Shape => ({
  batch: systems,
  rows: sites,
  rowStride: pad(sites),
  columns: components,
  columnStride: componentStride,
});

export function chainOverlapCase(params: ChainOverlap["params"], constants: ChainOverlap["constants"]): ChainOverlap {
  const { systems, chains, sites, components, componentStride } = params;
  return makeCase<"chain-overlap">(params, constants, "", () => ({
    spins: input(new Draws(33).normal(stateShape(systems, sites, components, componentStride))),
    // Sums of chains · D products of numbers of order one.
    overlaps: output(stateShape(systems, sites, 2, 2), budget(1e-6 * chains * Math.sqrt(components)), (index) =>
      Math.floor(index / 2) % pad(sites) < sites ? "value" : "zero",
    ),
  }));
}

export const chainOverlapCases: readonly ChainOverlap[] = [
  ...ODD_SIZES.map((sites) => chainOverlapCase(sets({ sites }), {})),
  ...[3, 4, 13].map((components) => chainOverlapCase(sets({ components, componentStride: pad(components) }), {})),
  chainOverlapCase(sets({ systems: 12, chainStride: 2 }), {}),
  chainOverlapCase(sets({ systems: 65, chains: 65 }), {}),
  chainOverlapCase(sets({ systems: 8, chains: 4 }), {}),
];

export function chainScalarsCase(
  params: ChainScalars["params"],
  constants: ChainScalars["constants"],
  size = 1,
): ChainScalars {
  const { systems, sites, components, componentStride } = params;
  return makeCase<"chain-scalars">(params, constants, size === 1 ? "" : `fields ${size}`, () => {
    const draws = new Draws(34);
    const shape = stateShape(systems, sites, components, componentStride);
    const state = (scale: number): CaseArray => input(draws.normal(shape, scale, NaN));
    return {
      externalField: state(size),
      field: state(size),
      reverseField: constants.PRODUCTION ? state(size) : unread(),
      spins: state(1),
      means: state(0.5),
      betas: input(betas(draws, systems, sites)),
      scalars: output(stateShape(systems, sites, 4, 4), budget(1e-6 * Math.max(1, size) * components), (index) =>
        Math.floor(index / 4) % pad(sites) < sites ? "value" : "zero",
      ),
    };
  });
}

const scalarsOf = (sites: number, components = 1) => ({
  systems: 2,
  sites,
  components,
  componentStride: components === 1 ? 1 : pad(components),
});

export const chainScalarsCases: readonly ChainScalars[] = [true, false].flatMap((PRODUCTION) => [
  ...ODD_SIZES.map((sites) => chainScalarsCase(scalarsOf(sites), { PRODUCTION })),
  ...[3, 8, 65].map((components) => chainScalarsCase(scalarsOf(5, components), { PRODUCTION })),
  ...[1e-4, 30].map((size) => chainScalarsCase(scalarsOf(13), { PRODUCTION }, size)),
]);

export function accumulateCase(params: Accumulate["params"], constants: Accumulate["constants"]): Accumulate {
  const { length } = params;
  return makeCase<"accumulate">(params, constants, "", () => {
    const draws = new Draws(35);
    const shape: Shape = { batch: 1, rows: 1, rowStride: 1, columns: length, columnStride: length };
    return {
      values: input(draws.normal(shape)),
      totals: { role: "in-out", values: draws.normal(shape), content: () => "value", tolerance: exact },
    };
  });
}

export const accumulateCases: readonly Accumulate[] = [4, 8, 252, 256, 260].map((length) =>
  accumulateCase({ length }, {}),
);

export function accumulateProductsCase(
  params: AccumulateProducts["params"],
  constants: AccumulateProducts["constants"],
): AccumulateProducts {
  const { sets: count, chains, blocks, sites, componentStride } = params;
  return makeCase<"accumulate-products">(params, constants, "", () => {
    const draws = new Draws(36);
    const shape = stateShape(count * chains, sites, componentStride, componentStride);
    const padded = pad(sites);
    const products: Shape = { batch: count * blocks, rows: padded, rowStride: padded, columns: padded, columnStride: padded };
    return {
      left: input(draws.normal(shape)),
      right: input(draws.normal(shape)),
      products: {
        role: "in-out",
        values: draws.normal(products),
        content: () => "value",
        tolerance: budget(2e-6 * Math.sqrt(chains * componentStride)),
      },
    };
  });
}

const productsOf = (sites: number, componentStride: number, rest: Partial<AccumulateProducts["params"]> = {}) => ({
  sets: 2,
  chains: 3,
  blocks: 1,
  chainStride: 1,
  sites,
  componentStride,
  ...rest,
});

export const accumulateProductsCases: readonly AccumulateProducts[] = [
  ...ODD_SIZES.map((sites) => accumulateProductsCase(productsOf(sites, 1), { VECTORS: false })),
  ...[4, 8, 64].map((stride) => accumulateProductsCase(productsOf(7, stride), { VECTORS: true })),
  accumulateProductsCase(productsOf(5, 8, { chainStride: 2 }), { VECTORS: true }),
  accumulateProductsCase(productsOf(5, 1, { chainStride: 2, chains: 65 }), { VECTORS: false }),
  // Blocks of unequal size, and one a chain.
  accumulateProductsCase(productsOf(5, 1, { sets: 4, chainStride: 2, chains: 7, blocks: 3 }), { VECTORS: false }),
  accumulateProductsCase(productsOf(5, 4, { blocks: 3 }), { VECTORS: true }),
];
