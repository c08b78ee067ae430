/** Cases of the kernel that draws Gaussian couplings. */
import { philoxKey } from "../../../src/reference/random.js";
import { pad } from "../../../src/reference/layout.js";
import type { KernelCase } from "../../kernel-cases.js";
import { budget, input, makeCase, matrixRows, ODD_SIZES, output, valuesIn } from "./inputs.js";

type Gaussian = KernelCase<"gaussian-couplings">;

/** Mean, a and b of J = mean + a A + b B. */
type Strength = readonly [number, number, number];

/** Seeds beyond 32 bits take the upper half of the key. */
const SEEDS = [1, 2 ** 32 + 7, Number.MAX_SAFE_INTEGER];

export function gaussianCouplingsCase(
  params: Gaussian["params"],
  constants: Gaussian["constants"],
  strength: Strength = constants.INDEPENDENT ? [0.1, 0.5, 0] : [0.1, 0.4, 0.3],
): Gaussian {
  const { couplings, rowStart, rowCount, columns } = params;
  const note = `mean ${strength[0]}, a ${strength[1]}, b ${strength[2]}`;
  return makeCase<"gaussian-couplings">(params, constants, note, () => {
    const each = Array.from({ length: couplings }, (_, index) => index);
    const seeds = each.flatMap((index) => [...philoxKey(SEEDS[index % SEEDS.length]), index, 0]);
    // The strengths differ from matrix to matrix, so that a mixed-up one shows.
    const strengths = each.flatMap((index) => [...strength.map((value) => value * (1 + index)), 0]);
    const shape = matrixRows(couplings, rowCount, columns);
    const inside = valuesIn(shape);
    const onDiagonal = (index: number) =>
      index % pad(columns) === rowStart + (Math.floor(index / pad(columns)) % rowCount);
    // Shader and twin agree to 1e-6 on a normal number; the sum has roundings of its own terms beside.
    const unit = (index: number) => {
      const matrix = Math.floor(index / (rowCount * pad(columns)));
      return strengths.slice(4 * matrix, 4 * matrix + 3).reduce((sum, value) => sum + Math.abs(value), 0);
    };
    return {
      seeds: input(Uint32Array.from(seeds)),
      strengths: input(Float64Array.from(strengths)),
      couplings: output(shape, budget(1e-6, unit), (index) =>
        !constants.INDEPENDENT && onDiagonal(index) ? "zero" : inside(index),
      ),
    };
  });
}

const square = (n: number, rest: Partial<Gaussian["params"]> = {}) => ({
  couplings: 1,
  rowStart: 0,
  rowCount: n,
  columns: n,
  ...rest,
});

export const gaussianCouplingsCases: readonly Gaussian[] = [true, false].flatMap((INDEPENDENT) => [
  ...ODD_SIZES.map((n) => gaussianCouplingsCase(square(n), { INDEPENDENT })),
  gaussianCouplingsCase(square(7, { couplings: 3 }), { INDEPENDENT }),
  gaussianCouplingsCase(square(7, { rowStart: 4, rowCount: 3, couplings: 2 }), { INDEPENDENT }),
  gaussianCouplingsCase(square(13, { rowStart: 3, rowCount: 5 }), { INDEPENDENT }),
  gaussianCouplingsCase(square(5), { INDEPENDENT }, [0.25, 0, 0]),
  ...(INDEPENDENT
    ? []
    : [
        gaussianCouplingsCase(square(5), { INDEPENDENT }, [0, 1, 0]),
        gaussianCouplingsCase(square(5), { INDEPENDENT }, [0, 0, 1]),
      ]),
]);
