/** Cases of what is done to queries and keys before their product is taken. */
import { pad } from "../../../src/reference/layout.js";
import { rotaryAngles } from "../../../src/reference/query-key-transform.js";
import type { KernelCase } from "../../kernel-cases.js";
import { Draws, input, makeCase, siteVectors, unread, valuesIn } from "./inputs.js";

type Transform = KernelCase<"query-key-transform">;

export function queryKeyTransformCase(
  params: Transform["params"],
  constants: Transform["constants"],
  scale = 1,
): Transform {
  const { couplings, rows, dimension } = params;
  return makeCase<"query-key-transform">(params, constants, scale === 1 ? "" : `vectors of ${scale}`, () => {
    const shape = siteVectors(couplings, rows, dimension);
    const vectors = new Draws(31).normal(shape, scale);
    // The last vector of every matrix is zero and has no direction.
    const stride = pad(dimension);
    for (let c = 0; c < couplings; c++)
      vectors.fill(0, (c * pad(rows) + rows - 1) * stride, (c * pad(rows) + rows) * stride);
    const positions = Array.from({ length: rows }, (_, row) => row * 97);
    const scales = Float64Array.from({ length: couplings }, (_, c) => 1 + c / 3);
    return {
      rotations: constants.ROTATE ? input(rotaryAngles(positions, dimension, 10_000)) : unread(),
      scales: input(scales),
      vectors: {
        role: "in-out",
        values: vectors,
        content: valuesIn(shape),
        tolerance: {
          rule: "naive",
          // A component is a sum of two, of a vector of this length.
          unit: (index: number) => scales[Math.floor(index / (stride * pad(rows)))] * (constants.NORMALISE ? 1 : scale),
        },
      },
    };
  });
}

const VARIANTS: readonly Transform["constants"][] = [
  { NORMALISE: true, ROTATE: false },
  { NORMALISE: true, ROTATE: true },
  { NORMALISE: false, ROTATE: true },
];

export const queryKeyTransformCases: readonly Transform[] = VARIANTS.flatMap((constants) => [
  ...[1, 3, 5, 64, 67].map((rows) => queryKeyTransformCase({ couplings: 2, rows, dimension: 6 }, constants)),
  ...[2, 4, 8, 64, 130].map((dimension) => queryKeyTransformCase({ couplings: 3, rows: 9, dimension }, constants)),
  ...[1e-6, 1e6].map((scale) => queryKeyTransformCase({ couplings: 1, rows: 7, dimension: 8 }, constants, scale)),
]);
