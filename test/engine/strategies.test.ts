/** How attention reaches a field product: what is chosen, what may be asked for, and that all ways agree. */
import { expect, test } from "vitest";
import { batchOf } from "../../src/engine/batch.js";
import type { CouplingStrategy } from "../../src/engine/coupling-strategy.js";
import { realise } from "../../src/engine/realise.js";
import { simulate } from "../../src/engine/simulate.js";
import { parseSystem } from "../../src/physics/system.js";
import { useGpu } from "../kernels/compare.js";

const gpu = useGpu();

async function run(strategy: CouplingStrategy | undefined, dimension: number, couplings = false) {
  const description = parseSystem(
    {
      spins: { kind: "sphere", count: 37, dimension: 6 },
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
    closure: "tap",
    run: { steps: 3 },
    observe: ["entropy"],
    states: true,
    couplings,
    strategy,
  } as const;
  const [[result]] = await simulate(gpu(), batchOf(system), options);
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

test("what no fused kernel takes is stored, with the reason", async () => {
  const { strategy } = await run(undefined, 300);
  expect(strategy.name).toBe("stored");
  expect(strategy.reason).toMatch(/up to d = D = 256, found d = 300, D = 6/);
  await expect(run("subgroups", 300)).rejects.toThrow(/strategy: found subgroups: the fused kernels go up to/);
});

test("couplings that are given out are stored", async () => {
  const { strategy, couplings } = await run(undefined, 5, true);
  expect(strategy.name).toBe("stored");
  expect(couplings).toHaveLength(37 * 37);
});
