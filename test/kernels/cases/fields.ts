/** Cases of the products with J. */
import { pad } from "../../../src/reference/layout.js";
import type { KernelCase, Unit } from "../../kernel-cases.js";
import {
  asNaive,
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
  unwritten,
  valuesIn,
} from "./inputs.js";

type Binary = KernelCase<"field-binary">;
type Sphere = KernelCase<"field-sphere">;
type Reaction = KernelCase<"reaction-weights">;

interface Block {
  readonly rows: number;
  readonly rowStart: number;
  readonly rowCount: number;
}

/** An output [..][pad(rows)][stride] of which a block writes its rows, and the last block the padding rows too. */
export function blockOutput(
  { rows, rowStart, rowCount }: Block,
  shape: Shape,
  stride: number,
  unit: Unit = "magnitude",
) {
  const inside = valuesIn(shape);
  return output(shape, { rule: "naive", unit }, (index) => {
    const row = Math.floor(index / stride) % pad(rows);
    if (row >= rows) return rowStart + rowCount === rows ? "zero" : "untouched";
    return row >= rowStart && row < rowStart + rowCount ? inside(index) : "untouched";
  });
}

export function fieldBinaryCase(params: Binary["params"], constants: Binary["constants"]): Binary {
  const { systems, systemsPerCoupling, rows, rowCount, columns } = params;
  return makeCase<"field-binary">(params, constants, "", () => {
    const draws = new Draws(4);
    const sites = siteScalars(systems, columns);
    const results = siteScalars(systems, rows);
    const couplings = matrixRows(systems / systemsPerCoupling, rowCount, columns);
    return {
      couplings: input(draws.normal(couplings, 1 / Math.sqrt(columns))),
      state: input(draws.uniform(sites, -1, 1)),
      weights: constants.MOMENTS > 0 ? input(draws.uniform(sites, 0, 1)) : unread(),
      field: blockOutput(params, results, 1),
      moments: constants.MOMENTS > 0 ? blockOutput(params, results, 1) : unwritten(),
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

export const fieldBinaryCases: readonly Binary[] = [
  ...ODD_SIZES.map((n) => fieldBinaryCase(binary(n), { MOMENTS: 1 })),
  // Both sides of a chunk of partial sums, 256 columns, and several of them.
  ...[255, 256, 257, 1021].map((columns) => fieldBinaryCase(binary(5, { columns }), { MOMENTS: 1 })),
  ...[1, 2, 3, 5].map((share) =>
    fieldBinaryCase(binary(5, { systems: 3 * share, systemsPerCoupling: share }), { MOMENTS: 1 }),
  ),
  fieldBinaryCase(binary(7, { columns: 13 }), { MOMENTS: 1 }),
  fieldBinaryCase(binary(13, { columns: 7, systems: 4, systemsPerCoupling: 2 }), { MOMENTS: 1 }),
  fieldBinaryCase(binary(7, { rowStart: 4, rowCount: 3, systems: 3, systemsPerCoupling: 3 }), { MOMENTS: 1 }),
  fieldBinaryCase(binary(13, { rowStart: 4, rowCount: 5, systems: 2 }), { MOMENTS: 1 }),
  fieldBinaryCase(binary(9, { rowStart: 8, rowCount: 1, systems: 10, systemsPerCoupling: 5 }), { MOMENTS: 1 }),
  ...[1, 5, 64].map((n) => fieldBinaryCase(binary(n), { MOMENTS: 0 })),
  fieldBinaryCase(binary(7, { rowStart: 4, rowCount: 3, systems: 3, systemsPerCoupling: 3 }), { MOMENTS: 0 }),
];

export function fieldSphereCase(params: Sphere["params"], constants: Sphere["constants"]): Sphere {
  const { systems, systemsPerCoupling, rows, rowCount, columns, dimension, weightKinds } = params;
  const { MOMENTS } = constants;
  return makeCase<"field-sphere">(params, constants, "", () => {
    const draws = new Draws(5);
    const couplings = matrixRows(systems / systemsPerCoupling, rowCount, columns);
    return {
      couplings: input(draws.normal(couplings, 1 / Math.sqrt(columns))),
      state: input(draws.normal(siteVectors(systems, columns, dimension))),
      weights: MOMENTS > 0 ? input(draws.uniform(siteScalars(systems * weightKinds, columns), 0, 1)) : unread(),
      field: blockOutput(params, siteVectors(systems, rows, dimension), pad(dimension)),
      moments: MOMENTS > 0 ? blockOutput(params, siteScalars(systems * MOMENTS, rows), 1) : unwritten(),
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

export const fieldSphereCases: readonly Sphere[] = [
  ...ODD_SIZES.map((n) => fieldSphereCase(sphere(n), { MOMENTS: 1 })),
  ...[1, 2, 4, 5, 8, 13, 61, 63, 64, 65, 130].map((dimension) =>
    fieldSphereCase(sphere(5, { dimension }), { MOMENTS: 1 }),
  ),
  ...[255, 256, 257, 1021].map((columns) => fieldSphereCase(sphere(5, { columns, weightKinds: 3 }), { MOMENTS: 2 })),
  ...[2, 3, 5].map((share) =>
    fieldSphereCase(sphere(5, { systems: 2 * share, systemsPerCoupling: share, dimension: 5 }), { MOMENTS: 1 }),
  ),
  fieldSphereCase(sphere(7, { columns: 13, systems: 2 }), { MOMENTS: 1 }),
  fieldSphereCase(sphere(13, { columns: 7, systems: 2, systemsPerCoupling: 2 }), { MOMENTS: 1 }),
  // Two sums of three stored weights, as sphere TAP takes them.
  ...[1, 4, 7].map((n) => fieldSphereCase(sphere(n, { systems: 3, dimension: 6, weightKinds: 3 }), { MOMENTS: 2 })),
  fieldSphereCase(sphere(7, { systems: 6, systemsPerCoupling: 3, weightKinds: 3 }), { MOMENTS: 2 }),
  fieldSphereCase(sphere(7, { rowStart: 4, rowCount: 3, systems: 3, systemsPerCoupling: 3 }), { MOMENTS: 1 }),
  fieldSphereCase(sphere(13, { rowStart: 4, rowCount: 5, systems: 2, weightKinds: 3 }), { MOMENTS: 2 }),
  fieldSphereCase(sphere(9, { rowStart: 8, rowCount: 1, systems: 2, dimension: 5 }), { MOMENTS: 1 }),
  ...[1, 5, 64].map((n) => fieldSphereCase(sphere(n, { weightKinds: 0 }), { MOMENTS: 0 })),
  fieldSphereCase(sphere(6, { rowStart: 4, rowCount: 2, systems: 2, weightKinds: 3 }), { MOMENTS: 0 }),
];

export function reactionWeightsCase(params: Reaction["params"], constants: Reaction["constants"]): Reaction {
  const { systems, systemsPerCoupling, rowCount, columns } = params;
  return makeCase<"reaction-weights">(params, constants, "", () => {
    const draws = new Draws(6);
    const kinds = siteScalars(3 * systems, columns);
    // Only the last of the three weights of a system is read.
    const weights = draws.uniform(kinds, 0, 1);
    for (let kind = 0; kind < 3 * systems; kind++) {
      if (kind % 3 !== 2) weights.fill(NaN, kind * pad(columns), (kind + 1) * pad(columns));
    }
    const shape = matrixRows(systems, rowCount, columns);
    const couplings = matrixRows(systems / systemsPerCoupling, rowCount, columns);
    return {
      couplings: input(draws.normal(couplings)),
      weights: input(weights),
      reactions: { role: "in-out", values: draws.normal(shape), content: valuesIn(shape), tolerance: asNaive },
    };
  });
}

const reaction = (n: number, rest: Partial<Reaction["params"]> = {}) => ({
  systems: 1,
  systemsPerCoupling: 1,
  rowCount: n,
  columns: n,
  ...rest,
});

export const reactionWeightsCases: readonly Reaction[] = [
  ...ODD_SIZES.map((n) => reactionWeightsCase(reaction(n), {})),
  ...[1, 2, 3, 5].map((share) =>
    reactionWeightsCase(reaction(5, { systems: 3 * share, systemsPerCoupling: share }), {}),
  ),
  reactionWeightsCase(reaction(3, { columns: 13, systems: 2 }), {}),
];
