/**
 * Couplings: J[i][j] acts from j on i. Rows receive. J is never assumed symmetric and the diagonal is kept unless said.
 *
 * | kind        | J_ij                                                                                | equations |
 * |-------------|-------------------------------------------------------------------------------------|-----------|
 * | dense       | any matrix                                                                          | 3.1       |
 * | gaussian    | mean/N + (std/√N) [√((1+η)/2) A_ij + √((1-η)/2) B_ij], A symmetric, B antisymmetric | 3.6       |
 * | plus-minus  | mean/N + (std/√N) s_ij, s_ij = ±1, for i < j s_ji = s_ij with probability (1+η)/2   | 3.6       |
 * | diluted     | c_ij [mean/c + (std/√c) ξ_ij], c_ij = 1 with probability c/N, else 0                | 3.6       |
 * | mixed-signs | strength/N with probability fraction, else -strength/N                              |           |
 * | species     | mean_ab/N + (std_ab/√N) [ ] of gaussian, i of species a and j of species b          |           |
 * | curie-weiss | mean/N, diagonal kept                                                               | 12.2      |
 * | ring        | strength if j = i - 1 (mod N), else 0                                               | 11.6      |
 * | hopfield    | (1/N) Σ_μ ξ_i^μ ξ_j^μ, J_ii = 0                                                     | 3.7       |
 * | attention   | softmax_j(scale · q_i · k_j)                                                        | 3.2       |
 * | random-softmax | softmax_j(scale · z_ij), z_ij independent N(0, 1)                                | 3.8       |
 *
 * η is `symmetry` and c is `connectivity`. The ξ_ij of diluted couplings are those of its `law`: √((1+η)/2) A_ij + ... of
 * gaussian, s_ij of plus-minus. All three random ensembles have
 *
 *   E J_ij = mean/N,   E J_ij J_ji - (E J_ij)² = η std²/N,   Var J_ij = std²/N,
 *
 * where dilution adds mean²/(c N) - mean²/N² to the variance and, unless η = 0, to the covariance; c = N is no dilution.
 * For η = 0 every ordered pair, the diagonal too, is drawn by itself; otherwise J_ii = 0, and c_ij = c_ji.
 *
 * References: Sherrington & Kirkpatrick, PRL 35, 1792 (1975); η: Sommers, Crisanti, Sompolinsky & Stein, PRL 60, 1895
 * (1988); symmetric dilution: Viana & Bray, J. Phys. C 18, 3037 (1985); η = 0: Derrida, Gardner & Zippelius, Europhys.
 * Lett. 4, 167 (1987).
 */
import { z } from "zod";
import { matrixSchema } from "./arrays.js";

const dense = z.strictObject({
  kind: z.literal("dense"),
  matrix: z
    .union([z.string().regex(/\.npy$/, "a path ending in .npy"), z.array(z.array(z.number()))])
    .describe("J, N × N"),
});

/** What the random ensembles have in common. */
const ensemble = {
  mean: z.number().default(0).describe("J0: N times the mean of J_ij"),
  std: z.number().min(0).default(1).describe("g: √N times the standard deviation of J_ij about its mean"),
  symmetry: z
    .number()
    .min(-1)
    .max(1)
    .default(0)
    .describe("η: 1 symmetric, 0 independent (diagonal kept), -1 antisymmetric; the diagonal is zero unless η = 0"),
};

const gaussian = z.strictObject({ kind: z.literal("gaussian"), ...ensemble });

const plusMinus = z.strictObject({ kind: z.literal("plus-minus"), ...ensemble });

const diluted = z.strictObject({
  kind: z.literal("diluted"),
  connectivity: z.number().positive().describe("c: the mean number of couplings of a row, at most N"),
  law: z.enum(["gaussian", "plus-minus"]).default("gaussian").describe("of the couplings that are present"),
  ...ensemble,
});

const mixedSigns = z.strictObject({
  kind: z.literal("mixed-signs"),
  strength: z.number().default(1).describe("K: N times the size of J_ij"),
  fraction: z.number().min(0).max(1).default(0.5).describe("f: the probability of a ferromagnetic pair, J_ij = K/N"),
  symmetry: z
    .union([z.literal(0), z.literal(1)], { error: "0 or 1" })
    .default(0)
    .describe("1: J_ij = J_ji and J_ii = 0; 0: drawn one by one, diagonal kept"),
});

const betweenSpecies = z.array(z.array(z.number()));

const species = z.strictObject({
  kind: z.literal("species"),
  mean: betweenSpecies.describe("N times the mean of J_ij from species b (column) on species a (row)"),
  std: betweenSpecies.optional().describe("√N times its standard deviation, none negative; zero unless given"),
  symmetry: ensemble.symmetry,
});

const ring = z.strictObject({ kind: z.literal("ring"), strength: z.number().default(1).describe("K = J_{i,i-1}") });

const hopfield = z.strictObject({
  kind: z.literal("hopfield"),
  patterns: z
    .union([z.string().regex(/\.npy$/, "a path ending in .npy"), z.array(z.array(z.number()))])
    .optional()
    .describe("ξ, P × N"),
  count: z.int().min(1).optional().describe("P of random patterns of ±1"),
  load: z.number().positive().optional().describe("α = P/N of random patterns of ±1"),
});

