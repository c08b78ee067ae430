/** Couplings of models that are not stored as they are written: Hopfield, ring, mixed signs, species, random softmax. */
import { describe, expect, it } from "vitest";
import { gaussianMatrix } from "../../src/reference/random.js";
import { expectWithin, precisions, type Precision, run } from "../oracles/engines.js";

const N = 41;

const kept = { closure: "naive", run: { steps: 1 }, couplings: true } as const;
const matrixOf = async (precision: Precision, system: object) => (await run(precision, system, kept)).couplings!;

function rows(values: Float64Array, count = N): number[][] {
  return Array.from({ length: count }, (_, i) => [...values.subarray(i * count, (i + 1) * count)]);
}

const spins = {
  binary: { kind: "binary", count: N },
  sphere: { kind: "sphere", dimension: 5, count: N },
};
const initial = { binary: { kind: "uniform", halfWidth: 0.9 }, sphere: { kind: "direction", norm: 0.8 } };

/** A closure and the spins it is for. */
const steps = [
  ["binary", "naive"],
  ["binary", "tap"],
  ["sphere", "naive"],
  ["sphere", "tap"],
  ["sphere", "gaussian-field"],
] as const;

/** The same system with J written out. */
async function expectLikeDense(precision: Precision, couplings: object, kind: "binary" | "sphere", closure: string) {
  const system = {
    spins: spins[kind],
    beta: 1.3,
    couplings,
    initial: initial[kind],
    field: { kind: "gaussian", std: 0.3 },
    seed: 6,
  };
  const matrix = rows(await matrixOf("f64", system));
  const options = { closure: closure as "naive", run: { steps: 3 } };
  const own = await run(precision, system, options);
  const dense = await run("f64", { ...system, couplings: { kind: "dense", matrix } }, options);
  expectWithin(own.state, [...dense.state], precision === "f64" ? 1e-13 : 3e-6, `${kind} ${closure}`);
  return own;
}

const patterns = rows(
  gaussianMatrix(7, N, { seed: 3, stream: 13, sample: 0 }).map((value) => Math.sign(value)),
  N,
).slice(0, 7);
const real = Array.from({ length: 3 }, (_, k) => [...gaussianMatrix(1, N, { seed: 4, stream: 13, sample: k })]);

describe.each(precisions)("hopfield couplings, %s", (precision) => {
  it.each([
    ["few patterns", patterns, "low-rank"],
    ["real patterns", real, "low-rank"],
    [
      "many patterns",
      [
        ...patterns,
        ...patterns.map((row) => row.map((v, i) => (i % 3 === 0 ? -v : v))),
        ...patterns.map((row) => row.map((v, i) => (i % 2 === 0 ? -v : v))),
      ],
      "stored",
    ],
  ] as [string, number[][], string][])("%s: J of Hebb's rule, and products with it", async (_, own, strategy) => {
    const P = own.length;
    const expected = Array.from({ length: N }, (_, i) =>
      Array.from({ length: N }, (_, j) => (i === j ? 0 : own.reduce((sum, xi) => sum + xi[i] * xi[j], 0) / N)),
    );
    expect(P * 2 < N).toBe(strategy === "low-rank");
    const couplings = { kind: "hopfield", patterns: own };
    expectWithin(
      await matrixOf(precision, { spins: spins.binary, couplings }),
      expected,
      precision === "f64" ? 1e-15 : 3e-7,
      "J",
    );
    for (const [kind, closure] of steps) {
      const { strategy: report } = await expectLikeDense(precision, couplings, kind, closure);
      expect(report.name).toBe(closure === "naive" ? strategy : "stored");
    }
  });

  it("random patterns are ±1, and start and pattern-overlap are about the one that is asked for", async () => {
    const system = {
      spins: { kind: "binary", count: 400 },
      beta: 1e6,
      couplings: { kind: "hopfield", load: 0.05 },
      initial: { kind: "pattern", index: 3, overlap: 0.4 },
    };
    const result = await run(precision, system, {
      closure: "naive",
      run: { steps: 8 },
      observe: ["pattern-overlap"],
      trajectory: true,
    });
    expect(result.observables["pattern-overlap"]).toBeGreaterThan(0.95);
    expect(result.state.every((m) => Math.abs(Math.abs(m) - 1) < 1e-6)).toBe(true);
  });
});

