/** Sites and heads taken out, against the smaller system written out. */
import { describe, expect, it } from "vitest";
import { measureRemoval, withoutPart } from "../../src/engine/removal.js";
import { batchOf } from "../../src/engine/batch.js";
import { gaussianMatrix } from "../../src/reference/random.js";
import { engine, expectWithin, precisions, realised, runBatch } from "../oracles/engines.js";

const N = 12;
const D = 4;
const drawn = (rows: number, columns: number, sample: number) => {
  const values = gaussianMatrix(rows, columns, { seed: 9, stream: 3, sample });
  return Array.from({ length: rows }, (_, row) => [...values.subarray(row * columns, (row + 1) * columns)]);
};
const field = drawn(N, D, 0);
const initial = { kind: "direction", norm: 0.5 };
const removed = [3, 7];
const kept = Array.from({ length: N }, (_, i) => i).filter((i) => !removed.includes(i));
const options = { closure: "gaussian-field", run: { steps: 5 }, observe: ["overlap"] } as const;
const spins = { kind: "sphere", dimension: D };

describe.each(precisions)("removal, %s", (precision) => {
  const tolerance = precision === "f64" ? 1e-13 : 2e-6;

  it.each([
    { kind: "gaussian", symmetry: 0.5 },
    { kind: "ring" },
    { kind: "hopfield", count: 3 },
    {
      kind: "species",
      mean: [
        [1, -1],
        [2, 0],
      ],
    },
  ])("of sites: $kind couplings keep their values", async (couplings) => {
    const species = [{ name: "a", count: 5, beta: 2 }, { name: "b" }];
    const binary = { spins: { kind: "binary", count: N }, couplings, field: field.map(([x]) => x), species };
    const system = await realised(binary);
    const rest = await withoutPart(system, { sites: removed });
    const run = { closure: "tap", run: { steps: 1 }, couplings: true } as const;
    const [[{ couplings: whole }]] = await runBatch("f64", batchOf(system), run);
    const [[{ couplings: part }]] = await runBatch(precision, batchOf(rest), run);
    expectWithin(
      part!,
      kept.flatMap((i) => kept.map((j) => whole![i * N + j])),
      tolerance,
      "J",
    );
    expect([...rest.betas!]).toEqual(kept.map((i) => (i < 5 ? 2 : 1)));
    expect(rest.species!.map(({ first, count }) => [first, count])).toEqual([
      [0, 4],
      [4, 6],
    ]);
    const response = await measureRemoval(
      await engine(precision),
      system,
      { sites: removed },
      { ...options, closure: "naive", observe: ["magnetization:a", "overlap"] },
    );
    expect(Object.keys(response.changes)).toEqual(["magnetization:a", "overlap"]);
    expect(response.rmsChange).toBeGreaterThan(1e-3);
    const before = kept.map((i) => response.intact.state![i]);
    const squares = before.reduce((sum, m, k) => sum + (m - response.remaining.state![k]) ** 2, 0);
    expect(response.rmsChange).toBeCloseTo(Math.sqrt(squares / kept.length), 12);
  });

  it("of sites: attention runs over the keys that remain", async () => {
    const [queries, keys] = [drawn(N, D, 1), drawn(N, D, 2)];
    const system = await realised({
      spins,
      couplings: { kind: "attention", queries, keys, mask: "causal" },
      field,
      initial: field.map((x) => x.map((v) => v / 9)),
    });
    const { remaining } = await measureRemoval(await engine(precision), system, { sites: removed }, options);
    const of = <Row>(rows: Row[]) => kept.map((i) => rows[i]);
    const smaller = {
      spins,
      couplings: { kind: "attention", queries: of(queries), keys: of(keys), mask: "causal" },
      field: of(field),
      initial: of(field).map((x) => x.map((v) => v / 9)),
    };
    const [[expected]] = await runBatch("f64", batchOf(await realised(smaller)), options);
    expectWithin(remaining.state!, [...expected.state], tolerance, "state");
  });

  it("of heads: others that share nothing with them do not change", async () => {
    const random = { kind: "gaussian" };
    const couplings = { kind: "attention", queries: random, keys: random, heads: 3 };
    const system = await realised({ spins: { ...spins, count: N }, couplings, initial, seed: 4 });
    const response = await measureRemoval(await engine(precision), system, { heads: [1] }, options);
    expect(response.rmsChange).toBeLessThan(1e-7);
    const weights = { query: random, key: random };
    const following = { kind: "attention", weights, source: "state", heads: 3 };
    const mixed = await realised({ spins: { ...spins, count: N }, couplings: following, initial, seed: 4 });
    const changed = await measureRemoval(await engine(precision), mixed, { heads: [0, 2] }, options);
    expect(changed.rmsChange).toBeGreaterThan(1e-3);
    expect(changed.remaining.state!.length).toBe(N * D);
  });
});

it.each([
  [{ sites: [N] }, "remove.sites: found 12, expected numbers from 0 to 11"],
  [{ sites: [...Array(N).keys()] }, "remove.sites: found all 12, expected one at least that remains"],
  [{ heads: [0] }, "remove.heads: found couplings without heads, expected attention"],
])("%j gets one line", async (removal, line) => {
  const system = await realised({ spins: { kind: "binary", count: N }, couplings: { kind: "ring" } });
  await expect(withoutPart(system, removal)).rejects.toThrow(line);
});
