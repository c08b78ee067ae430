/** Files that appear whole or not at all. */
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

let sequence = 0;

/**
 * Write one file through a temporary sibling that is renamed into place once its bytes are on disk.
 *
 * Missing parent folders are made. If writing fails the temporary file is removed and an existing file is untouched.
 *
 * @param path the file to make or replace
 * @param contents text (UTF-8), bytes, or a function that writes through the open handle
 */
export async function writeFileAtomically(
  path: string,
  contents: string | Uint8Array | ((handle: FileHandle) => Promise<void>),
): Promise<void> {
  const target = resolve(path);
  await mkdir(dirname(target), { recursive: true });
  const temporary = join(dirname(target), `.${basename(target)}.partial-${process.pid}-${sequence++}`);
  const handle = await open(temporary, "wx");
  try {
    try {
      if (typeof contents === "function") await contents(handle);
      else await handle.writeFile(contents);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, target);
    await syncFolder(dirname(target));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
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
