/** A system as a user writes it: spins, inverse temperature, couplings, external field, initial state. */
import { z } from "zod";
import { fieldSchema, initialSchema } from "./arrays.js";
import { couplingsSchema } from "./couplings.js";
import { InputError } from "./input-error.js";
import { parseInput } from "./schema-errors.js";
import { completeSpins, type Spins, spinsSchema } from "./spins.js";

const systemSchema = z.strictObject({
  spins: spinsSchema,
  beta: z.number().min(0).default(1).describe("inverse temperature β: multiplies the whole field, β (x + J m)"),
  couplings: couplingsSchema,
  field: fieldSchema.default({ kind: "zero" }).describe("external field x, N × (heads · D); N for binary spins"),
  initial: initialSchema.default({ kind: "field" }).describe("state m(0), shaped like the field"),
  seed: z.int().min(0).default(0).describe("seed of everything drawn at random"),
  sample: z.int().min(0).default(0).describe("disorder sample drawn from the seed"),
});

export type SystemInput = z.infer<typeof systemSchema>;

/** A system whose keys agree with each other; arrays are not loaded yet. */
export interface SystemDescription extends Omit<SystemInput, "spins"> {
  readonly spins: Spins;
  /** N where the description alone says it. */
  readonly count: number | undefined;
}

/**
 * Checks one system.
 * @param context what the message starts with: a file name, or a file name and a key
 * @throws InputError with one line naming the key, what was found and what is expected
 */
export function parseSystem(value: unknown, context: string): SystemDescription {
  const input = parseInput(systemSchema, value, context);
  const spins = completeSpins(input.spins);
  if ("key" in spins) throw new InputError(`${context}: ${spins.key}`, spins.found, spins.expected);
  const { couplings } = input;
  if (couplings.kind === "attention") {
    const { queries, weights, source, tied } = couplings;
    if (tied && (couplings.keys !== undefined || weights?.key !== undefined)) {
      throw new InputError(
        `${context}: couplings.tied`,
        "true beside keys",
        "queries alone, or weights with query alone",
      );
    }
    if (!tied && weights !== undefined && weights.key === undefined) {
      throw new InputError(`${context}: couplings.weights.key`, "nothing", "W_K, or tied: true");
    }
    const keys = tied ? queries : couplings.keys;
    const where = `${context}: couplings`;
    if (weights === undefined && (queries === undefined || keys === undefined)) {
      const found =
        queries === undefined && keys === undefined ? "neither queries and keys nor weights" : "half of a pair";
      throw new InputError(where, found, "queries and keys, or weights with query and key");
    }
    if (weights !== undefined && (queries !== undefined || keys !== undefined)) {
      throw new InputError(where, "queries or keys beside weights", "either queries and keys, or weights");
    }
    if (source === "state" && weights === undefined) {
      throw new InputError(`${where}.source`, "state with given queries and keys", "weights, which act on the state");
    }
  }
  return { ...input, spins, count: input.spins.count };
}
