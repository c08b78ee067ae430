/** `onsager verify DIR`: blocks computed again, bit for bit or within what rounding does, and whatever was edited. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { seal, unseal } from "../../src/files/sealed-json.js";
import { type BlockRecord, decodeBlock, encodeBlock } from "../../src/sweep/folder/block-record.js";
import type { FolderVerification } from "../../src/sweep/verify-folder.js";
import { invoke, invokeJson } from "../cli/invoke.js";
import { block, copyOf, folder, run, specification, specify, tables, whole } from "./small-sweep.js";

const verify = async (path: string, ...words: string[]) => {
  const { code, json } = await invokeJson<FolderVerification[]>("verify", path, "--device", "cpu", ...words);
  return { code, report: json[0] };
};

function forge(path: string, index: number, change: (record: BlockRecord) => Partial<BlockRecord>): void {
  const record = decodeBlock(readFileSync(block(path, index), "utf8"));
  if (typeof record === "string") throw new Error(record);
  writeFileSync(block(path, index), encodeBlock({ ...record, ...change(record) }));
}

const otherGpu = { name: "other GPU", driver: "1.2", precision: "f32", kind: "hardware" } as const;

/** Every row off by a little. */
const moved =
  (by: number) =>
  ({ rows }: BlockRecord) => ({
    rows: rows.map((row) => ({
      ...row,
      observables: { ...row.observables, magnetization: (row.observables.magnetization ?? NaN) + by },
    })),
  });

test("all blocks, bit for bit", async () => {
  const { code, report } = await verify(whole, "--share", "1");
  expect(code).toBe(0);
  expect(report).toMatchObject({
    name: "small",
    blocks: 6,
    missing: 0,
    damaged: [],
    alteredTables: [],
    checks: { made: 6, failed: 0 },
    pass: true,
  });
  expect(report.verdicts.map(({ block: index, compared, difference }) => [index, compared, difference])).toEqual(
    [0, 1, 2, 3, 4, 5].map((k) => [k, "bits", 0]),
  );
  expect(report.verdicts.every(({ check }) => check?.pass)).toBe(true);
});

test("with another version of the package, within rounding, and says so", async () => {
  const path = copyOf("upgraded");
  const manifest = join(path, "manifest.json");
  const found = unseal(readFileSync(manifest, "utf8"));
  if (typeof found === "string") throw new Error(found);
  writeFileSync(manifest, seal({ ...found, version: "0.0.9" }, 2));
  const { code, report } = await verify(path, "--share", "1");
  expect(code).toBe(0);
  expect(report).toMatchObject({ otherVersion: "0.0.9", pass: true });
  expect(new Set(report.verdicts.map(({ compared }) => compared))).toEqual(new Set(["rounding"]));
  const { out } = await invoke("verify", path, "--device", "cpu");
  expect(out).toMatch(/version +begun with another one, 0\.0\.9: compared within rounding\n/);
});

test("one block of every closure by default, chosen by the seed; none for a share of 0", async () => {
  const chosen = async (...words: string[]) =>
    (await verify(whole, ...words)).report.verdicts.map((verdict) => verdict.block);
  const found = new Set<string>();
  for (const seed of ["1", "2", "3", "4"]) {
    const blocks = await chosen("--seed", seed);
    expect(blocks).toHaveLength(2);
    expect(await chosen("--seed", seed)).toEqual(blocks);
    found.add(blocks.join());
  }
  expect(found.size).toBeGreaterThan(1);
  expect(await chosen("--share", "0")).toEqual([]);
});

test("reads as lines of 80 columns", async () => {
  const { code, out } = await invoke("verify", whole, "--device", "cpu", "--share", "1");
  expect(code).toBe(0);
  expect(out).toMatch(
    /files +manifest whole, 6 of 6 blocks whole\ntables +what the blocks say\nchecks +6 by the sweep/,
  );
  expect(out).toMatch(/\n0 +naive +2 +bits +\S+ of \S+ +pass\n/);
  expect(out).toMatch(/\npass\n$/);
  const lines = out.replaceAll(folder, "").split("\n");
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
});

