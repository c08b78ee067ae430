/** Copies of an array at successive steps, kept on the device and read back many at a time. */
import type { Executor, Slot } from "./executor.js";

/** Elements of a history kept on the device before they are read back together (64 MiB of f32). */
const HISTORY_ELEMENTS = 2 ** 24;

/** Elements that a history of `length` numbers a step holds on the device. */
export const historyLength = (length: number, steps: number) =>
  length * Math.max(1, Math.min(steps, Math.floor(HISTORY_ELEMENTS / length)));

export class History {
  readonly #slot: Slot;
  readonly #capacity: number;
  #filled = 0;

  /** @param keep takes the array of every step, in order; what it is given is overwritten after it returns */
  constructor(
    private readonly executor: Executor,
    label: string,
    private readonly length: number,
    steps: number,
    private readonly keep: (values: Float64Array) => void,
  ) {
    this.#slot = executor.allocate(label, historyLength(length, steps));
    this.#capacity = this.#slot.length / length;
  }

  async push(source: Slot): Promise<void> {
    this.executor.copy(source, this.#slot, { to: this.#filled * this.length, length: this.length });
    if (++this.#filled === this.#capacity) await this.drain();
  }

  async drain(): Promise<void> {
    if (this.#filled === 0) return;
    const values = await this.executor.read(this.#slot, 0, this.#filled * this.length);
    for (let k = 0; k < this.#filled; k++) this.keep(values.subarray(k * this.length, (k + 1) * this.length));
    this.#filled = 0;
  }

  dispose(): void {
    this.executor.free(this.#slot);
  }
}
