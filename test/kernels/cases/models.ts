/** Cases of the kernels of Hopfield couplings and of species. */
import { pad } from "../../../src/reference/layout.js";
import type { KernelCase } from "../../kernel-cases.js";
import { Draws, input, makeCase, matrixRows, siteScalars, valuesIn } from "./inputs.js";

type Diagonal = KernelCase<"subtract-diagonal">;
type Species = KernelCase<"species-couplings">;

export function subtractDiagonalCase(params: Diagonal["params"], constants: Diagonal["constants"]): Diagonal {
  const { systems, systemsPerCoupling, sites, componentStride } = params;
  return makeCase<"subtract-diagonal">(params, constants, "", () => {
    const draws = new Draws(33);
    const vectors = {
      batch: systems,
      rows: sites,
      rowStride: pad(sites),
      columns: componentStride,
      columnStride: componentStride,
    };
    return {
      diagonal: input(draws.normal(siteScalars(systems / systemsPerCoupling, sites))),
      state: input(draws.normal(vectors)),
      field: {
        role: "in-out",
        values: draws.normal(vectors),
        content: valuesIn(vectors),
        tolerance: { rule: "naive", unit: () => 4 },
      },
    };
  });
}

export const subtractDiagonalCases: readonly Diagonal[] = [
  ...[1, 3, 4, 5, 64, 67].flatMap((sites) =>
    [1, 8].map((componentStride) =>
      subtractDiagonalCase({ systems: 4, systemsPerCoupling: 2, sites, componentStride }, {}),
    ),
  ),
  subtractDiagonalCase({ systems: 3, systemsPerCoupling: 1, sites: 21, componentStride: 1 }, {}),
];

export function speciesCouplingsCase(params: Species["params"], constants: Species["constants"]): Species {
  const { couplings, rowStart, rowCount, columns, species } = params;
  return makeCase<"species-couplings">(params, constants, "", () => {
    const draws = new Draws(34);
    const shape = matrixRows(couplings, rowCount, columns);
    const between = { batch: couplings, rows: species, rowStride: species, columns: species, columnStride: species };
    const inside = valuesIn(shape);
    // A diagonal that is not drawn is not touched either.
    const kept = (index: number) =>
      !constants.INDEPENDENT && index % pad(columns) === rowStart + (Math.floor(index / pad(columns)) % rowCount);
    return {
      speciesOf: input(
        Uint32Array.from(
          { length: couplings * pad(columns) },
          (_, index) => (3 * (index % pad(columns)) + index) % species,
        ),
      ),
      means: input(draws.normal(between)),
      deviations: input(draws.uniform(between, 0, 2)),
      couplings: {
        role: "in-out",
        values: draws.normal(shape),
        content: (index) => (kept(index) ? "untouched" : inside(index)),
        tolerance: { rule: "naive", unit: () => 4 },
      },
    };
  });
}

export const speciesCouplingsCases: readonly Species[] = [true, false].flatMap((INDEPENDENT) => [
  ...[1, 3, 5, 13, 66].map((n) =>
    speciesCouplingsCase({ couplings: 2, rowStart: 0, rowCount: n, columns: n, species: 3 }, { INDEPENDENT }),
  ),
  speciesCouplingsCase({ couplings: 2, rowStart: 4, rowCount: 5, columns: 13, species: 2 }, { INDEPENDENT }),
  speciesCouplingsCase({ couplings: 1, rowStart: 8, rowCount: 1, columns: 9, species: 1 }, { INDEPENDENT }),
]);
