/** A sweep of six blocks that takes no time and draws no figure, finished once a test file, and copies of its folder. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { type Invocation, invoke } from "../cli/invoke.js";

export const folder = mkdtempSync(join(tmpdir(), "onsager-sweep-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

export const specification = {
  name: "small",
  system: {
    spins: { kind: "binary", count: 8 },
    beta: 1.5,
    couplings: { kind: "gaussian", mean: 1, std: 0.3 },
    initial: { kind: "constant", value: 1 },
  },
  axes: { closure: ["naive", "tap"] },
  samples: 6,
  seed: 5,
  steps: 4,
  observe: ["magnetization", "overlap"],
};

/** @returns the path of the specification with a few keys changed */
export function specify(name: string, changes: Record<string, unknown> = {}): string {
  const path = join(folder, `${name}.json`);
  writeFileSync(path, JSON.stringify({ ...specification, ...changes }));
  return path;
}

export const run = (spec: string, out: string, ...words: string[]): Promise<Invocation> =>
  invoke("sweep", spec, "--out", out, "--device", "cpu", ...words);

export const small = specify("small");
export const whole = join(folder, "whole");
beforeAll(async () => {
  expect(await run(small, whole, "--blocks", "6", "--verify", "1")).toMatchObject({ code: 0, err: "" });
  expect(blocksOf(whole)).toHaveLength(6);
});

/** A copy of the finished folder. */
export function copyOf(name: string): string {
  const path = join(folder, name);
  cpSync(whole, path, { recursive: true });
  return path;
}

export const blocksOf = (path: string): string[] =>
  readdirSync(join(path, "blocks")).filter((name) => /^\d+\.json$/.test(name));

export const block = (path: string, index: number): string =>
  join(path, "blocks", `${String(index).padStart(5, "0")}.json`);

export const tables = (path: string): string[] =>
  ["results.csv", "summary.csv"].map((name) => readFileSync(join(path, name), "utf8"));

/** Nothing of a dead process, nothing half-written. */
export const leftovers = (path: string): string[] =>
  [path, join(path, "blocks")].flatMap((place) => readdirSync(place).filter((name) => name.startsWith(".")));

/** The one line that ends a command, after the places that differ from machine to machine. */
export function theLine({ err }: Invocation): string {
  expect(err.trimEnd().split("\n")).toHaveLength(1);
  return err.trimEnd().replaceAll(folder, "");
}
