/** From a specification to a folder to work in: a new one, or one to go on with. */
import { existsSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { CouplingRequest } from "../../engine/coupling-strategy.js";
import { InputError } from "../../physics/input-error.js";
import type { BlockSizing } from "../blocks.js";
import type { Sweep } from "../spec.js";
import { workerOf } from "./folder-lock.js";
import { newManifest, requireSame, type Shard } from "./manifest.js";
import { hashOf, RunFolder, stateOfFolder } from "./run-folder.js";

export interface RunRequest extends CouplingRequest {
  readonly sweep: Sweep;
  /** The folder of this sweep. */
  readonly path: string;
  /** The specification's own folder, to which its paths are relative. */
  readonly base: string;
  readonly resume: boolean;
  readonly replace: boolean;
  readonly version: string;
  /** Share of the blocks that is checked, where it was asked for. */
  readonly verify?: number | undefined;
  readonly shard?: Shard | undefined;
}

/**
 * Whether the folder is started or gone on with; nothing is touched yet.
 * @throws InputError if something is there that may not be touched
 */
export async function howToBegin({ path, resume, replace }: Pick<RunRequest, "path" | "resume" | "replace">) {
  const state = await stateOfFolder(path);
  if (state === "free") return "start";
  if (state === "other") {
    throw new InputError(path, "a folder that this program did not write", "a new or empty folder");
  }
  if (resume && state === "sweep") return "resume";
  if (replace) return "start";
  throw new InputError(
    path,
    "results of an earlier run",
    state === "sweep" ? "a new folder, --resume to go on, or --replace" : "a new folder, or --replace",
  );
}

/** @throws InputError if an array file cannot be read, or the folder holds another sweep */
export async function beginRun(request: RunRequest, sizing: () => Promise<BlockSizing>): Promise<RunFolder> {
  const { sweep, path, base, version, verify, shard, strategy, precision, replace } = request;
  const files = new Map(inputsOf(sweep).map((name) => [name, resolve(base, name)]));
  const inputs: Record<string, string> = {};
  for (const [name, file] of files) {
    const hash = await hashOf(file);
    if (hash === undefined) throw new InputError(file, "no such file", "an array that the specification names");
    inputs[name] = hash;
  }
  if ((await howToBegin(request)) === "start") {
    const { name, input: specification } = sweep;
    const commit = checkoutCommit();
    const given = { name, version, commit, specification, inputs, strategy, precision, sizing: await sizing(), shard };
    if (replace) await removeResults(path);
    return RunFolder.start(path, newManifest(given), files);
  }
  const folder = await RunFolder.resume(path);
  try {
    const { manifest } = folder;
    requireSame(path, manifest.specification, sweep.input, ["specification"]);
    requireSame(path, manifest.inputs, inputs, ["inputs"]);
    requireSame(path, manifest.shard, shard, ["shard"]);
    if (strategy !== undefined && strategy !== "auto") requireSame(path, manifest.strategy, strategy, ["strategy"]);
    if (precision !== undefined) requireSame(path, manifest.precision, precision, ["precision"]);
    if (verify !== undefined) requireSame(path, manifest.sizing.verify, verify, ["verify"]);
    return folder;
  } catch (error) {
    await folder.close();
    throw error;
  }
}

/** @throws InputError if somebody is at work on them */
async function removeResults(path: string): Promise<void> {
  const worker = existsSync(path) ? await workerOf(path) : undefined;
  if (worker !== undefined) throw new InputError(path, `${worker} at work on it`, "a folder that nobody works on");
  await rm(path, { recursive: true, force: true });
}

/** The array files that a specification names: in its system, or as values of an axis. */
export function inputsOf({ input: { system, axes } }: Pick<Sweep, "input">): string[] {
  const names = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value === "string" && value.endsWith(".npy")) names.add(value);
    else if (typeof value === "object" && value !== null) Object.values(value).forEach(visit);
  };
  visit(system);
  visit(axes);
  return [...names].sort();
}

/** The commit of the checkout that this program runs from; null where it is an installed package. */
export function checkoutCommit(): string | null {
  const git = join(fileURLToPath(new URL("../../..", import.meta.url)), ".git");
  try {
    if (!existsSync(join(git, "HEAD"))) return null;
    const head = readFileSync(join(git, "HEAD"), "utf8").trim();
    if (!head.startsWith("ref: ")) return head;
    const name = head.slice("ref: ".length);
    const loose = join(git, name);
    if (existsSync(loose)) return readFileSync(loose, "utf8").trim();
    const packed = readFileSync(join(git, "packed-refs"), "utf8").split("\n");
    return packed.find((line) => line.endsWith(` ${name}`))?.split(" ")[0] ?? null;
  } catch {
    return null;
  }
}
