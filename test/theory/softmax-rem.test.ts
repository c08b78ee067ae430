import { describe, expect, it } from "vitest";
import { softmaxCrossover, softmaxRowAverages } from "../../src/physics/theory/softmax-rem.js";
import { readCase } from "../cases.js";

interface Softmax {
  data: {
    rem_scaling: { N: number; b: number; beta: number; ElnZ: number; EY2: number; ES: number; E_alpha_x: number }[];
    fixed_beta: { beta: number; N: number; N_EY2: number; lnN_minus_ES: number }[];
  };
}

const { data } = readCase<Softmax>("kinetic/softmax-rem");

describe("softmax of Gaussian scores", () => {
  it("reproduces the exact averages from N = 16 to 65536", () => {
    for (const row of data.rem_scaling) {
      const got = softmaxRowAverages(row.N, row.beta);
      const label = `N ${row.N} b ${row.b}`;
      expect(softmaxCrossover(row.N) * row.b, label).toBeCloseTo(row.beta, 12);
      // The table carries a rounding error in 1 - phi of about 4e-12 that its integrals multiply by N: up to 1e-6 in
      // E ln Z at N = 65536. The expansion and the consistency checked below hold ours to 1e-12.
      const roundingOfLog = 1.6e-11 * row.N;
      expect(Math.abs(got.participation - row.EY2), label).toBeLessThan(1e-9 + 6e-14 * row.N);
      expect(Math.abs(got.logPartition - row.ElnZ), label).toBeLessThan(2e-8 + roundingOfLog);
      expect(Math.abs(got.entropy - row.ES), label).toBeLessThan(2e-8 + roundingOfLog);
      expect(Math.abs(got.meanScore - row.E_alpha_x), label).toBeLessThan(1e-8 + 1e-12 * row.N);
    }
  });

  it("agrees with the expansion of E ln Z in 1/N where attention is flat", () => {
    for (const count of [1024, 65536]) {
      const beta = 0.4;
      const ratio = (k: number): number => Math.exp((k * (k - 1) * beta * beta) / 2); // E e^{k beta x} / (E e^{beta x})^k
      const second = ratio(2) - 1;
      const third = ratio(3) - 3 * ratio(2) + 2;
      const expected =
        Math.log(count) + (beta * beta) / 2 - second / (2 * count) + (third / 3 - (3 / 4) * second ** 2) / count ** 2;
      expect(Math.abs(softmaxRowAverages(count, beta).logPartition - expected)).toBeLessThan(1e-12 + 1 / count ** 3);
    }
  });

  it("reproduces the approach to the flat-attention limits", () => {
    for (const row of data.fixed_beta) {
      const got = softmaxRowAverages(row.N, row.beta);
      expect(Math.abs((row.N * got.participation) / row.N_EY2 - 1)).toBeLessThan(1e-7);
      expect(Math.abs(Math.log(row.N) - got.entropy - row.lnN_minus_ES)).toBeLessThan(1e-7);
    }
  });

  it("is consistent: E ln Z grows with the scale at the rate E sum alpha x", () => {
    // Boole's rule over a stretch of the crossover; the two integrals of the module share no integrand.
    const [from, step] = [3.5, 0.01];
    for (const count of [64, 4096]) {
      const rates = [0, 1, 2, 3, 4].map((k) => softmaxRowAverages(count, from + k * step).meanScore);
      const gain = ((2 * step) / 45) * (7 * rates[0] + 32 * rates[1] + 12 * rates[2] + 32 * rates[3] + 7 * rates[4]);
      const ends = [from, from + 4 * step].map((beta) => softmaxRowAverages(count, beta).logPartition);
      expect(Math.abs(ends[1] - ends[0] - gain), `N ${count}`).toBeLessThan(1e-12);
    }
  });

  it("is exact for one key, for flat scores, and for two keys at infinite scale", () => {
    const one = softmaxRowAverages(1, 3);
    expect(one.participation).toBeCloseTo(1, 12);
    expect(one.logPartition).toBeCloseTo(0, 12);
    const flat = softmaxRowAverages(64, 0);
    expect(flat).toEqual({ logPartition: Math.log(64), participation: 1 / 64, entropy: Math.log(64), meanScore: 0 });
    // E max of two standard normals is 1/sqrt(pi).
    expect(softmaxRowAverages(2, 60).meanScore).toBeCloseTo(1 / Math.sqrt(Math.PI), 3);
    expect(softmaxRowAverages(64, 0.01).participation).toBeCloseTo(softmaxRowAverages(64, 0.0100001).participation, 8);
  });

  it("satisfies E S = E ln Z - beta² (1 - E Y2), whose two sides share no integral, at N to 2^40 and any scale", () => {
    for (const count of [2, 1000, 2 ** 30, 2 ** 40]) {
      for (const beta of [1e-6, 0.3, 4, 9.99, 10.01, 60, 1e3]) {
        const { logPartition, participation, entropy } = softmaxRowAverages(count, beta);
        const label = `N ${count} beta ${beta}`;
        const difference = logPartition - beta * beta * (1 - participation) - entropy;
        expect(Math.abs(difference), label).toBeLessThan(1e-12 * (1 + logPartition) + 3e-14 * beta * beta);
        expect(entropy, label).toBeGreaterThan(0);
      }
    }
  });

  it("condenses at large scale as the gap between the two largest scores allows", () => {
    // Two keys: x = |gap| has density 1/sqrt(pi) at 0, so E S -> (pi²/6)/(beta sqrt(pi)), and E Y2 -> 1 - 1/(beta sqrt(pi)).
    const beta = 1e4;
    const { entropy, participation, logPartition } = softmaxRowAverages(2, beta);
    expect((entropy * beta * Math.sqrt(Math.PI)) / (Math.PI ** 2 / 6)).toBeCloseTo(1, 7);
    expect((1 - participation) * beta * Math.sqrt(Math.PI)).toBeCloseTo(1, 7);
    expect(logPartition / beta).toBeCloseTo(1 / Math.sqrt(Math.PI), 7);
  });
});
