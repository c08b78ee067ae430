/** What a step takes over from the one before, beside the means: m(t-2), or the correlations C and D. */
import { type ClosureName, closures, type Closure } from "../physics/closures.js";
import type { BatchLayout } from "./batch.js";
import type { Slot } from "./executor.js";
import type { StepArrays } from "./step-arrays.js";

/** One array of it, [system][length], at t-1 and at t. */
export class MemoryArray {
  #current: Slot;
  #image: Slot;

  /**
   * @param initial at t = 0, zeros unless given
   * @param kept false if nothing reads it at t-1: both are then one array
   */
  constructor(
    { executor, layout, own }: Pick<StepArrays, "executor" | "layout" | "own">,
    label: string,
    readonly length: number,
    { initial, kept = true }: { readonly initial?: Float64Array; readonly kept?: boolean } = {},
  ) {
    const total = layout.systems * length;
    this.#current = own(initial ? executor.upload(label, initial) : executor.allocate(label, total));
    this.#image = kept ? own(executor.allocate(`next ${label}`, total)) : this.#current;
  }

  get current(): Slot {
    return this.#current;
  }

  get image(): Slot {
    return this.#image;
  }

  /** What was at t is at t-1 from now on. */
  advance(): void {
    [this.#current, this.#image] = [this.#image, this.#current];
  }
}

/** Numbers that one system remembers from step to step. */
export function memoryLength(closure: ClosureName, { paddedSites, sites }: BatchLayout): number {
  return { none: 0, echo: paddedSites, correlations: 2 * sites * paddedSites }[memoryOf(closure)];
}

/** What steps of a closure remember. */
export function memoryOf(closure: ClosureName) {
  const { binary }: Closure = closures[closure];
  return binary?.memory ?? "none";
}
