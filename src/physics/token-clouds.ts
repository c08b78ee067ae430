/**
 * Tokens on the unit sphere under self-attention with Q = K = V = I, as a user writes them: a map of layers, a flow in time, or the
 * flow with noise, there also along a range of couplings K. Equations 9.4 and 12.9.
 */
import { z } from "zod";
import { InputError } from "./input-error.js";
import { parseInput } from "./schema-errors.js";

const ensemble = z.enum(["direction", "orthonormal", "equispaced", "aligned"]);

const shape = {
  tokens: z.union([
    z.string().regex(/\.npy$/, "a path ending in .npy"),
    z.array(z.array(z.number())),
    z.strictObject({ kind: ensemble }),
  ]),
  count: z.int().min(2).optional().describe("n of tokens that are not given"),
  dimension: z.int().min(2).optional().describe("d of tokens that are not given"),
  beta: z.number().min(0).default(1),
  steps: z.int().min(1).describe("of the whole run, or at each coupling"),
  every: z.int().min(1).optional().describe("steps between measurements: about 20 in all unless given"),
  seed: z.int().min(0).default(0),
};

const inTime = {
  weights: z.enum(["softmax", "unnormalised"]).optional().describe("softmax rows, or exp(β x·y)/n"),
  coupling: z.number().optional().describe("K"),
  timeStep: z.number().positive().default(0.05),
};

const cloudSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("map"),
    ...shape,
    residual: z.boolean().default(true),
    eta: z.number().positive().default(1),
  }),
  z.strictObject({ kind: z.literal("flow"), ...shape, ...inTime }),
  z.strictObject({
    kind: z.literal("noisy"),
    ...shape,
    ...inTime,
    replicas: z.int().min(1).default(1),
    couplings: z
      .strictObject({ from: z.number(), to: z.number(), count: z.int().min(2) })
      .optional()
      .describe("values of K, one after the other, each from the tokens that the one before left"),
    direction: z.enum(["up", "down", "up-and-down"]).optional(),
    burnIn: z
      .int()
      .min(0)
      .optional()
      .describe("steps at each K before the first measurement: half of them unless given"),
  }),
]);

export type CloudDescription = z.infer<typeof cloudSchema>;
export type NoisyDescription = CloudDescription & { readonly kind: "noisy" };
export type TokenEnsemble = z.infer<typeof ensemble>;

/** @throws InputError with one line naming the key, what was found and what is expected */
export function parseClouds(value: unknown, context: string): CloudDescription {
  const cloud = parseInput(cloudSchema, value, context);
  const { tokens, count, dimension } = cloud;
  const wrong = (key: string, found: string, expected: string) => new InputError(`${context}: ${key}`, found, expected);
  const made = typeof tokens === "object" && !Array.isArray(tokens);
  for (const key of ["count", "dimension"] as const) {
    if (made === (cloud[key] !== undefined)) continue;
    const [found, expected] = made ? ["nothing", "a number, as the tokens are made"] : ["a number", "nothing"];
    throw wrong(key, found, expected);
  }
  if (made && tokens.kind === "orthonormal" && count! > dimension!) {
    throw wrong("count", `${count} orthonormal tokens`, `at most dimension = ${dimension}`);
  }
  if (made && tokens.kind === "equispaced" && dimension !== 2) {
    throw wrong("dimension", String(dimension), "2: equispaced tokens are on the circle");
  }
  if (cloud.every !== undefined && cloud.every > cloud.steps) {
    throw wrong("every", String(cloud.every), `at most steps = ${cloud.steps}`);
  }
  if (cloud.kind !== "noisy") return cloud;
  const { couplings, coupling, direction, burnIn } = cloud;
  if (couplings === undefined) {
    if (direction !== undefined) throw wrong("direction", direction, "couplings beside it");
    if (burnIn !== undefined) throw wrong("burnIn", String(burnIn), "couplings beside it");
    return cloud;
  }
  if (coupling !== undefined) throw wrong("coupling", "coupling beside couplings", "one of them");
  if (!(couplings.from < couplings.to))
    throw wrong("couplings", `from ${couplings.from} to ${couplings.to}`, "from < to");
  if (burnIn !== undefined && burnIn >= cloud.steps) {
    throw wrong("burnIn", String(burnIn), `below steps = ${cloud.steps}`);
  }
  return cloud;
}

/** The values of K in the order in which they are visited. */
export function couplingPath({ couplings, direction = "up-and-down" }: NoisyDescription): CouplingVisit[] {
  const { from, to, count } = couplings!;
  const up = Array.from({ length: count }, (_, k): CouplingVisit => {
    return { coupling: from + ((to - from) * k) / (count - 1), direction: "up" };
  });
  const down = up.map(({ coupling }): CouplingVisit => ({ coupling, direction: "down" })).reverse();
  if (direction === "up") return up;
  return direction === "down" ? down : [...up, ...down];
}

export interface CouplingVisit {
  readonly coupling: number;
  readonly direction: "up" | "down";
}
