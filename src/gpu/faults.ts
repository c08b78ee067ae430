/**
 * What went wrong on a device and was not told to anyone yet. WebGPU reports errors late and drops the work silently, so
 * every action that can fail runs between error scopes, and every awaited call of the device first asks `raise`.
 */
import { DeviceLostError, GpuError, GpuOutOfMemoryError, GpuValidationError } from "./errors.js";

/** The scopes, in the order in which they are popped. */
const SCOPES = ["internal", "out-of-memory", "validation"] as const;
type FaultKind = (typeof SCOPES)[number];

/** Turns the driver's message into the error that names the kernel or the array. */
export type Translate = (kind: FaultKind, message: string) => GpuError;

export class Faults {
  private readonly recorded: GpuError[] = [];
  private readonly pending = new Set<Promise<void>>();
  private loss: DeviceLostError | undefined;

  constructor(private readonly device: GPUDevice) {
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault(); // or the message goes to standard output
      this.recorded.push(new GpuError(event.error.message, { cause: event.error }));
    });
    void device.lost.then(({ reason, message }) => {
      this.loss ??= new DeviceLostError(reason, message);
    });
  }

  /** Runs `action`, which must not await, between error scopes; what they catch is thrown by the next `raise`. */
  capture<Result>(translate: Translate, action: () => Result): Result {
    for (const scope of SCOPES.toReversed()) this.device.pushErrorScope(scope);
    try {
      return action();
    } finally {
      const popped = SCOPES.map((kind) => this.pop(kind, translate));
      const noted = Promise.all(popped).then(() => void this.pending.delete(noted));
      this.pending.add(noted);
    }
  }

  /** Throws if the device is gone. */
  check(): void {
    if (this.loss !== undefined) throw this.loss;
  }

  /** Waits for the open error scopes, then throws the first error since the last call, and the loss of the device. */
  async raise(): Promise<void> {
    await Promise.all(this.pending);
    this.check();
    const [first] = this.recorded.splice(0);
    if (first !== undefined) throw first;
  }

  /** Called when an awaited WebGPU promise rejects: throws why, waiting a moment for the news of a lost device. */
  async explain(error: unknown): Promise<never> {
    await Promise.race([this.device.lost, new Promise((resolve) => setTimeout(resolve, 100))]);
    await this.raise();
    throw new GpuError(error instanceof Error ? error.message : String(error), { cause: error });
  }

  /** From now on every call is answered as if the device were lost. */
  close(): void {
    this.recorded.length = 0;
    this.loss = new DeviceLostError("disposed", "it was disposed of by its owner");
  }

  private async pop(kind: FaultKind, translate: Translate): Promise<void> {
    try {
      const error = await this.device.popErrorScope();
      if (error !== null) this.recorded.push(translate(kind, error.message));
    } catch (error) {
      // A lost device answers no scope; anything else is worth telling.
      if (this.loss === undefined) this.recorded.push(translate("internal", String(error)));
    }
  }
}

/** The translation for work of one kernel or of several. */
export function translateFor(
  label: string,
  bytes: number,
  where: { kernel?: string | undefined; shapes?: string | undefined } = {},
): Translate {
  return (kind, message) => {
    if (kind === "out-of-memory") return new GpuOutOfMemoryError(label, bytes, message, where);
    if (kind === "validation") return new GpuValidationError(where.kernel ? message : `${label}: ${message}`, where);
    return new GpuError(where.kernel ? message : `${label}: ${message}`, where);
  };
}
