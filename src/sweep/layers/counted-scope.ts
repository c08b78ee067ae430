/** A scope that counts the bytes of its arrays. */
import type { Executor, Slot } from "../../engine/executor.js";
import { ExecutorScope } from "../../engine/scope.js";

export class CountedScope extends ExecutorScope {
  readonly #alive = new Set<Slot>();
  #bytes = 0;
  #peak = 0;

  constructor(executor: Executor) {
    super(executor);
  }

  /** Most bytes that the arrays of this scope took at one time. */
  get peakBytes(): number {
    return this.#peak;
  }

  override allocate(label: string, length: number): Slot {
    return this.#count(super.allocate(label, length));
  }

  override upload(label: string, values: Float64Array | Uint32Array): Slot {
    return this.#count(super.upload(label, values));
  }

  override free(...slots: Slot[]): void {
    for (const slot of slots) if (this.#alive.delete(slot)) this.#bytes -= slot.length * this.elementBytes;
    super.free(...slots);
  }

  #count(slot: Slot): Slot {
    this.#alive.add(slot);
    this.#bytes += slot.length * this.elementBytes;
    this.#peak = Math.max(this.#peak, this.#bytes);
    return slot;
  }
}
