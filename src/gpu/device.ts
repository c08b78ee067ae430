/** An open GPU: arrays, programs and lists of commands, with every failure thrown as a typed error. */
import type { AdapterReport } from "./adapter-report.js";
import { readLimits, SUBGROUP_MATRIX } from "./adapter-report.js";
import type { Command } from "./commands.js";
import { checkRange } from "./commands.js";
import { CommandRecorder } from "./command-recorder.js";
import { GpuError } from "./errors.js";
import { Faults, translateFor } from "./faults.js";
import type { GpuArray } from "./memory.js";
import { DeviceMemory } from "./memory.js";
import { patiently } from "./patience.js";
import type { CompiledProgram, Program } from "./pipelines.js";
import { PipelineCache } from "./pipelines.js";
import { type GpuTime, Timestamps } from "./timestamps.js";

export type { Command, Dispatch } from "./commands.js";
export { GpuArray } from "./memory.js";
export type { Program } from "./pipelines.js";
export type { GpuTime } from "./timestamps.js";

const MAP_READ = 0x1; // GPUMapMode.READ, which is no global in Node
const OPTIONAL_FEATURES = ["timestamp-query", "subgroups", "shader-f16", SUBGROUP_MATRIX] as const;

/** Asked for as high as the adapter goes: what a kernel may use is then decided by the granted limits. */
const COMPUTE_LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupSizeZ",
  "maxComputeWorkgroupsPerDimension",
] as const;

export interface DeviceStats {
  readonly liveBytes: number;
  readonly peakBytes: number;
  readonly liveArrays: number;
  readonly cachedPipelines: number;
  readonly cachedBindGroups: number;
}

export interface DeviceSettings {
  /** The most bytes that may be allocated at once: arrays, dispatch parameters, and copies being read back. */
  readonly memoryLimit?: number | undefined;
  /** Time every submission, for `gpuTime`. */
  readonly timing?: boolean | undefined;
}

/** How long a submission took. */
export interface Measurement extends GpuTime {
  /** Milliseconds from handing the work over until it was known to be done. */
  readonly wallMs: number;
}

export class GpuDevice {
  readonly features: ReadonlySet<string>;
  /** The limits that were granted. */
  readonly limits: Readonly<Record<string, number>>;
  private readonly faults: Faults;
  private readonly memory: DeviceMemory;
  private readonly pipelines: PipelineCache;
  private readonly recorder: CommandRecorder;
  /** Made when a time is asked for. */
  private timestamps: Timestamps | undefined;
  private readonly timing: boolean;
  private gpuMs = 0;
  private unknownTimes = 0;
  private tail: Promise<unknown> = Promise.resolve();

  private constructor(
    /** What owns the driver: when it is collected as garbage the process crashes, so it lives as long as this does. */
    readonly instance: GPU,
    readonly adapter: AdapterReport,
    readonly device: GPUDevice,
    { memoryLimit, timing = false }: DeviceSettings,
  ) {
    this.features = new Set(device.features);
    this.limits = readLimits(device.limits);
    this.faults = new Faults(device);
    this.memory = new DeviceMemory(device, this.limits, memoryLimit, this.faults, (array) =>
      this.recorder.forget(array),
    );
    this.pipelines = new PipelineCache(device, this.limits, this.faults);
    this.recorder = new CommandRecorder(device, this.limits, this.memory);
    this.timing = timing;
  }

  /** Use `openDevice`, which finds the adapter. An adapter opens one device and is used up. */
  static async open(
    instance: GPU,
    adapter: GPUAdapter,
    report: AdapterReport,
    settings: DeviceSettings = {},
  ): Promise<GpuDevice> {
    const requiredFeatures = OPTIONAL_FEATURES.filter((feature) => adapter.features.has(feature));
    const requiredLimits = Object.fromEntries(COMPUTE_LIMITS.map((name) => [name, adapter.limits[name]]));
    const device = await adapter.requestDevice({ label: report.name, requiredFeatures, requiredLimits });
    const opened = new GpuDevice(instance, report, device, settings);
    await opened.requireComputation();
    return opened;
  }

  /** A new array of zeros. An allocation that the driver refuses is thrown by the next awaited call. */
  createArray(label: string, length: number): GpuArray {
    return this.memory.createArray(label, length);
  }

