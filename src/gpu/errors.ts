/**
 * Everything that can go wrong between a command and its result, as typed errors.
 * A message is one line: the kernel and its shapes where there is one, what happened, and what to do about it.
 */

interface GpuErrorDetails {
  /** The name of the program that failed. */
  readonly kernel?: string | undefined;
  /** The shapes that the failing dispatch was given. */
  readonly shapes?: string | undefined;
  /** What the reader can do; the message already ends with it. */
  readonly remedy?: string | undefined;
  readonly cause?: unknown;
}

export class GpuError extends Error {
  override readonly name: string = "GpuError";
  readonly kernel: string | undefined;
  readonly shapes: string | undefined;
  readonly remedy: string;

  constructor(what: string, { kernel, shapes, remedy = "", cause }: GpuErrorDetails = {}) {
    const where = kernel === undefined ? "" : `kernel ${kernel}${shapes ? ` (${shapes})` : ""}: `;
    super(oneLine(where + what + (remedy ? `; ${remedy}` : "")), cause === undefined ? undefined : { cause });
    this.kernel = kernel;
    this.shapes = shapes;
    this.remedy = remedy;
  }
}

/** No adapter that this process may use; the caller decides whether the CPU will do instead. */
export class NoAdapterError extends GpuError {
  override readonly name = "NoAdapterError";

  constructor(
    what: string,
    /** What was looked for and what came of it, one line each. */
    readonly findings: readonly string[],
    remedy: string,
  ) {
    super(`${what}: ${findings.length > 0 ? findings.join(", ") : "nothing was found"}`, { remedy });
  }
}

/** The WGSL of one program does not compile. */
export class ShaderCompileError extends GpuError {
  override readonly name = "ShaderCompileError";
  /** The offending line of the assembled source, and a caret under the column. */
  readonly excerpt: string;

  constructor(
    kernel: string,
    /** The complete WGSL after assembly: `line` counts in this text. */
    readonly source: string,
    readonly line: number,
    readonly column: number,
    readonly complaint: string,
  ) {
    const text = source.split("\n")[line - 1] ?? "";
    super(`line ${line}, column ${column}: ${complaint} in \`${text.trim()}\``, { kernel });
    this.excerpt = `${text}\n${" ".repeat(Math.max(0, column - 1))}^`;
  }
}

/** A dispatch, a copy or an array that does not fit its program: nothing was run. */
export class GpuValidationError extends GpuError {
  override readonly name = "GpuValidationError";
}

/** The device, or the limit that the caller set, has no room for an allocation. */
export class GpuOutOfMemoryError extends GpuError {
  override readonly name = "GpuOutOfMemoryError";

  constructor(
    readonly label: string,
    readonly bytes: number,
    reason: string,
    details: GpuErrorDetails = {},
  ) {
    super(`out of memory for ${label} (${bytes} bytes): ${reason}`, {
      remedy: "use a smaller batch, smaller row blocks or a higher memory limit",
      ...details,
    });
  }
}

/** The device went away; nothing that it held can be trusted. */
export class DeviceLostError extends GpuError {
  override readonly name = "DeviceLostError";

  constructor(
    readonly reason: string,
    detail = "",
  ) {
    super(`the device was lost (${reason}${detail ? `: ${detail}` : ""})`, {
      remedy: "the run can be repeated on a new device",
    });
  }
}

/** More of something was asked for than the device granted. */
export class GpuLimitError extends GpuError {
  override readonly name = "GpuLimitError";

  constructor(
    /** The WebGPU name of the limit, `maxBufferSize` for instance. */
    readonly limit: string,
    readonly asked: number,
    readonly granted: number,
    what: string,
    details: GpuErrorDetails = {},
  ) {
    super(`${what} asks for ${asked}, above the device's ${limit} of ${granted}`, details);
  }
}

/** Dawn's messages run over several lines: the first says what happened, the rest which objects it happened to. */
function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " ").trim();
}
