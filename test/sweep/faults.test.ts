/** What goes wrong before and during a sweep: contradictory keys, full disks, closed folders, company, and Ctrl-C. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Interrupted } from "../../src/cli/session.js";
import { parseSweeps } from "../../src/sweep/spec.js";
import { invoke, invokeUntil } from "../cli/invoke.js";
import { startProcess } from "../cli/process.js";
import {
  blocksOf,
  folder,
  leftovers,
  run,
  small,
  specification,
  specify,
  tables,
  theLine,
  whole,
} from "./small-sweep.js";

describe("keys that contradict each other", () => {
  const axes = { beta: [1, 2], "couplings.std": [0.1, 0.2, 0.3], closure: ["naive", "tap"] };
  const refine = { axis: "beta", observable: "magnetization", points: 1 };
  const sizes = { beta: [1, 2], "spins.count": [4, 8] };
  const scaled = (more: object) => {
    return { along: "beta", collapse: [{ observable: "magnetization", start: { a: 0.5, b: 0.5 }, ...more }] };
  };
  const cases: [string, Record<string, unknown>, string][] = [
    [
      "zip of an unknown axis",
      { zip: [["beta", "gamma"]] },
      "zip[0]: found gamma, expected paths of axes: beta, couplings.std, closure",
    ],
    [
      "zip of axes that differ in length",
      { zip: [["beta", "couplings.std"]] },
      "zip[0]: found axes of 2 and 3 values, expected axes with equally many",
    ],
    [
      "zip of an axis with itself",
      { zip: [["beta", "beta"]] },
      "zip[0]: found beta twice, expected every axis in one list at most",
    ],
    [
      "zip of an axis in two lists",
      {
        zip: [
          ["beta", "closure"],
          ["closure", "beta"],
        ],
      },
      "zip[1]: found closure twice",
    ],
    ["zip of a single axis", { zip: [["beta"]] }, "zip[0]: found a list of 1"],
    [
      "continuation beside refine",
      { continuation: { axis: "beta" }, refine },
      "refine: found it beside continuation, expected one of the two",
    ],
    [
      "continuation along names",
      { continuation: { axis: "closure" } },
      "continuation.axis: found closure, expected a numeric axis: beta, couplings.std",
    ],
    [
      "continuation along no axis",
      { continuation: { axis: "gamma" } },
      "continuation.axis: found gamma, expected a numeric axis",
    ],
    [
      "continuation along one value",
      { axes: { beta: [1] }, continuation: { axis: "beta" } },
      "continuation.axis: found beta with one value, expected an axis with two or more",
    ],
    [
      "continuation from closures to chains",
      {
        axes: { beta: [1, 2], closure: ["naive", "monte-carlo"] },
        zip: [["beta", "closure"]],
        continuation: { axis: "beta" },
      },
      "continuation.axis: found one that changes between monte-carlo and closures, expected one of the two",
    ],
    [
      "continuation along N",
      { axes: { "spins.count": [4, 8] }, continuation: { axis: "spins.count" } },
      "continuation.axis: found one that changes N or the spins, expected one that keeps them",
    ],
    [
      "an axis that continuation adds",
      { axes: { direction: ["up"] } },
      "axes.direction: found direction, expected continuation with direction: up-and-down",
    ],
    [
      "refine of a zipped axis",
      { refine, zip: [["beta", "closure"]] },
      "refine.axis: found beta, which advances with others, expected an axis that zip leaves alone",
    ],
    [
      "refine along names",
      { refine: { ...refine, axis: "closure" } },
      "refine.axis: found closure, expected a numeric axis",
    ],
    [
      "refine along N",
      { axes: { "spins.count": [4, 8] }, refine: { ...refine, axis: "spins.count" } },
      "refine.axis: found spins.count, which takes whole numbers only",
    ],
    [
      "refine along steps",
      { axes: { steps: [4, 8] }, steps: undefined, refine: { ...refine, axis: "steps" } },
      "refine.axis: found steps, which takes whole numbers only",
    ],
    [
      "refine by what is not observed",
      { refine: { ...refine, observable: "site-norm" } },
      "refine.observable: found site-norm, expected one of observe: magnetization, overlap",
    ],
    ["refine in no rounds", { refine: { ...refine, rounds: 0 } }, "refine.rounds: found 0, expected at least 1"],
    [
      "an axis without points",
      { axes: { beta: { from: 1, to: 2, count: 0 } } },
      "axes.beta.count: found 0, expected at least 1",
    ],
    ["chains without monte-carlo", { monteCarlo: { chains: 4 } }, "monteCarlo: found it without closure monte-carlo"],
    [
      "a collapse with nothing to fit",
      { axes: sizes, scaling: scaled({ fixed: ["criticalPoint", "a", "b"] }) },
      "scaling.collapse[0].fixed: found all parameters, expected one that is free",
    ],
    [
      "a collapse in the logarithm of 1",
      { axes: { ...sizes, "spins.count": [1, 8] }, scaling: scaled({ variable: "rem" }) },
      "scaling.sizes: found spins.count of 1 for variable rem, expected sizes above 1, for their logarithm",
    ],
    ["an unknown key of refine", { refine: { ...refine, axes: 1 } }, "refine.axes: found an unknown key"],
  ];
  test.each(cases)("%s", (_, changes, message) => {
    let line = "";
    try {
      parseSweeps({ ...specification, axes, ...changes }, "spec");
    } catch (error) {
      line = (error as Error).message;
    }
    expect(line).toContain(`spec: ${message}`);
    expect(line).not.toContain("\n");
  });

  test("leave no folder behind", async () => {
    const path = join(folder, "never");
    const refused = await run(specify("contradiction", { zip: [["closure", "beta"]] }), path);
    expect(refused).toMatchObject({ code: 2, out: "" });
    expect(theLine(refused)).toBe("onsager: /contradiction.json: zip[0]: found beta, expected paths of axes: closure");
    expect(existsSync(path)).toBe(false);
  });
});

const isRoot = process.getuid?.() === 0;
const mount = (at: string, options: string) =>
  spawnSync("mount", ["-t", "tmpfs", "-o", options, "none", at]).status === 0;
const canMount =
  process.platform === "linux" &&
  isRoot &&
  spawnSync("unshare", ["--mount", "mount", "-t", "tmpfs", "-o", "size=64k", "none", "/mnt"]).status === 0;

describe.skipIf(!canMount)(`disks (${canMount ? "of our own" : "skipped: this machine lets nobody mount"})`, () => {
  test("one that fills up, at any file, and has room again", async () => {
    const disk = join(folder, "disk");
    mkdirSync(disk);
    expect(mount(disk, "size=1m")).toBe(true);
    try {
      // Files and folders of the file system itself are counted, so that each try comes a few files further.
      let failures = 0;
      for (let inodes = 3; ; inodes += 3) {
        expect(spawnSync("mount", ["-o", `remount,nr_inodes=${inodes}`, disk]).status).toBe(0);
        const end = await run(small, join(disk, "out"), "--resume", "--blocks", "6", "--verify", "1");
        if (end.code === 0) break;
        failures++;
        expect(end.code).toBe(1);
        expect(theLine(end)).toMatch(/: found a full disk, expected room for it \(ENOSPC\)$/);
        expect(inodes).toBeLessThan(60);
      }
      expect(failures).toBeGreaterThan(4);
      expect(tables(join(disk, "out"))).toEqual(tables(whole));
      expect(leftovers(join(disk, "out"))).toEqual([]);
    } finally {
      spawnSync("umount", [disk]);
    }
  });

  test("one that may only be read", async () => {
    const disk = join(folder, "still");
    mkdirSync(disk);
    expect(mount(disk, "size=1m")).toBe(true);
    try {
      const path = join(disk, "out");
      expect(await run(small, path, "--blocks", "6", "--verify", "1")).toMatchObject({ code: 0 });
      rmSync(join(path, "blocks", "00002.json"));
      expect(spawnSync("mount", ["-o", "remount,ro", disk]).status).toBe(0);
      const commands = [
        ["sweep", small, "--out", path, "--resume", "--device", "cpu"],
        ["report", path],
        ["sweep", small, "--out", join(disk, "new"), "--device", "cpu"],
      ];
      for (const words of commands) {
        const refused = await invoke(...words);
        expect(refused.code).toBe(2);
        expect(theLine(refused)).toMatch(
          /found a read-only file system, expected a place that can be written \(EROFS\)$/,
        );
      }
      // Looking needs no writing.
      expect((await invoke("status", path)).code).toBe(3);
      expect((await invoke("verify", path, "--device", "cpu")).code).toBe(3);
      expect(spawnSync("mount", ["-o", "remount,rw", disk]).status).toBe(0);
      expect(await run(small, path, "--resume")).toMatchObject({ code: 0 });
      expect(tables(path)).toEqual(tables(whole));
    } finally {
      spawnSync("umount", [disk]);
    }
  });
});

test.skipIf(process.platform === "win32")("a folder of somebody else", async () => {
  const closed = join(folder, "closed");
  mkdirSync(closed, { mode: 0o555 });
  // Root may write anywhere: be nobody for a moment, who has to reach the folder.
  chmodSync(folder, 0o755);
  if (isRoot) process.seteuid!(65534);
  try {
    for (const path of [closed, join(closed, "new")]) {
      const refused = await run(small, path);
      expect(refused.code).toBe(2);
      expect(theLine(refused)).toMatch(
        /found no permission to write there, expected a place that can be written \(EACCES\)$/,
      );
    }
  } finally {
    if (isRoot) process.seteuid!(0);
  }
  expect(readdirSync(closed)).toEqual([]);
});

const long = () => specify("long", { samples: 400, steps: 2000, axes: { closure: ["naive"] } });

test("another process at work", async () => {
  const path = join(folder, "company");
  const { child, ended } = startProcess("sweep", long(), "--out", path, "--device", "cpu", "--blocks", "100");
  try {
    await expect
      .poll(() => existsSync(join(path, "blocks")) && blocksOf(path).length, { timeout: 60_000 })
      .toBeGreaterThan(0);
    for (const word of ["--resume", "--replace"]) {
      const refused = await run(long(), path, word);
      expect(refused.code).toBe(2);
      expect(theLine(refused)).toMatch(new RegExp(`/company: found process ${child.pid} of \\S+ at work on it`));
    }
  } finally {
    child.kill("SIGTERM");
  }
  const end = await ended;
  expect(end).toMatchObject({ code: 143, signal: null });
  const [, finished] = /stopped with (\d+) of 100 blocks finished/.exec(end.err) ?? [];
  expect(blocksOf(path)).toHaveLength(Number(finished));
  expect(leftovers(path)).toEqual([]);
});

test("Ctrl-C finishes the block at hand, and says how to go on", async () => {
  const path = join(folder, "stopped");
  const stop = new AbortController();
  const watch = setInterval(() => {
    if (existsSync(join(path, "blocks")) && blocksOf(path).length > 0) stop.abort(new Interrupted(130));
  }, 1);
  const words = ["sweep", specify("stopped", { samples: 60 }), "--out", path, "--device", "cpu", "--blocks", "60"];
  const end = await invokeUntil(stop.signal, ...words);
  clearInterval(watch);
  expect(end.code).toBe(130);
  const finished = blocksOf(path).length;
  expect(finished).toBeLessThan(60);
  expect(end.err).toBe(
    `onsager: stopped with ${finished} of 60 blocks finished; to go on:\n  onsager ${words.join(" ")} --resume\n`,
  );
  expect(existsSync(join(path, "results.csv"))).toBe(false);
  expect(leftovers(path)).toEqual([]);
  expect(await invoke(...words, "--resume")).toMatchObject({ code: 0, err: "" });
  const never = join(folder, "never stopped");
  expect(await run(specify("stopped", { samples: 60 }), never)).toMatchObject({ code: 0 });
  expect(tables(path)).toEqual(tables(never));
});

describe("--verify", () => {
  const checksOf = async (words: readonly string[]) => {
    const path = join(folder, `verify ${words.join(" ")}`);
    expect(await run(small, path, "--blocks", "6", ...words)).toMatchObject({ code: 0, err: "" });
    const { out } = await invoke("status", path, "--json");
    return (JSON.parse(out) as [{ checks: { made: number } }])[0].checks.made;
  };
  test.each([
    [["--verify", "0"], 0],
    // By default at least one of every closure.
    [[], 2],
    [["--verify", "1"], 6],
  ] as const)("%s", async (words, made) => {
    expect(await checksOf(words)).toBe(made);
  });

  test.each(["1.5", "-0.1", "half"])("%s is refused", async (share) => {
    const refused = await run(small, join(folder, "share"), `--verify=${share}`);
    expect(refused.code).toBe(2);
    expect(theLine(refused)).toMatch(/a number from 0 to 1/i);
  });
});

test("a file of rubbish is a specification with a mistake", async () => {
  writeFileSync(join(folder, "rubbish.yaml"), "name: [");
  expect(theLine(await run(join(folder, "rubbish.yaml"), join(folder, "rubbish")))).toMatch(
    /rubbish\.yaml:\d+:\d+: found/,
  );
});
