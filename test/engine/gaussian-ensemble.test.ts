/** The Gaussian couplings of equations 3.6: moments, symmetry, diagonal, and the same numbers on both engines. */
import { describe, expect, it } from "vitest";
import { precisions, type Precision, run } from "../oracles/engines.js";

const sites = 251;
const pairs = (sites * (sites - 1)) / 2;

async function couplingsOf(precision: Precision, couplings: object, rest: object = {}): Promise<Float64Array> {
  const system = { spins: { kind: "binary", count: sites }, couplings, seed: 4, ...rest };
  return (await run(precision, system, { closure: "naive", run: { steps: 1 }, couplings: true })).couplings!;
}

const average = (values: ArrayLike<number>, f: (value: number) => number) =>
  Array.from(values).reduce((sum, value) => sum + f(value), 0) / values.length;

/** J_ij and J_ji for i < j, on the scale of the standard deviation. */
function offDiagonal(couplings: Float64Array, mean: number, std: number) {
  const scaled = (i: number, j: number) => (couplings[i * sites + j] - mean / sites) / (std / Math.sqrt(sites));
  const all: [number, number][] = [];
  for (let i = 0; i < sites; i++) for (let j = i + 1; j < sites; j++) all.push([scaled(i, j), scaled(j, i)]);
  return all;
}

const diagonal = (couplings: Float64Array) => Array.from({ length: sites }, (_, i) => couplings[i * sites + i]);

describe.each(precisions)("Gaussian couplings, %s", (precision) => {
  it.each([0, 0.5, 1, -1])("have the mean, variance and correlation of symmetry %d", async (symmetry) => {
    const [mean, std] = [2, 1.5];
    const couplings = await couplingsOf(precision, { kind: "gaussian", mean, std, symmetry });
    const all = offDiagonal(couplings, mean, std);
    const flat = all.flat();
    // Four standard errors; pairs count once where they are not independent.
    const effective = symmetry === 0 ? 2 * pairs : pairs;
    expect(Math.abs(average(flat, (value) => value))).toBeLessThan(4 / Math.sqrt(effective));
    expect(Math.abs(average(flat, (value) => value ** 2) - 1)).toBeLessThan(4 * Math.sqrt(2 / effective));
    const fourth = average(flat, (value) => value ** 4);
    expect(Math.abs(fourth - 3)).toBeLessThan(4 * Math.sqrt(96 / effective));
    const products = all.map(([a, b]) => a * b);
    // Var(ab) = 1 + η².
    expect(Math.abs(average(products, (value) => value) - symmetry)).toBeLessThan(
      4 * Math.sqrt((1 + symmetry ** 2) / pairs),
    );
    if (Math.abs(symmetry) === 1) {
      const worst = Math.max(...all.map(([a, b]) => Math.abs(a - symmetry * b)));
      expect(worst).toBeLessThan(precision === "f64" ? 1e-12 : 1e-5);
    }
  });

  it("are symmetric or antisymmetric to the last bit", async () => {
    for (const symmetry of [1, -1]) {
      const couplings = await couplingsOf(precision, { kind: "gaussian", symmetry });
      for (let i = 0; i < sites; i++) {
        for (let j = 0; j < i; j++) {
          if (couplings[i * sites + j] !== symmetry * couplings[j * sites + i]) throw new Error(`J at ${i}, ${j}`);
        }
      }
    }
  });

  it("keep their diagonal if independent, and have none otherwise", async () => {
    const independent = diagonal(await couplingsOf(precision, { kind: "gaussian" }));
    expect(Math.abs(average(independent, (value) => value ** 2) * sites - 1)).toBeLessThan(4 * Math.sqrt(2 / sites));
    for (const symmetry of [0.5, 1, -1]) {
      const couplings = await couplingsOf(precision, { kind: "gaussian", mean: 3, symmetry });
      expect(diagonal(couplings)).toEqual(Array(sites).fill(0));
    }
  });

  it("are mean/N everywhere for Curie-Weiss, diagonal included", async () => {
    const couplings = await couplingsOf(precision, { kind: "curie-weiss", mean: -1.5 });
    const expected = precision === "f64" ? -1.5 / sites : Math.fround(-1.5 / sites);
    expect(couplings.every((value) => value === expected)).toBe(true);
  });

  it("differ between samples and seeds, and only then", async () => {
    const first = await couplingsOf(precision, { kind: "gaussian" });
    expect(await couplingsOf(precision, { kind: "gaussian" })).toEqual(first);
    for (const rest of [{ sample: 1 }, { seed: 5 }, { seed: 4 + 2 ** 32 }]) {
      const other = await couplingsOf(precision, { kind: "gaussian" }, rest);
      const correlation = first.reduce((sum, value, k) => sum + value * other[k], 0) / sites;
      expect(Math.abs(correlation)).toBeLessThan(4);
    }
  });
});

it("are the same numbers on the GPU and on the CPU", async () => {
  for (const symmetry of [0, 0.5, 1, -1]) {
    const couplings = { kind: "gaussian", mean: 1, std: 2, symmetry };
    const [exact, single] = [await couplingsOf("f64", couplings), await couplingsOf("f32", couplings)];
    const width = 2 / Math.sqrt(sites);
    const worst = Math.max(...exact.map((value, k) => Math.abs(value - single[k])));
    expect(worst / width, `symmetry ${symmetry}`).toBeLessThan(1e-6);
  }
});
