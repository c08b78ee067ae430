/** What a command tells the shell, and the one line it says when it fails. */
import { CommanderError } from "commander";
import { CapacityError } from "../engine/couplings.js";
import { MemoryLimitError } from "../engine/cpu-executor.js";
import { GpuError, GpuLimitError, GpuOutOfMemoryError, NoAdapterError } from "../gpu/errors.js";
import { InputError } from "../physics/input-error.js";
import { BlockFailure } from "../sweep/fleet/process-protocol.js";
import { QueueAwayError } from "../sweep/fleet/queue-address.js";
import { Interrupted } from "./session.js";

export const EXIT = {
  done: 0,
  /** A check failed, or something broke. */
  fault: 1,
  /** The command line, a file, or a system that the device cannot hold. */
  badInput: 2,
  /** Results are there, but an equation is not solved. */
  notConverged: 3,
} as const;

/** More than a device, or the memory limit, can hold. */
const SIZE_ERRORS = [CapacityError, MemoryLimitError, GpuLimitError, GpuOutOfMemoryError] as const;

/** Wrong in what was asked for: the message says it all. */
const INPUT_ERRORS = [InputError, ...SIZE_ERRORS, NoAdapterError] as const;

/** Codes of the operating system that blame the place that was named, not the disk. */
const WRONG_PLACE: ReadonlySet<unknown> = new Set(["ENOENT", "ENOTDIR", "EACCES", "EPERM", "EROFS", "ENAMETOOLONG"]);

const TOO_LARGE = /allocation failed|invalid (typed )?array length/i;

export interface Failure {
  readonly code: number;
  /** One line; empty where it was said already. */
  readonly message: string;
}

export function explainFailure(error: unknown): Failure {
  if (error instanceof CommanderError) return { code: error.exitCode === 0 ? EXIT.done : EXIT.badInput, message: "" };
  if (error instanceof Interrupted) return { code: error.exitCode, message: error.told ? "" : error.message };
  const message = (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, " ");
  if (error instanceof BlockFailure) return { code: error.code, message };
  if (error instanceof QueueAwayError) return { code: EXIT.fault, message };
  if (INPUT_ERRORS.some((kind) => error instanceof kind)) return { code: EXIT.badInput, message };
  if (isTooLarge(error)) {
    return { code: EXIT.badInput, message: `the arrays of the system do not fit into memory (${message})` };
  }
  if (isSystemError(error)) return { code: WRONG_PLACE.has(error.code) ? EXIT.badInput : EXIT.fault, message };
  if (error instanceof GpuError) return { code: EXIT.fault, message };
  return { code: EXIT.fault, message: `internal error: ${message} (ONSAGER_DEBUG=1 shows where)` };
}

/** True where the arrays of a system are too large for the device or for this process. */
export function isTooLarge(error: unknown): boolean {
  if (error instanceof RangeError) return TOO_LARGE.test(error.message);
  return SIZE_ERRORS.some((kind) => error instanceof kind);
}

/** A failure of the operating system, such as a full disk: the message names the file. */
function isSystemError(error: unknown): error is Error & { code: unknown } {
  return error instanceof Error && "syscall" in error && "code" in error;
}
