/** Hopfield retrieval (equations 12.7), softmax memories (10.4) and softmax rows as random energy models (12.4, 12.8). */
import { describe, expect, it } from "vitest";
import { memoryLogPartition, realiseMemory, retrieve } from "../../src/engine/retrieval.js";
import { parseMemory } from "../../src/physics/memory.js";
import { readCase } from "../cases.js";
import { engine, expectWithin, precisions, type Precision, realised, run, runBatch, sideBySide } from "./engines.js";

interface Retrieval {
  data: {
    first_step: { alpha: number; T: number; m0: number; m1: number }[];
    T0: { alpha: number; m: number }[];
  };
}

interface Rem {
  data: {
    rem_scaling: { N: number; b: number; beta: number; ElnZ: number; EY2: number; ES: number; E_alpha_x: number }[];
  };
}

interface SoftmaxMemory {
  inputs: { stored: number[][]; states: number[][]; scale: number };
  expected: { energy: number[]; grad: number[][]; step_gamma1: number[][]; logZ_scale1: number };
}

/** β at which every mean is saturated. */
const COLD = 1e6;

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const standardError = (values: readonly number[]) =>
  Math.sqrt(
    values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / (values.length * (values.length - 1)),
  );

async function batchOfSamples(
  precision: Precision,
  system: object,
  samples: number,
  observe: readonly string[],
  steps = 1,
) {
  const systems = await Promise.all(Array.from({ length: samples }, (_, sample) => realised({ ...system, sample })));
  const options = { closure: "naive", run: { steps }, observe: observe as never } as const;
  return (await runBatch(precision, sideBySide(systems), options)).map(([{ observables }]) => observables);
}

describe.each(precisions)("Hopfield, %s", (precision) => {
  const { first_step: cases, T0 } = readCase<Retrieval>("kinetic/hopfield-retrieval").data;
  const N = 1000;

  it.each(cases.filter(({ alpha }) => alpha <= 0.3))("first synchronous step: α $alpha, T $T, m0 $m0", async (row) => {
    const { alpha, T, m0, m1 } = row;
    const system = {
      spins: { kind: "binary", count: N },
      beta: T === 0 ? COLD : 1 / T,
      couplings: { kind: "hopfield", load: alpha },
      initial: { kind: "pattern", overlap: m0 },
      seed: 11,
    };
    const { observables } = await run(precision, system, {
      closure: "naive",
      run: { steps: 1 },
      observe: ["pattern-overlap"],
    });
    expect(Math.abs(observables["pattern-overlap"]! - m1)).toBeLessThan(4 * Math.sqrt((1 - m1 ** 2) / N) + 2 / N);
  });

  it("retrieval at α = 0.1, T = 0", async () => {
    const system = {
      spins: { kind: "binary", count: N },
      beta: COLD,
      couplings: { kind: "hopfield", load: 0.1 },
      initial: { kind: "pattern" },
    };
    const found = await batchOfSamples(precision, system, 10, ["pattern-overlap"], 30);
    const overlap = mean(found.map((observables) => observables["pattern-overlap"]!));
    expect(Math.abs(overlap - T0.find(({ alpha }) => alpha === 0.1)!.m)).toBeLessThan(0.006);
  });
});

