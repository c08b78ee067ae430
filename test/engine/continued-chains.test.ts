/** Chains that go on from the spins of an earlier run, in couplings whose next step is known. */
import { expect, test } from "vitest";
import { batchOf } from "../../src/engine/batch.js";
import { Chains } from "../../src/engine/chains.js";
import { type MonteCarloOptions, monteCarlo } from "../../src/engine/monte-carlo.js";
import { toSystemBatch } from "../../src/sweep/batches.js";
import { engine, precisions, realised } from "../oracles/engines.js";

const identity = (group: number, replica: number) => ({ seed: 23, point: replica, sample: group });

// One step of a one-way ring at β -> ∞ hands every spin to its neighbour.
const cold = (spins: object) => ({ spins: { count: 7, ...spins }, beta: 1e6, couplings: { kind: "ring" } });

test.each(
  precisions.flatMap(
    (precision) =>
      [
        [precision, { kind: "binary" }, 1],
        [precision, { kind: "sphere", dimension: 5 }, 5],
      ] as const,
  ),
)("%s, %o: every chain goes on from its own spins", async (precision, spins, components) => {
  const batch = batchOf(await realised(cold(spins)));
  const options = { chains: 3, burnIn: 0, steps: 1, thin: 1, start: "random", observe: [], identity } as const;
  const run = async (more: Partial<MonteCarloOptions>) => {
    const [[result]] = await monteCarlo(await engine(precision), batch, { ...options, chainSpins: true, ...more });
    return result;
  };
  const first = await run({});
  const { chainSpins = [] } = first;
  expect(chainSpins).toHaveLength(3);
  expect(first.spins).toEqual(chainSpins[0]);
  expect(chainSpins[1]).not.toEqual(chainSpins[0]);
  const next = (await run({ continued: () => chainSpins })).chainSpins ?? [];
  chainSpins.forEach((before, chain) => {
    const shifted = Float64Array.from(before, (_, k) => before.at(k - components) ?? NaN);
    // A spin of length R leaves its field, β R long, by an angle of 1/√(β R²).
    next[chain].forEach((value, k) =>
      expect(Math.abs(value - shifted[k])).toBeLessThan(components === 1 ? 1e-6 : 0.02),
    );
  });
});

test("puts every head of every chain of every point where its system is", async () => {
  const weights = { query: { kind: "gaussian" }, key: { kind: "gaussian" } };
  const attention = {
    spins: { kind: "sphere", count: 5, dimension: 3 },
    couplings: { kind: "attention", source: "state", heads: 2, dimension: 4, weights },
  };
  const systems = await Promise.all([1, 2].map((beta) => realised({ ...attention, beta })));
  const batch = toSystemBatch(systems.map((system) => [system]));
  const chains = new Chains(batch, 3, identity);
  const spins = (group: number, replica: number) =>
    Array.from({ length: 3 }, (_, chain) =>
      Float64Array.from({ length: 5 * 2 * 3 }, (_, k) => 1000 * group + 100 * replica + 10 * chain + k / 100),
    );
  const { fixed } = chains.continued(spins);
  expect(fixed).toHaveLength(chains.layout.systems);
  const { componentStride } = chains.layout;
  for (const group of [0, 1]) {
    for (const head of [0, 1]) {
      chains.systems(chains.set(group, head, 0)).forEach((system, chain) => {
        const own = fixed.find((start) => start.system === system)?.spins ?? [];
        const found = Array.from({ length: 5 }, (_, site) => [
          ...own.slice(site * componentStride, site * componentStride + 3),
        ]).flat();
        const wanted = spins(group, 0)[chain].filter((_, k) => Math.floor(k / 3) % 2 === head);
        expect(found).toEqual([...wanted]);
      });
    }
  }
});
