/** A system gives the same bits alone and inside any batch: other points, other disorder samples, other run lengths. */
import { describe, expect, it } from "vitest";
import type { System } from "../../src/engine/realise.js";
import type { PointResult } from "../../src/engine/simulate.js";
import type { ClosureName } from "../../src/physics/closures.js";
import {
  precisions,
  type Precision,
  realised,
  runBatch,
  type RunOptions,
  sharing,
  sideBySide,
} from "../oracles/engines.js";
import { batchOf, type SystemBatch } from "../../src/engine/batch.js";

const sphere = (dimension: number, response: "large-d" | "exact" = "large-d") => ({
  kind: "sphere",
  dimension,
  response,
});
const random = { kind: "gaussian" };
const attention = (rest: object) => ({ kind: "attention", queries: random, keys: random, dimension: 4, ...rest });

/** Nineteen sites and five components: nothing is a multiple of a tile. */
const kinds: [string, ClosureName, object, object][] = [
  ["binary, Gaussian couplings", "naive", { kind: "binary", count: 19 }, { kind: "gaussian" }],
  ["binary, correlated couplings", "tap", { kind: "binary", count: 19 }, { kind: "gaussian", symmetry: 0.5 }],
  ["binary, Gaussian field", "gaussian-field", { kind: "binary", count: 19 }, attention({})],
  ["binary, pairs", "plefka2-t", { kind: "binary", count: 19 }, { kind: "gaussian" }],
  ["binary, equilibrium", "amp", { kind: "binary", count: 19 }, { kind: "gaussian", symmetry: 1 }],
  ["sphere, Gaussian couplings", "onsager", { ...sphere(5), count: 19 }, { kind: "gaussian" }],
  ["sphere, exact", "gaussian-field", { ...sphere(5, "exact"), count: 19 }, attention({ mask: "causal" })],
  ["sphere, second order", "tap", { ...sphere(5), count: 19 }, attention({})],
  ["sphere, two heads", "naive", { ...sphere(5), count: 19 }, attention({ heads: 2 })],
];

const points = [0.4, 1.1, 2.6, 0.9, 1.3];

async function variants(spins: object, couplings: object): Promise<System[]> {
  const field = { kind: "gaussian", std: 0.3 };
  const initial = { kind: "uniform", halfWidth: 0.2 };
  return Promise.all(points.map((beta) => realised({ spins, couplings, beta, field, initial, seed: 2 })));
}

const observe = ["magnetization", "overlap", "site-norm"] as const;
const steps = { run: { steps: 2 }, observe, trajectory: true };

/** Iterations that are too few for some points and enough for others; the second order of spheres is solved at each. */
const steady = (precision: Precision, closure: ClosureName) => {
  const maxIterations = closure !== "tap" ? 20 : precision === "f64" ? 16 : 3;
  return { closure, run: { steady: { maxIterations } }, observe };
};

async function expectSameBits(
  precision: Precision,
  systems: readonly System[],
  batch: SystemBatch,
  options: RunOptions,
): Promise<void> {
  const together = (await runBatch(precision, batch, options)).flat();
  for (const k of [0, 2, systems.length - 1]) {
    const [[alone]] = await runBatch(precision, batchOf(systems[k]), options);
    const bits = ({ trajectory, ...rest }: PointResult) => ({ ...rest, last: trajectory?.at(-1) });
    expect(bits(together[k]), `point ${k}`).toEqual(bits(alone));
  }
}

describe.each(precisions)("batches, %s", (precision) => {
  it.each(kinds)("%s: points that share couplings", async (_, closure, spins, couplings) => {
    const systems = await variants(spins, couplings);
    await expectSameBits(precision, systems, sharing(systems), { closure, ...steps });
    await expectSameBits(precision, systems, sharing(systems), steady(precision, closure));
  });

  it.each(kinds)("%s: disorder samples side by side", async (_, closure, spins, couplings) => {
    const systems = await Promise.all(
      [3, 0, 11].map((sample) => realised({ spins, couplings, beta: 1.2, field: { kind: "gaussian" }, sample })),
    );
    await expectSameBits(precision, systems, sideBySide(systems), { closure, ...steps });
    await expectSameBits(precision, systems, sideBySide(systems), steady(precision, closure));
  });

  it.each(precision === "f64" ? (["naive", "tap"] as const) : (["naive"] as const))(
    "couplings that follow the state, %s",
    async (closure) => {
      const weights = { query: random, key: random };
      const couplings = { kind: "attention", weights, dimension: 3, heads: 2, source: "state", scale: 0.3 };
      const systems = await variants({ ...sphere(5), count: 19 }, couplings);
      const observed = { ...steps, observe: [...observe, "entropy", "participation"] as const };
      await expectSameBits(precision, systems, sideBySide(systems), { closure, ...observed });
      await expectSameBits(precision, systems, sideBySide(systems), steady(precision, closure));
    },
  );

  it("a larger system has the random numbers of a smaller one in its corner", async () => {
    const of = (count: number) =>
      realised({ spins: { kind: "binary", count }, couplings: random, field: random, initial: { kind: "zero" } });
    const options = { closure: "naive", run: { steps: 0 }, couplings: true } as const;
    const [[small]] = await runBatch(precision, batchOf(await of(6)), options);
    const [[large]] = await runBatch(precision, batchOf(await of(24)), options);
    // The standard deviation is 1/√N.
    for (let i = 0; i < 6; i++) {
      for (let j = 0; j < 6; j++) expect(large.couplings![i * 24 + j]).toBeCloseTo(small.couplings![i * 6 + j] / 2, 6);
    }
  });
});
