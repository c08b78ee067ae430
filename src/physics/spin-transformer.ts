/**
 * Spin-transformer modules as a user writes them: tokens X go through layers of vector spins, a system of one head each.
 *
 * 2023  x_h = R X_h/|X_h| a head, J = softmax(λ q kᵀ) of x, output the steady state of the closure in the field x.
 *       Equations 9.1; Bal 2023, section 4.
 * 2026  n_h = R X_h/|X_h|, J of n, m <- F(drive + J m) K times, drive = carrier(X) + FFN(n).
 *       Equations 9.2; Bal 2026, eqs 1-3.
 */
import { z } from "zod";
import { matrixSchema } from "./arrays.js";
import { InputError } from "./input-error.js";
import { parseInput } from "./schema-errors.js";

/** One matrix for all layers, or one a layer. */
const perLayer = z.union([matrixSchema, z.strictObject({ layers: z.array(matrixSchema).min(1) })]);

const shape = {
  tokens: matrixSchema.describe("X, N × W with W = heads · D"),
  count: z.int().min(1).optional().describe("N of drawn tokens"),
  dimension: z.int().min(3).optional().describe("D of drawn tokens, the head dimension"),
  heads: z.int().min(1).default(1),
  layers: z.int().min(1).default(1),
  beta: z.number().positive().default(1),
  mask: z.enum(["none", "causal"]).default("none"),
  queryKey: perLayer.optional().describe("W_qk, 2W × W: queries, then keys; uniform in ±1/√W unless given"),
  seed: z.int().min(0).default(0),
};

const module2023 = z.strictObject({
  kind: z.literal("spin-transformer-2023"),
  ...shape,
  closure: z.enum(["tap-published", "gaussian-field", "onsager", "tap", "naive"]).default("tap-published"),
  scale: z.number().default(1).describe("λ of the scores"),
});

const module2026 = z.strictObject({
  kind: z.literal("spin-transformer-2026"),
  ...shape,
  steps: z
    .union([z.int().min(1), z.literal("steady")])
    .default(1)
    .describe("K, or the fixed point"),
  carrier: z
    .enum(["field", "magnetization"])
    .default("field")
    .describe("drive of a layer: X itself, or F⁻¹(X), whose heads have to lie inside the ball"),
  start: z
    .enum(["reset", "learned", "carried"])
    .default("reset")
    .describe("m(0) = 0, F(n W_Vᵀ), or the output of the layer before"),
  value: perLayer.optional().describe("W_V, W × W, of a learned start"),
  feedForward: z
    .strictObject({ up: perLayer, down: perLayer })
    .optional()
    .describe("FFN(n) = GELU(n Uᵀ) Dᵀ with U 4W × W and D W × 4W"),
  qkNorm: z.boolean().default(true),
  rope: z.boolean().default(false),
  temperature: z.number().optional().describe("of the scores: √D unless given; divided by D without qkNorm"),
});

const moduleSchema = z.discriminatedUnion("kind", [module2023, module2026]);

export type SpinTransformerDescription = z.infer<typeof moduleSchema>;
export type PerLayer = z.infer<typeof perLayer>;

/** @throws InputError with one line naming the key, what was found and what is expected */
export function parseSpinTransformer(value: unknown, context: string): SpinTransformerDescription {
  const module = parseInput(moduleSchema, value, context);
  const drawn = !Array.isArray(module.tokens) && typeof module.tokens === "object";
  for (const key of ["count", "dimension"] as const) {
    if (drawn === (module[key] !== undefined)) continue;
    const [found, expected] = drawn ? ["nothing", "a number, as the tokens are drawn"] : ["a number", "nothing"];
    throw new InputError(`${context}: ${key}`, found, expected);
  }
  const lists = [["queryKey", module.queryKey]] as [string, PerLayer | undefined][];
  if (module.kind === "spin-transformer-2026") {
    const { feedForward, start, value: weights } = module;
    lists.push(["value", weights], ["feedForward.up", feedForward?.up], ["feedForward.down", feedForward?.down]);
    if (weights !== undefined && start !== "learned") {
      throw new InputError(`${context}: value`, `W_V with start ${start}`, "start: learned");
    }
  }
  for (const [key, given] of lists) {
    if (given === undefined || typeof given === "string" || !("layers" in given)) continue;
    if (given.layers.length === module.layers) continue;
    throw new InputError(
      `${context}: ${key}.layers`,
      `${given.layers.length} matrices`,
      `${module.layers}, one a layer`,
    );
  }
  return module;
}
