/** Opening and reading what a person named, with failures said in their terms. */
import { type FileHandle, open, readFile } from "node:fs/promises";
import { InputError } from "../physics/input-error.js";

/**
 * @param path a file a person named
 * @param expected what it should be, for the message
 * @throws InputError when there is no such readable file
 */
export async function openInputFile(path: string, expected: string): Promise<FileHandle> {
  let handle: FileHandle;
  try {
    handle = await open(path, "r");
  } catch (error) {
    throw unreadable(path, expected, error);
  }
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw new InputError(path, "something that is not a plain file", expected);
}

/**
 * The text of a UTF-8 file, without a byte order mark.
 *
 * @throws InputError when there is no such readable file, or it is not UTF-8
 */
export async function readInputText(path: string, expected: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw unreadable(path, expected, error);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new InputError(path, "bytes that are not UTF-8 text", expected);
  }
}

function unreadable(path: string, expected: string, error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT" || code === "ENOTDIR") return new InputError(path, "no such file", expected);
  if (code === "EISDIR") return new InputError(path, "a folder", expected);
  if (code === "EACCES" || code === "EPERM") return new InputError(path, "a file that may not be read", expected);
  return error;
}
