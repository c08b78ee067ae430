/** The CPU engine: the float64 twins, run in order. */
import type { AdapterTraits } from "../kernels/strategies.js";
import { InputError } from "../physics/input-error.js";
import { twins } from "../reference/twins.js";
import type { DeviceDescription, Executor, Slot, Stage, StageName } from "./executor.js";
import type { TileChoice } from "./tile-choices.js";

/** All arrays together would exceed the memory limit. */
export class MemoryLimitError extends Error {
  override readonly name = "MemoryLimitError";
  constructor(label: string, bytes: number, limit: number) {
    super(
      `${label} would bring the arrays to ${bytes} bytes, the limit is ${limit}: raise --memory or shrink the batch`,
    );
  }
}

class CpuSlot implements Slot {
  constructor(
    readonly label: string,
    readonly values: Float64Array,
  ) {}
  get length(): number {
    return this.values.length;
  }
}

export class CpuExecutor implements Executor {
  readonly maxArrayLength = 2 ** 31;
  readonly elementBytes = 8;
  readonly traits: AdapterTraits = { software: true, subgroupSize: undefined };
  readonly tiles = [];
  readonly unread: Slot;
  readonly unwritten: Slot;
  readonly device: DeviceDescription;
  readonly #slots = new Set<Slot>();
  #bytes = 0;
  #lastYield = 0;

  constructor(
    readonly memoryLimit: number,
    reason: string,
  ) {
    this.device = {
      name: "cpu",
      kind: "cpu",
      driver: typeof process === "undefined" ? navigator.userAgent : `Node.js ${process.version}`,
      backend: "float64",
      precision: "f64",
      reason,
    };
    this.unread = this.allocate("unread", 4);
    this.unwritten = this.allocate("unwritten", 4);
  }

  takeTiles(tiles: readonly TileChoice[]): void {
    if (tiles.length > 0) throw new InputError("tiles", `${tiles.length} for the CPU engine`, "none: it has one way");
  }

  allocate(label: string, length: number): Slot {
    if (this.#bytes + 8 * length > this.memoryLimit) {
      throw new MemoryLimitError(label, this.#bytes + 8 * length, this.memoryLimit);
    }
    const slot = new CpuSlot(label, new Float64Array(length));
    this.#slots.add(slot);
    this.#bytes += 8 * length;
    return slot;
  }

  upload(label: string, values: Float64Array | Uint32Array): Slot {
    const slot = this.allocate(label, values.length);
    this.#values(slot).set(values);
    return slot;
  }

  write(slot: Slot, values: Float64Array): void {
    this.#values(slot).set(values);
  }

  free(...slots: Slot[]): void {
    for (const slot of slots) if (this.#slots.delete(slot)) this.#bytes -= 8 * slot.length;
  }

  run<K extends StageName>(stage: Stage<K>): void {
    const arrays = Object.fromEntries(
      Object.entries(stage.arrays).map(([name, slot]) => [name, this.#values(slot as Slot)]),
    );
    // The compiler has checked the stage against this very twin; the table lookup loses that.
    const twin = twins[stage.kernel] as (arrays: object, params: object, constants: object) => void;
    twin(arrays, stage.params, stage.constants as object);
  }

  copy(source: Slot, destination: Slot, region: { from?: number; to?: number; length?: number } = {}): void {
    const { from = 0, to = 0, length = source.length - from } = region;
    this.#values(destination).set(this.#values(source).subarray(from, from + length), to);
  }

  async flush(): Promise<void> {
    // Work is done when it is recorded. Let timers and progress run, but not so often that small runs pay for it.
    if (performance.now() - this.#lastYield < 50) return;
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#lastYield = performance.now();
  }

  async read(slot: Slot, from = 0, length = slot.length - from): Promise<Float64Array> {
    await this.flush();
    return this.#values(slot).slice(from, from + length);
  }

  abandon(): void {
    // Work is done when it is recorded.
  }

  dispose(): void {
    this.#slots.clear();
    this.#bytes = 0;
  }

  get liveSlots(): number {
    return Math.max(0, this.#slots.size - 2);
  }

  #values(slot: Slot): Float64Array {
    if (!(slot instanceof CpuSlot) || !this.#slots.has(slot)) throw new Error(`${slot.label} is not alive on the CPU`);
    return slot.values;
  }
}