describe.each(precisions)("other couplings, %s", (precision) => {
  const tolerance = precision === "f64" ? 1e-15 : 1e-7;

  it.each([1, 2, 3, 6])("ring of %i sites: J_{i,i-1} = K", async (count) => {
    const system = { spins: { kind: "binary", count }, couplings: { kind: "ring", strength: 0.7 } };
    const expected = Array.from({ length: count }, (_, i) =>
      Array.from({ length: count }, (_, j) => ((j + 1) % count === i ? 0.7 : 0)),
    );
    expectWithin(await matrixOf(precision, system), expected, tolerance, "J");
  });

  it.each([0, 0.3, 1])("mixed signs of a fraction %d", async (fraction) => {
    for (const symmetry of [0, 1]) {
      const couplings = { kind: "mixed-signs", strength: 2, fraction, symmetry };
      const J = rows(await matrixOf(precision, { spins: spins.binary, couplings, seed: 2 }));
      const off = J.flatMap((row, i) => row.filter((_, j) => symmetry === 0 || i !== j));
      expect(off.every((value) => Math.abs(Math.abs(value) - 2 / N) < 1e-8)).toBe(true);
      const share = off.filter((value) => value > 0).length / off.length;
      const independent = symmetry === 0 ? off.length : off.length / 2;
      expect(Math.abs(share - fraction)).toBeLessThanOrEqual(4 * Math.sqrt((fraction * (1 - fraction)) / independent));
      if (symmetry === 1) expect(J.every((row, i) => row.every((value, j) => value === J[j][i]))).toBe(true);
      if (symmetry === 1) expect(J.every((row, i) => row[i] === 0)).toBe(true);
    }
  });

  it.each(steps)("products with them, %s spins, %s", async (kind, closure) => {
    await expectLikeDense(precision, { kind: "ring", strength: 0.7 }, kind, closure);
    await expectLikeDense(precision, { kind: "mixed-signs", fraction: 0.8 }, kind, closure);
    await expectLikeDense(precision, { kind: "random-softmax", scale: 2, mask: "causal" }, kind, closure);
  });

  it("between species have the means and spreads of their pair", async () => {
    const base = { spins: spins.binary, seed: 9, species: [{ name: "a", count: 11 }, { name: "b" }] };
    const unit = rows(await matrixOf("f64", { ...base, couplings: { kind: "gaussian", symmetry: 1 } }));
    const [mean, std] = [
      [
        [1, -2],
        [3, 0.5],
      ],
      [
        [0, 1],
        [1, 2],
      ],
    ];
    const J = await matrixOf(precision, { ...base, couplings: { kind: "species", mean, std, symmetry: 1 } });
    const of = (i: number) => (i < 11 ? 0 : 1);
    const expected = unit.map((row, i) =>
      row.map((value, j) => (i === j ? 0 : mean[of(i)][of(j)] / N + std[of(i)][of(j)] * value)),
    );
    expectWithin(J, expected, precision === "f64" ? 1e-15 : 1e-6, "J");
  });

  it.each(steps)("two temperatures, %s spins, %s: every species follows its own β", async (kind, closure) => {
    // No coupling between the two, so that each is a system of its own.
    const mean = [
      [2, 0],
      [0, 3],
    ];
    const fields = Array.from({ length: N }, (_, i) => 0.1 + i / N);
    const field = kind === "binary" ? fields : fields.map((x) => [x, 0.2, -x, 0, 0.1]);
    const species = [
      { name: "cold", fraction: 0.25, beta: 2 },
      { name: "hot", beta: 0.5 },
    ];
    const observe = ["magnetization:cold", "magnetization:hot", "magnetization"] as const;
    const options = { closure, run: { steps: 4 }, observe };
    const both = await run(
      precision,
      { spins: spins[kind], species, couplings: { kind: "species", mean }, field },
      options,
    );
    for (const [name, from, to, beta, J] of [
      ["cold", 0, 10, 2, 2],
      ["hot", 10, N, 0.5, 3],
    ] as const) {
      const own = { ...spins[kind], count: to - from };
      const couplings = { kind: "curie-weiss", mean: (J * (to - from)) / N };
      const alone = await run(
        "f64",
        { spins: own, beta, couplings, field: field.slice(from, to) },
        options.observe ? { ...options, observe: ["magnetization"] } : options,
      );
      const width = both.state.length / N;
      expectWithin(
        both.state.subarray(from * width, to * width),
        [...alone.state],
        precision === "f64" ? 1e-13 : 3e-6,
        name,
      );
      expect(both.observables[`magnetization:${name}`]).toBeCloseTo(
        alone.observables.magnetization!,
        precision === "f64" ? 12 : 6,
      );
    }
  });

  it("random softmax rows are the softmax of the scores, masked or not, with their statistics", async () => {
    const scores = rows(
      await matrixOf("f64", { spins: spins.binary, couplings: { kind: "gaussian", std: Math.sqrt(N) }, seed: 5 }),
    );
    for (const mask of ["none", "causal"]) {
      const couplings = { kind: "random-softmax", scale: 1.7, mask };
      const options = { ...kept, observe: ["entropy", "participation", "log-sum-exp"] as const };
      const result = await run(precision, { spins: spins.binary, couplings, seed: 5 }, options);
      const weights = scores.map((row, i) => row.map((z, j) => (mask === "causal" && j > i ? 0 : Math.exp(1.7 * z))));
      const totals = weights.map((row) => row.reduce((sum, value) => sum + value, 0));
      const J = weights.map((row, i) => row.map((value) => value / totals[i]));
      expectWithin(result.couplings!, J, precision === "f64" ? 1e-14 : 2e-6, "J");
      const mean = (of: (row: number[], i: number) => number) => J.reduce((sum, row, i) => sum + of(row, i), 0) / N;
      const digits = precision === "f64" ? 12 : 5;
      expect(result.observables.participation).toBeCloseTo(
        mean((row) => row.reduce((sum, p) => sum + p * p, 0)),
        digits,
      );
      expect(result.observables.entropy).toBeCloseTo(
        mean((row) => row.reduce((sum, p) => sum - (p > 0 ? p * Math.log(p) : 0), 0)),
        digits,
      );
      expect(result.observables["log-sum-exp"]).toBeCloseTo(
        mean((_, i) => Math.log(totals[i])),
        digits,
      );
    }
  });
});
