/** Cases of the kernels that observables are made of. */
import { pad } from "../../../src/reference/layout.js";
import { MASKED } from "../../../src/reference/scores.js";
import { ENERGY_COLUMNS } from "../../../src/reference/site-energies.js";
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
  type Shape,
  siteScalars,
  siteVectors,
  unread,
} from "./inputs.js";
import { betas, EXACT, LARGE_D, radiusOf } from "./updates.js";

type Gram = KernelCase<"component-gram">;
type Directions = KernelCase<"site-directions">;
type Energies = KernelCase<"site-energies">;
type Mismatch = KernelCase<"site-mismatch">;
type Tangent = KernelCase<"tangent-update">;
type Deflate = KernelCase<"deflate">;
type Housekeeping = KernelCase<"housekeeping">;
type Gaps = KernelCase<"score-gaps">;

interface Sites {
  readonly systems: number;
  readonly sites: number;
  readonly components: number;
  readonly componentStride: number;
}

/** [system][pad(N)][componentStride] */
const vectors = ({ systems, sites, components, componentStride }: Sites): Shape => ({
  batch: systems,
  rows: sites,
  rowStride: pad(sites),
  columns: components,
  columnStride: componentStride,
});

const scalars = (systems: number): Shape => ({ batch: systems, rows: 1, rowStride: 1, columns: 1, columnStride: 1 });

/** D = 1 stands for binary spins. */
const sitesOf = (sites: number, components: number, systems = 2) => ({
  systems,
  sites,
  components,
  componentStride: components === 1 ? 1 : pad(components),
});

/** |h| in units of R, and of 1 for binary spins. */
const FIELDS = { "": 1, "strong fields": 8, "weak fields": 1e-4, "no field": 0 } as const;
type Fields = keyof typeof FIELDS;
const fieldNames = Object.keys(FIELDS) as Fields[];
const fieldScale = (fields: Fields, components: number, radius: number) =>
  (FIELDS[fields] * radius) / Math.sqrt(components);

export function componentGramCase(params: Gram["params"], constants: Gram["constants"]): Gram {
  const { systems, sites, dimension } = params;
  return makeCase<"component-gram">(params, constants, "", () => ({
    state: input(new Draws(21).normal(siteVectors(systems, sites, dimension))),
    gram: output(siteVectors(systems, dimension, dimension), asNaive),
  }));
}

export const componentGramCases: readonly Gram[] = [
  ...[1, 3, 63, 64, 65, 130].map((sites) => componentGramCase({ systems: 2, sites, dimension: 5 }, {})),
  ...[2, 3, 4, 8, 13, 33].map((dimension) => componentGramCase({ systems: 3, sites: 37, dimension }, {})),
  componentGramCase({ systems: 1, sites: 3001, dimension: 4 }, {}),
];

export function siteDirectionsCase(
  params: Directions["params"],
  constants: Directions["constants"],
  note = "",
  scale = 1,
): Directions {
  return makeCase<"site-directions">(params, constants, note, () => {
    const state = new Draws(22).normal(vectors(params), scale, NaN);
    // The third site has no direction.
    const zeroSite = 2 * params.componentStride;
    if (params.sites > 2) state.fill(0, zeroSite, zeroSite + params.components);
    // A square root and two divisions, each good to 2.5 units in the last place, and a sum of D squares.
    const tolerance = budget(6e-7 + 1.5e-7 * Math.sqrt(params.components));
    return { state: input(state), directions: output(vectors(params), tolerance) };
  });
}

export const siteDirectionsCases: readonly Directions[] = [
  ...ODD_SIZES.map((sites) => siteDirectionsCase(sitesOf(sites, 3), {})),
  ...[1, 2, 4, 13, 64, 65].map((components) => siteDirectionsCase(sitesOf(9, components), {})),
  siteDirectionsCase(sitesOf(9, 5), {}, "short vectors", 1e-30),
  siteDirectionsCase(sitesOf(9, 5), {}, "long vectors", 1e30),
];

export function siteEnergiesCase(
  params: Energies["params"],
  constants: Energies["constants"],
  fields: Fields = "",
): Energies {
  const { systems, sites, components, radius } = params;
  const { BINARY } = constants;
  return makeCase<"site-energies">(params, constants, fields, () => {
    const draws = new Draws(23);
    const size = fieldScale(fields, components, radius);
    const shape = vectors(params);
    const state = BINARY ? draws.uniform(shape, -1, 1) : draws.normal(shape, radius / Math.sqrt(components));
    // Saturated both ways: no entropy.
    if (BINARY && sites > 2) state.set([1, -1]);
    const beta = betas(draws, systems, sites);
    // What the sums of D products, and of ln z, may reach: β R |h| of the strongest field.
    const largest = Math.max(1, radius ** 2 * (1 + 3 * FIELDS[fields]) * 10);
    return {
      externalField: input(draws.normal(shape, size)),
      field: input(draws.normal(shape, size)),
      state: input(state),
      moments: BINARY ? input(draws.uniform(siteScalars(systems, sites), 0, 1)) : unread(),
      betas: input(beta),
      energies: output(
        { batch: systems, rows: sites, rowStride: pad(sites), columns: ENERGY_COLUMNS, columnStride: ENERGY_COLUMNS },
        budget(3e-7, (_, value) => largest / 10 + Math.abs(value)),
      ),
    };
  });
}

