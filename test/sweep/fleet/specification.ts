/** A sweep of many small blocks, and what the tests of several processes ask of its folder. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { type Ended, type Started, startProcess } from "../../cli/process.js";

/** Of the tests of one file. */
export const folder = mkdtempSync(join(tmpdir(), "onsager-fleet-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** 26 blocks a sample. */
export const specification = (samples: number) => ({
  name: "fleet",
  system: {
    spins: { kind: "binary", count: 12 },
    couplings: { kind: "gaussian", mean: 1, std: 0.4 },
    field: { kind: "uniform", halfWidth: 0.3 },
    initial: { kind: "constant", value: 1 },
  },
  axes: { beta: { from: 0.4, to: 2.2, count: 13 }, closure: ["naive", "tap"] },
  samples,
  seed: 11,
  steps: 40,
  observe: ["magnetization", "overlap"],
});

/** The same, with eight more in two rounds. */
export const refined = (samples: number) => ({
  ...specification(samples),
  refine: { axis: "beta", observable: "magnetization", points: 2, rounds: 2 },
});

export function writeSpecification(folder: string, name: string, document: object): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(document));
  return path;
}

export function startSweep(spec: string, out: string, ...words: string[]): Started {
  return startProcess("sweep", spec, "--out", out, "--device", "cpu", "--blocks", "1000", ...words);
}

export const sweep = (spec: string, out: string, ...words: string[]): Promise<Ended> =>
  startSweep(spec, out, ...words).ended;

export const table = (out: string, name = "summary.csv") => readFileSync(join(out, name), "utf8");

export function blocksOf(out: string): number {
  const folder = join(out, "blocks");
  return existsSync(folder) ? readdirSync(folder).filter((name) => /^\d+\.json$/.test(name)).length : 0;
}

export async function until(condition: () => boolean, started?: Started): Promise<void> {
  let ended = false;
  void started?.ended.then(() => (ended = true));
  while (!condition()) {
    if (ended) throw new Error("it has ended before");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