const randomSoftmax = z.strictObject({
  kind: z.literal("random-softmax"),
  scale: z.number().default(1).describe("β of the random energy model: the standard deviation of the scores"),
  mask: z.enum(["none", "causal"]).default("none"),
});

const curieWeiss = z.strictObject({ kind: z.literal("curie-weiss"), mean: z.number().default(1).describe("J0") });

const attention = z.strictObject({
  kind: z.literal("attention"),
  queries: matrixSchema.optional().describe("Q, N × (heads · d)"),
  keys: matrixSchema.optional().describe("K, N × (heads · d)"),
  weights: z
    .strictObject({ query: matrixSchema, key: matrixSchema.optional() })
    .optional()
    .describe("W_Q and W_K, (heads · d) × (heads · D): q = X W_Qᵀ (rows are outputs, as in a linear layer)"),
  heads: z.int().min(1).default(1),
  dimension: z.int().min(1).optional().describe("d, the head dimension of random queries, keys or weights"),
  source: z
    .enum(["field", "state"])
    .default("field")
    .describe("features behind the weights: the field x, once and frozen, or the state, at every step"),
  tied: z.boolean().default(false).describe("keys are the queries: the symmetric scores of W_Q = W_K"),
  qkNorm: z.boolean().default(false).describe("q/|q| and k/|k| in place of q and k"),
  rope: z
    .union([z.boolean(), z.strictObject({ base: z.number().positive() })], { error: "true, false or { base }" })
    .default(false)
    .describe("rotary positions, after qkNorm: the pair (2r, 2r + 1) turns by p base^(-2r/d), base 10000 unless given"),
  scale: z.number().optional().describe("λ, the scale of the scores; 1, or √d with qkNorm, unless given"),
  mask: z
    .union([z.enum(["none", "causal"]), z.string().regex(/\.npy$/, "none, causal, or a path ending in .npy")])
    .default("none"),
});

export const couplingsSchema = z.discriminatedUnion("kind", [
  dense,
  gaussian,
  plusMinus,
  diluted,
  mixedSigns,
  species,
  curieWeiss,
  ring,
  hopfield,
  attention,
  randomSoftmax,
]);

export type CouplingsInput = z.infer<typeof couplingsSchema>;

export type Mask = "none" | "causal" | "user";

/** Couplings of all heads with their arrays loaded or drawn: what the engine needs. Rows receive. */
export type Couplings =
  | { readonly kind: "dense"; readonly matrix: Float64Array }
  | RandomCouplings
  | SpeciesCouplings
  | HopfieldCouplings
  | RandomSoftmaxCouplings
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
      /** q/|q| and k/|k| in place of q and k; absent: no. */
      readonly qkNorm?: boolean;
      /** Base of the rotary positions; absent: none. */
      readonly ropeBase?: number;
    };

/** Couplings that are drawn where they are needed: a law and the counters that give its numbers. */
export interface RandomCouplings {
  readonly kind: "random";
  readonly law: "gaussian" | "plus-minus" | "mixed-signs" | "ring";
  /** Of mixed signs and the ring, their strength. */
  readonly mean: number;
  readonly std: number;
  readonly symmetry: number;
  /** f of mixed signs. */
  readonly fraction?: number;
  /** c of diluted couplings; absent where every pair has one. */
  readonly connectivity?: number;
  readonly seed: number;
  readonly sample: number;
}

/** Gaussian couplings with a mean and a spread for every pair of species. */
export interface SpeciesCouplings {
  readonly kind: "species";
  /** mean_ab and std_ab, row-major: acts from b on a. */
  readonly means: Float64Array;
  readonly deviations: Float64Array;
  readonly symmetry: number;
  /** The species of every site, [N]. */
  readonly speciesOf: Uint32Array;
  readonly seed: number;
  readonly sample: number;
}

/** Hebb's rule: J_ij = (1/normalisation) Σ_μ ξ_i^μ ξ_j^μ, J_ii = 0. */
export interface HopfieldCouplings {
  readonly kind: "hopfield";
  /** ξ, [P][N]. */
  readonly patterns: Float64Array;
  /** P. */
  readonly count: number;
  readonly normalisation: number;
}

/** Softmax rows of independent normal scores: a random energy model a row. */
export interface RandomSoftmaxCouplings {
  readonly kind: "random-softmax";
  readonly scale: number;
  readonly mask: "none" | "causal";
  readonly seed: number;
  readonly sample: number;
}

/** True if rows of J are softmax rows, which have an entropy and a participation. */
export function hasSoftmaxRows({ kind }: { readonly kind: string }): boolean {
  return kind === "attention" || kind === "random-softmax";
}

/** Where queries and keys come from. Matrices are row-major; widths are heads · d and heads · D. */
export type AttentionFeatures =
  | { readonly source: "given"; readonly queries: Float64Array; readonly keys: Float64Array }
  | {
      readonly source: "field" | "state";
      readonly queryWeights: Float64Array;
      readonly keyWeights: Float64Array;
      /** X behind frozen weights, [N][heads · D], where it is not the field itself. */
      readonly vectors?: Float64Array;
    };
