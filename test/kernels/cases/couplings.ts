/** Cases of the ensembles of random J. */
import { FLIP_SHARES, LAWS } from "../../../src/reference/coupling-row.js";
import { MASKED } from "../../../src/reference/scores.js";
import { philoxKey } from "../../../src/reference/random.js";
import { pad } from "../../../src/reference/layout.js";
import type { CaseArray, KernelCase } from "../../kernel-cases.js";
import { budget, input, makeCase, matrixRows, ODD_SIZES, output, valuesIn } from "./inputs.js";

type Random = KernelCase<"random-couplings">;
type Ensemble = Omit<Random["constants"], "CAUSAL">;

/** Mean, a, b and flips of a matrix. */
export type Strength = readonly [number, number, number, number];

export const ENSEMBLES: readonly Ensemble[] = [LAWS.gaussian, LAWS["plus-minus"]].flatMap((LAW) =>
  [false, true].flatMap((DILUTED) => [true, false].map((INDEPENDENT) => ({ LAW, DILUTED, INDEPENDENT }))),
);

/** Two of three pairs are present, or so few that most tiles have none. */
const PRESENCE = [2 / 3, 1 / 40].map((share) => Math.round(share * 2 ** 32));

/** Seeds beyond 32 bits take the upper half of the key. */
const SEEDS = [1, 2 ** 32 + 7, Number.MAX_SAFE_INTEGER];

/** With every term that the ensemble has. */
export function strengthOf({ LAW, INDEPENDENT }: Ensemble): Strength {
  if (INDEPENDENT) return [0.1, 0.5, 0, 0];
  return LAW === LAWS.gaussian ? [0.1, 0.4, 0.3, 0] : [0.1, 0.5, 0, Math.floor(0.3 * FLIP_SHARES)];
}

/** Seeds and strengths of so many matrices, all of them different so that a mixed-up one shows. */
export function drawnFrom(matrices: number, strength: Strength): { seeds: Uint32Array; strengths: Float64Array } {
  const each = Array.from({ length: matrices }, (_, index) => index);
  return {
    seeds: Uint32Array.from(
      each.flatMap((index) => [...philoxKey(SEEDS[index % SEEDS.length]), index, PRESENCE[index % 2]]),
    ),
    strengths: Float64Array.from(
      each.flatMap((index) => [...strength.slice(0, 3).map((value) => value * (1 + index)), strength[3]]),
    ),
  };
}

export function describeStrength([mean, a, b, flips]: Strength): string {
  return `mean ${mean}, a ${a}, b ${b}, flips ${flips}`;
}

export function randomCouplingsCase(
  params: Random["params"],
  ensemble: Ensemble & { readonly CAUSAL?: boolean },
  strength: Strength = strengthOf(ensemble),
): Random {
  const { LAW, DILUTED, INDEPENDENT, CAUSAL = false } = ensemble;
  const constants = { LAW, DILUTED, INDEPENDENT, CAUSAL };
  const { couplings, rowStart, rowCount, columns } = params;
  return makeCase<"random-couplings">(params, constants, describeStrength(strength), () => {
    const { seeds, strengths } = drawnFrom(couplings, strength);
    const shape = matrixRows(couplings, rowCount, columns);
    const inside = valuesIn(shape);
    const onDiagonal = (index: number) =>
      index % pad(columns) === rowStart + (Math.floor(index / pad(columns)) % rowCount);
    // Shader and twin agree to 1e-6 on a normal number; the sum has roundings of its own terms beside. One sign of a is
    // as far from the other as 2 a, so agreement in size is agreement in sign.
    const unit = (index: number) => {
      const row = rowStart + (Math.floor(index / pad(columns)) % rowCount);
      if (constants.CAUSAL && index % pad(columns) > row) return -MASKED;
      const matrix = Math.floor(index / (rowCount * pad(columns)));
      const terms = strengths.subarray(4 * matrix, 4 * matrix + (constants.LAW === LAWS.ring ? 2 : 3));
      return terms.reduce((sum, value) => sum + Math.abs(value), 0);
    };
    const result: CaseArray = output(shape, budget(1e-6, unit), (index) =>
      !constants.INDEPENDENT && onDiagonal(index) ? "zero" : inside(index),
    );
    return { seeds: input(seeds), strengths: input(strengths), couplings: result };
  });
}

const square = (n: number, rest: Partial<Random["params"]> = {}) => ({
  couplings: 1,
  rowStart: 0,
  rowCount: n,
  columns: n,
  ...rest,
});

const correlated = { LAW: LAWS["plus-minus"], DILUTED: false, INDEPENDENT: false };

const ring = { LAW: LAWS.ring, DILUTED: false, INDEPENDENT: true };

export const randomCouplingsCases: readonly Random[] = [
  ...ENSEMBLES.flatMap((ensemble) => [
    ...ODD_SIZES.map((n) => randomCouplingsCase(square(n), ensemble)),
    randomCouplingsCase(square(7, { couplings: 3 }), ensemble),
    randomCouplingsCase(square(7, { rowStart: 4, rowCount: 3, couplings: 2 }), ensemble),
    randomCouplingsCase(square(13, { rowStart: 3, rowCount: 5 }), ensemble),
    randomCouplingsCase(square(13, { rowStart: 2, rowCount: 1, couplings: 2 }), ensemble),
    randomCouplingsCase(square(5), ensemble, [0.25, 0, 0, 0]),
  ]),
  randomCouplingsCase(square(5), { ...correlated, LAW: LAWS.gaussian }, [0, 1, 0, 0]),
  randomCouplingsCase(square(5), { ...correlated, LAW: LAWS.gaussian }, [0, 0, 1, 0]),
  // Two values, one where a pair is not present.
  ...[true, false].map((INDEPENDENT) =>
    randomCouplingsCase(
      square(13, { couplings: 2 }),
      { LAW: LAWS.gaussian, DILUTED: true, INDEPENDENT },
      [0.1, 0, 0, -0.1],
    ),
  ),
  ...[1, 2, 3, 4, 5, 13, 66].map((n) => randomCouplingsCase(square(n), ring, [0, 0.7, n, 0])),
  randomCouplingsCase(square(13, { rowStart: 3, rowCount: 5 }), ring, [0, 0.7, 13, 0]),
  ...[1, 5, 13].map((n) => randomCouplingsCase(square(n), { ...ring, LAW: LAWS.gaussian, CAUSAL: true })),
  randomCouplingsCase(square(13, { rowStart: 3, rowCount: 5 }), { ...ring, LAW: LAWS.gaussian, CAUSAL: true }),
  // No pair of opposite signs, and all of them; rows beyond one counter of signs.
  ...[0, FLIP_SHARES].map((flips) => randomCouplingsCase(square(150), correlated, [0, 1, 0, flips])),
];
