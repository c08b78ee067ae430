/** The buffers of one device: every one is made here, counted here and destroyed here. */
import { GpuLimitError, GpuOutOfMemoryError, GpuValidationError } from "./errors.js";
import type { Faults } from "./faults.js";
import { translateFor } from "./faults.js";

// GPUBufferUsage and GPUMapMode are no globals in Node; the numbers are those of the WebGPU specification.
const ARRAY_USAGE = 0x80 | 0x08 | 0x04; // STORAGE | COPY_DST | COPY_SRC
const UNIFORM_USAGE = 0x40 | 0x08; // UNIFORM | COPY_DST
const STAGING_USAGE = 0x01 | 0x08; // MAP_READ | COPY_DST
const QUERY_USAGE = 0x200 | 0x04; // QUERY_RESOLVE | COPY_SRC
const MINIMUM_BYTES = 16; // one vec4f: a shader may bind any array as an array of vec4f

/** An array of 4-byte elements on the device. Only who created it destroys it. */
export class GpuArray {
  constructor(
    readonly label: string,
    /** Counted in elements of 4 bytes. */
    readonly length: number,
    readonly buffer: GPUBuffer,
    /** Unlike any other array's, also after this one is destroyed. */
    readonly id: number,
    private readonly release: (array: GpuArray) => void,
  ) {}

  destroy(): void {
    this.release(this);
  }
}

export class DeviceMemory {
  private readonly arrays = new Set<GpuArray>();
  private readonly others = new Set<GPUBuffer>();
  private created = 0;
  private live = 0;
  private peak = 0;

  constructor(
    private readonly device: GPUDevice,
    private readonly limits: Readonly<Record<string, number>>,
    private readonly memoryLimit: number | undefined,
    private readonly faults: Faults,
    private readonly onArrayDestroyed: (array: GpuArray) => void,
  ) {}

  get liveBytes(): number {
    return this.live;
  }

  get peakBytes(): number {
    return this.peak;
  }

  get liveArrays(): number {
    return this.arrays.size;
  }

  /** True for a living array of this device. */
  owns(array: GpuArray): boolean {
    return this.arrays.has(array);
  }

  createArray(label: string, length: number): GpuArray {
    if (!Number.isSafeInteger(length) || length < 0) {
      throw new GpuValidationError(`array ${label} cannot have ${length} elements`);
    }
    const bytes = Math.max(MINIMUM_BYTES, Math.ceil((length * 4) / MINIMUM_BYTES) * MINIMUM_BYTES);
    const remedy = "hold it in row blocks";
    this.require("maxStorageBufferBindingSize", bytes, label, remedy);
    const buffer = this.allocate(label, bytes, ARRAY_USAGE, remedy);
    const array = new GpuArray(label, length, buffer, this.created++, (destroyed) => this.releaseArray(destroyed));
    this.arrays.add(array);
    return array;
  }

  /** A buffer that `read` copies into and maps. */
  createStaging(label: string, bytes: number): GPUBuffer {
    return this.createOther(`${label}, read back`, bytes, STAGING_USAGE);
  }

  /** A buffer for the parameters of dispatches. */
  createUniform(bytes: number): GPUBuffer {
    return this.createOther("dispatch parameters", bytes, UNIFORM_USAGE);
  }

  /** A buffer that timestamps are resolved into. */
  createQueryBuffer(bytes: number): GPUBuffer {
    return this.createOther("timestamps", bytes, QUERY_USAGE);
  }

  /** Destroys a buffer that is no array. */
  release(buffer: GPUBuffer): void {
    if (this.others.delete(buffer)) this.destroyBuffer(buffer);
  }

  /** Destroys everything that is left. */
  dispose(): void {
    for (const array of this.arrays) this.releaseArray(array);
    for (const buffer of this.others) this.release(buffer);
    this.peak = 0;
  }

  private createOther(label: string, bytes: number, usage: number): GPUBuffer {
    const buffer = this.allocate(label, bytes, usage, "use fewer or smaller pieces");
    this.others.add(buffer);
    return buffer;
  }

  /** A buffer above a limit *says* that it has the size asked for, so limits are checked before it is made. */
  private allocate(label: string, size: number, usage: number, remedy: string): GPUBuffer {
    this.faults.check();
    this.require("maxBufferSize", size, label, remedy);
    if (this.memoryLimit !== undefined && this.live + size > this.memoryLimit) {
      const reason = `${this.live} bytes are in use and the limit is ${this.memoryLimit}`;
      throw new GpuOutOfMemoryError(label, size, reason);
    }
    const buffer = this.faults.capture(translateFor(label, size), () =>
      this.device.createBuffer({ label, size, usage }),
    );
    this.live += size;
    this.peak = Math.max(this.peak, this.live);
    return buffer;
  }

  private require(limit: string, bytes: number, label: string, remedy: string): void {
    if (bytes > this.limits[limit]) throw new GpuLimitError(limit, bytes, this.limits[limit], label, { remedy });
  }

  private releaseArray(array: GpuArray): void {
    if (!this.arrays.delete(array)) return;
    this.destroyBuffer(array.buffer);
    this.onArrayDestroyed(array);
  }

  private destroyBuffer(buffer: GPUBuffer): void {
    this.live -= buffer.size;
    buffer.destroy();
  }
}
