/** Parts of a sweep put together: all of them, some, twice, of other machines, and of other sweeps. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { seal, unseal } from "../../src/files/sealed-json.js";
import { type BlockRecord, decodeBlock, encodeBlock } from "../../src/sweep/folder/block-record.js";
import { RunFolder } from "../../src/sweep/folder/run-folder.js";
import { invoke } from "../cli/invoke.js";
import { block, blocksOf, copyOf, folder, run, small, specify, tables, theLine, whole } from "./small-sweep.js";

const merge = (out: string, ...parts: string[]) => invoke("merge", ...parts, "--out", join(folder, out));

function forge(path: string, index: number, change: (record: BlockRecord) => Partial<BlockRecord>): void {
  const record = decodeBlock(readFileSync(block(path, index), "utf8"));
  if (typeof record === "string") throw new Error(record);
  writeFileSync(block(path, index), encodeBlock({ ...record, ...change(record) }));
}

const otherGpu = { name: "other GPU", driver: "1.2", precision: "f32", kind: "hardware" } as const;
const shifted = ({ rows }: BlockRecord): Pick<BlockRecord, "rows"> => ({
  rows: rows.map((row) => ({ ...row, observables: { ...row.observables, magnetization: 0.25 } })),
});

describe("shards", () => {
  const part = (k: number) => join(folder, `part-${k}`);
  test("come to the bytes of the whole", async () => {
    for (const k of [0, 1, 2]) {
      const words = ["--shard", `${k}/3`, "--blocks", "6", "--verify", "1"];
      expect(await run(small, part(k), ...words)).toMatchObject({ code: 0, err: "" });
      // A finished part has nothing to do either.
      expect((await run(small, part(k), ...words, "--resume", "--device", "no such device")).code).toBe(0);
      expect((await invoke("status", part(k))).code).toBe(0);
      expect(blocksOf(part(k))).toHaveLength(2);
    }
    const merged = await merge("merged", part(2), part(0), part(1));
    expect(merged).toMatchObject({ code: 0, err: "" });
    expect(merged.out).toMatch(/^small: all 6 blocks, with tables and figures/);
    expect(tables(join(folder, "merged"))).toEqual(tables(whole));
    expect((await invoke("verify", join(folder, "merged"), "--device", "cpu", "--share", "1")).code).toBe(0);
  });

  test("may be missing, and are computed on --resume", async () => {
    const merged = await merge("two of three", part(0), part(2));
    expect(merged).toMatchObject({ code: 3, err: "" });
    expect(merged.out).toMatch(/^small: 4 of 6 blocks, in .*; sweep --resume computes the others/);
    const path = join(folder, "two of three");
    expect(await run(small, path, "--resume")).toMatchObject({ code: 0, err: "" });
    expect(tables(path)).toEqual(tables(whole));
  });

  test("that overlap are counted once", async () => {
    const merged = await merge("overlap", whole, part(1));
    expect(merged.code).toBe(0);
    expect(merged.out).toMatch(/^2 blocks stood in two folders and were taken once\n/);
    expect(tables(join(folder, "overlap"))).toEqual(tables(whole));
  });
});

test("parts of different specifications name the key", async () => {
  const stranger = join(folder, "stranger");
  expect((await run(specify("stranger", { seed: 6 }), stranger, "--blocks", "6")).code).toBe(0);
  const refused = await merge("strange", whole, stranger);
  expect(refused.code).toBe(2);
  expect(theLine(refused)).toMatch(/\/stranger: found results of another run \(specification\.seed 6, not 5\)/);
});

test("the same specification, cut otherwise", async () => {
  const coarse = join(folder, "coarse");
  expect((await run(small, coarse, "--blocks", "2", "--verify", "1")).code).toBe(0);
  expect(theLine(await merge("cuts", whole, coarse))).toMatch(/another run \(sizing\.work \d+, not \d+\)/);
});

test("one adapter with two results is a fault of somebody", async () => {
  const path = copyOf("forged");
  forge(path, 3, shifted);
  const refused = await merge("unmade", whole, path);
  expect(refused.code).toBe(2);
  expect(theLine(refused)).toMatch(
    /\/forged: found other numbers in block 3 than \S*\/whole has, expected the same, of one adapter/,
  );
});

test("other adapters are labelled", async () => {
  const path = copyOf("foreign");
  forge(path, 3, (record) => ({ ...shifted(record), adapter: otherGpu }));
  const both = await merge("first", whole, path);
  expect(both.code).toBe(0);
  expect(both.out).toMatch(/1 of these differ, being of different adapters; the first folder's were taken/);
  expect(tables(join(folder, "first"))).toEqual(tables(whole));

  const rest = copyOf("rest");
  rmSync(block(rest, 3));
  const mixed = await merge("mixed", rest, path);
  expect(mixed.code).toBe(0);
  expect(mixed.out).toMatch(/adapters differ.*\n +10 rows +cpu \(.*\n +2 rows +other GPU \(1\.2\), f32\n/);
  const rows = tables(join(folder, "mixed"))[0].trimEnd().split("\n").slice(1);
  const foreign = rows.filter((row) => row.endsWith('"other GPU (1.2), f32"'));
  expect(foreign).toHaveLength(2);
  expect(foreign.every((row) => row.includes(",0.25,"))).toBe(true);
});

test("parts of a refined sweep know too little to refine: the merged folder goes on", async () => {
  const system = {
    spins: { kind: "binary", count: 8 },
    couplings: { kind: "curie-weiss" },
    initial: { kind: "constant", value: 1 },
  };
  const refine = { axis: "beta", observable: "magnetization", points: 1, rounds: 2 };
  const spec = specify("refined", {
    system,
    axes: { beta: [0.5, 1, 3] },
    samples: 1,
    refine,
    observe: ["magnetization"],
  });
  const parts = [0, 1].map((k) => join(folder, `refined-${k}`));
  for (const [k, path] of parts.entries())
    expect((await run(spec, path, "--shard", `${k}/2`, "--blocks", "3")).code).toBe(0);
  const out = join(folder, "refined");
  const merged = await merge("refined", ...parts);
  expect(merged.code).toBe(3);
  expect(merged.out).toMatch(/all 3 blocks of the rounds so far, .*; sweep --resume goes on refining/);
  expect((await invoke("status", out)).code).toBe(3);
  expect(await run(spec, out, "--resume")).toMatchObject({ code: 0, err: "" });
  const never = join(folder, "refined at once");
  expect((await run(spec, never, "--blocks", "3")).code).toBe(0);
  expect(tables(out)).toEqual(tables(never));
  expect(tables(out)[1].trimEnd().split("\n")).toHaveLength(1 + 5);

  // Blocks of values that another refinement has added are none of this one's, whatever their numbers.
  const manifest = join(out, "manifest.json");
  const found = unseal(readFileSync(manifest, "utf8"));
  if (typeof found === "string") throw new Error(found);
  const [[first], second] = found.refined as number[][];
  writeFileSync(manifest, seal({ ...found, refined: [[first * 1.001], second] }, 2));
  const { damaged } = await RunFolder.read(out);
  expect(damaged.map(({ reason }) => reason)).toEqual([
    "a block of another specification",
    "a block of another specification",
  ]);
});

test("a folder with something in it is no place to merge into", async () => {
  const refused = await merge("whole", whole);
  expect(theLine(refused)).toMatch(/\/whole: found a folder that is not empty, expected a new folder/);
  expect((await merge("nothing", join(folder, "absent"))).err).toMatch(/absent\/manifest\.json: found no such file/);
});