describe("what is found", () => {
  test("a number that the same adapter does not give", async () => {
    const path = copyOf("edited");
    forge(path, 2, moved(1e-15));
    const { code, report } = await verify(path, "--share", "1");
    expect(code).toBe(1);
    expect(report.verdicts.filter(({ fault }) => fault !== undefined)).toMatchObject([
      { block: 2, compared: "bits", fault: "other bits on the same adapter" },
    ]);
    expect(report.alteredTables).toEqual(["results.csv", "summary.csv"]);
    const { code: told, out } = await invoke("verify", path, "--device", "cpu", "--share", "1");
    expect(told).toBe(1);
    expect(out).toMatch(/\nFAIL +block 2 of cpu .*: other bits on the same\s+adapter/);
    expect(out).toMatch(/\nFAIL\n$/);
  });

  test("another adapter may round, and no more", async () => {
    const path = copyOf("foreign");
    const foreign = (by: number) => (record: BlockRecord) => ({
      ...moved(by)(record),
      adapter: otherGpu,
      strategies: record.strategies.map((each) => ({ ...each, precision: "f32" as const })),
    });
    forge(path, 1, foreign(1e-7));
    forge(path, 4, foreign(1e-4));
    const { code, report } = await verify(path, "--share", "1");
    expect(code).toBe(1);
    const [near, far] = [report.verdicts[1], report.verdicts[4]];
    expect(near).toMatchObject({ compared: "rounding", adapter: otherGpu });
    expect(near.fault).toBeUndefined();
    expect(near.allowed).toBeLessThan(2e-5);
    expect(far.fault).toBe("numbers that differ by more than is allowed");
    expect(far.difference).toBeGreaterThan(9e-5);
  });

  test("an edited table, which report makes again", async () => {
    const path = copyOf("table");
    writeFileSync(join(path, "summary.csv"), tables(path)[1].replace("naive", "tap"));
    const { code, report } = await verify(path, "--share", "0");
    expect([code, report.alteredTables]).toEqual([1, ["summary.csv"]]);
    expect((await invoke("report", path)).code).toBe(0);
    expect((await verify(path, "--share", "0")).code).toBe(0);
  });

  test("a check of the sweep that failed", async () => {
    const path = copyOf("failed");
    forge(path, 0, ({ verification }) => ({ verification: verification.map((check) => ({ ...check, pass: false })) }));
    const { code, report } = await verify(path, "--share", "0");
    expect([code, report.checks.failed]).toEqual([1, 1]);
    // So does the sweep that goes on with it: the manifest and the exit code say so.
    rmSync(block(path, 5));
    const resumed = await run(specify("small"), path, "--resume");
    expect(resumed.code).toBe(1);
    expect(resumed.out).toMatch(/FAIL/);
    const { outcome } = JSON.parse(readFileSync(join(path, "manifest.json"), "utf8")) as {
      outcome: { verification: { pass: boolean }[] };
    };
    expect(outcome.verification.filter(({ pass }) => !pass)).toHaveLength(1);
  });

  test("missing blocks, and blocks of rows that are not theirs", async () => {
    const path = copyOf("missing");
    rmSync(block(path, 0));
    expect(await verify(path, "--share", "1")).toMatchObject({
      code: 3,
      report: { missing: 1, blocks: 5, pass: true },
    });
    forge(path, 1, ({ rows }) => ({ rows: rows.map((row) => ({ ...row, sample: row.sample + 1 })) }));
    const { code, report } = await verify(path, "--share", "1");
    expect([code, report.verdicts[0].fault]).toEqual([1, "rows of other points"]);
  });
});

