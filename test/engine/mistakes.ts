/** Systems with one mistake each, and the line that says so. */
import { expect, it } from "vitest";
import type { NumericArray } from "../../src/physics/arrays.js";
import { InputError } from "../../src/physics/input-error.js";
import { realised } from "../oracles/engines.js";

export const random = { kind: "gaussian" };
export const binary = { kind: "binary" };
export const sphere = { kind: "sphere", dimension: 4 };
const two = [
  [0, 1],
  [1, 0],
];
export const dense = { kind: "dense", matrix: two };
export const attention = (rest: object) => ({
  spins: { ...binary, count: 4 },
  couplings: { kind: "attention", ...rest },
});

/** What is wrong, the system, where, what was found, what is expected, and the files that it names. */
export type Mistake = [string, object, string, string, string, Record<string, NumericArray>?];

export function itNames(mistakes: readonly Mistake[]): void {
  it.each(mistakes)("%s", async (_, system, key, found, expected, files = {}) => {
    const error: unknown = await realised(system, files).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InputError);
    const { where, found: seen, expected: wanted, message } = error as InputError;
    expect({ where, found: seen, expected: wanted }).toEqual({ where: `system: ${key}`, found, expected });
    expect(message).not.toContain("\n");
  });
}
