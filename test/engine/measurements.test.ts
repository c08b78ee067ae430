/** Measurements do not depend on the batch, leave the state alone, and free what they take. */
import { describe, expect, it } from "vitest";
import { type ObservableName, observableNames } from "../../src/physics/observables.js";
import { inapplicable } from "../../src/physics/observable-scope.js";
import { batchOf } from "../../src/engine/batch.js";
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

/** A state that is not a fixed point has no spectral radius, one that does not settle no relaxation time and no mismatch. */
const mayBeEmpty: readonly ObservableName[] = ["spectral-radius", "relaxation-time", "mismatch"];