  /** Copies `data` into the array, in order with what was submitted before: await `submit` first. */
  write(array: GpuArray, data: Float32Array | Uint32Array, offset = 0): void {
    this.faults.check();
    checkRange(this.memory, "write", array, offset, data.length);
    // Dawn crashes on a view of a SharedArrayBuffer.
    const { buffer, byteOffset, byteLength } = data.buffer instanceof ArrayBuffer ? data : data.slice();
    this.device.queue.writeBuffer(array.buffer, offset * 4, buffer, byteOffset, byteLength);
  }

  async read(array: GpuArray, offset = 0, length = array.length - offset): Promise<Float32Array> {
    return new Float32Array(await this.readBytes(array, offset, length));
  }

  async readWords(array: GpuArray): Promise<Uint32Array> {
    return new Uint32Array(await this.readBytes(array, 0, array.length));
  }

  /** Compiles programs ahead of their first dispatch. */
  async compile(programs: readonly Program[]): Promise<void> {
    await this.compileAll(programs);
  }

  /**
   * Submits all commands in order. Resolves when the driver has accepted the work, not when it is done; rejects with the
   * kernel and its shapes when it has not, and then nothing of the list was run.
   */
  async submit(commands: readonly Command[]): Promise<void> {
    await this.submitTimed(commands, this.timing);
  }

  /**
   * Submits all commands and waits until they are done. GPU time runs from the begin of the first compute pass to the end
   * of the last one. What the programs compile to is not part of either time, except for what a driver leaves to their
   * first dispatch: measure a second time. Await what else the device is to do first.
   */
  async measure(commands: readonly Command[]): Promise<Measurement> {
    await this.compile(commands.flatMap((command) => (command.kind === "dispatch" ? [command.program] : [])));
    await this.settled();
    await this.inOrder(() => this.readTimestamps());
    const start = performance.now();
    const timed = await this.submitTimed(commands, true);
    await this.settled();
    const wallMs = performance.now() - start;
    if (!timed) return { gpuMs: undefined, reason: this.timeless ?? "nothing was computed", wallMs };
    const [gpuMs] = await this.inOrder(() => this.readTimestamps());
    return gpuMs === undefined
      ? { gpuMs, reason: "the clock of the adapter ran backwards", wallMs }
      : { gpuMs, wallMs };
  }

  /**
   * The time that the GPU was busy since the last call, with everything that was submitted before this one. Copies before
   * the first and after the last compute pass of a submission are not in it. Not known unless the device was opened with `timing`.
   */
  async gpuTime(): Promise<GpuTime> {
    if (this.timeless !== undefined) return { gpuMs: undefined, reason: this.timeless };
    if (!this.timing) return { gpuMs: undefined, reason: "the device was opened without timing" };
    await this.inOrder(() => this.readTimestamps());
    const { gpuMs, unknownTimes } = this;
    this.gpuMs = this.unknownTimes = 0;
    if (unknownTimes === 0) return { gpuMs };
    return { gpuMs: undefined, reason: `the clock of the adapter ran backwards in ${unknownTimes} submissions` };
  }

  /** @returns true if it gets timestamps */
  private async submitTimed(commands: readonly Command[], timed: boolean): Promise<boolean> {
    let stamped = false;
    await this.inOrder(async () => {
      const dispatches = commands.filter((command) => command.kind === "dispatch");
      const programs = await this.compileAll(dispatches.map(({ program }) => program));
      const recording = this.recorder.record(commands, programs);
      stamped = timed && recording.passes > 0 && this.timeless === undefined;
      if (stamped && this.timestamps?.full) await this.readTimestamps();
      const pair = stamped ? this.openTimestamps().next() : undefined;
      const [first] = dispatches;
      const kernels = [...new Set(dispatches.map(({ program }) => program.name))];
      const where = kernels.length === 1 ? { kernel: first.program.name, shapes: first.shapes } : {};
      const label = kernels.length > 0 ? kernels.join(", ") : "copies";
      this.faults.capture(translateFor(label, 0, where), () => this.device.queue.submit([recording.encode(pair)]));
    });
    await this.faults.raise();
    return stamped;
  }

