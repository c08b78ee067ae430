/** A sweep goes on with the tiles that it was begun with, whatever has been tuned meanwhile. */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { computingOf } from "../../src/cli/computing.js";
import { sweepCommand } from "../../src/cli/sweep.js";
import { GpuExecutor } from "../../src/engine/gpu-executor.js";
import { loadTuning, tuningKey } from "../../src/engine/tuning-cache.js";
import type { TileChange } from "../../src/kernels/candidates.js";
import { cutOf, planOf } from "../../src/sweep/fleet/block-plan.js";
import { BlockProcess } from "../../src/sweep/fleet/block-process.js";
import { mergeFolders } from "../../src/sweep/folder/merge.js";
import { RunFolder } from "../../src/sweep/folder/run-folder.js";
import { planBlocks, settleSites } from "../../src/sweep/blocks.js";
import { expand } from "../../src/sweep/spec.js";
import { verifyFolder } from "../../src/sweep/verify-folder.js";
import { saveTuning } from "../../src/verify/save-tuning.js";
import type { MeasuredCandidate } from "../../src/verify/tune.js";
import { sharedDevice } from "../device.js";

const folder = mkdtempSync(join(tmpdir(), "onsager-tiles-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

const BUCKET = { sites: 256, dimension: 16 };
const KERNEL = "attention-field-binary";
const [BEGUN, LATER] = [
  { ROW_GROUPS: 1, KEYS: 1 },
  { ROW_GROUPS: 2, KEYS: 4 },
] satisfies TileChange[];

const select = process.env.ONSAGER_DEVICE;
const spec = join(folder, "spec.json");
writeFileSync(
  spec,
  JSON.stringify({
    name: "tuned",
    system: {
      spins: { kind: "binary", count: 40 },
      field: { kind: "gaussian", std: 1 },
      couplings: {
        kind: "attention",
        queries: { kind: "gaussian", std: 1 },
        keys: { kind: "gaussian", std: 1 },
        dimension: 8,
      },
    },
    axes: { beta: { from: 0.5, to: 2, count: 6 }, closure: ["naive"] },
    seed: 3,
    steps: 3,
    observe: ["magnetization", "overlap"],
  }),
);

/** The device that all runs share, tuned by hand, as if it were hardware. */
async function tuned(change: TileChange): Promise<GpuExecutor> {
  const gpu = await sharedDevice();
  const path = join(folder, "tuning.json");
  const winner: MeasuredCandidate = { strategy: "subgroups", change, tile: {}, medianMs: 1, rejected: undefined };
  await saveTuning(path, await tuningKey(gpu), [{ kernel: KERNEL, bucket: BUCKET, candidates: [winner], winner }]);
  return new GpuExecutor(gpu, Infinity, await loadTuning(gpu, path));
}

interface Ran {
  readonly code: number | undefined;
  readonly notes: readonly string[];
}

/** Runs the command on such a device. */
async function sweep(
  name: string,
  change: TileChange,
  { resume = false, shard }: { readonly resume?: boolean; readonly shard?: { index: number; count: number } } = {},
  stopAfter = Infinity,
): Promise<Ran> {
  const out = join(folder, name);
  const stop = new AbortController();
  const notes: string[] = [];
  const watch = setInterval(() => {
    if (blocksOf(out) >= stopAfter) stop.abort(new Error("stopped"));
  }, 1);
  const options = {
    out,
    resume,
    blocks: 6,
    verify: 0,
    select,
    version: "0",
    command: "onsager sweep",
    ...(shard && { shard }),
  };
  try {
    const code = await sweepCommand(
      spec,
      options,
      {
        print: () => undefined,
        note: (text) => notes.push(text),
        terminal: undefined,
        interruption: stop.signal,
        holdInterruption: () => () => undefined,
        program: "onsager",
      },
      async () => ({ ...computingOf(await tuned(change)), close: () => Promise.resolve() }),
    );
    return { code, notes };
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    return { code: undefined, notes };
  } finally {
    clearInterval(watch);
  }
}

function blocksOf(out: string): number {
  try {
    return readdirSync(join(out, "blocks")).filter((name) => name.endsWith(".json")).length;
  } catch {
    return 0;
  }
}

const table = (name: string) => readFileSync(join(folder, name, "results.csv"), "utf8");
const choice = (change: TileChange) => ({ kernel: KERNEL, ...BUCKET, strategy: "subgroups", change });

/** KEYS of the field kernel, in all blocks. */
const keysOf = ({ finished }: RunFolder) =>
  new Set([...finished.values()].flatMap(({ strategies }) => strategies.map(({ tile }) => tile?.KEYS)));

test("tuning between two runs changes no number, and what was begun with is in the manifest", async () => {
  expect(await sweep("whole", BEGUN)).toEqual({ code: 0, notes: [] });
  expect((await sweep("stopped", BEGUN, {}, 2)).code).toBeUndefined();
  expect(blocksOf(join(folder, "stopped"))).toBeLessThan(6);
  const resumed = await sweep("stopped", LATER, { resume: true });
  expect(resumed.code).toBe(0);
  expect(resumed.notes).toEqual([
    `onsager: ${join(folder, "stopped")}: goes on with the tiles it was begun with, not those of the tuning cache`,
  ]);
  expect(table("stopped")).toBe(table("whole"));
  const opened = await RunFolder.read(join(folder, "stopped"));
  expect(opened.manifest.tiles).toMatchObject([{ choices: [choice(BEGUN)] }]);
  expect(opened.finished.size).toBe(6);
  expect(keysOf(opened)).toEqual(new Set([BEGUN.KEYS]));

  // The check of the folder asks for the same bits with the same tiles.
  const later = await tuned(LATER);
  const { verdicts, pass } = await verifyFolder(opened, () => Promise.resolve(later), { version: "0", share: 0.5 });
  expect(pass).toBe(true);
  expect(new Set(verdicts.map(({ compared }) => compared))).toEqual(new Set(["bits"]));

  // Tuned otherwise from the start, it is another run: not to be merged with this one.
  expect((await sweep("other", LATER, {}, 1)).code).toBeUndefined();
  const both = [join(folder, "stopped"), join(folder, "other")];
  await expect(mergeFolders(both, { out: join(folder, "merged"), version: "0" })).rejects.toThrow(
    /other: found other tiles of .* than other parts have, expected the same, of one adapter/,
  );
});

test("parts take the defaults, and their manifest says so", async () => {
  const { code, notes } = await sweep("part", LATER, { shard: { index: 0, count: 6 } });
  expect(code).toBe(0);
  expect(notes).toEqual([
    `onsager: ${join(folder, "part")}: parts of a sweep take the default tiles, not those of the tuning cache`,
  ]);
  expect((await RunFolder.read(join(folder, "part"))).manifest.tiles).toMatchObject([{ choices: [] }]);
});

test("processes, those of a queue's workers too, take what the plan says, and refuse what is no candidate", async () => {
  const folderOf = await RunFolder.read(join(folder, "whole"));
  const { manifest, load } = folderOf;
  const expanded = expand(manifest.specification, spec);
  const sites = await settleSites(expanded, load, spec);
  const work = {
    sweep: expanded,
    sites,
    refined: [],
    sizing: manifest.sizing,
    blocks: planBlocks(expanded, sites, manifest.sizing),
  };
  const program = new URL("../../dist/cli/block-child.js", import.meta.url);
  const child = await BlockProcess.start({ program, select });
  const compute = (tiles: typeof manifest.tiles) =>
    child.compute({ plan: planOf(work, { tiles }), context: "plan", arrays: {} }, cutOf(work.blocks[0]));
  const own = await compute(manifest.tiles);
  expect(own.record.strategies[0].tile?.KEYS).toBe(BEGUN.KEYS);
  expect(own.record.rows).toEqual(folderOf.finished.get(0)?.rows);
  expect((await compute([])).record.strategies[0].tile?.KEYS).toBe(2);
  const [{ adapter, choices }] = manifest.tiles;
  const invented = [{ adapter, choices: choices.map((one) => ({ ...one, change: { KEYS: 99 } })) }];
  await expect(compute(invented)).rejects.toThrow(/tiles: found subgroups .*"KEYS":99.* expected tiles that this/);
  await child.end();
});
