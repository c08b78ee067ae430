/** A system as a user writes it: spins, inverse temperature, couplings, external field, initial state. */
import { z } from "zod";
import { fieldSchema, initialSchema } from "./arrays.js";
import { couplingsSchema } from "./couplings.js";
import { InputError } from "./input-error.js";
import { parseInput } from "./schema-errors.js";
import { checkSpecies, countOfSpecies, speciesSchema } from "./species.js";
import { completeSpins, type Spins, spinsSchema } from "./spins.js";

export const systemSchema = z.strictObject({
  spins: spinsSchema,
  beta: z.number().min(0).default(1).describe("inverse temperature β: multiplies the whole field, β (x + J m)"),
  couplings: couplingsSchema,
  species: z.array(speciesSchema).min(1).optional().describe("groups of sites, one after the other"),
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
  const { couplings, species } = input;
  if (species !== undefined) checkSpecies(species, `${context}: species`);
  // A beta that nothing takes, which an axis may lead along.
  if (species?.every(({ beta }) => beta !== undefined) === true && Object.hasOwn(value as object, "beta")) {
    throw new InputError(`${context}: beta`, "it beside species that all have their own", "beta of one of the two");
  }
  checkCouplings(input, context);
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
  return { ...input, spins, count: input.spins.count ?? countOfSpecies(species) };
}

/** What the schema of one kind of couplings cannot say. */
function checkCouplings({ couplings, species, initial, spins }: SystemInput, context: string): void {
  const where = `${context}: couplings`;
  if (couplings.kind === "hopfield") {
    const given = (["patterns", "count", "load"] as const).filter((key) => couplings[key] !== undefined);
    if (given.length !== 1) {
      throw new InputError(where, given.length === 0 ? "no patterns" : given.join(" and "), "patterns, count or load");
    }
  }
  if (typeof initial === "object" && "kind" in initial && initial.kind === "pattern") {
    const found = couplings.kind !== "hopfield" ? `pattern of ${couplings.kind} couplings` : "pattern of sphere spins";
    if (couplings.kind !== "hopfield" || spins.kind !== "binary") {
      throw new InputError(`${context}: initial`, found, "hopfield couplings and binary spins, which have patterns");
    }
  }
  if (couplings.kind !== "species") return;
  if (species === undefined) throw new InputError(`${context}: species`, "nothing", "the species between which J acts");
  const size = species.length;
  for (const key of ["mean", "std"] as const) {
    const matrix = couplings[key];
    if (matrix === undefined) continue;
    if (matrix.length !== size || matrix.some((row) => row.length !== size)) {
      throw new InputError(`${where}.${key}`, "another shape", `${size} × ${size}, a row and a column a species`);
    }
    if (key === "std" && matrix.flat().some((value) => value < 0)) {
      throw new InputError(`${where}.std`, "a negative number", "numbers of at least 0");
    }
  }
}
