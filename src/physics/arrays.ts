/**
 * Array inputs: a nested list, a path to a `.npy` file beside the system file, or an ensemble drawn from the seed.
 *
 * Units: `constant` and `direction` give the norm of a site's vector in units of the spin radius R (binary: R = 1);
 * `uniform` and `gaussian` act on every component, in the units of the array itself.
 */
import { z } from "zod";

const values = z.union([z.array(z.number()), z.array(z.array(z.number()))]);
const path = z.string().regex(/\.npy$/, "a path ending in .npy");

const zero = z.strictObject({ kind: z.literal("zero") });
const constant = z.strictObject({ kind: z.literal("constant"), value: z.number() });
const uniform = z.strictObject({ kind: z.literal("uniform"), halfWidth: z.number().min(0) });
const gaussian = z.strictObject({ kind: z.literal("gaussian"), std: z.number().min(0).default(1) });
const direction = z.strictObject({ kind: z.literal("direction"), norm: z.number().min(0).default(1) });
const pattern = z.strictObject({
  kind: z.literal("pattern"),
  index: z.int().min(0).default(0).describe("which pattern of the couplings"),
  overlap: z.number().min(-1).max(1).default(1).describe("m0 = (1/N) Σ_i ξ_i s_i of the start, spins of ±ξ_i"),
});
const response = z.strictObject({ kind: z.literal("field") });

/** The external field x: [N, heads · D], or [N] for binary spins. */
export const fieldSchema = z.union([
  path,
  values,
  z.discriminatedUnion("kind", [zero, constant, uniform, gaussian, direction]),
]);

/** The initial state m(0); `field` starts from the response F(x) to the field alone. */
export const initialSchema = z.union([
  path,
  values,
  z.discriminatedUnion("kind", [zero, constant, uniform, gaussian, direction, pattern, response]),
]);

/** Queries, keys and weights: `gaussian` entries or random unit `direction`s a row. */
export const matrixSchema = z.union([path, values, z.discriminatedUnion("kind", [gaussian, direction])]);

export type ArrayInput = z.infer<typeof initialSchema>;
export type MatrixInput = z.infer<typeof matrixSchema>;
export type Ensemble = Exclude<ArrayInput, string | number[] | number[][]>;

/** A dense array in float64, row-major. */
export interface NumericArray {
  readonly shape: readonly number[];
  readonly values: Float64Array;
  /** What a system file calls the file that it comes from, for messages. */
  readonly file?: string | undefined;
}
