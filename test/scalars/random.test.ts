import { describe, expect, test } from "vitest";
import { inverseNormal } from "../../src/reference/inverse-normal.js";
import { openUniform, philox4x32 } from "../../src/reference/philox.js";
import { STREAMS, gaussianMatrix, philoxKey, uniformMatrix, unitDirections } from "../../src/reference/random.js";

const source = { seed: 7 * 2 ** 32 + 5, stream: STREAMS.field, sample: 2 } as const;

function words(row: number, block: number): number[] {
  const out = new Uint32Array(4);
  philox4x32(Uint32Array.of(block, row, STREAMS.field, 2), Uint32Array.of(5, 7), out);
  return [...out];
}

describe("random matrices", () => {
  test("follow the counter layout", () => {
    const [rows, columns] = [3, 6];
    const gaussian = gaussianMatrix(rows, columns, source, 0.5);
    const uniform = uniformMatrix(rows, columns, source);
    for (let row = 0; row < rows; row++) {
      const expected = [...words(row, 0), ...words(row, 1)].slice(0, columns);
      const range = [row * columns, (row + 1) * columns] as const;
      expect([...gaussian.subarray(...range)]).toEqual(expected.map((word) => 0.5 * inverseNormal(word)));
      expect([...uniform.subarray(...range)]).toEqual(expected.map(openUniform));
    }
  });

  test("keep their numbers", () => {
    // What a stored seed means: these have been the same since philox4x32-10/1, and a layout that changes them has another name.
    const values = gaussianMatrix(1, 4, { seed: 0, stream: STREAMS.couplings, sample: 0 });
    const expected = [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8].map(inverseNormal);
    expect([...values]).toEqual(expected);
    [-0.255816, 1.177591, 0.630184, 0.267562].forEach((value, index) => expect(values[index]).toBeCloseTo(value, 6));
  });

  test("an element does not depend on the shape asked for", () => {
    const large = gaussianMatrix(5, 9, source);
    const small = gaussianMatrix(2, 3, source);
    for (let row = 0; row < 2; row++) {
      for (let column = 0; column < 3; column++) expect(small[row * 3 + column]).toBe(large[row * 9 + column]);
    }
  });

  test("seed, stream and sample each change every number", () => {
    const changed = [
      { ...source, seed: source.seed + 1 },
      { ...source, seed: source.seed - 2 ** 32 },
      { ...source, stream: STREAMS.initial },
      { ...source, sample: 3 },
    ];
    const values = gaussianMatrix(4, 4, source);
    for (const other of changed) {
      const otherValues = gaussianMatrix(4, 4, other);
      expect(otherValues.some((value, index) => value === values[index])).toBe(false);
    }
  });

  test("neighbouring rows, columns and samples are uncorrelated", () => {
    const count = 400;
    const one = gaussianMatrix(count, count, source);
    const other = gaussianMatrix(count, count, { ...source, sample: 3 });
    const correlation = (offset: number, values: Float64Array) =>
      one.reduce((sum, value, index) => sum + value * (values[index + offset] ?? 0), 0) / one.length;
    // Four standard errors of a mean of 160 000 products of variance 1.
    for (const mean of [correlation(1, one), correlation(count, one), correlation(0, other)]) {
      expect(Math.abs(mean)).toBeLessThan(0.01);
    }
  });

  test("uniform numbers fill (0, 1) evenly", () => {
    const values = uniformMatrix(500, 500, source);
    const counts = new Array<number>(10).fill(0);
    for (const value of values) counts[Math.floor(10 * value)]++;
    // χ² with nine degrees of freedom exceeds 33.7 once in 10^4 seeds.
    expect(counts.reduce((sum, count) => sum + (count - 25_000) ** 2 / 25_000, 0)).toBeLessThan(33.7);
  });

  test("directions have norm one and no preferred side", () => {
    const [rows, columns] = [20_000, 3];
    const directions = unitDirections(rows, columns, source);
    const mean = [0, 0, 0];
    for (let row = 0; row < rows; row++) {
      const direction = directions.subarray(row * columns, (row + 1) * columns);
      expect(Math.hypot(...direction)).toBeCloseTo(1, 14);
      direction.forEach((value, column) => (mean[column] += value / rows));
    }
    // Four standard errors: a component has variance 1/3.
    for (const value of mean) expect(Math.abs(value)).toBeLessThan(4 / Math.sqrt(3 * rows));
  });

  test.each([-1, 0.5, 2 ** 53, NaN])("refuses the seed %d", (seed) => {
    expect(() => philoxKey(seed)).toThrow(RangeError);
  });
});
