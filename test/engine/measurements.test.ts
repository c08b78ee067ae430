/** Measurements do not depend on the batch, leave the state alone, and free what they take. */
import { describe, expect, it } from "vitest";
import { type ObservableName, observableNames } from "../../src/physics/observables.js";
import { inapplicable } from "../../src/physics/observable-scope.js";
import { batchOf } from "../../src/engine/batch.js";
import type { System } from "../../src/engine/realise.js";
import { engine, precisions, realised, runBatch, sharing, sideBySide } from "../oracles/engines.js";

const random = { kind: "gaussian" };
const sphere = { kind: "sphere", dimension: 5, count: 11 };
const binary = { kind: "binary", count: 11 };
const field = { kind: "gaussian", std: 0.6 };
const attention = { kind: "attention", queries: random, keys: random, dimension: 3, mask: "causal" };
const weights = { query: random, key: random };

const systems: readonly (readonly [string, object])[] = [
  ["sphere spins with attention of two heads", { spins: sphere, field, couplings: { ...attention, heads: 2 } }],
  [
    "sphere spins with attention that follows the state",
    { spins: sphere, field, couplings: { kind: "attention", weights, dimension: 3, source: "state" } },
  ],
  ["sphere spins with random couplings", { spins: { ...sphere, response: "exact" }, field, couplings: random }],
  ["binary spins with symmetric couplings", { spins: binary, field, couplings: { ...random, symmetry: 1 } }],
  ["binary spins with random softmax rows", { spins: binary, field, couplings: { kind: "random-softmax", scale: 2 } }],
];

describe.each(precisions)("measurements, %s", (precision) => {
  it.each(systems)("of %s are those of each system alone", async (_, system) => {
    const points = await Promise.all([0.4, 0.9, 1.3].map((beta) => realised({ ...system, beta })));
    const run = { closure: "naive", run: { steps: 103 } } as const;
    const observe = observableNames.filter(
      (name) =>
        !inapplicable(name, { ...points[0], closure: "naive", steps: 103 }) &&
        (points[0].couplings.kind === "attention" || name !== "second-eigenvalue"),
    );
    const { couplings } = points[0];
    const followsState = couplings.kind === "attention" && couplings.features.source === "state";
    const batch = followsState ? sideBySide(points) : sharing(points);
    const executor = await engine(precision);
    const before = executor.liveSlots;
    const together = (await runBatch(precision, batch, { ...run, observe })).flat();
    expect(executor.liveSlots).toBe(before);
    for (const [k, point] of points.entries()) {
      const [[alone]] = await runBatch(precision, batchOf(point), { ...run, observe });
      expect(together[k].observables).toEqual(alone.observables);
      const finite = observe.filter((name) => Number.isFinite(alone.observables[name]));
      const missing = observe.filter((name) => !finite.includes(name));
      expect(missing.filter((name) => !mayBeEmpty.includes(name))).toEqual([]);
    }
    const [[plain]] = await runBatch(precision, batchOf(points[1]), {
      ...run,
      observe: ["overlap"],
      strategy: "stored",
    });
    const [[measured]] = await runBatch(precision, batchOf(points[1]), { ...run, observe, strategy: "stored" });
    expect(measured.state).toEqual(plain.state);
  });
});

describe.each(precisions)("measurements of other models, %s", (precision) => {
  it.each([{ kind: "binary" }, { kind: "sphere", dimension: 5 }])("take β of every site: $kind", async (spins) => {
    const sites = 9;
    const species = [
      { name: "cold", count: 5, beta: 0.9 },
      { name: "hot", beta: 0.3 },
    ];
    const system = await realised({ spins: { ...spins, count: sites }, species, field, couplings: random });
    const betas = system.betas!;
    const width = system.spins.components;
    const [[whole]] = await runBatch("f64", batchOf(system), { ...short, observe: [], couplings: true });
    // β_i (x_i + Σ_j J_ij m_j) with β in x and J.
    const scaled: System = {
      ...system,
      beta: 1,
      betas: new Float64Array(sites).fill(1),
      field: system.field.map((x, k) => betas[Math.floor(k / width)] * x),
      couplings: { kind: "dense", matrix: whole.couplings!.map((J, k) => betas[Math.floor(k / sites)] * J) },
    };
    const observe = ["log-partition", "mismatch", "contraction-bound", "spectral-radius"] as const;
    const run = { closure: "naive", run: { steps: 60 }, observe } as const;
    const [[own]] = await runBatch(precision, batchOf(system), run);
    const [[same]] = await runBatch(precision, batchOf(scaled), run);
    const close = precision === "f64" ? 1e-9 : 3e-5;
    for (const name of observe) {
      expect(Math.abs(own.observables[name]! - same.observables[name]!), name).toBeLessThan(close);
    }
    for (const name of ["housekeeping", "free-energy"] as const) {
      const symmetric = {
        ...system,
        spins: { kind: "binary", components: 1, radius: 1 },
        couplings: identity,
      } as const;
      const refused = runBatch(precision, batchOf(symmetric), { ...run, observe: [name] });
      await expect(refused).rejects.toThrow(/one beta/);
    }
  });

  it("energies of Hopfield couplings are those of their matrix", async () => {
    const system = await realised({ spins: binary, couplings: { kind: "hopfield", count: 2 }, field });
    const run = { closure: "naive", run: { steps: 1 }, observe: ["energy", "free-energy"] } as const;
    const [[{ couplings }]] = await runBatch("f64", batchOf(system), { ...short, observe: [], couplings: true });
    const [[low]] = await runBatch(precision, batchOf(system), run);
    const dense: System = { ...system, couplings: { kind: "dense", matrix: couplings! } };
    const [[whole]] = await runBatch(precision, batchOf(dense), run);
    for (const name of run.observe) expect(low.observables[name]).toBeCloseTo(whole.observables[name]!, 5);
  });
});

const short = { closure: "naive", run: { steps: 1 } } as const;
const identity = {
  kind: "dense",
  matrix: Float64Array.from({ length: 81 }, (_, k) => (k % 10 === 0 ? 1 : 0)),
} as const;

/** A state that is not a fixed point has no spectral radius, one that does not settle no relaxation time and no mismatch. */
const mayBeEmpty: readonly ObservableName[] = ["spectral-radius", "relaxation-time", "mismatch"];
