/** An executor that remembers what was allocated through it, so that a run that fails half-way leaves nothing behind. */
import type { Executor, Slot, Stage, StageName } from "./executor.js";

export class ExecutorScope implements Executor {
  readonly device: Executor["device"];
  readonly traits: Executor["traits"];
  readonly maxArrayLength: number;
  readonly memoryLimit: number;
  readonly elementBytes: 4 | 8;
  readonly unread: Slot;
  readonly unwritten: Slot;
  readonly #allocated = new Set<Slot>();

  constructor(private readonly executor: Executor) {
    this.device = executor.device;
    this.traits = executor.traits;
    this.maxArrayLength = executor.maxArrayLength;
    this.memoryLimit = executor.memoryLimit;
    this.elementBytes = executor.elementBytes;
    this.unread = executor.unread;
    this.unwritten = executor.unwritten;
  }

  get tiles(): Executor["tiles"] {
    return this.executor.tiles;
  }

  takeTiles(tiles: Executor["tiles"]): void {
    this.executor.takeTiles(tiles);
  }

  allocate(label: string, length: number): Slot {
    return this.#remember(this.executor.allocate(label, length));
  }

  upload(label: string, values: Float64Array | Uint32Array): Slot {
    return this.#remember(this.executor.upload(label, values));
  }

  write(slot: Slot, values: Float64Array): void {
    this.executor.write(slot, values);
  }

  free(...slots: Slot[]): void {
    for (const slot of slots) this.#allocated.delete(slot);
    this.executor.free(...slots);
  }

  run<K extends StageName>(stage: Stage<K>): void {
    this.executor.run(stage);
  }

  copy(source: Slot, destination: Slot, region?: { from?: number; to?: number; length?: number }): void {
    this.executor.copy(source, destination, region);
  }

  flush(now?: boolean): Promise<void> {
    return this.executor.flush(now);
  }

  read(slot: Slot, from?: number, length?: number): Promise<Float64Array> {
    return this.executor.read(slot, from, length);
  }

  abandon(): void {
    this.executor.abandon();
  }

  get liveSlots(): number {
    return this.#allocated.size;
  }

  /** Frees what is left of this scope; the executor behind it lives on. */
  dispose(): void {
    this.executor.free(...this.#allocated);
    this.#allocated.clear();
  }

  #remember(slot: Slot): Slot {
    this.#allocated.add(slot);
    return slot;
  }
}

/** Whatever happens, the arrays of a run end with it. */
export async function withinScope<Result>(
  executor: Executor,
  work: (scope: Executor) => Promise<Result>,
): Promise<Result> {
  const scope = new ExecutorScope(executor);
  try {
    return await work(scope);
  } catch (error) {
    scope.abandon();
    throw error;
  } finally {
    scope.dispose();
  }
}
