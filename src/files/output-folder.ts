/**
 * A folder of results that never looks whole when it is not.
 *
 * Files are written to `FOLDER.partial-PID-K` beside the folder; `commit` renames that folder into place. A run that is
 * killed leaves only the partial folder, whose name says so.
 */
import { rmSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, isAbsolute, join, normalize, resolve, sep } from "node:path";
import { InputError } from "../physics/input-error.js";
import { writeFileAtomically } from "./atomic-file.js";
import { makeFolder } from "./make-folder.js";
import { explainOutputError } from "./output-error.js";

/** The file, written last, that marks a folder as one of ours. */
const MANIFEST_NAME = "manifest.json";

/** Value of the manifest's member `program`. */
const MANIFEST_PROGRAM = "onsager";

const openFolders = new Set<string>();

/** Removes every partial folder of this process, for an end that waits for nothing. */
export function removePartialFolders(): void {
  for (const partial of openFolders) rmSync(partial, { recursive: true, force: true });
}

export class OutputFolder {
  /** The folder that `commit` makes. */
  readonly target: string;
  /** The folder that holds the files until then. */
  readonly partial: string;
  private readonly replace: boolean;
  private closed = false;

  private constructor(target: string, partial: string, replace: boolean) {
    this.target = target;
    this.partial = partial;
    this.replace = replace;
  }

  /**
   * Start a folder of results.
   *
   * @param folder where it goes; it must be absent or empty, unless it is one of ours and `replace` is set
   * @throws InputError when something else is there; OutputError when the system refuses
   */
  static async create(folder: string, options: { replace?: boolean } = {}): Promise<OutputFolder> {
    const target = resolve(folder);
    const replace = options.replace ?? false;
    await checkReplaceable(target, replace);
    await makeFolder(dirname(target), target);
    for (let k = 0; ; k++) {
      const partial = `${target}.partial-${process.pid}-${k}`;
      try {
        await mkdir(partial);
        openFolders.add(partial);
        return new OutputFolder(target, partial, replace);
      } catch (error) {
        if (!hasCode(error, "EEXIST")) throw explainOutputError(target, error);
      }
    }
  }

  /**
   * Path of one file inside the partial folder; its parent folders exist when the promise resolves.
   *
   * @param name relative path, e.g. `figures/magnetization.svg`
   */
  async path(name: string): Promise<string> {
    if (this.closed) throw new Error(`${this.target} is already committed or abandoned`);
    if (isAbsolute(name) || normalize(name).split(sep)[0] === "..") throw new Error(`${name} leaves the output folder`);
    const path = join(this.partial, name);
    await makeFolder(dirname(path), path);
    return path;
  }

  /** Write one file, replacing an earlier one of that name. */
  async write(name: string, contents: string | Uint8Array): Promise<void> {
    await writeFileAtomically(await this.path(name), contents);
  }

  /**
   * Write the manifest and rename the folder into place, replacing an earlier one if that was asked for.
   *
   * @param manifest what the folder holds and how it was made; `program` is added, and lets a later run replace it
   * @throws InputError when something has appeared at the target meanwhile; the partial folder is then kept
   */
  async commit(manifest: Readonly<Record<string, unknown>>): Promise<void> {
    const text = JSON.stringify({ ...manifest, program: MANIFEST_PROGRAM }, null, 2);
    await this.write(MANIFEST_NAME, `${text}\n`);
    await checkReplaceable(this.target, this.replace);
    const displaced = `${this.partial}.replaced`;
    const moved = await rename(this.target, displaced).then(
      () => true,
      (error: unknown) => {
        if (hasCode(error, "ENOENT")) return false;
        throw explainOutputError(this.target, error);
      },
    );
    try {
      await rename(this.partial, this.target);
    } catch (error) {
      if (moved) await rename(displaced, this.target);
      throw explainOutputError(this.target, error);
    }
    this.closed = true;
    openFolders.delete(this.partial);
    if (moved) await rm(displaced, { recursive: true });
  }

  /** Remove everything written so far and leave the target as it was. Does nothing after `commit`. */
  async abandon(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await rm(this.partial, { recursive: true, force: true });
    openFolders.delete(this.partial);
  }
}

async function checkReplaceable(target: string, replace: boolean): Promise<void> {
  let names: string[];
  try {
    names = await readdir(target);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return;
    if (hasCode(error, "ENOTDIR")) throw new InputError(target, "a file", "a new folder");
    throw error;
  }
  if (names.length === 0) return;
  const ours = await isOurs(target);
  if (ours && replace) return;
  throw new InputError(
    target,
    ours ? "results of an earlier run" : `a folder with ${names.length} entries that this program did not write`,
    ours ? "a new folder, or --replace" : "a new or empty folder",
  );
}

async function isOurs(target: string): Promise<boolean> {
  try {
    const manifest: unknown = JSON.parse(await readFile(join(target, MANIFEST_NAME), "utf8"));
    return (
      typeof manifest === "object" &&
      manifest !== null &&
      "program" in manifest &&
      manifest.program === MANIFEST_PROGRAM
    );
  } catch {
    return false;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
