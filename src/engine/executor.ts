/**
 * An executor runs kernels by name on arrays it owns: the shaders on a GPU in f32, or their twins on the CPU in f64.
 * Whoever orchestrates (time steps, steady states, observables) is written once, against this interface.
 */
import type { AdapterTraits, KernelVariant } from "../kernels/strategies.js";
import type { twins } from "../reference/twins.js";
import type { TileChoice } from "./tile-choices.js";

export type StageName = keyof typeof twins;
type ArraysOf<K extends StageName> = keyof Parameters<(typeof twins)[K]>[0] & string;
type ParamsOf<K extends StageName> = Parameters<(typeof twins)[K]>[1];
type ConstantsOf<K extends StageName> = Parameters<(typeof twins)[K]> extends [unknown, unknown, infer C] ? C : object;

/** One kernel invocation; the compiler holds its names to those of the twin, and a test holds those to the shader. */
export interface Stage<K extends StageName> {
  readonly kernel: K;
  readonly arrays: Readonly<Record<ArraysOf<K>, Slot>>;
  readonly params: ParamsOf<K>;
  readonly constants: ConstantsOf<K>;
  /** The shader and tile of a fused kernel; a GPU needs it, the CPU has one way only. */
  readonly variant?: KernelVariant;
}

/** An array of an executor, in the memory layout of ARCHITECTURE.md. Whoever allocates a slot frees it. */
export interface Slot {
  readonly label: string;
  readonly length: number;
}

export interface DeviceDescription {
  /** The adapter's name, or "cpu". */
  readonly name: string;
  readonly kind: "hardware" | "system-software" | "package-software" | "cpu";
  readonly driver: string;
  readonly backend: string;
  readonly precision: "f32" | "f64";
  /** Why this device was chosen; a fallback says what was missing. */
  readonly reason: string;
  /** Of hardware that was tuned once: where its choices come from, or why they do not count. */
  readonly tuning?: string;
}

export interface Executor {
  readonly device: DeviceDescription;
  /** What decides between the strategies of a fused kernel. */
  readonly traits: AdapterTraits;
  /** What fused kernels take in place of their defaults: what `onsager tune` has found, until other tiles are taken. */
  readonly tiles: readonly TileChoice[];
  /**
   * From the next run on.
   * @throws InputError for a choice that is none of this adapter
   */
  takeTiles(tiles: readonly TileChoice[]): void;
  /** The longest array, in elements, that one slot may hold. */
  readonly maxArrayLength: number;
  /** Bytes that all arrays together may take. */
  readonly memoryLimit: number;
  /** Bytes an element takes. */
  readonly elementBytes: 4 | 8;
  /** Stand-ins for an array that a variant of a kernel does not read, and for one that it does not write. */
  readonly unread: Slot;
  readonly unwritten: Slot;

  /** @throws GpuLimitError, GpuOutOfMemoryError or MemoryLimitError, before anything is allocated */
  allocate(label: string, length: number): Slot;
  /** Allocates and fills. Words (Uint32Array) keep their bits. */
  upload(label: string, values: Float64Array | Uint32Array): Slot;
  write(slot: Slot, values: Float64Array): void;
  free(...slots: Slot[]): void;
  /** Records one stage; it runs in order, at the latest with the next `flush` or `read`. */
  run<K extends StageName>(stage: Stage<K>): void;
  copy(source: Slot, destination: Slot, region?: { from?: number; to?: number; length?: number }): void;
  /** Hands recorded work over and surfaces faults. Cheap to call: submits when enough work has gathered, or if `now`. */
  flush(now?: boolean): Promise<void>;
  read(slot: Slot, from?: number, length?: number): Promise<Float64Array>;
  /** Forgets recorded work that was not handed over: after a failure, before its arrays are freed. */
  abandon(): void;
  /** Arrays that are alive, beside the two stand-ins. */
  readonly liveSlots: number;
  dispose(): void;
}
