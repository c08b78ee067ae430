/** Species: sites in groups, one group after the other, that differ in temperature or in their couplings. */
import { z } from "zod";
import { InputError } from "./input-error.js";

export const speciesSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z][A-Za-z0-9_-]*$/, "a letter, then letters, digits, dashes and underscores"),
  count: z.int().min(1).optional().describe("sites"),
  fraction: z.number().min(0).max(1).optional().describe("share of N"),
  beta: z.number().min(0).optional().describe("inverse temperature of its sites; beta of the system unless given"),
});

export type SpeciesInput = z.infer<typeof speciesSchema>;

/** Sites first .. first + count. */
export interface Species {
  readonly name: string;
  readonly first: number;
  readonly count: number;
  readonly beta: number;
}

/** N where counts alone say it. */
export function countOfSpecies(species: readonly SpeciesInput[] | undefined): number | undefined {
  if (species === undefined || species.some(({ count }) => count === undefined)) return undefined;
  return species.reduce((sum, { count = 0 }) => sum + count, 0);
}

/** @throws InputError if names repeat, or a species but the last says neither its count nor its fraction, or both */
export function checkSpecies(species: readonly SpeciesInput[], where: string): void {
  species.forEach(({ name, count, fraction }, k) => {
    if (species.findIndex((other) => other.name === name) !== k) {
      throw new InputError(`${where}[${k}].name`, `${name} again`, "different names");
    }
    if (count !== undefined && fraction !== undefined) {
      throw new InputError(`${where}[${k}]`, "count and fraction", "one of the two");
    }
    if (count === undefined && fraction === undefined && k < species.length - 1) {
      throw new InputError(
        `${where}[${k}]`,
        "neither count nor fraction",
        "one of the two; the last may take the rest",
      );
    }
  });
}

/**
 * Species of N sites. Fractions are rounded where two species meet, so that none is more than one site off.
 * @throws InputError if they do not make up N sites
 */
export function settleSpecies(
  species: readonly SpeciesInput[],
  sites: number,
  beta: number,
  where: string,
): readonly Species[] {
  let end = 0;
  let share = 0;
  const settled = species.map(({ name, count, fraction, beta: own = beta }, k): Species => {
    const first = end;
    if (count !== undefined) share += count / sites;
    else share = fraction === undefined ? 1 : share + fraction;
    end = count !== undefined ? first + count : Math.round(share * sites);
    if (end > sites || (k === species.length - 1 && end !== sites)) {
      throw new InputError(where, `${end} sites in all`, `N = ${sites}`);
    }
    return { name, first, count: end - first, beta: own };
  });
  return settled;
}
