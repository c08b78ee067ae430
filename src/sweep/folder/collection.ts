/** Folders that hold a folder for each sweep of a document. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../../physics/input-error.js";
import { writeFileAtomically } from "../../files/atomic-file.js";
import type { ResultRow } from "../run-block.js";
import { MANIFEST_NAME } from "./manifest.js";
import { stateOfFolder } from "./run-folder.js";

const COLLECTION_FORMAT = "onsager-sweeps/1";

/**
 * Makes the folder that holds a folder for each of several sweeps, and says so in a manifest of its own.
 * @throws InputError if something else is there
 */
export async function beginCollection(path: string, names: readonly string[]): Promise<void> {
  const state = await stateOfFolder(path);
  const expected = `a folder for the sweeps ${names.join(", ")}`;
  if (state === "sweep") throw new InputError(path, "a single sweep", expected);
  if (state === "other")
    throw new InputError(path, "a folder that this program did not write", "a new or empty folder");
  if (state === "results") {
    const { format, sweeps = [] } = await readCollection(path);
    if (format !== COLLECTION_FORMAT) throw new InputError(path, "results that are no sweep", expected);
    if (sweeps.join() === names.join()) return;
    throw new InputError(path, `the sweeps ${sweeps.join(", ")}`, expected);
  }
  const manifest = JSON.stringify({ program: "onsager", format: COLLECTION_FORMAT, sweeps: names }, null, 2);
  await writeFileAtomically(join(path, MANIFEST_NAME), `${manifest}\n`);
}

/**
 * The folders of the sweeps at a place: itself, those of its document, or those of whatever sweeps stand side by side in it.
 * @throws InputError if there is none
 */
export async function sweepFolders(path: string): Promise<string[]> {
  const found = await sweepsAt(path);
  const expected = "a folder that a sweep has written, or that holds several";
  if (typeof found !== "string") {
    if (found.length > 0) return found;
    throw new InputError(path, "sweeps of which none has begun", expected);
  }
  const names =
    found === "nothing" ? [] : (await readdir(path, { withFileTypes: true })).filter((one) => one.isDirectory());
  const inside: string[] = [];
  for (const { name } of names.sort((one, other) => (one.name < other.name ? -1 : 1))) {
    const own = await sweepsAt(join(path, name));
    if (typeof own !== "string") inside.push(...own);
  }
  if (inside.length === 0) throw new InputError(path, found, expected);
  return inside;
}

/** Those of one specification, or what stands there instead. */
async function sweepsAt(path: string): Promise<string[] | string> {
  const state = await stateOfFolder(path);
  if (state === "sweep") return [path];
  if (state === "free") return "nothing";
  if (state === "other") return "a folder that this program did not write";
  const { format, sweeps = [] } = await readCollection(path);
  if (format !== COLLECTION_FORMAT) return "results that are no sweep";
  const folders = sweeps.map((name) => join(path, name));
  const started = await Promise.all(folders.map(async (folder) => (await stateOfFolder(folder)) === "sweep"));
  return folders.filter((_, k) => started[k]);
}

const readCollection = async (path: string) =>
  JSON.parse(await readFile(join(path, MANIFEST_NAME), "utf8")) as { format?: unknown; sweeps?: readonly string[] };

/** How many rows ended in each status. */
export function countStatuses(rows: readonly Pick<ResultRow, "status">[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status } of rows) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
