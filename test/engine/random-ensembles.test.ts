/** The random couplings of equations 3.6: moments, symmetry, diagonal, dilution, and the same numbers on both engines. */
import { describe, expect, it } from "vitest";
import { precisions, type Precision, run } from "../oracles/engines.js";

const sites = 251;
const connectivity = 60;

interface Ensemble {
  readonly kind: string;
  readonly law?: string;
  readonly connectivity?: number;
}

const gaussian: Ensemble = { kind: "gaussian" };
const plusMinus: Ensemble = { kind: "plus-minus" };
const diluted: Ensemble = { kind: "diluted", law: "gaussian", connectivity };
const dilutedPlusMinus: Ensemble = { kind: "diluted", law: "plus-minus", connectivity };
const ensembles = [gaussian, plusMinus, diluted, dilutedPlusMinus];
const symmetries = [0, 0.5, -0.3, 1, -1];
const everyKind = ensembles.flatMap((ensemble) => symmetries.map((symmetry) => ({ ...ensemble, symmetry })));

async function couplingsOf(precision: Precision, couplings: object, rest: object = {}): Promise<Float64Array> {
  const system = { spins: { kind: "binary", count: sites }, couplings, seed: 4, ...rest };
  return (await run(precision, system, { closure: "naive", run: { steps: 1 }, couplings: true })).couplings!;
}

/** The mean of independent values must be `expected` within four standard errors. */
function expectMean(values: readonly number[], expected: number, label: string): void {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  // Values without any spread are sums of rounded numbers all the same.
  const error = 4 * Math.sqrt(variance / values.length) + 1e-5;
  expect(Math.abs(mean - expected), label).toBeLessThan(error);
}

/** J_ij and J_ji for i < j. */
function pairsOf(couplings: Float64Array): [number, number][] {
  const all: [number, number][] = [];
  for (let i = 0; i < sites; i++) {
    for (let j = i + 1; j < sites; j++) all.push([couplings[i * sites + j], couplings[j * sites + i]]);
  }
  return all;
}

const diagonal = (couplings: Float64Array) => Array.from({ length: sites }, (_, i) => couplings[i * sites + i]);

