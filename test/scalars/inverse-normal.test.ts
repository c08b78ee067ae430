import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import type { GpuDevice } from "../../src/gpu/device.js";
import { INVERSE_NORMAL_COEFFICIENTS, inverseNormal } from "../../src/reference/inverse-normal.js";
import { STREAMS, gaussianMatrix } from "../../src/reference/random.js";
import { sharedDevice } from "../device.js";
import { largestError } from "./accuracy.js";
import { evaluate } from "./evaluate.js";
import { upperQuantile } from "./normal-quantile.js";

let device: GpuDevice;

beforeAll(async () => {
  device = await sharedDevice();
});

/** Both ends and 61 words between in each of the 32 octaves of the lower half. */
function octaveWords(): number[] {
  const words = new Set<number>();
  for (let octave = 0; octave < 32; octave++) {
    const low = Math.floor(2 ** (30 - octave));
    const high = Math.min(2 ** (31 - octave) - 1, 2 ** 31 - 1);
    for (let part = 0; part <= 62; part++) words.add(Math.max(0, Math.floor(low + ((high - low) * part) / 62)));
  }
  return [...words];
}

describe("inverseNormal", () => {
  test("shader and twin hold the same numbers", () => {
    const text = readFileSync(new URL("../../shaders/lib/inverse-normal.wgsl", import.meta.url), "utf8");
    const rows = [...text.matchAll(/^ {2}vec4f\((.*)\),$/gm)];
    const numbers = rows.flatMap(([, row]) => row.split(", ").map(Number));
    expect(numbers).toHaveLength(256);
    expect(Float32Array.from(numbers)).toEqual(INVERSE_NORMAL_COEFFICIENTS);
  });

  test("is the inverse of the normal distribution function within 1e-7", () => {
    const words = octaveWords();
    const exact = words.map((word) => -upperQuantile((word + 0.5) / 2 ** 32));
    expect(largestError(words.map(inverseNormal), exact)).toBeLessThan(1e-7);
  });

  test("near the median it keeps its relative accuracy", () => {
    const density = 1 / Math.sqrt(2 * Math.PI);
    for (const steps of [0.5, 1.5, 1000.5]) {
      const z = inverseNormal(2 ** 31 + Math.floor(steps));
      expect(Math.abs((z * density * 2 ** 32) / steps - 1)).toBeLessThan(1e-5);
    }
  });

  test("the complement of a word gives the opposite number", () => {
    for (const word of octaveWords()) expect(inverseNormal(0xffffffff - word)).toBe(-inverseNormal(word));
  });

  test("rises with the word, across the seams of the octaves too", () => {
    const words = octaveWords().sort((one, other) => one - other);
    // Neighbouring polynomials may disagree by twice their error, 2e-7; neighbours in the list lie further apart or on
    // one octave.
    for (let index = 1; index < words.length; index++) {
      expect(inverseNormal(words[index]) - inverseNormal(words[index - 1])).toBeGreaterThan(-2e-7);
    }
  });

  test("has the moments of the normal law over 10^6 draws", () => {
    const draws = gaussianMatrix(1000, 1000, { seed: 1, stream: STREAMS.couplings, sample: 0 });
    const moment = (power: number) => draws.reduce((sum, z) => sum + z ** power, 0) / draws.length;
    // Four standard errors: the variances of z, z², z³ and z⁴ are 1, 2, 15 and 96.
    expect(Math.abs(moment(1))).toBeLessThan(4e-3);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(4e-3 * Math.sqrt(2));
    expect(Math.abs(moment(3))).toBeLessThan(4e-3 * Math.sqrt(15));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(4e-3 * Math.sqrt(96));
  });

  test("the shader agrees with the twin within 1e-6", async () => {
    const lower = octaveWords();
    const words = [...lower, ...lower.map((word) => 0xffffffff - word)];
    for (let index = 0; index < 60_000; index++) words.push(((index * 0x9e3779b1) % 2 ** 32) >>> 0);
    const points = new Uint32Array(4 * words.length);
    words.forEach((word, index) => (points[4 * index] = word));
    const expressions = ["inverse_normal(words.x)"];
    const [values] = await evaluate(device, { imports: ["lib/inverse-normal.wgsl"], expressions, points });
    expect(largestError(values, words.map(inverseNormal))).toBeLessThan(1e-6);
  });
});
