/** Cases of the products with random J that is never stored. */
import { LAWS } from "../../../src/reference/coupling-row.js";
import { fieldBinary } from "../../../src/reference/field-binary.js";
import { fieldSphere } from "../../../src/reference/field-sphere.js";
import { pad } from "../../../src/reference/layout.js";
import { randomCouplings } from "../../../src/reference/random-couplings.js";
import type { KernelCase } from "../../kernel-cases.js";
import { describeStrength, drawnFrom, ENSEMBLES, type Strength, strengthOf } from "./couplings.js";
import { blockOutput } from "./fields.js";
import { Draws, input, makeCase, ODD_SIZES, siteScalars, siteVectors, unread, unwritten } from "./inputs.js";

type Binary = KernelCase<"procedural-field-binary">;
type Sphere = KernelCase<"procedural-field-sphere">;
type Random = KernelCase<"random-couplings">;

/** |J| of the rows of a case, [coupling][rowCount][pad(columns)], as the twin draws it. */
function sizesOfJ(
  { systems, systemsPerCoupling, rowStart, rowCount, columns }: Binary["params"],
  drawn: ReturnType<typeof drawnFrom>,
  ensemble: Omit<Random["constants"], "CAUSAL">,
): Float64Array {
  const matrices = systems / systemsPerCoupling;
  const couplings = new Float64Array(matrices * rowCount * pad(columns));
  const arrays = { seeds: Float64Array.from(drawn.seeds), strengths: drawn.strengths, couplings };
  randomCouplings(arrays, { couplings: matrices, rowStart, rowCount, columns }, { ...ensemble, CAUSAL: false });
  return couplings.map(Math.abs);
}

export function proceduralFieldBinaryCase(
  params: Binary["params"],
  constants: Binary["constants"],
  strength: Strength = strengthOf(constants),
): Binary {
  const { systems, systemsPerCoupling, rows, columns } = params;
  const { MOMENTS } = constants;
  return makeCase<"procedural-field-binary">(params, constants, describeStrength(strength), () => {
    const draws = new Draws(8);
    const drawn = drawnFrom(systems / systemsPerCoupling, strength);
    const state = draws.uniform(siteScalars(systems, columns), -1, 1);
    const weights = draws.uniform(siteScalars(systems, columns), 0, 1);
    const results = siteScalars(systems, rows);
    // The sizes of the terms: the twin of the product, of |J| and |m|.
    const field = new Float64Array(systems * pad(rows));
    const moments = new Float64Array(systems * pad(rows));
    const couplings = sizesOfJ(params, drawn, constants);
    fieldBinary({ couplings, state: state.map(Math.abs), weights, field, moments }, params, constants);
    return {
      seeds: input(drawn.seeds),
      strengths: input(drawn.strengths),
      state: input(state),
      weights: MOMENTS > 0 ? input(weights) : unread(),
      field: blockOutput(params, results, 1, (index) => field[index]),
      moments: MOMENTS > 0 ? blockOutput(params, results, 1, (index) => moments[index]) : unwritten(),
    };
  });
}

const binary = (n: number, rest: Partial<Binary["params"]> = {}) => ({
  systems: 1,
  systemsPerCoupling: 1,
  rows: n,
  rowStart: 0,
  rowCount: n,
  columns: n,
  ...rest,
});

/** Of an ensemble all of whose code paths the others share. */
const PLAIN = { LAW: LAWS["plus-minus"], DILUTED: false, INDEPENDENT: false };
const GAUSSIAN = { ...PLAIN, LAW: LAWS.gaussian };

const ring = { LAW: LAWS.ring, DILUTED: false, INDEPENDENT: true };
const alone = { systems: 1, systemsPerCoupling: 1 };

export const proceduralFieldBinaryCases: readonly Binary[] = [
  ...[0, 1].flatMap((MOMENTS) =>
    [1, 3, 13].map((n) => proceduralFieldBinaryCase(binary(n, alone), { ...ring, MOMENTS }, [0, 0.7, n, 0])),
  ),
  ...ENSEMBLES.flatMap((ensemble) => [
    ...[5, 64].map((n) => proceduralFieldBinaryCase(binary(n), { ...ensemble, MOMENTS: 0 })),
    ...[6, 33, 70].map((n) => proceduralFieldBinaryCase(binary(n), { ...ensemble, MOMENTS: 1 })),
    proceduralFieldBinaryCase(binary(150, { systems: 6, systemsPerCoupling: 3 }), { ...ensemble, MOMENTS: 1 }),
    proceduralFieldBinaryCase(binary(13, { rowStart: 4, rowCount: 5, systems: 2 }), { ...ensemble, MOMENTS: 1 }),
  ]),
  ...[PLAIN, GAUSSIAN].flatMap((ensemble) => [
    ...ODD_SIZES.map((n) => proceduralFieldBinaryCase(binary(n), { ...ensemble, MOMENTS: 1 })),
    // One block of 32 columns and the next, all lanes of a workgroup, and more than one chunk of a lane.
    ...[31, 32, 33, 2047, 2049, 17_000].map((columns) =>
      proceduralFieldBinaryCase(binary(5, { columns }), { ...ensemble, MOMENTS: 1 }),
    ),
    ...[1, 2, 3, 4, 5, 9].map((share) =>
      proceduralFieldBinaryCase(binary(6, { systems: 2 * share, systemsPerCoupling: share }), {
        ...ensemble,
        MOMENTS: 1,
      }),
    ),
    proceduralFieldBinaryCase(binary(13, { columns: 7, systems: 4, systemsPerCoupling: 2 }), {
      ...ensemble,
      MOMENTS: 1,
    }),
    proceduralFieldBinaryCase(binary(7, { rowStart: 4, rowCount: 3, systems: 3, systemsPerCoupling: 3 }), {
      ...ensemble,
      MOMENTS: 0,
    }),
    proceduralFieldBinaryCase(binary(9, { rowStart: 8, rowCount: 1, systems: 10, systemsPerCoupling: 5 }), {
      ...ensemble,
      MOMENTS: 1,
    }),
  ]),
];