describe.each(precisions)("random couplings, %s", (precision) => {
  it.each(everyKind)("%j: mean, variance and correlation", async (ensemble) => {
    const [mean, std] = [2, 1.5];
    const pairs = pairsOf(await couplingsOf(precision, { ...ensemble, mean, std }));
    const scaled = pairs.map((pair) => pair.map((value) => (value - mean / sites) / (std / Math.sqrt(sites))));
    const neighbours = ensemble.connectivity ?? sites;
    const dilution = (mean / std) ** 2 * (1 / neighbours - 1 / sites);
    const { symmetry } = ensemble;
    expectMean(
      scaled.map(([a, b]) => (a + b) / 2),
      0,
      "mean",
    );
    expectMean(
      scaled.map(([a, b]) => (a * a + b * b) / 2),
      1 + dilution,
      "variance",
    );
    expectMean(
      scaled.map(([a, b]) => a * b),
      symmetry === 0 ? 0 : symmetry + dilution,
      "covariance of J_ij and J_ji",
    );
    // Neighbours in a row, and rows, know nothing of each other.
    expectMean(
      scaled.slice(1).map(([a], k) => a * scaled[k][0]),
      0,
      "covariance of neighbours",
    );
  });

  it("have the fourth moment of their law", async () => {
    const moments = async (ensemble: Ensemble) =>
      [...(await couplingsOf(precision, ensemble))].map((value) => (value * Math.sqrt(sites)) ** 4);
    expectMean(await moments(gaussian), 3, "gaussian");
    expectMean(await moments(plusMinus), 1, "plus-minus");
    expectMean(await moments(diluted), (3 * sites) / connectivity, "diluted");
    expectMean(await moments(dilutedPlusMinus), sites / connectivity, "diluted plus-minus");
  });

  it.each(ensembles)("%j: symmetric or antisymmetric to the last bit", async (ensemble) => {
    for (const symmetry of [1, -1]) {
      const couplings = await couplingsOf(precision, { ...ensemble, symmetry });
      const odd = pairsOf(couplings).filter(([a, b]) => a !== symmetry * b);
      expect(odd).toEqual([]);
    }
  });

  it("of the law plus-minus are ± std/√N and nothing else, share by share", async () => {
    const std = 1.3;
    const size = precision === "f64" ? std / Math.sqrt(sites) : Math.fround(std / Math.sqrt(sites));
    for (const symmetry of symmetries) {
      const couplings = await couplingsOf(precision, { ...plusMinus, std, symmetry });
      const pairs = pairsOf(couplings);
      expect(pairs.flat().filter((value) => Math.abs(value) !== size)).toEqual([]);
      expectMean(
        pairs.map(([a, b]) => (a === b ? 1 : 0)),
        (1 + symmetry) / 2,
        `equal signs, symmetry ${symmetry}`,
      );
    }
  });

  it.each(ensembles)("%j: the diagonal is kept if they are independent, and zero otherwise", async (ensemble) => {
    const kept = diagonal(await couplingsOf(precision, ensemble));
    expectMean(
      kept.map((value) => value ** 2 * sites),
      1,
      "diagonal",
    );
    for (const symmetry of [0.5, 1, -1]) {
      const couplings = await couplingsOf(precision, { ...ensemble, mean: 3, symmetry });
      expect(diagonal(couplings).every((value) => value === 0)).toBe(true);
    }
  });

  it("of diluted ensembles are as many as the connectivity says, and pairs go together unless independent", async () => {
    for (const ensemble of [diluted, dilutedPlusMinus]) {
      for (const symmetry of symmetries) {
        const pairs = pairsOf(await couplingsOf(precision, { ...ensemble, symmetry }));
        const present = pairs.map(([a, b]) => [Number(a !== 0), Number(b !== 0)]);
        const share = connectivity / sites;
        expectMean(
          present.map(([a, b]) => (a + b) / 2),
          share,
          "present",
        );
        const expected = symmetry === 0 ? share ** 2 : share;
        expectMean(
          present.map(([a, b]) => a * b),
          expected,
          "both present",
        );
        if (symmetry !== 0) expect(present.filter(([a, b]) => a !== b)).toEqual([]);
      }
    }
  });

  it("are not diluted where every pair is present", async () => {
    for (const law of ["gaussian", "plus-minus"]) {
      for (const symmetry of [0, 0.5]) {
        const all = await couplingsOf(precision, { kind: "diluted", law, symmetry, mean: 1, connectivity: sites });
        expect(all).toEqual(await couplingsOf(precision, { kind: law, symmetry, mean: 1 }));
      }
    }
  });

  it("are mean/N everywhere for Curie-Weiss, diagonal included", async () => {
    const couplings = await couplingsOf(precision, { kind: "curie-weiss", mean: -1.5 });
    const expected = precision === "f64" ? -1.5 / sites : Math.fround(-1.5 / sites);
    expect(couplings.every((value) => value === expected)).toBe(true);
  });

  it.each(ensembles)("%j: differ between samples and seeds, and only then", async (ensemble) => {
    const first = await couplingsOf(precision, ensemble);
    expect(await couplingsOf(precision, ensemble)).toEqual(first);
    for (const rest of [{ sample: 1 }, { seed: 5 }, { seed: 4 + 2 ** 32 }]) {
      const other = await couplingsOf(precision, ensemble, rest);
      // N² products of variance 1/N² each.
      const correlation = first.reduce((sum, value, k) => sum + value * other[k], 0);
      expect(Math.abs(correlation)).toBeLessThan(4);
    }
  });
});

it.each(everyKind)("%j: the same numbers on the GPU and on the CPU", async (ensemble) => {
  const couplings = { ...ensemble, mean: 1, std: 2 };
  const [exact, single] = [await couplingsOf("f64", couplings), await couplingsOf("f32", couplings)];
  const width = 2 / Math.sqrt(ensemble.connectivity ?? sites);
  const worst = Math.max(...exact.map((value, k) => Math.abs(value - single[k])));
  expect(worst / width).toBeLessThan(1e-6);
});