  /** Waits until everything that was submitted is done. */
  async settled(): Promise<void> {
    await this.inOrder(() => this.faults.check());
    await this.wait(this.device.queue.onSubmittedWorkDone()).catch((error: unknown) => this.faults.explain(error));
    await this.faults.raise();
  }

  /** Destroys what the device owns, the device included. Every later call throws. */
  dispose(): void {
    this.faults.close();
    this.recorder.dispose();
    this.timestamps?.dispose();
    this.memory.dispose();
    this.pipelines.clear();
    this.device.destroy();
  }

  stats(): DeviceStats {
    const { liveBytes, peakBytes, liveArrays } = this.memory;
    const { cachedBindGroups } = this.recorder;
    return { liveBytes, peakBytes, liveArrays, cachedPipelines: this.pipelines.size, cachedBindGroups };
  }

  /** Why no time can be told, if that is so. */
  private get timeless(): string | undefined {
    return this.features.has("timestamp-query") ? undefined : `${this.adapter.name} has no timestamps`;
  }

  private openTimestamps(): Timestamps {
    this.timestamps ??= new Timestamps(this.device, this.memory);
    return this.timestamps;
  }

  /** Adds up the durations of the submissions since the last call, and returns them. */
  private async readTimestamps(): Promise<(number | undefined)[]> {
    this.faults.check();
    const durations = await this.timestamps?.durations((mapped) =>
      this.wait(mapped).catch((error: unknown) => this.faults.explain(error)),
    );
    for (const duration of durations ?? []) {
      if (duration === undefined) this.unknownTimes++;
      else this.gpuMs += duration;
    }
    return durations ?? [];
  }

  /** A hardware adapter does not compute on the processor that waits, and a browser does not poll. */
  private wait<Result>(promise: Promise<Result>): Promise<Result> {
    return this.adapter.kind === "hardware" || typeof setImmediate === "undefined" ? promise : patiently(promise);
  }

  private async readBytes(array: GpuArray, offset: number, length: number): Promise<ArrayBuffer> {
    const bytes = length * 4;
    const staging = await this.inOrder(() => {
      this.faults.check();
      checkRange(this.memory, "read", array, offset, length);
      const buffer = this.memory.createStaging(array.label, bytes);
      this.faults.capture(translateFor(`reading ${array.label}`, bytes), () => {
        const encoder = this.device.createCommandEncoder();
        encoder.copyBufferToBuffer(array.buffer, offset * 4, buffer, 0, bytes);
        this.device.queue.submit([encoder.finish()]);
      });
      return buffer;
    });
    try {
      await this.wait(staging.mapAsync(MAP_READ)).catch((error: unknown) => this.faults.explain(error));
      await this.faults.raise();
      return staging.getMappedRange().slice(0);
    } finally {
      this.memory.release(staging);
    }
  }

  private async compileAll(programs: readonly Program[]): Promise<Map<string, CompiledProgram>> {
    this.faults.check();
    const unique = new Map(programs.map((program) => [program.source, program]));
    const compiled = [...unique.values()].map(
      async (program) => [program.source, await this.pipelines.get(program)] as const,
    );
    return new Map(await Promise.all(compiled));
  }

  /** Keeps submissions and readings in the order of their calls, although the first of a program waits for its compiler. */
  private inOrder<Result>(action: () => Result | Promise<Result>): Promise<Result> {
    const result = this.tail.then(action);
    this.tail = result.catch(() => undefined);
    return result;
  }

  /** A driver that accepts every command and executes none, as Dawn's null backend does, must never give a result. */
  private async requireComputation(): Promise<void> {
    const source =
      "@group(0) @binding(0) var<storage, read_write> answer: array<u32>;\n" +
      "@compute @workgroup_size(4) fn main(@builtin(local_invocation_index) i: u32) { answer[i] = i * i + 40503u; }";
    const answer = this.createArray("known answer", 4);
    const program = { name: "known answer", source };
    const dispatch = {
      kind: "dispatch",
      program,
      bindings: { answer },
      params: {},
      workgroups: 1,
      shapes: "4",
    } as const;
    await this.submitTimed([dispatch], false);
    const words = await this.readWords(answer);
    answer.destroy();
    this.pipelines.clear();
    if (words.join() === "40503,40504,40507,40512") return;
    this.dispose();
    throw new GpuError("the driver accepts work and does not execute it");
  }
}