const energies = (sites: number, components: number, systems?: number) => ({
  ...sitesOf(sites, components, systems),
  radius: components === 1 ? 1 : radiusOf(components),
});

export const siteEnergiesCases: readonly Energies[] = [
  ...ODD_SIZES.map((n) => siteEnergiesCase(energies(n, 1), { BINARY: true, RESPONSE: LARGE_D })),
  ...fieldNames.map((fields) => siteEnergiesCase(energies(61, 1, 3), { BINARY: true, RESPONSE: LARGE_D }, fields)),
  ...[LARGE_D, EXACT].flatMap((RESPONSE) => [
    ...[3, 4, 13, 64].map((D) => siteEnergiesCase(energies(7, D), { BINARY: false, RESPONSE })),
    ...fieldNames.map((fields) => siteEnergiesCase(energies(13, 6, 3), { BINARY: false, RESPONSE }, fields)),
  ]),
];

export function siteMismatchCase(
  params: Mismatch["params"],
  constants: Mismatch["constants"],
  fields: Fields = "",
  distance = 1,
): Mismatch {
  const { systems, sites, components, radius } = params;
  const note = [fields, distance === 1 ? "" : "close laws"].filter((part) => part !== "").join(", ");
  return makeCase<"site-mismatch">(params, constants, note, () => {
    const draws = new Draws(24);
    const size = fieldScale(fields, components, radius);
    const field = draws.normal(vectors(params), size);
    const change = draws.normal(vectors(params), size * distance);
    const ends = field.map((value, k) => value + change[k]);
    return {
      externalField: input(draws.normal(vectors(params), size)),
      field: input(field),
      targetField: input(ends),
      betas: input(betas(draws, systems, sites)),
      // Fields carry roundings of 1e-7, which move KL by that times its slope, itself of the order of sqrt(KL) at most.
      mismatch: output(
        siteScalars(systems, sites),
        budget(3e-6, (_, value) => Math.max(value, radius ** 2 * Math.max(FIELDS[fields], 1) * distance * 1e-1)),
      ),
    };
  });
}

export const siteMismatchCases: readonly Mismatch[] = [
  ...ODD_SIZES.map((n) => siteMismatchCase(energies(n, 1), { BINARY: true, RESPONSE: LARGE_D })),
  ...[1, 3, 6].flatMap((components) =>
    (components === 1 ? [LARGE_D] : [LARGE_D, EXACT]).flatMap((RESPONSE) => [
      ...fieldNames.map((fields) =>
        siteMismatchCase(energies(13, components, 3), { BINARY: components === 1, RESPONSE }, fields),
      ),
      siteMismatchCase(energies(13, components, 3), { BINARY: components === 1, RESPONSE }, "", 1e-3),
    ]),
  ),
];

export function tangentUpdateCase(
  params: Tangent["params"],
  constants: Tangent["constants"],
  fields: Fields = "",
): Tangent {
  const { systems, sites, components, radius } = params;
  return makeCase<"tangent-update">(params, constants, fields, () => {
    const draws = new Draws(25);
    const size = fieldScale(fields, components, radius);
    const squares = draws.uniform(scalars(systems), 0.5, 40);
    // A perturbation that has died out.
    if (systems > 2) squares[2] = 0;
    return {
      externalField: input(draws.normal(vectors(params), size)),
      field: input(draws.normal(vectors(params), size)),
      product: input(draws.normal(vectors(params))),
      squares: input(squares),
      betas: input(betas(draws, systems, sites)),
      // β τ |J w| / |w|, the size of an image without a field; f32 budget of a sphere step.
      image: output(
        vectors(params),
        budget(constants.BINARY ? 3e-6 : 1e-6, () => Math.sqrt(components)),
      ),
    };
  });
}

