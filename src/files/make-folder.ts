/** Folders, made with all that lead to them. */
import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { explainOutputError } from "./output-error.js";

/**
 * @param wantedFor what is to be written, for the message
 * @throws OutputError when the system refuses
 */
export async function makeFolder(folder: string, wantedFor: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw explainOutputError(wantedFor, await reasonOf(resolve(folder), error));
  }
}

/** On a read-only file system Node.js says ENOENT of a recursive mkdir (20.20, 2026-11-29); one folder alone says why. */
async function reasonOf(folder: string, error: unknown): Promise<unknown> {
  const isAbsent = (failure: unknown) => failure instanceof Error && "code" in failure && failure.code === "ENOENT";
  for (let at = folder, reason = error; ; at = dirname(at)) {
    if (!isAbsent(reason) || dirname(at) === at) return reason;
    reason = await mkdir(at).then(
      () => error,
      (failure: unknown) => failure,
    );
  }
}
