/** The table of theories: complete, consistent with its ranges, and listed in the README. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { InputError } from "../../src/physics/input-error.js";
import { evaluateTheory, theories, type Theory, theoryNames } from "../../src/physics/theory/theories.js";

describe("the table of theories", () => {
  it.each(theoryNames)("%s needs only its own parameters, and names each once", (name) => {
    const { parameters, results }: Theory = theories[name];
    const known = parameters.map((parameter) => parameter.name);
    expect(new Set(known).size).toBe(known.length);
    expect(new Set(results.map((result) => result.name)).size).toBe(results.length);
    const used = new Set(results.flatMap(({ needs }) => needs));
    expect([...used].sort()).toEqual([...known].sort());
  });

  it("stands in the README, with its parameters and results", () => {
    const lines = readFileSync("README.md", "utf8").split("\n");
    for (const name of theoryNames) {
      const { parameters, results }: Theory = theories[name];
      const rows = lines.filter((line) => line.startsWith(`| \`${name}\``));
      const names = [...parameters, ...results].map((each) => `\`${each.name}\``);
      expect(
        rows.some((row) => names.every((each) => row.includes(each))),
        name,
      ).toBe(true);
    }
  });

  it("gives what follows from what is given", () => {
    const { betaStar, ...rest } = evaluateTheory("noisy-attention", { d: 2 }).results;
    expect(betaStar).toBeCloseTo(2.446918, 6);
    expect(rest).toEqual({});
    const { parameters, results } = evaluateTheory("asymmetric-sk", { dJ: 0.5 });
    expect(parameters).toEqual({ J0: 1, dJ: 0.5, fieldHalfWidth: 0 });
    expect(Object.keys(results)).toEqual(["criticalBeta"]);
    expect(Object.keys(evaluateTheory("asymmetric-sk", { dJ: 0.5, beta: 2 }).results)).toHaveLength(4);
  });

  it("refuses what is not a parameter, not in range, or not enough", () => {
    const message = (name: (typeof theoryNames)[number], given: Record<string, number>) => {
      try {
        return evaluateTheory(name, given);
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
        return (error as Error).message;
      }
    };
    expect(message("sk-rs", { T: -1 })).toBe("sk-rs: T: found -1, expected a number of at least 0");
    expect(message("sk-rs", { T: 1, J: 0 })).toBe("sk-rs: J: found 0, expected a number above 0");
    expect(message("rem", { N: 2.5, beta: 1 })).toMatch(/N: found 2.5, expected a whole number from 1/);
    expect(message("o-n", { n: 0, beta: 1, R: 1 })).toMatch(/n: found 0, expected a whole number of at least 1/);
    expect(message("hopfield", { alpha: 0.1, N: 3 })).toMatch(
      /N: found an unknown parameter, expected one of alpha, T/,
    );
    expect(message("hopfield", { alpha: 0.1 })).toBe("hopfield: found no T, expected T=number");
    expect(message("noisy-attention", { beta: 1 })).toBe("noisy-attention: found no d, expected d=number");
    expect(message("curie-weiss", { T: NaN })).toMatch(/T: found NaN/);
  });

  it("gives the results that can be computed, and says why others cannot", () => {
    const { results, failures } = evaluateTheory("noisy-attention", { d: 1e6, beta: 1, K: 6e5 });
    expect(Object.keys(results)).toEqual(["kHash", "betaStar"]);
    expect(failures).toEqual({ orderParameter: "no ordered law beyond d = 100000 to rounding" });
    expect(() => evaluateTheory("o-n", { n: 1, beta: 1e300, R: 1e10 })).toThrow(
      /^o-n: magnetization: found .*, expected less extreme parameters$/,
    );
    expect(evaluateTheory("tanh-chaos", { g: 1e308 }).results).toEqual({ overlap: 1 });
  });

  it("has no result that is not a number, at the edges of every range", () => {
    const edges = [0, 1e-300, 1e-9, 0.5, 1, 1 + 1e-12, 2, 1e4];
    for (const name of theoryNames) {
      const { parameters }: Theory = theories[name];
      for (const value of edges) {
        const given = Object.fromEntries(parameters.map((parameter) => [parameter.name, value]));
        let results: Readonly<Record<string, number>> = {};
        try {
          results = evaluateTheory(name, given).results;
        } catch (error) {
          expect(error, `${name} ${value}`).toBeInstanceOf(InputError);
        }
        for (const [key, result] of Object.entries(results)) expect(result, `${name} ${value} ${key}`).not.toBeNaN();
      }
    }
  });
});