test("chains of another adapter have to agree within four standard errors", async () => {
  const path = join(folder, "chains");
  const spec = specify("chains", {
    system: { ...specification.system, beta: 0.4 },
    axes: { closure: ["monte-carlo"] },
    samples: 2,
    steps: 60,
    monteCarlo: { chains: 8, burnIn: 10 },
    observe: ["magnetization"],
  });
  const { code } = await run(spec, path, "--blocks", "2");
  expect(code).toBe(0);
  forge(path, 0, () => ({ adapter: otherGpu }));
  forge(path, 1, (record) => ({ ...moved(0.5)(record), adapter: otherGpu }));
  const { report } = await verify(path, "--share", "1");
  expect(report.verdicts[0]).toMatchObject({ compared: "standard errors" });
  expect(report.verdicts[0].fault).toBeUndefined();
  expect(report.verdicts[1]).toMatchObject({ fault: "numbers that differ by more than is allowed" });
});

test("a paramagnet ends at zero, and both float64 checks say that they step from elsewhere", async () => {
  const path = join(folder, "paramagnet");
  const system = { ...specification.system, field: { kind: "zero" }, beta: 0.3 };
  const spec = specify("paramagnet", { system, axes: { closure: ["naive"] }, steps: 60, samples: 1 });
  const { code, out } = await invoke("sweep", spec, "--out", path, "--device", "cpu");
  expect(code).toBe(0);
  expect(out).toMatch(/verified +naive: \d+ of \d+ rows in float64, from\s+a\s+random\s+state\s+drawn/);
  expect(readFileSync(join(path, "report.html"), "utf8")).toContain("<td>random</td>");
  const { code: verified, report } = await verify(path);
  expect(verified).toBe(0);
  expect(report.verdicts[0].check).toMatchObject({ start: "random", pass: true });
  const text = (await invoke("verify", path, "--device", "cpu")).out;
  expect(text).toMatch(/note +float64 of block 0 from a random state/);
});

test("chaotic dynamics carries rounding to everything, and the yardstick says so", async () => {
  const path = join(folder, "chaos");
  const system = {
    spins: { kind: "binary", count: 32 },
    beta: 20,
    couplings: { kind: "gaussian", mean: 0, std: 1 },
    initial: { kind: "uniform", halfWidth: 0.5 },
  };
  const spec = specify("chaos", { system, axes: { closure: ["naive"] }, steps: 400, samples: 8 });
  expect((await run(spec, path, "--blocks", "1")).code).toBe(0);
  forge(path, 0, (record) => ({
    ...moved(1e-2)(record),
    adapter: otherGpu,
    strategies: record.strategies.map((each) => ({ ...each, precision: "f32" as const })),
  }));
  const { report } = await verify(path);
  expect(report.verdicts[0].fault).toBeUndefined();
  expect(report.verdicts[0].allowed).toBeGreaterThan(1e-2);
});

test("f32 of a software adapter, verified in float64 of the CPU", async () => {
  const path = join(folder, "software");
  const spec = specify("software", { steps: undefined, steady: true });
  const { code, err } = await invoke(
    "sweep",
    spec,
    "--out",
    path,
    "--device",
    process.env.ONSAGER_DEVICE ?? "SwiftShader",
  );
  expect([code, err]).toEqual([0, ""]);
  const { code: verified, report } = await verify(path, "--share", "1");
  expect([verified, report.pass]).toEqual([0, true]);
  if (process.env.ONSAGER_DEVICE !== "cpu") {
    expect(report.verdicts.every(({ compared, difference }) => compared === "rounding" && difference > 0)).toBe(true);
  }
});

test("options of the other kind of verify are refused", async () => {
  expect((await invoke("verify", whole, "--rows", "3")).err).toMatch(
    /--rows: found the folder of a sweep, expected a system file/,
  );
  expect((await invoke("verify", "system.yaml", "--share", "0.5")).err).toMatch(/--share: found no folder of a sweep/);
  const other = join(folder, "other");
  mkdirSync(other);
  writeFileSync(join(other, "thesis.tex"), "");
  expect((await invoke("verify", other)).err).toMatch(/found a folder that this program did not write/);
});
