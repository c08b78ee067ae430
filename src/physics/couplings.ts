/**
 * Couplings: J[i][j] acts from j on i. Rows receive. J is never assumed symmetric and the diagonal is kept unless said.
 *
 * | kind        | J_ij                                                                              | equations |
 * |-------------|-----------------------------------------------------------------------------------|-----------|
 * | dense       | any matrix                                                                        | 3.1       |
 * | gaussian    | mean/N + (std/√N) [√((1+η)/2) A_ij + √((1-η)/2) B_ij], A symmetric, B antisymmetric | 3.6       |
 * | curie-weiss | mean/N, diagonal kept                                                             | 12.2      |
 * | attention   | softmax_j(scale · q_i · k_j)                                                      | 3.2       |
 */
import { z } from "zod";
import { matrixSchema } from "./arrays.js";

const dense = z.strictObject({
  kind: z.literal("dense"),
  matrix: z
    .union([z.string().regex(/\.npy$/, "a path ending in .npy"), z.array(z.array(z.number()))])
    .describe("J, N × N"),
});

const gaussian = z.strictObject({
  kind: z.literal("gaussian"),
  mean: z.number().default(0).describe("J0: the mean of N J_ij"),
  std: z.number().min(0).default(1).describe("g: the standard deviation of √N J_ij"),
  symmetry: z
    .number()
    .min(-1)
    .max(1)
    .default(0)
    .describe("η: 1 symmetric, 0 independent (diagonal kept), -1 antisymmetric; the diagonal is zero unless η = 0"),
});

const curieWeiss = z.strictObject({ kind: z.literal("curie-weiss"), mean: z.number().default(1).describe("J0") });

const attention = z.strictObject({
  kind: z.literal("attention"),
  queries: matrixSchema.optional().describe("Q, N × (heads · d)"),
  keys: matrixSchema.optional().describe("K, N × (heads · d)"),
  weights: z
    .strictObject({ query: matrixSchema, key: matrixSchema })
    .optional()
    .describe("W_Q and W_K, (heads · d) × (heads · D): q = X W_Qᵀ (rows are outputs, as in a linear layer)"),
  heads: z.int().min(1).default(1),
  dimension: z.int().min(1).optional().describe("d, the head dimension of random queries, keys or weights"),
  source: z
    .enum(["field", "state"])
    .default("field")
    .describe("features behind the weights: the field x, once and frozen, or the state, at every step"),
  scale: z.number().default(1).describe("λ, the scale of the scores"),
  mask: z
    .union([z.enum(["none", "causal"]), z.string().regex(/\.npy$/, "none, causal, or a path ending in .npy")])
    .default("none"),
});

export const couplingsSchema = z.discriminatedUnion("kind", [dense, gaussian, curieWeiss, attention]);

export type Mask = "none" | "causal" | "user";

/** Couplings of all heads with their arrays loaded or drawn: what the engine needs. Rows receive. */
export type Couplings =
  | { readonly kind: "dense"; readonly matrix: Float64Array }
  | {
      readonly kind: "gaussian";
      readonly mean: number;
      readonly std: number;
      readonly symmetry: number;
      readonly seed: number;
      readonly sample: number;
    }
  | {
      readonly kind: "attention";
      readonly scale: number;
      readonly mask: Mask;
      /** N × N, 1 = available; present if and only if mask is "user". */
      readonly available?: Float64Array;
      readonly heads: number;
      /** d, the head dimension of queries and keys. */
      readonly dimension: number;
      readonly features: AttentionFeatures;
    };

/** Where queries and keys come from. Matrices are row-major; widths are heads · d and heads · D. */
export type AttentionFeatures =
  | { readonly source: "given"; readonly queries: Float64Array; readonly keys: Float64Array }
  | { readonly source: "field" | "state"; readonly queryWeights: Float64Array; readonly keyWeights: Float64Array };