export function proceduralFieldSphereCase(
  params: Sphere["params"],
  constants: Sphere["constants"],
  strength: Strength = strengthOf(constants),
): Sphere {
  const { systems, systemsPerCoupling, rows, columns, dimension, weightKinds } = params;
  const { MOMENTS } = constants;
  return makeCase<"procedural-field-sphere">(params, constants, describeStrength(strength), () => {
    const draws = new Draws(9);
    const drawn = drawnFrom(systems / systemsPerCoupling, strength);
    const state = draws.normal(siteVectors(systems, columns, dimension));
    const weights = draws.uniform(siteScalars(systems * weightKinds, columns), 0, 1);
    const vectors = siteVectors(systems, rows, dimension);
    const field = new Float64Array(systems * pad(rows) * pad(dimension));
    const moments = new Float64Array(systems * MOMENTS * pad(rows));
    const couplings = sizesOfJ(params, drawn, constants);
    fieldSphere({ couplings, state: state.map(Math.abs), weights, field, moments }, params, constants);
    const sums = siteScalars(systems * MOMENTS, rows);
    return {
      seeds: input(drawn.seeds),
      strengths: input(drawn.strengths),
      state: input(state),
      weights: MOMENTS > 0 ? input(weights) : unread(),
      field: blockOutput(params, vectors, pad(dimension), (index) => field[index]),
      moments: MOMENTS > 0 ? blockOutput(params, sums, 1, (index) => moments[index]) : unwritten(),
    };
  });
}

const sphere = (n: number, rest: Partial<Sphere["params"]> = {}) => ({
  systems: 1,
  systemsPerCoupling: 1,
  rows: n,
  rowStart: 0,
  rowCount: n,
  columns: n,
  dimension: 3,
  weightKinds: 1,
  ...rest,
});

export const proceduralFieldSphereCases: readonly Sphere[] = [
  ...[0, 1].flatMap((MOMENTS) =>
    [1, 3, 13].map((n) =>
      proceduralFieldSphereCase(sphere(n, { ...alone, weightKinds: MOMENTS }), { ...ring, MOMENTS }, [0, 0.7, n, 0]),
    ),
  ),
  ...ENSEMBLES.flatMap((ensemble) => [
    ...[5, 64].map((n) => proceduralFieldSphereCase(sphere(n, { weightKinds: 0 }), { ...ensemble, MOMENTS: 0 })),
    ...[1, 7, 65].map((n) => proceduralFieldSphereCase(sphere(n, { dimension: 5 }), { ...ensemble, MOMENTS: 1 })),
    proceduralFieldSphereCase(sphere(37, { systems: 6, systemsPerCoupling: 3, dimension: 9 }), {
      ...ensemble,
      MOMENTS: 1,
    }),
    proceduralFieldSphereCase(sphere(13, { rowStart: 4, rowCount: 5, systems: 2 }), { ...ensemble, MOMENTS: 1 }),
  ]),
  ...ODD_SIZES.map((n) => proceduralFieldSphereCase(sphere(n), { ...PLAIN, MOMENTS: 1 })),
  // Every way in which lanes are dealt to components, slices and systems, and several tiles of components.
  ...[1, 2, 4, 5, 8, 9, 13, 16, 17, 24, 33, 61, 64, 65, 130].map((dimension) =>
    proceduralFieldSphereCase(sphere(6, { dimension, systems: 3, systemsPerCoupling: 3 }), { ...PLAIN, MOMENTS: 1 }),
  ),
  // One tile of columns and the next, and more than one chunk of them.
  ...[63, 64, 65, 1023, 1025, 2100].map((columns) =>
    proceduralFieldSphereCase(sphere(5, { columns, dimension: 6, weightKinds: 3 }), { ...GAUSSIAN, MOMENTS: 2 }),
  ),
  ...[1, 2, 3, 4, 5, 9].map((share) =>
    proceduralFieldSphereCase(sphere(6, { systems: 2 * share, systemsPerCoupling: share, dimension: 5 }), {
      ...PLAIN,
      MOMENTS: 1,
    }),
  ),
  proceduralFieldSphereCase(sphere(13, { columns: 7, systems: 2, systemsPerCoupling: 2 }), { ...PLAIN, MOMENTS: 1 }),
  proceduralFieldSphereCase(sphere(7, { systems: 6, systemsPerCoupling: 3, weightKinds: 3 }), {
    ...GAUSSIAN,
    MOMENTS: 2,
  }),
  proceduralFieldSphereCase(sphere(9, { rowStart: 8, rowCount: 1, systems: 2, dimension: 5 }), {
    ...PLAIN,
    MOMENTS: 1,
  }),
  proceduralFieldSphereCase(sphere(6, { rowStart: 4, rowCount: 2, systems: 2, weightKinds: 3 }), {
    ...PLAIN,
    MOMENTS: 0,
  }),
];
