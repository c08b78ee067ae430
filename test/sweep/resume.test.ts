/** A sweep that is killed again and again, at moments drawn at random, comes to the same bytes as one that never was. */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { uniformMatrix } from "../../src/reference/random.js";
import { type Ended, startProcess } from "../cli/process.js";

const folder = mkdtempSync(join(tmpdir(), "onsager-resume-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

const KILLS = 20;
const specification = {
  name: "killed",
  system: {
    spins: { kind: "binary", count: 48 },
    couplings: { kind: "gaussian", mean: 1, std: 0.4 },
    field: { kind: "uniform", halfWidth: 0.3 },
    initial: { kind: "constant", value: 1 },
  },
  axes: { beta: { from: 0.4, to: 2.2, count: 13 }, closure: ["naive", "tap"] },
  refine: { axis: "beta", observable: "magnetization", points: 2, rounds: 2 },
  samples: 16,
  seed: 11,
  steps: 60,
  observe: ["magnetization", "overlap"],
};

/** The CPU engine, because it is the fastest to start. Runs the command as a process of its own, and kills it a moment after the next finished block. */
async function sweep(out: string, words: readonly string[], kill?: { readonly wait: number }): Promise<Ended> {
  const spec = join(folder, "spec.json");
  writeFileSync(spec, JSON.stringify(specification));
  const before = blocksOf(out);
  const { child, ended } = startProcess("sweep", spec, "--out", out, "--device", "cpu", ...words);
  const watch =
    kill &&
    setInterval(() => {
      if (blocksOf(out) > before) setTimeout(() => child.kill("SIGKILL"), kill.wait);
    }, 5);
  const end = await ended;
  clearInterval(watch);
  return end;
}

function blocksOf(out: string): number {
  try {
    return readdirSync(join(out, "blocks")).filter((name) => /^\d+\.json$/.test(name)).length;
  } catch {
    return 0;
  }
}

test(`killed ${KILLS} times`, { timeout: 200_000 }, async () => {
  const whole = join(folder, "whole");
  expect(await sweep(whole, ["--blocks", "220"])).toMatchObject({ code: 0, err: "" });
  expect(blocksOf(whole)).toBeGreaterThanOrEqual(200);
  const killed = join(folder, "killed");
  const waits = uniformMatrix(KILLS, 1, { seed: 3, stream: 0, sample: 0 });
  let kills = 0;
  for (const share of waits) {
    const ended = await sweep(killed, ["--blocks", "220", "--resume"], { wait: 60 * share });
    if (ended.signal === "SIGKILL") kills++;
    else expect(ended).toMatchObject({ code: 0, err: "" });
  }
  expect(kills).toBe(KILLS);
  expect(blocksOf(killed)).toBeLessThan(blocksOf(whole));
  expect(await sweep(killed, ["--resume"])).toMatchObject({ code: 0, err: "" });
  for (const name of ["results.csv", "summary.csv"]) {
    expect(readFileSync(join(killed, name), "utf8"), name).toBe(readFileSync(join(whole, name), "utf8"));
  }
  expect(blocksOf(killed)).toBe(blocksOf(whole));
  expect(readdirSync(killed).filter((name) => name.startsWith("."))).toEqual([]);
  // A finished sweep has nothing to do.
  expect(await sweep(killed, ["--resume"])).toMatchObject({ code: 0, err: "" });
});