export const tangentUpdateCases: readonly Tangent[] = [
  ...ODD_SIZES.map((n) => tangentUpdateCase(energies(n, 1), { BINARY: true, RESPONSE: LARGE_D })),
  ...fieldNames.map((fields) => tangentUpdateCase(energies(61, 1, 4), { BINARY: true, RESPONSE: LARGE_D }, fields)),
  ...[LARGE_D, EXACT].flatMap((RESPONSE) => [
    ...[2, 3, 4, 5, 13, 64].map((D) => tangentUpdateCase(energies(7, D), { BINARY: false, RESPONSE })),
    ...fieldNames.map((fields) => tangentUpdateCase(energies(13, 6, 4), { BINARY: false, RESPONSE }, fields)),
  ]),
];

export function deflateCase(params: Deflate["params"], constants: Deflate["constants"]): Deflate {
  const { systems, components } = params;
  return makeCase<"deflate">(params, constants, "", () => {
    const draws = new Draws(26);
    const squares = draws.uniform(scalars(systems), 0.5, 40);
    if (systems > 2) squares[2] = 0;
    return {
      product: input(draws.normal(vectors(params))),
      sums: input(
        draws.normal({ batch: systems, rows: 1, rowStride: 1, columns: components, columnStride: components }),
      ),
      squares: input(squares),
      // Two divisions and a square root of at most 2.5 units in the last place on numbers up to 5.
      image: output(vectors(params), budget(3e-6)),
    };
  });
}

export const deflateCases: readonly Deflate[] = [
  ...ODD_SIZES.map((n) => deflateCase(sitesOf(n, 1, 3), {})),
  ...[2, 4, 5, 13].map((components) => deflateCase(sitesOf(9, components, 4), {})),
];

export function housekeepingCase(params: Housekeeping["params"], constants: Housekeeping["constants"]): Housekeeping {
  const { systems, systemsPerCoupling, sites, components } = params;
  const { KINDS } = constants;
  return makeCase<"housekeeping">(params, constants, "", () => {
    const draws = new Draws(27);
    const state = draws.uniform(vectors(params), -1, 1);
    // Of unit vectors at most: c |m|² stays below τ, as of any covariance.
    state.forEach((value, k) => (state[k] = value / Math.sqrt(components)));
    const weights = draws.uniform({ ...siteScalars(systems * KINDS, sites) }, 0.6, 1);
    for (let k = 0; k < weights.length; k++) {
      if (KINDS === 3 && Math.floor(k / pad(sites)) % 3 === 2) weights[k] *= 0.5;
    }
    return {
      couplings: input(draws.normal(matrixRows(systems / systemsPerCoupling, sites, sites))),
      state: KINDS === 3 ? input(state) : unread(),
      weights: input(weights),
      production: output(siteScalars(systems, sites), { rule: "naive", unit: (_, value) => value }),
    };
  });
}

export const housekeepingCases: readonly Housekeeping[] = [
  ...[2, 3, 4, 5, 7, 8, 9, 31, 65, 130].map((n) =>
    housekeepingCase({ ...sitesOf(n, 1, 4), systemsPerCoupling: 2 }, { KINDS: 1 }),
  ),
  ...[3, 4, 8, 13].flatMap((components) =>
    [5, 17].map((n) => housekeepingCase({ ...sitesOf(n, components, 2), systemsPerCoupling: 1 }, { KINDS: 3 })),
  ),
];

export function scoreGapsCase(params: Gaps["params"], constants: Gaps["constants"]): Gaps {
  const { couplings, rows, rowStart, rowCount, columns } = params;
  return makeCase<"score-gaps">(params, constants, "", () => {
    const scores = new Draws(28).normal(matrixRows(couplings, rowCount, columns), 3, NaN);
    // The first row has no key, the second one key, the third two equal ones.
    const width = pad(columns);
    scores.fill(MASKED, 0, columns);
    if (rowCount > 1) scores.fill(MASKED, width, width + columns - 1);
    if (rowCount > 2) scores.fill(7.25, 2 * width, 2 * width + Math.min(2, columns));
    const inBlock = (index: number) => {
      const row = Math.floor(index / 2) % pad(rows);
      return row >= rowStart && row < rowStart + rowCount;
    };
    return {
      scores: input(scores),
      gaps: output(
        { batch: couplings, rows: pad(rows), rowStride: pad(rows), columns: 2, columnStride: 2 },
        budget(1e-7, (_, value) => Math.max(1, value)),
        (index) => (inBlock(index) ? "value" : "untouched"),
      ),
    };
  });
}

export const scoreGapsCases: readonly Gaps[] = [
  ...ODD_SIZES.map((columns) => scoreGapsCase({ couplings: 2, rows: 5, rowStart: 0, rowCount: 5, columns }, {})),
  scoreGapsCase({ couplings: 2, rows: 13, rowStart: 4, rowCount: 8, columns: 300 }, {}),
];
