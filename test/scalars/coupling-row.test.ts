/** What a seed of random couplings means: entries of J from the counters, written out by hand. */
import { describe, expect, test } from "vitest";
import { FLIP_SHARES, LAWS, RandomMatrix } from "../../src/reference/coupling-row.js";
import { inverseNormal } from "../../src/reference/inverse-normal.js";
import { philox4x32 } from "../../src/reference/philox.js";

const KEY = [5, 6] as const;
const SAMPLE = 7;
const SITES = 150;

function words(block: number, row: number, stream: number): Uint32Array {
  const out = new Uint32Array(4);
  philox4x32(Uint32Array.of(block, row, stream, SAMPLE), Uint32Array.of(...KEY), out);
  return out;
}

/** The word of a pair, and whether its sign is negative. */
const word = (i: number, j: number, stream: number) => words(Math.floor(j / 4), i, stream)[j % 4];
const isNegative = (i: number, j: number) =>
  ((words(Math.floor(j / 32), Math.floor(i / 4), 10)[i % 4] >>> (j % 32)) & 1) === 1;

function matrix(
  ensemble: { LAW?: number; DILUTED?: boolean; INDEPENDENT?: boolean },
  strength: readonly number[],
  lastPresent = 0,
): number[][] {
  const whole = { LAW: LAWS.gaussian, DILUTED: false, INDEPENDENT: false, ...ensemble };
  const drawn = new RandomMatrix(Float64Array.of(...KEY, SAMPLE, lastPresent), Float64Array.from(strength), whole);
  return Array.from({ length: SITES }, (_, i) => {
    const row = new Float64Array(SITES);
    drawn.writeRow(i, SITES, row);
    return [...row];
  });
}

function expectEntries(found: number[][], entry: (i: number, j: number) => number): void {
  expect(found).toEqual(found.map((row, i) => row.map((_, j) => entry(i, j))));
}

const ordered = (i: number, j: number) => [Math.min(i, j), Math.max(i, j)] as const;

describe("entries of J are made of", () => {
  test("the word of their place, if Gaussian and independent", () => {
    expectEntries(matrix({ INDEPENDENT: true }, [1, 2, 0, 0]), (i, j) => 1 + 2 * inverseNormal(word(i, j, 0)));
  });

  test("two words of their pair, if Gaussian and correlated", () => {
    expectEntries(matrix({}, [1, 2, 3, 0]), (i, j) => {
      if (i === j) return 0;
      const pair = ordered(i, j);
      const symmetric = 1 + 2 * inverseNormal(word(...pair, 1));
      return symmetric + (i < j ? 3 : -3) * inverseNormal(word(...pair, 2));
    });
  });

  test("one bit, if ±1 and independent", () => {
    const law = { LAW: LAWS["plus-minus"], INDEPENDENT: true };
    expectEntries(matrix(law, [1, 2, 0, 0]), (i, j) => (isNegative(i, j) ? -1 : 3));
  });

  test.each([0, FLIP_SHARES / 4, FLIP_SHARES])("the bit of their pair, which %d of 2^24 reverse, if ±1", (flips) => {
    expectEntries(matrix({ LAW: LAWS["plus-minus"] }, [1, 2, 0, flips]), (i, j) => {
      if (i === j) return 0;
      const pair = ordered(i, j);
      const reversed = i > j && word(...pair, 11) >>> 8 < flips;
      return isNegative(...pair) !== reversed ? -1 : 3;
    });
  });

  test("a word that says whether they are there, if diluted", () => {
    const last = 2 ** 30;
    const dilutedBy = (i: number, j: number) => (word(i, j, 12) <= last ? 1 : 0);
    const independent = matrix({ INDEPENDENT: true, DILUTED: true }, [1, 2, 0, 0], last);
    expectEntries(independent, (i, j) => dilutedBy(i, j) && 1 + 2 * inverseNormal(word(i, j, 0)));
    const symmetric = matrix({ DILUTED: true, LAW: LAWS["plus-minus"] }, [0, 2, 0, 0], last);
    expectEntries(symmetric, (i, j) => {
      const pair = ordered(i, j);
      return i === j || !dilutedBy(...pair) ? 0 : isNegative(...pair) ? -2 : 2;
    });
  });
});
