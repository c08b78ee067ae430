/** `onsager theory`: what it prints, and what it refuses. */
import { describe, expect, test } from "vitest";
import { theoryNames } from "../../src/physics/theory/theories.js";
import { invoke, invokeJson } from "./invoke.js";

const set = (words: string) => ["--set", ...words.split(" ")];

/** Name, parameters, and results of the published tables. */
const ROWS: readonly (readonly [string, string, Readonly<Record<string, number>>])[] = [
  ["curie-weiss", "T=0.5", { magnetization: 0.9575040241 }],
  ["o-n", "n=3 beta=6 R=1", { magnetization: 0.7888865666 }],
  [
    "asymmetric-sk",
    "beta=2 J0=1 dJ=0.5",
    { magnetization: 0.724683, overlap: 0.603484, entropyProduction: 0.129052, criticalBeta: 1.3485 },
  ],
  ["sk-rs", "T=0.8", { overlap: 0.208937, freeEnergy: -0.86512727 }],
  ["at-line", "T=0.5", { field: 0.5699338 }],
  ["amp", "T=1.25 steps=3 field=0.375", { overlap: 0.16187415 }],
  ["hopfield", "alpha=0.1 T=0.2", { magnetization: 0.9890852 }],
  ["rem", "beta=3.7233 N=1024", { participation: 0.2355, logPartition: 13.5, entropy: 2.9 }],
  ["tanh-chaos", "g=2", { overlap: 0.530368, lyapunov: 0.154724 }],
  ["noisy-attention", "d=2 beta=1", { kHash: 0.8847066, betaStar: 2.446918 }],
];

describe("theory", () => {
  test.each(ROWS)("%s with %s prints its results as flat keys", async (name, words, expected) => {
    const { code, json, err } = await invokeJson<Record<string, unknown>>("theory", name, ...set(words));
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(Object.keys(json).sort()).toEqual(["theory", "parameters", ...Object.keys(expected)].sort());
    for (const [key, value] of Object.entries(expected)) {
      const digits = name === "rem" && key !== "participation" ? 0 : name === "rem" ? 4 : 6;
      expect(json[key], key).toBeCloseTo(value, digits);
    }
  });

  test("has a row here for every theory, and lists them all within 80 columns", async () => {
    expect(ROWS.map(([name]) => name)).toEqual(theoryNames);
    const { code, out } = await invoke("theory");
    expect(code).toBe(0);
    for (const name of theoryNames) expect(out).toMatch(new RegExp(`^${name} `, "m"));
    for (const line of out.split("\n")) expect([...line].length).toBeLessThanOrEqual(80);
    const { json } = await invokeJson<{ theories: { name: string }[] }>("theory");
    expect(json.theories.map(({ name }) => name)).toEqual(theoryNames);
  });

  test("prints what follows from half of the parameters, as text too, and null for infinities", async () => {
    const { code, out } = await invoke("theory", "asymmetric-sk", "--set", "dJ=0.9", "--set", "J0=1");
    expect(code).toBe(0);
    expect(out).toMatch(/→ criticalBeta +∞\n/);
    expect(out).not.toContain("magnetization");
    const { json } = await invokeJson<{ criticalBeta: null }>("theory", "asymmetric-sk", ...set("dJ=0.9"));
    expect(json.criticalBeta).toBeNull();
  });

  test("prints what can be computed and says what cannot, with exit code 3", async () => {
    const { code, json, err } = await invokeJson("theory", "noisy-attention", ...set("d=1000000 beta=1 K=600000"));
    expect(json).toMatchObject({ betaStar: expect.closeTo(1.000002, 9), kHash: expect.closeTo(499999.75, 5) });
    expect(json).not.toHaveProperty("orderParameter");
    expect(err).toBe("onsager: noisy-attention: no orderParameter: no ordered law beyond d = 100000 to rounding\n");
    expect(code).toBe(3);
  });

  test.each([
    ["perceptron --set T=1", /theory: found perceptron, expected one of curie-weiss, o-n/],
    ["sk-rs", /sk-rs: found no T, expected T=number/],
    ["sk-rs --set T=-1", /sk-rs: T: found -1, expected a number of at least 0/],
    ["sk-rs --set T=cold", /--set T: found cold, expected a number/],
    ["sk-rs --set T=", /--set T: found nothing, expected a number/],
    ["sk-rs --set T=Infinity", /--set T: found Infinity, expected a number/],
    ["sk-rs --set T", /--set: found T, expected key=value/],
    ["sk-rs --set T=1 --set T=2", /--set T: found two values, expected one/],
    ["sk-rs --set T=1 beta=2", /sk-rs: beta: found an unknown parameter, expected one of T, J, field/],
    ["sk-rs --set toString=2", /sk-rs: toString: found an unknown parameter/],
    ["sk-rs --set T=1 __proto__=2", /sk-rs: __proto__: found an unknown parameter/],
    ["--set T=1", /--set: found parameters without a theory/],
    ["rem --set N=0 beta=1", /rem: N: found 0, expected a whole number from 1/],
  ])("%s is refused in one line", async (line, message) => {
    const { code, out, err } = await invoke("theory", ...line.split(" "));
    expect(err).toMatch(/^onsager: [^\n]*\n$/);
    expect(err).toMatch(message);
    expect({ code, out }).toEqual({ code: 2, out: "" });
  });
});
