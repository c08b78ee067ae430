/** Exact enumeration of small chains against numbers computed elsewhere. */
import { describe, expect, test } from "vitest";
import { ExactChain } from "../../src/reference/exact-chain.js";
import { readCase } from "../cases.js";
import { expectWithin, flat } from "./engines.js";

interface Kinetic {
  readonly data: {
    readonly cases: readonly {
      readonly tag: string;
      readonly N: number;
      readonly H: number[];
      readonly J: number[][];
      readonly s0: number[];
      readonly exact: readonly { t: number; m: number[]; C: number[][]; D: number[][] }[];
      readonly exact_stationary: {
        readonly m: number[];
        readonly C: number[][];
        readonly D: number[][];
        readonly entropy_production_path: number;
        readonly entropy_production_currents: number;
        readonly entropy_rate: number;
      };
    }[];
  };
}

interface Master {
  readonly inputs: { N: number; x: number[]; J: number[][]; m_init: number[] };
  readonly expected: { m_exact: number[][]; C_exact_t1: number[][]; D_exact_t1: number[][] };
}

const { data } = readCase<Kinetic>("kinetic/kinetic-ising-exact-small-N");
const array = (values: number[] | number[][]) => Float64Array.from(flat(values));

describe.each(data.cases)("$tag", ({ N, H, J, s0, exact, exact_stationary: stationary }) => {
  const chain = new ExactChain(N, array(J), array(H), 1);

  test("m, C and D at every step from a configuration", () => {
    let law = chain.productLaw(s0);
    for (const { t, m, C, D } of exact) {
      if (t === 0) continue;
      const next = chain.evolve(law);
      const moments = chain.moments(law, next);
      expectWithin(moments.means, m, 1e-12, `m(${t})`);
      expectWithin(moments.equalTime, C, 1e-12, `C(${t})`);
      expectWithin(moments.delayed, D, 1e-12, `D(${t})`);
      law = next;
    }
  });

  test("the stationary law, its entropy production in both forms and its entropy rate", () => {
    const found = chain.stationary();
    expectWithin(found.means, stationary.m, 1e-10, "m");
    expectWithin(found.equalTime, stationary.C, 1e-10, "C");
    expectWithin(found.delayed, stationary.D, 1e-10, "D");
    expect(Math.abs(found.productionByPaths - stationary.entropy_production_path)).toBeLessThan(1e-10);
    expect(Math.abs(found.productionByCurrents - stationary.entropy_production_currents)).toBeLessThan(1e-10);
    expect(Math.abs(N * found.entropyRate - stationary.entropy_rate)).toBeLessThan(1e-10);
    const symmetric = J.every((row, i) => row.every((value, j) => value === J[j][i]));
    if (symmetric) expect(Math.abs(found.productionByPaths)).toBeLessThan(1e-12);
  });
});

test("a product law of six spins (bal/04)", () => {
  const { inputs, expected } = readCase<Master>("bal/04_binary_exact_master");
  const chain = new ExactChain(inputs.N, array(inputs.J), array(inputs.x), 1);
  let law = chain.productLaw(inputs.m_init);
  expected.m_exact.slice(1).forEach((m, k) => {
    const next = chain.evolve(law);
    const moments = chain.moments(law, next);
    expectWithin(moments.means, m, 1e-12, `m(${k + 1})`);
    if (k === 0) expectWithin(moments.equalTime, expected.C_exact_t1, 1e-12, "C(1)");
    if (k === 0) expectWithin(moments.delayed, expected.D_exact_t1, 1e-12, "D(1)");
    law = next;
  });
});

test("one-way rings: entropy production N K tanh K", () => {
  for (const K of [0.5, 0.7, 1, 2]) {
    const J = new Float64Array(16);
    for (let i = 0; i < 4; i++) J[i * 4 + ((i + 3) % 4)] = K;
    const { productionByPaths, productionByCurrents } = new ExactChain(4, J, new Float64Array(4), 1).stationary();
    expect(Math.abs(productionByPaths - 4 * K * Math.tanh(K))).toBeLessThan(1e-12);
    expect(Math.abs(productionByCurrents - 4 * K * Math.tanh(K))).toBeLessThan(1e-12);
  }
});

test("more than sixteen spins are refused", () => {
  expect(() => new ExactChain(17, new Float64Array(289), new Float64Array(17), 1)).toThrow(RangeError);
});
