/** Couplings to be stored that do not fit are filled block of rows by block of rows at every use; no digit tells. */
import { describe, expect, it } from "vitest";
import { batchOf } from "../../src/engine/batch.js";
import { CapacityError } from "../../src/engine/couplings.js";
import { MemoryLimitError } from "../../src/engine/cpu-executor.js";
import type { Executor, Slot } from "../../src/engine/executor.js";
import { ExecutorScope } from "../../src/engine/scope.js";
import { simulate, type SimulationOptions } from "../../src/engine/simulate.js";
import { GpuOutOfMemoryError } from "../../src/gpu/errors.js";
import type { ClosureName } from "../../src/physics/closures.js";
import { engine, openEngine, precisions, realised } from "../oracles/engines.js";

interface Input {
  readonly spins: object;
  readonly couplings: { readonly kind: string; readonly [key: string]: unknown };
  readonly field?: object;
}

const random = { kind: "gaussian" };
const sites = 61;
const sphere = { kind: "sphere", dimension: 6, count: sites };
const weights = { query: random, key: random };
const field = { kind: "gaussian", std: 0.5 };
const matrix = Array.from({ length: sites }, (_, i) =>
  Array.from({ length: sites }, (_, j) => Math.sin(1 + 3 * i + 7 * j) / 8),
);

const kinds: [string, ClosureName, Input][] = [
  ["independent Gaussian, naive", "naive", { spins: { kind: "binary", count: sites }, couplings: random, field }],
  [
    "symmetric Gaussian, tap",
    "tap",
    { spins: { kind: "binary", count: sites }, couplings: { ...random, symmetry: 1 } },
  ],
  ["sphere, onsager", "onsager", { spins: sphere, couplings: random, field }],
  ["causal attention, gaussian-field", "gaussian-field", attention({ queries: random, keys: random, mask: "causal" })],
  ["attention on the field, tap", "tap", attention({ weights })],
  ["attention on the state, naive", "naive", attention({ weights, heads: 2, source: "state", scale: 0.4 })],
  ["dense, naive", "naive", { spins: sphere, couplings: { kind: "dense", matrix }, field }],
  ["dense, tap", "tap", { spins: sphere, couplings: { kind: "dense", matrix }, field }],
];

function attention(couplings: object): Input {
  return { spins: sphere, field, couplings: { kind: "attention", dimension: 5, ...couplings } };
}

const observe = ["magnetization", "overlap"] as const;
/** Blocks are filled anew for each iteration, and the second order has 32 or 64 inner ones: one step of it is enough. */
function runs(closure: ClosureName): Omit<SimulationOptions, "closure">[] {
  const strategy = "stored";
  const steps = {
    run: { steps: closure === "tap" ? 1 : 3 },
    observe,
    states: true,
    trajectory: true,
    strategy,
  } as const;
  const steady = { run: { steady: { maxIterations: 3 } }, observe, states: true, strategy } as const;
  return closure === "tap" ? [steps] : [steps, steady];
}

/** An executor with a limit of its own, which it holds the arrays to; it notes how long the arrays of J were. */
class LimitedExecutor extends ExecutorScope {
  override readonly memoryLimit: number;
  readonly couplingLengths: number[] = [];
  readonly #lengths = new Map<Slot, number>();

  constructor(executor: Executor, limit: number) {
    super(executor);
    this.memoryLimit = limit;
  }

  override allocate(label: string, length: number): Slot {
    return this.#count(label, super.allocate(label, length));
  }

  override upload(label: string, values: Float64Array | Uint32Array): Slot {
    return this.#count(label, super.upload(label, values));
  }

  override free(...slots: Slot[]): void {
    for (const slot of slots) this.#lengths.delete(slot);
    super.free(...slots);
  }

  #count(label: string, slot: Slot): Slot {
    this.#lengths.set(slot, slot.length);
    if (label === "couplings") this.couplingLengths.push(slot.length);
    const total = this.elementBytes * [...this.#lengths.values()].reduce((sum, length) => sum + length, 0);
    if (total > this.memoryLimit) throw new MemoryLimitError(label, total, this.memoryLimit);
    return slot;
  }
}

describe.each(precisions)("row blocks, %s", (precision) => {
  const element = precision === "f64" ? 8 : 4;
  const matrixBytes = element * sites * 64;

  it.each(kinds)("%s: every limit that suffices gives the same bits and is kept", async (_, closure, input) => {
    const batch = batchOf(await realised({ beta: 0.9, ...input }));
    const executor = await engine(precision);
    for (const options of runs(closure)) {
      const [[whole]] = await simulate(executor, batch, { closure, ...options });
      /** What a limit of so many times J leads to; a result must be the same bits. */
      const outcome = async (limit: number): Promise<"no room" | "blocks" | "whole"> => {
        const limited = new LimitedExecutor(executor, limit * matrixBytes);
        try {
          const [[result]] = await simulate(limited, batch, { closure, ...options });
          const { strategy } = result;
          expect(result, `limit ${limit} J`).toEqual({ ...whole, strategy });
          const fits = limited.couplingLengths.every((length) => length === batch.heads * sites * 64);
          expect(strategy.name).toBe(fits || input.couplings.kind === "dense" ? "stored" : "blocks");
        } catch (error) {
          if (!(error instanceof CapacityError)) throw error;
          expect(error.message).toContain("--memory");
          return "no room";
        }
        return limited.couplingLengths.every((length) => length === batch.heads * sites * 64) ? "whole" : "blocks";
      };
      // Upwards to the first limit that suffices, which is one that asks for blocks.
      let limit = 0.25;
      while (limit < 50 && (await outcome(limit)) === "no room") limit *= 1.08;
      const dense = input.couplings.kind === "dense" && closure === "naive";
      expect(await outcome(limit), `limit ${limit} J`).toBe(dense ? "whole" : "blocks");
      expect(await outcome(1.3 * limit)).not.toBe("no room");
      expect(await outcome(50)).toBe("whole");
    }
  });

  it("says what is missing when four rows do not fit", async () => {
    const limited = new LimitedExecutor(await engine(precision), 4096);
    const batch = batchOf(await realised({ spins: { kind: "binary", count: 1000 }, couplings: random }));
    const run = simulate(limited, batch, { closure: "naive", ...runs("naive")[0] });
    await expect(run).rejects.toThrow(/four rows of couplings .* N = 1000 .* memory limit 4096/);
  });

  it("does not give out couplings that it holds in blocks", async () => {
    const limited = new LimitedExecutor(await engine(precision), matrixBytes);
    const batch = batchOf(await realised({ spins: { kind: "binary", count: sites }, couplings: random }));
    const run = simulate(limited, batch, { closure: "naive", run: { steps: 1 }, observe: [], couplings: true });
    await expect(run).rejects.toThrow(CapacityError);
  });

  it("holds the device to the limit that it was opened with", async () => {
    const executor = await openEngine(precision, 1024);
    const expected = precision === "f64" ? MemoryLimitError : GpuOutOfMemoryError;
    expect(() => executor.allocate("too long", 1000)).toThrow(expected);
    executor.dispose();
  });
});
