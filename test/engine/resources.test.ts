/** A run leaves nothing on the device, however it ends, and the next one does not notice. */
import { describe, expect, it } from "vitest";
import { batchOf } from "../../src/engine/batch.js";
import { CapacityError } from "../../src/engine/couplings.js";
import { simulate, type SimulationOptions } from "../../src/engine/simulate.js";
import { engine, openEngine, precisions, realised } from "../oracles/engines.js";

const random = { kind: "gaussian" };
const sphere = { kind: "sphere", dimension: 5, count: 21 };
const weights = { query: random, key: random };
const attention = (rest: object) => ({ kind: "attention", dimension: 4, ...rest });

const systems: object[] = [
  { spins: { kind: "binary", count: 21 }, couplings: random, field: random },
  {
    spins: sphere,
    couplings: { kind: "dense", matrix: Array.from({ length: 21 }, () => Array<number>(21).fill(0.1)) },
  },
  { spins: sphere, couplings: attention({ queries: random, keys: random, mask: "causal" }), field: random },
  { spins: sphere, couplings: attention({ weights, heads: 2 }), field: random },
  { spins: sphere, couplings: attention({ weights, heads: 2, source: "state" }), field: random },
];

const runs: SimulationOptions[] = [
  { closure: "naive", run: { steps: 3 }, observe: ["overlap"], states: true },
  { closure: "tap", run: { steps: 2 }, observe: ["susceptibility"], trajectory: true, couplings: true },
  { closure: "onsager", run: { steady: { maxIterations: 20 } }, observe: ["magnetization"] },
];

describe.each(precisions)("arrays, %s", (precision) => {
  it("are all freed after every kind of run", async () => {
    const executor = await engine(precision);
    expect(executor.liveSlots).toBe(0);
    for (const system of systems) {
      const batch = batchOf(await realised(system));
      for (const options of runs) {
        await simulate(executor, batch, options);
        expect(executor.liveSlots, `${JSON.stringify(system).slice(0, 60)} ${options.closure}`).toBe(0);
      }
    }
  });

  it("are freed when the run is stopped half-way, and nothing of it is left to run", async () => {
    const executor = await engine(precision);
    const stop = () => {
      throw new Error("stopped");
    };
    for (const system of systems) {
      const batch = batchOf(await realised(system));
      const [options, , steady] = runs;
      const expected = await simulate(executor, batch, options);
      await expect(simulate(executor, batch, { ...options, progress: stop })).rejects.toThrow("stopped");
      expect(executor.liveSlots).toBe(0);
      await expect(simulate(executor, batch, { ...steady, progress: stop })).rejects.toThrow("stopped");
      expect(executor.liveSlots).toBe(0);
      expect(await simulate(executor, batch, options)).toEqual(expected);
    }
  });

  it("are freed when the plan or the closure does not fit", async () => {
    const tight = await openEngine(precision, 2 ** 19);
    const large = batchOf(await realised({ spins: { kind: "sphere", dimension: 64, count: 500 }, couplings: random }));
    await expect(simulate(tight, large, runs[2])).rejects.toThrow(CapacityError);
    expect(tight.liveSlots).toBe(0);
    tight.dispose();
    const executor = await engine(precision);
    const binary = batchOf(await realised(systems[0]));
    const misfits = { "tap-published": "for binary spins", amp: "expected symmetric couplings" } as const;
    for (const [closure, message] of Object.entries(misfits) as [keyof typeof misfits, string][]) {
      await expect(simulate(executor, binary, { ...runs[0], closure })).rejects.toThrow(message);
      expect(executor.liveSlots).toBe(0);
    }
  });

  it("are freed when the device refuses an allocation that was planned for", async () => {
    // Another run holds almost all of the memory that this one was promised.
    const executor = await openEngine(precision, 2 ** 21);
    const hog = executor.allocate("hog", (2 ** 21 - 2 ** 17) / executor.elementBytes);
    const batch = batchOf(await realised({ spins: { kind: "sphere", dimension: 16, count: 100 }, couplings: random }));
    await expect(simulate(executor, batch, runs[2])).rejects.toThrow(/limit is 2097152/);
    expect(executor.liveSlots).toBe(1);
    executor.free(hog);
    const [[{ status }]] = await simulate(executor, batch, runs[0]);
    expect(status).toBe("completed");
    expect(executor.liveSlots).toBe(0);
    executor.dispose();
  });
});
