/** When the compute passes of each submission began and ended, by the clock of the device. */
import type { DeviceMemory } from "./memory.js";

// GPUMapMode and GPUBufferUsage are no globals in Node.
const MAP_READ = 0x1;
const BYTES_PER_TIMESTAMP = 8;

/** Submissions that may be under way before their timestamps have to be read. */
const SUBMISSIONS = 512;

/** The duration of work on the GPU. */
export interface GpuTime {
  /**
   * Milliseconds that the GPU was busy with compute passes and what lies between them, of several submissions the sum of
   * that, times that two share counted once; undefined where it is not known.
   */
  readonly gpuMs: number | undefined;
  /** Why it is not known. */
  readonly reason?: string;
}

/** The places of one submission in the query set. */
export interface TimestampPair {
  readonly querySet: GPUQuerySet;
  readonly begin: number;
  readonly end: number;
}

/** The writes that a compute pass does for its submission; undefined in the middle of one. */
export function timestampWrites(
  pair: TimestampPair | undefined,
  { first, last }: { first: boolean; last: boolean },
): GPUComputePassTimestampWrites | undefined {
  if (pair === undefined || (!first && !last)) return undefined;
  return {
    querySet: pair.querySet,
    ...(first && { beginningOfPassWriteIndex: pair.begin }),
    ...(last && { endOfPassWriteIndex: pair.end }),
  };
}

/** Hands out places for timestamps, and turns what was written there into durations. */
export class Timestamps {
  private readonly querySet: GPUQuerySet;
  private readonly resolved: GPUBuffer;
  private taken = 0;
  /** The end of the last submission, in nanoseconds. */
  private last = 0n;

  constructor(
    private readonly device: GPUDevice,
    private readonly memory: DeviceMemory,
  ) {
    this.querySet = device.createQuerySet({ label: "timestamps", type: "timestamp", count: 2 * SUBMISSIONS });
    this.resolved = memory.createQueryBuffer(2 * SUBMISSIONS * BYTES_PER_TIMESTAMP);
  }

  get full(): boolean {
    return this.taken === SUBMISSIONS;
  }

  /** Places for the next submission; read the durations first when it is full. */
  next(): TimestampPair {
    const begin = 2 * this.taken++;
    return { querySet: this.querySet, begin, end: begin + 1 };
  }

  /**
   * Waits for the submissions since the last call and tells the duration of each in milliseconds, undefined where the
   * clock of the device ran backwards. Of submissions that overlap, the later one has the rest.
   * @param wait how the owner waits for the device
   */
  async durations(wait: (mapped: Promise<void>) => Promise<void>): Promise<(number | undefined)[]> {
    const count = 2 * this.taken;
    if (count === 0) return [];
    this.taken = 0;
    const bytes = count * BYTES_PER_TIMESTAMP;
    const staging = this.memory.createStaging("timestamps", bytes);
    try {
      const encoder = this.device.createCommandEncoder();
      encoder.resolveQuerySet(this.querySet, 0, count, this.resolved, 0);
      encoder.copyBufferToBuffer(this.resolved, 0, staging, 0, bytes);
      this.device.queue.submit([encoder.finish()]);
      await wait(staging.mapAsync(MAP_READ));
      const times = new BigUint64Array(staging.getMappedRange().slice(0));
      return Array.from({ length: count / 2 }, (_, submission) =>
        this.duration(times[2 * submission], times[2 * submission + 1]),
      );
    } finally {
      this.memory.release(staging);
    }
  }

  dispose(): void {
    this.querySet.destroy();
    this.memory.release(this.resolved);
  }

  /** Submissions end in their order, so one that ends before the one before it shows a clock that was set back. */
  private duration(begin: bigint, end: bigint): number | undefined {
    const backwards = end < begin || end < this.last;
    const from = begin > this.last ? begin : this.last;
    this.last = end;
    return backwards ? undefined : Number(end - from) / 1e6;
  }
}
