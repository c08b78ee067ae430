/**
 * Spins: what sits on a site.
 *
 * `binary`  s_i = ±1, a state is one mean m_i a site.
 * `sphere`  |s_i| = R in D dimensions, a state is one vector m_i of D components a site, |m_i| < R.
 */
import { z } from "zod";

const count = z.int().min(1).describe("number of sites N; only needed where no array fixes it");

export const spinsSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("binary"), count: count.optional() }),
  z.strictObject({
    kind: z.literal("sphere"),
    count: count.optional(),
    dimension: z.int().min(2).describe("dimension D of one spin (the head dimension)"),
    response: z.enum(["large-d", "exact"]).default("large-d").describe("single-site response F"),
    radius: z.number().positive().optional().describe("spin radius R; sqrt(D/2 - 1) unless given"),
  }),
]);

export type SpinsInput = z.infer<typeof spinsSchema>;

/** Single-site response of sphere spins: leading order in 1/D, or von Mises–Fisher at any D. */
type Response = "large-d" | "exact";

/** Spins with every default filled in. `components` is D for sphere spins and 1 for binary spins. */
export type Spins =
  | { readonly kind: "binary"; readonly components: 1; readonly radius: 1 }
  | { readonly kind: "sphere"; readonly components: number; readonly radius: number; readonly response: Response };

/** R = sqrt(D/2 - 1), the radius at which a sphere spin has a large-D limit (Bal 2023, eq. 36). */
export function defaultRadius(dimension: number): number {
  return Math.sqrt(dimension / 2 - 1);
}

/**
 * Fills the defaults in.
 * @returns the spins, or a sentence saying which key cannot be satisfied
 */
export function completeSpins(input: SpinsInput): Spins | { key: string; found: string; expected: string } {
  if (input.kind === "binary") return { kind: "binary", components: 1, radius: 1 };
  const natural = defaultRadius(input.dimension);
  const radius = input.radius ?? natural;
  if (!(radius > 0)) {
    return {
      key: "spins.radius",
      found: `no radius with dimension ${input.dimension}`,
      expected: "a radius > 0, because sqrt(dimension/2 - 1) is only positive from dimension 3 on",
    };
  }
  // The large-d response is the limit along R² = D/2 - 1 and means nothing at another radius (equations 1.2, rule 3).
  if (input.response === "large-d" && Math.abs(radius - natural) > 1e-6 * natural) {
    return {
      key: "spins.radius",
      found: `${radius} with response large-d`,
      expected: `sqrt(dimension/2 - 1) = ${natural}, or response: exact`,
    };
  }
  return { kind: "sphere", components: input.dimension, radius, response: input.response };
}
