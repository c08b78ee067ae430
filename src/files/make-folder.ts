/** Folders, made with all that lead to them. */
import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { explainOutputError } from "./output-error.js";

/**
 * @param wantedFor what is to be written, for the message
 * @throws OutputError when the system refuses
 */
export async function makeFolder(folder: string, wantedFor: string): Promise<void> {
  try {
    await make(resolve(folder));
  } catch (error) {
    throw explainOutputError(wantedFor, error);
  }
}

/**
 * Not by a recursive mkdir: of a folder in /proc that one of Node.js never ends, and on a read-only file system it says ENOENT
 * (20.20, 2026-11-29).
 */
async function make(folder: string): Promise<void> {
  const refusal = await attempt(folder);
  if (refusal === undefined) return;
  if (refusal.code !== "ENOENT" || dirname(folder) === folder) throw refusal;
  await make(dirname(folder));
  const again = await attempt(folder);
  if (again) throw again;
}

/** @returns why there is no such folder; undefined if there is one, new or old */
async function attempt(folder: string): Promise<(Error & { readonly code: unknown }) | undefined> {
  try {
    await mkdir(folder);
    return undefined;
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    const isFolder = error.code === "EEXIST" && (await stat(folder)).isDirectory();
    return isFolder ? undefined : error;
  }
}
