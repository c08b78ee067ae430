/** How attention reaches a field product: what is chosen, what may be asked for, and that all ways agree. */
import { expect, test } from "vitest";
import { batchOf } from "../../src/engine/batch.js";
import { CapacityError } from "../../src/engine/couplings.js";
import type { CouplingStrategy } from "../../src/engine/coupling-strategy.js";
import type { Executor } from "../../src/engine/executor.js";
import { ExecutorScope } from "../../src/engine/scope.js";
import { realise } from "../../src/engine/realise.js";
import { simulate } from "../../src/engine/simulate.js";
import { keepsFrozenCouplings } from "../../src/kernels/strategies.js";
import { parseSystem } from "../../src/physics/system.js";
import { useGpu } from "../kernels/compare.js";

const gpu = useGpu();

interface Ways {
  readonly couplings: boolean;
  readonly components: number;
  readonly closure: "onsager" | "tap";
}

async function run(
  strategy: CouplingStrategy | undefined,
  dimension: number,
  { couplings = false, components = 6, closure = "tap" }: Partial<Ways> = {},
  executor: Executor = gpu(),
) {
  const description = parseSystem(
    {
      spins: { kind: "sphere", count: 37, dimension: components },
      beta: 1.5,
      couplings: {
        kind: "attention",
        queries: { kind: "gaussian" },
        keys: { kind: "gaussian" },
        dimension,
        scale: 0.2,
      },
      field: { kind: "gaussian" },
    },
    "system",
  );
  const system = await realise(description, () => Promise.reject(new Error("no files")), "system");
  const options = {
    closure,
    run: { steps: 3 },
    observe: ["entropy"],
    states: true,
    couplings,
    strategy,
  } as const;
  const [[result]] = await simulate(executor, batchOf(system), options);
  return result;
}

test("auto is the first fused strategy, and says which", async () => {
  const { strategy } = await run(undefined, 5);
  expect(strategy.name).toBe(gpu().traits.software ? "subgroups" : "portable");
  expect(strategy).toMatchObject({ precision: "f32", splits: 1 });
});

test.each(["portable", "subgroups"] as const)(
  "%s agrees with stored, frozen steps and TAP sums too",
  async (strategy) => {
    const [fused, stored] = [await run(strategy, 5), await run("stored", 5)];
    expect([fused.strategy.name, stored.strategy.name]).toEqual([strategy, "stored"]);
    const radius = Math.sqrt(6 / 2 - 1);
    const expected = stored.state ?? new Float64Array();
    const worst = Math.max(...expected.map((value, k) => Math.abs(value - (fused.state?.[k] ?? NaN))));
    expect(worst / radius).toBeLessThan(2e-6);
    expect(fused.observables.entropy).toBeCloseTo(stored.observables.entropy ?? NaN, 5);
  },
);

test("frozen attention is stored after the first step where that was measured to pay, and the closure needs no more", async () => {
  const pays = keepsFrozenCouplings(gpu().traits);
  const { strategy } = await run(undefined, 5, { closure: "onsager", components: 20 });
  expect(strategy.frozen?.held).toBe(pays ? "stored" : "recomputed");
  expect(strategy.product?.strategy).toBe(pays ? "subgroups" : undefined);
  expect((await run(undefined, 5)).strategy.frozen?.held).toBe("recomputed");
  expect((await run("portable", 5, { closure: "onsager" })).strategy.frozen).toEqual({
    held: "recomputed",
    reason: "portable was asked for",
  });
});

test.each([6, 20])(
  "D = %i: a stored J gives what the fused kernel gives, in blocks the same bits",
  async (components) => {
    const ways = { closure: "onsager", components } as const;
    const kept = await run(undefined, 5, ways);
    const name = kept.strategy.name as CouplingStrategy;
    const recomputed = await run(name, 5, ways);
    const expected = recomputed.state ?? new Float64Array();
    const worst = Math.max(...expected.map((value, k) => Math.abs(value - (kept.state?.[k] ?? NaN))));
    expect(worst / Math.sqrt(components / 2 - 1)).toBeLessThan(2e-6);
    if (kept.strategy.frozen?.held !== "stored") return;
    const held = new Set<string | undefined>();
    for (let limit = 60_000; limit > 10_000; limit -= 1000) {
      const result = await run(undefined, 5, ways, new LimitedExecutor(gpu(), limit)).catch((error: unknown) => {
        expect(error).toBeInstanceOf(CapacityError);
      });
      if (!result) continue;
      held.add(result.strategy.frozen?.held);
      if (result.strategy.frozen?.held !== "recomputed") expect(result.state).toEqual(kept.state);
    }
    expect(held).toContain("blocks");
  },
);

class LimitedExecutor extends ExecutorScope {
  constructor(
    executor: Executor,
    override readonly memoryLimit: number,
  ) {
    super(executor);
  }
}

test("what no fused kernel takes is stored, with the reason", async () => {
  const { strategy } = await run(undefined, 300);
  expect(strategy.name).toBe("stored");
  expect(strategy.reason).toMatch(/up to d = D = 256, found d = 300, D = 6/);
  await expect(run("subgroups", 300)).rejects.toThrow(/strategy: found subgroups: the fused kernels go up to/);
});

test("couplings that are given out are stored", async () => {
  const { strategy, couplings } = await run(undefined, 5, { couplings: true });
  expect(strategy.name).toBe("stored");
  expect(couplings).toHaveLength(37 * 37);
});
