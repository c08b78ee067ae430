/** Folders that were touched by other hands: each ends in one clear line, with nothing lost and nothing counted twice. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { writeNpy } from "../../src/files/npy.js";
import { seal, unseal } from "../../src/files/sealed-json.js";
import { FolderLock } from "../../src/sweep/folder/folder-lock.js";
import { invoke, invokeJson } from "../cli/invoke.js";
import {
  block,
  blocksOf,
  copyOf,
  folder,
  leftovers,
  run,
  small,
  specify,
  tables,
  theLine,
  whole,
} from "./small-sweep.js";

describe("what may be touched", () => {
  test("results need --resume or --replace", async () => {
    const refused = await run(small, whole);
    expect(refused.code).toBe(2);
    expect(theLine(refused)).toBe(
      "onsager: /whole: found results of an earlier run, expected a new folder, --resume to go on, or --replace",
    );
    // Not even the device was opened.
    expect(refused.out).toBe("");
  });

  test("a finished sweep has nothing to do", async () => {
    const again = await run(small, whole, "--resume", "--device", "no such device");
    expect(again).toMatchObject({ code: 0, err: "", out: `small: finished already, in ${whole}\n` });
  });

  test("--resume starts a folder that is missing, and one that is empty", async () => {
    const empty = join(folder, "empty");
    mkdirSync(empty);
    for (const path of [empty, join(folder, "missing")]) {
      expect(await run(small, path, "--resume", "--blocks", "6", "--verify", "1")).toMatchObject({ code: 0, err: "" });
      expect(tables(path)).toEqual(tables(whole));
    }
  });

  test("blocks without their manifest are not free to go", async () => {
    const path = copyOf("headless");
    for (const name of readdirSync(path)) if (name !== "blocks") rmSync(join(path, name), { recursive: true });
    expect(theLine(await run(small, path))).toMatch(/^onsager: \/headless: found results of an earlier run/);
    expect(theLine(await run(small, path, "--resume"))).toMatch(/manifest\.json: found no such file/);
    expect(blocksOf(path)).toHaveLength(6);
  });

  test("a folder of something else", async () => {
    const path = join(folder, "else");
    mkdirSync(path);
    writeFileSync(join(path, "thesis.tex"), "");
    for (const words of [[], ["--resume"], ["--replace"]]) {
      const refused = await run(small, path, ...words);
      expect(refused.code).toBe(2);
      expect(theLine(refused)).toMatch(/\/else: found a folder that this program did not write/);
    }
    expect(readdirSync(path)).toEqual(["thesis.tex"]);
  });

  test("a folder of other sweeps", async () => {
    const several = (name: string, names: readonly string[]) => {
      const path = join(folder, `${name}.json`);
      const one = JSON.parse(readFileSync(small, "utf8")) as Record<string, unknown>;
      writeFileSync(path, JSON.stringify({ sweeps: names.map((own) => ({ ...one, name: own })) }));
      return path;
    };
    const path = join(folder, "several");
    const spec = several("ab", ["a", "b"]);
    expect(await run(spec, path)).toMatchObject({ code: 0, err: "" });
    const refused = await run(several("cd", ["c", "d"]), path);
    expect(refused.code).toBe(2);
    expect(theLine(refused)).toMatch(/\/several: found the sweeps a, b, expected a folder for the sweeps c, d/);
    expect(await run(spec, path, "--resume")).toMatchObject({ code: 0, err: "" });
    expect((await invoke("status", path)).code).toBe(0);
  });
});

test("a folder that holds folders of several specifications lists each, also where one cannot be read", async () => {
  const holder = join(folder, "holder");
  for (const name of ["one", "two"]) cpSync(whole, join(holder, name), { recursive: true });
  mkdirSync(join(holder, "drafts"));
  const { code, json } = await invokeJson<{ folder: string }[]>("status", holder);
  expect(code).toBe(0);
  expect(json.map(({ folder: path }) => path)).toEqual([join(holder, "one"), join(holder, "two")]);
  writeFileSync(join(holder, "one", "manifest.json"), '{"program":"onsager"}');
  const damaged = await invoke("status", holder);
  expect(damaged.code).toBe(2);
  expect(damaged.err).toMatch(/one.manifest\.json: found/);
  expect(damaged.out).toContain(join(holder, "two"));
  const empty = await invoke("status", join(holder, "drafts"));
  expect(theLine(empty)).toMatch(/found nothing, expected a folder that a sweep has written, or that holds several/);
});

test("--resume says that --blocks comes too late, unless it asks for the same", async () => {
  const path = copyOf("cut");
  expect(await run(small, path, "--resume", "--blocks", "6")).toMatchObject({ code: 0, err: "" });
  const other = await run(small, path, "--resume", "--blocks", "3");
  expect(other.code).toBe(0);
  expect(theLine(other)).toMatch(/\/cut: keeps its cut into blocks; --blocks counts at the start only/);
});

describe("results of another specification: --resume names the first key that differs", () => {
  const cases: [string, Record<string, unknown>, string[], string][] = [
    [
      "a parameter",
      {
        system: {
          spins: { kind: "binary", count: 8 },
          beta: 1.6,
          couplings: { kind: "gaussian", mean: 1, std: 0.3 },
          initial: { kind: "constant", value: 1 },
        },
      },
      [],
      "specification.system.beta 1.5, not 1.6",
    ],
    ["a seed", { seed: 6 }, [], "specification.seed 5, not 6"],
    [
      "another axis",
      { axes: { closure: ["naive", "tap"], beta: [1, 2] } },
      [],
      "specification.axes.beta nothing, not a list of 2",
    ],
    ["a part of it", {}, ["--shard", "0/2"], 'shard nothing, not {"index":0,"count":2}'],
    ["another share of checks", {}, ["--verify", "0.5"], "verify 1, not 0.5"],
  ];
  test.each(cases)("%s", async (name, changes, words, difference) => {
    const before = readFileSync(join(whole, "manifest.json"), "utf8");
    const refused = await run(specify("other", changes), whole, "--resume", ...words);
    expect(refused.code).toBe(2);
    expect(theLine(refused), name).toContain(`results of another run (${difference})`);
    expect(readFileSync(join(whole, "manifest.json"), "utf8")).toBe(before);
    expect(leftovers(whole)).toEqual([]);
  });
});

test("an array that has changed, and a changed copy of it", async () => {
  const matrix = (scale: number) => Array.from({ length: 16 }, (_, k) => scale * Math.sin(k));
  await writeNpy(join(folder, "J.npy"), [4, 4], matrix(1), "<f8");
  const system = {
    spins: { kind: "binary" },
    beta: 1,
    couplings: { kind: "dense", matrix: "J.npy" },
    field: { kind: "constant", value: 0.1 },
  };
  const spec = specify("array", { system, samples: 1, observe: ["magnetization"] });
  const path = join(folder, "array");
  expect(await run(spec, path)).toMatchObject({ code: 0, err: "" });
  const [results] = tables(path);
  await writeNpy(join(folder, "J.npy"), [4, 4], matrix(2), "<f8");
  const refused = await run(spec, path, "--resume");
  expect(refused.code).toBe(2);
  expect(theLine(refused)).toMatch(/results of another run \(inputs\.J\.npy "[0-9a-f]+.*, not "[0-9a-f]+/);
  // The folder has its own copy, by which it is complete.
  rmSync(join(folder, "J.npy"));
  expect(theLine(await run(spec, path, "--resume"))).toMatch(/\/J\.npy: found no such file/);
  expect((await invoke("report", path)).code).toBe(0);
  expect(tables(path)[0]).toBe(results);
  const [copy] = readdirSync(join(path, "inputs"));
  writeFileSync(join(path, "inputs", copy), "edited");
  const verified = await invoke("verify", path, "--device", "cpu");
  expect(verified.code).toBe(1);
  expect(verified.out).toMatch(/FAIL .*found a file that has\s+changed/s);
});

describe("a manifest", () => {
  const edit = (change: (text: string) => string) => (path: string) => {
    const file = join(path, "manifest.json");
    writeFileSync(file, change(readFileSync(file, "utf8")));
  };
  const reseal = (changes: Record<string, unknown>) =>
    edit((text) => seal({ ...(unseal(text) as Record<string, unknown>), ...changes }, 2));
  const cases: [string, (path: string) => void, RegExp][] = [
    [
      "edited",
      edit((text) => text.replace('"seed": 5', '"seed": 6')),
      /found a checksum that does not fit: edited, or damaged/,
    ],
    ["cut off", edit((text) => text.slice(0, 300)), /found text that is no JSON: cut off, or damaged/],
    ["empty", edit(() => ""), /found text that is no JSON/],
    ["of another format", reseal({ format: "onsager-sweep/9" }), /found format: .*onsager-sweep\/1/],
    ["of other random numbers", reseal({ randomNumbers: "philox4x32-10/9" }), /found random numbers philox4x32-10\/9/],
  ];
  test.each(cases)("%s", async (name, damage, message) => {
    const path = copyOf(`manifest ${name}`);
    damage(path);
    const commands = [
      ["sweep", small, "--out", path, "--resume", "--device", "cpu"],
      ["status", path],
      ["report", path],
      ["merge", path, "--out", join(folder, "unmade")],
    ];
    for (const words of commands) {
      const refused = await invoke(...words);
      expect(refused.code, words[0]).toBe(2);
      expect(theLine(refused), words[0]).toMatch(message);
    }
    expect(existsSync(join(folder, "unmade"))).toBe(false);
    expect((await invoke("verify", path)).code).toBe(1);
    expect(blocksOf(path)).toHaveLength(6);
    expect(leftovers(path)).toEqual([]);
    expect(await run(small, path, "--replace", "--blocks", "6")).toMatchObject({ code: 0, err: "" });
    expect(tables(path)).toEqual(tables(whole));
  });
});

describe("a block file", () => {
  const cases: [string, (path: string) => unknown, RegExp][] = [
    [
      "cut off",
      (path) => writeFileSync(block(path, 2), readFileSync(block(path, 2), "utf8").slice(0, 200)),
      /00002\.json: found text that is no JSON/,
    ],
    [
      "with one digit changed",
      (path) =>
        writeFileSync(block(path, 2), readFileSync(block(path, 2), "utf8").replace('"iterations":4', '"iterations":5')),
      /00002\.json: found a checksum that does not fit/,
    ],
    [
      "under another name",
      (path) => renameSync(block(path, 3), block(path, 2)),
      /00002\.json: found block 3 under another name/,
    ],
    [
      "of another specification",
      (path) => cpSync(block(join(folder, "stranger"), 2), block(path, 2)),
      /00002\.json: found a block of another specification/,
    ],
  ];
  test.each(cases)("%s", async (name, damage, message) => {
    if (name === "of another specification") {
      expect((await run(specify("stranger", { seed: 9 }), join(folder, "stranger"), "--blocks", "6")).code).toBe(0);
    }
    const path = copyOf(`block ${name}`);
    damage(path);
    const status = await invoke("status", path);
    expect(status.code).toBe(3);
    expect(status.out).toMatch(/\ndamaged /);
    expect(status.out).toMatch(name === "under another name" ? /4 of 6 finished/ : /5 of 6 finished/);
    const merged = await invoke("merge", path, "--out", join(folder, `merged ${name}`));
    const report = await invoke("report", path);
    for (const { code, err } of [merged, report]) {
      expect(code).toBe(3);
      expect(err).toMatch(message);
      expect(err).toMatch(/left out\n$/);
    }
    const verified = await invoke("verify", path, "--share", "0");
    expect(verified.code).toBe(1);
    const resumed = await run(small, path, "--resume");
    expect(resumed.code).toBe(0);
    expect(theLine(resumed)).toMatch(message);
    expect(theLine(resumed)).toMatch(/set aside and computed again$/);
    expect(tables(path)).toEqual(tables(whole));
    // It is said once.
    expect(await run(small, path, "--resume")).toMatchObject({ code: 0, err: "" });
    expect(await invoke("status", path)).toMatchObject({ code: 0 });
    expect(readdirSync(join(path, "blocks"))).toContain("00002.json.damaged");
  });

  test("a second copy under a short name, and one beyond the last, are no blocks", async () => {
    const path = copyOf("copies");
    cpSync(block(path, 1), join(path, "blocks", "1.json"));
    expect((await invoke("report", path)).code).toBe(0);
    expect(tables(path)).toEqual(tables(whole));
    cpSync(block(path, 1), block(path, 77));
    const report = await invoke("report", path);
    expect(report.err).toMatch(/00077\.json: found block 1 under another name; left out/);
    expect(tables(path)).toEqual(tables(whole));
  });
});

describe("leftovers of a process that was killed", () => {
  const own = { host: hostname(), pid: process.pid, started: "1" };
  const cases: [string, string][] = [
    ["a dead process", JSON.stringify({ ...own, pid: 2 ** 22 + 1 })],
    ["a process whose number is in use again", JSON.stringify({ ...own, pid: process.ppid })],
    ["a process that was killed while it wrote", '{"host":'],
  ];
  test.each(cases)("%s", async (name, holder) => {
    const path = copyOf(name);
    rmSync(block(path, 4));
    writeFileSync(join(path, `.working-${own.host}-1`), holder);
    writeFileSync(join(path, "blocks", ".00004.json.partial-0123456789ab"), "{");
    writeFileSync(join(path, ".results.csv.partial-0123456789ab"), "beta");
    expect((await invoke("status", path)).out).toMatch(/5 of 6 finished/);
    expect(await run(small, path, "--resume")).toMatchObject({ code: 0 });
    expect(blocksOf(path)).toHaveLength(6);
    expect(tables(path)).toEqual(tables(whole));
    expect(leftovers(path)).toEqual([]);
  });
});

test("one at a time", async () => {
  const path = copyOf("busy");
  rmSync(block(path, 4));
  const lock = await FolderLock.take(path);
  // Another process would see this one at work; this one sees itself.
  for (const words of [["--resume"], ["--replace"]]) {
    const refused = await run(small, path, ...words);
    expect(refused.code).toBe(2);
    expect(theLine(refused)).toMatch(/\/busy: found (this very process|process \d+ of \S+) at work on it/);
  }
  expect((await invoke("status", path)).out).toMatch(new RegExp(`at work: process ${process.pid}`));
  expect(blocksOf(path)).toHaveLength(5);
  await lock.release();
  const resumed = await run(small, path, "--resume");
  expect(resumed.code).toBe(0);
  expect(theLine(resumed)).toBe("onsager: /busy: finished, but without 1 of 6 blocks; computed again");
  expect(tables(path)).toEqual(tables(whole));
});
