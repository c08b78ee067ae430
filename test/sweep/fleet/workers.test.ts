/** Several processes of one machine compute a sweep; any of them may die. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { planBlocks, settleSites, sizeBlocks } from "../../../src/sweep/blocks.js";
import { ProcessPool } from "../../../src/sweep/fleet/process-pool.js";
import { parseSweeps } from "../../../src/sweep/spec.js";
import type { Started } from "../../cli/process.js";
import {
  blocksOf,
  folder,
  refined,
  specification,
  startSweep,
  sweep,
  table,
  until,
  writeSpecification,
} from "./specification.js";

const spec = writeSpecification(folder, "spec.json", refined(3));
const alone = join(folder, "alone");
beforeAll(async () => {
  expect(await sweep(spec, alone)).toMatchObject({ code: 0, err: "" });
});

/** Stands in for a process that computes blocks: opens its device, and dies of the first block. */
const DYING = `
process.on("disconnect", () => process.exit());
process.on("message", ({ kind }) => {
  if (kind === "open") process.send({ kind: "ready", device: { name: "none", driver: "none" }, tiles: [] });
  if (kind === "block") process.stderr.write("out of memory\\n", () => process.kill(process.pid, "SIGKILL"));
});
`;

function childrenOf({ child }: Started): number[] {
  const text = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8");
  return text.split(" ").filter(Boolean).map(Number);
}

test.skipIf(process.platform !== "linux")("a worker process that is killed loses nothing", async () => {
  const out = join(folder, "killed");
  const started = startSweep(spec, out, "--workers", "2");
  await until(() => blocksOf(out) > 3, started);
  process.kill(childrenOf(started)[0], "SIGKILL");
  const { code, out: said, err } = await started.ended;
  expect(code).toBe(0);
  expect(said).toContain("2 worker processes");
  // Between two blocks nobody notices.
  if (err !== "")
    expect(err).toMatch(/^onsager: block \d+ of fleet: its process has died \(killed by SIGKILL\); another/);
  for (const name of ["results.csv", "summary.csv"]) expect(table(out, name)).toBe(table(alone, name));
});

test("Ctrl-C finishes the blocks at hand", async () => {
  const out = join(folder, "stopped");
  const started = startSweep(spec, out, "--workers", "2");
  await until(() => blocksOf(out) > 3, started);
  started.child.kill("SIGINT");
  const { code, err } = await started.ended;
  expect(code).toBe(130);
  expect(err).toMatch(/stopped with \d+ of 78 blocks finished; to go on:\n.*--workers 2 --resume/);
  expect(await sweep(spec, out, "--resume")).toMatchObject({ code: 0, err: "" });
  expect(table(out)).toBe(table(alone));
});

test("a block that kills every process ends the run in one line", async () => {
  const [parsed] = parseSweeps(specification(1), "spec");
  const noFiles = () => Promise.reject(new Error("no files here"));
  const sites = await settleSites(parsed, noFiles, "spec");
  const sizing = sizeBlocks(parsed, sites, { kind: "cpu" }, {});
  const blocks = planBlocks(parsed, sites, sizing);
  const program = join(folder, "dying.mjs");
  writeFileSync(program, DYING);
  const pool = await ProcessPool.open(1, { program: pathToFileURL(program) });
  const notes: string[] = [];
  const runner = pool.runner({ context: "spec", arrays: {}, tiles: [], note: (text) => notes.push(text) });
  const run = runner.run({ sweep: parsed, blocks, sites, refined: [], sizing }, () => Promise.resolve(), {});
  await expect(run).rejects.toThrow(
    /^block 0 of fleet: 3 processes have died of it \(killed by SIGKILL: out of memory\)$/,
  );
  expect(notes).toHaveLength(2);
  await pool.close();
});

test("what is wrong is said as by one process", async () => {
  const out = join(folder, "wrong");
  const away = await sweep(spec, out, "--workers", "2", "--device", "no such device");
  expect(away).toMatchObject({ code: 2, out: "" });
  expect(away.err).toMatch(/^onsager: .*no such device.*\n$/);
  expect(blocksOf(out)).toBe(0);
});
