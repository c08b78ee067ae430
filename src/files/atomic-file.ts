/** Files that appear whole or not at all. */
import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { makeFolder } from "./make-folder.js";
import { explainOutputError } from "./output-error.js";

/** Appends all of the bytes. They may be overwritten once the promise resolves. */
export type WriteBytes = (bytes: Uint8Array) => Promise<void>;

/**
 * Write one file through a temporary sibling that is renamed into place once its bytes are on disk.
 *
 * Missing parent folders are made. If writing fails the temporary file is removed and an existing file is untouched.
 *
 * @param path the file to make or replace
 * @param contents text (UTF-8), bytes, or a function that writes them piece by piece
 * @throws OutputError when the system refuses: a full disk, a read-only folder, no permission
 */
export async function writeFileAtomically(
  path: string,
  contents: string | Uint8Array | ((write: WriteBytes) => Promise<void>),
): Promise<void> {
  const target = resolve(path);
  // Not by the process id alone: in containers that of a killed run comes back.
  const temporary = join(dirname(target), `.${basename(target)}.partial-${randomBytes(6).toString("hex")}`);
  try {
    await makeFolder(dirname(target), path);
    const handle = await open(temporary, "wx");
    try {
      // FileHandle.appendFile goes on where the last one ended, and retries short writes.
      if (typeof contents === "function") await contents((bytes) => handle.appendFile(bytes));
      else await handle.writeFile(contents);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, target);
    await syncFolder(dirname(target));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw explainOutputError(path, error);
  }
}

/** The new name survives a power cut once its folder is on disk too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  try {
    await handle?.sync();
  } catch {
    // Some systems have no such thing as a folder on disk.
  } finally {
    await handle?.close();
  }
}
