/** Couplings that do not fit are filled block of rows by block of rows at every use; no digit tells. */
import { describe, expect, it } from "vitest";
import { batchOf } from "../../src/engine/batch.js";
import { BatchLayout } from "../../src/engine/batch.js";
import { CapacityError, CouplingStore } from "../../src/engine/couplings.js";
import { MemoryLimitError } from "../../src/engine/cpu-executor.js";
import type { Executor } from "../../src/engine/executor.js";
import type { System } from "../../src/engine/realise.js";
import { simulate } from "../../src/engine/simulate.js";
import { GpuOutOfMemoryError } from "../../src/gpu/errors.js";
import type { ClosureName } from "../../src/physics/closures.js";
import { openEngine, precisions, realised } from "../oracles/engines.js";

const random = { kind: "gaussian" };
const sites = 61;
const sphere = { kind: "sphere", dimension: 6, count: sites };
const weights = { query: random, key: random };
const field = { kind: "gaussian", std: 0.5 };
const matrix = Array.from({ length: sites }, (_, i) =>
  Array.from({ length: sites }, (_, j) => Math.sin(1 + 3 * i + 7 * j) / 8),
);

const kinds: [string, ClosureName, object][] = [
  ["independent Gaussian, naive", "naive", { spins: { kind: "binary", count: sites }, couplings: random, field }],
  [
    "symmetric Gaussian, tap",
    "tap",
    { spins: { kind: "binary", count: sites }, couplings: { ...random, symmetry: 1 } },
  ],
  ["sphere, onsager", "onsager", { spins: sphere, couplings: random, field }],
  ["causal attention, gaussian-field", "gaussian-field", attention({ queries: random, keys: random, mask: "causal" })],
  ["attention on the field, tap", "tap", attention({ weights, heads: 2 })],
  ["attention on the state, naive", "naive", attention({ weights, heads: 2, source: "state", scale: 0.4 })],
  ["dense, naive", "naive", { spins: sphere, couplings: { kind: "dense", matrix }, field }],
  ["dense, tap", "tap", { spins: sphere, couplings: { kind: "dense", matrix }, field }],
];

function attention(couplings: object): object {
  return { spins: sphere, field, couplings: { kind: "attention", dimension: 5, ...couplings } };
}

const observe = ["magnetization", "overlap"] as const;
const steps = { run: { steps: 3 }, observe, states: true } as const;
const steady = { run: { steady: { maxIterations: 60 } }, observe, states: true } as const;

/** Rows of the blocks that an executor with this limit makes, from the engine itself. */
function blockRows(executor: Executor, system: System): number[] {
  const store = new CouplingStore(executor, new BatchLayout(batchOf(system)), 0);
  const rows = store.blocks.map(({ rowCount }) => rowCount);
  store.dispose();
  return rows;
}

describe.each(precisions)("row blocks, %s", (precision) => {
  const element = precision === "f64" ? 8 : 4;

  it.each(kinds)(
    "%s: from the first limit that suffices on, every limit gives the same bits",
    async (_, closure, input) => {
      const system = await realised({ beta: 0.9, ...input });
      const batch = batchOf(system);
      const whole = await openEngine(precision);
      const expected = [];
      for (const options of [steps, steady]) expected.push(await simulate(whole, batch, { closure, ...options }));
      whole.dispose();

      const outcomes: string[] = [];
      // Multiples of a quarter of J; a GPU takes longer to open, so it gets fewer.
      const quarters =
        precision === "f64" ? [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 20, 24, 32, 48] : [6, 9, 12, 16, 24];
      for (const quarter of quarters) {
        const executor = await openEngine(precision, (quarter * element * sites * 64) / 4);
        try {
          const found = [];
          for (const options of [steps, steady]) found.push(await simulate(executor, batch, { closure, ...options }));
          expect(found, `${quarter} quarters`).toEqual(expected);
          outcomes.push("same");
        } catch (error) {
          if (!(error instanceof CapacityError)) throw error;
          expect(error.message).toContain("--memory");
          outcomes.push("no room");
        } finally {
          executor.dispose();
        }
      }
      expect(outcomes.at(-1)).toBe("same");
      expect(outcomes.slice(outcomes.indexOf("same"))).not.toContain("no room");
      if (process.env.ORACLE_LOG) console.log(`BLOCKS ${precision} ${_} ${outcomes.join(",")}`);
    },
  );

  it("does make blocks", async () => {
    const system = await realised({ spins: { kind: "binary", count: sites }, couplings: random });
    const executor = await openEngine(precision, element * 30 * 64);
    expect(blockRows(executor, system)).toEqual([28, 28, 5]);
    executor.dispose();
  });

  it("says what is missing when four rows do not fit", async () => {
    const executor = await openEngine(precision, 4096);
    const system = await realised({ spins: { kind: "binary", count: 1000 }, couplings: random });
    const run = simulate(executor, batchOf(system), { closure: "naive", ...steps });
    await expect(run).rejects.toThrow(/four rows of couplings .* N = 1000 .* memory limit 4096/);
    executor.dispose();
  });

  it("does not give out couplings that it holds in blocks", async () => {
    const executor = await openEngine(precision, element * 40 * 64);
    const system = await realised({ spins: { kind: "binary", count: sites }, couplings: random });
    const run = simulate(executor, batchOf(system), {
      closure: "naive",
      run: { steps: 1 },
      observe: [],
      couplings: true,
    });
    await expect(run).rejects.toThrow(CapacityError);
    executor.dispose();
  });

  it("has its own error for an array that was not planned for", async () => {
    const executor = await openEngine(precision, 1024);
    expect(() => executor.allocate("too long", 1000)).toThrow(
      precision === "f64" ? MemoryLimitError : GpuOutOfMemoryError,
    );
    executor.dispose();
  });
});