describe.each(precisions)("softmax memory, %s", (precision) => {
  it("energy, gradient, one step and ln Z", async () => {
    const { inputs, expected } = readCase<SoftmaxMemory>("bal/14_hopfield_energy");
    const tolerance = precision === "f64" ? 1e-13 : 2e-6;
    const { stored: patterns, states, scale } = inputs;
    const memory = await realiseMemory(
      parseMemory({ patterns, states, scale }, "m"),
      () => Promise.reject(new Error()),
      "m",
    );
    const { states: after, history } = await retrieve(await engine(precision), memory, { steps: 1 });
    expectWithin(after, expected.step_gamma1, tolerance, "step");
    expectWithin(
      history[0].map(({ energy }) => energy),
      expected.energy,
      tolerance,
      "energy",
    );
    expectWithin(
      memory.states.map((xi, k) => xi - after[k]),
      expected.grad,
      tolerance,
      "gradient",
    );
    expectWithin([memoryLogPartition(memory)], [expected.logZ_scale1], 1e-12, "ln Z");
  });

  it("single patterns, their average and what lies between, without the energy ever growing", async () => {
    const from = async (scale: number, rest: object = {}) => {
      const drawn = {
        patterns: { kind: "gaussian" },
        count: 12,
        dimension: 16,
        states: { kind: "noisy", std: 0.3 },
        scale,
        ...rest,
      };
      const memory = await realiseMemory(parseMemory(drawn, "m"), () => Promise.reject(new Error()), "m");
      return retrieve(await engine(precision), memory, { steps: 300 });
    };
    for (const [scale, regime] of [
      [4, "single-pattern"],
      [0.01, "averaging"],
    ] as const) {
      const { history, converged } = await from(scale);
      expect(converged).toBe(true);
      expect(new Set(history.at(-1)!.map((state) => state.regime))).toEqual(new Set([regime]));
      const rises = history
        .slice(1)
        .flatMap((states, t) => states.map(({ energy }, k) => energy - history[t][k].energy));
      expect(Math.max(...rises)).toBeLessThan(precision === "f64" ? 1e-12 : 1e-4);
    }
    const pair = [
      [1, 0, 0, 0, 0, 0, 0, 0],
      [0.95, 0.3, 0, 0, 0, 0, 0, 0],
      ...[2, 3, 4, 5, 6].map((k) => Array.from({ length: 8 }, (_, j) => (j === k ? 1 : 0))),
    ];
    const { history } = await from(8, { patterns: pair, count: undefined, dimension: undefined, states: [pair[0]] });
    expect(history.at(-1)![0].regime).toBe("metastable");
  });
});

describe.each(precisions)("softmax rows, %s", (precision) => {
  const rows = readCase<Rem>("kinetic/softmax-rem").data.rem_scaling;

  it.each(rows.filter(({ N, b }) => N === 64 && [0.5, 1, 1.5, 2].includes(b)))(
    "random energy model, exact at N = $N, b = $b",
    async ({ N, beta, ElnZ, EY2, ES, E_alpha_x }) => {
      const system = {
        spins: { kind: "binary", count: N },
        couplings: { kind: "random-softmax", scale: beta },
        seed: 21,
      };
      const found = await batchOfSamples(precision, system, 48, ["participation", "entropy", "log-sum-exp"]);
      const Y2 = found.map((each) => each.participation!);
      const S = found.map((each) => each.entropy!);
      const lnZ = found.map((each) => each["log-sum-exp"]!);
      // S = ln Z - β Σ_j α_j x_j in every row.
      const alphaX = lnZ.map((value, k) => (value - S[k]) / beta);
      for (const [values, exact] of [
        [Y2, EY2],
        [S, ES],
        [lnZ, ElnZ],
        [alphaX, E_alpha_x],
      ] as const) {
        expect(Math.abs(mean(values) - exact)).toBeLessThan(4 * standardError(values));
      }
      const identity = alphaX.map((value, k) => value - beta * (1 - Y2[k]));
      expect(Math.abs(mean(identity))).toBeLessThan(4 * standardError(identity));
    },
  );

  it("Σ_k s_k² = Σ_ij J_ij² = N mean Y₂", async () => {
    const { explicit } = readCase<{
      data: { explicit: { scores: number[][]; A: number[][]; singular_values: number[] } };
    }>("kinetic/softmax-spectrum").data;
    const keys = explicit.scores.map((_, i) => explicit.scores.map((__, j) => Number(i === j)));
    const system = { spins: { kind: "binary" }, couplings: { kind: "attention", queries: explicit.scores, keys } };
    const options = { closure: "naive", run: { steps: 1 }, couplings: true, observe: ["participation"] } as const;
    const { couplings, observables } = await run(precision, system, options);
    expectWithin(couplings!, explicit.A, precision === "f64" ? 1e-14 : 2e-7, "A");
    const squares = explicit.singular_values.reduce((sum, s) => sum + s * s, 0);
    expect(5 * observables.participation!).toBeCloseTo(squares, precision === "f64" ? 12 : 5);
  });
});
