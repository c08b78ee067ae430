/** Why a file or folder could not be written, in one line that names it. */

/** What was found, and what would have done, by the operating system's code. */
const REASONS: Readonly<Record<string, readonly [found: string, expected: string]>> = {
  ENOSPC: ["a full disk", "room for it"],
  EDQUOT: ["a disk quota that is used up", "room for it"],
  EFBIG: ["a file too large for its file system", "room for it"],
  EROFS: ["a read-only file system", "a place that can be written"],
  EACCES: ["no permission to write there", "a place that can be written"],
  EPERM: ["no permission to write there", "a place that can be written"],
  ENOENT: ["a folder that is gone or cannot be made", "a place that can be written"],
  ENOTDIR: ["a file where its folder should be", "a folder"],
  EEXIST: ["a file where its folder should be", "a folder"],
  EISDIR: ["a folder of that name", "the name of a file"],
  ENAMETOOLONG: ["a name that is too long", "a shorter one"],
  EIO: ["a disk that failed", "one that can be written"],
};

/** The system refused to write what was asked for. The message is one line, meant to be shown without a stack trace. */
export class OutputError extends Error {
  constructor(
    path: string,
    [found, expected]: readonly [string, string],
    /** The operating system's code, such as `ENOSPC`. */
    readonly code: string,
    /** The call that failed; present so that this still reads as an error of the system. */
    readonly syscall: string,
    cause: unknown,
  ) {
    super(`${path}: found ${found}, expected ${expected} (${code})`, { cause });
    this.name = "OutputError";
  }
}

/**
 * @param path what was to be written, as its owner would name it
 * @param error what went wrong
 * @returns an `OutputError` where the system said why; anything else as it is
 */
export function explainOutputError(path: string, error: unknown): unknown {
  if (error instanceof OutputError || !(error instanceof Error) || !("code" in error)) return error;
  const { code } = error;
  if (typeof code !== "string" || !(code in REASONS)) return error;
  const syscall = "syscall" in error ? String(error.syscall) : "write";
  return new OutputError(path, REASONS[code], code, syscall, error);
}
