/** A softmax memory (modern Hopfield network) as a user writes it: patterns, states to retrieve from, and the scale. */
import { z } from "zod";
import { matrixSchema } from "./arrays.js";
import { InputError } from "./input-error.js";
import { parseInput } from "./schema-errors.js";

const noisy = z.strictObject({
  kind: z.literal("noisy"),
  std: z.number().min(0).default(0).describe("of the Gaussian noise on every component"),
});

const memorySchema = z.strictObject({
  patterns: matrixSchema.describe("x, P × n"),
  count: z.int().min(1).optional().describe("P of random patterns"),
  dimension: z.int().min(1).optional().describe("n of random patterns"),
  states: z
    .union([z.string().regex(/\.npy$/, "a path ending in .npy"), z.array(z.array(z.number())), noisy], {
      error: "numbers, a path ending in .npy, or { kind: noisy, std }",
    })
    .default({ kind: "noisy", std: 0 })
    .describe("ξ, B × n; noisy: every pattern once, with noise"),
  scale: z.number().positive().default(1).describe("λ of softmax(λ X ξ)"),
  seed: z.int().min(0).default(0),
});

export type MemoryDescription = z.infer<typeof memorySchema>;

/** @throws InputError with one line naming the key, what was found and what is expected */
export function parseMemory(value: unknown, context: string): MemoryDescription {
  const memory = parseInput(memorySchema, value, context);
  const drawn = !Array.isArray(memory.patterns) && typeof memory.patterns === "object";
  for (const key of ["count", "dimension"] as const) {
    if (drawn === (memory[key] !== undefined)) continue;
    const [found, expected] = drawn ? ["nothing", "a number, as the patterns are drawn"] : ["a number", "nothing"];
    throw new InputError(`${context}: ${key}`, found, expected);
  }
  return memory;
}

export type Regime = "single-pattern" | "metastable" | "averaging";

/**
 * What a state retrieves, by the effective number of patterns 1/Y₂ in its softmax: below 1.5 one pattern, above half of
 * them their average, else a metastable mixture of a few.
 */
export function retrievalRegime(participation: number, patterns: number): Regime {
  const effective = 1 / participation;
  if (effective < 1.5) return "single-pattern";
  return effective > patterns / 2 ? "averaging" : "metastable";
}
