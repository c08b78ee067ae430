/** The GPU engine: records stages, assembles their shaders once, and submits them in batches. */
import { assembleShader, loadText } from "../gpu/shader-source.js";
import { type Command, GpuArray, type GpuDevice, type GpuTime, type Measurement, type Program } from "../gpu/device.js";
import { InputError } from "../physics/input-error.js";
import { type KernelParams, kernels } from "../kernels/registry.js";
import { shaderOf, tileOf } from "../kernels/strategy-shaders.js";
import { sharedShaders } from "../kernels/shared-shaders.js";
import type { AdapterTraits, KernelVariant } from "../kernels/strategies.js";
import { adapterTraits } from "./adapter-traits.js";
import { type TileChoice, tunedBy } from "./tile-choices.js";
import type { Tuning } from "./tuning-cache.js";
import type { DeviceDescription, Executor, Slot, Stage, StageName } from "./executor.js";

/**
 * Recorded work that is worth a submit: what a software adapter takes about a second for, so progress stays visible, and a
 * GPU a tenth of one, so that it never waits for the host.
 */
const FLOPS_PER_SUBMIT = { software: 2e9, hardware: 1e12 } as const;
const STAGES_PER_SUBMIT = 1024;

/** Work of one submit at most, unless one stage is more: drivers give up on a device that is busy for many seconds. */
const LARGEST_SUBMIT_FLOPS = 1e12;

type RecordedCommand =
  | { readonly kind: "stage"; readonly stage: Stage<StageName> }
  | Extract<Command, { readonly kind: "copy" }>;

export class GpuExecutor implements Executor {
  readonly elementBytes = 4;
  readonly unread: Slot;
  readonly unwritten: Slot;
  readonly device: DeviceDescription;
  readonly maxArrayLength: number;
  readonly #gpu: GpuDevice;
  readonly #texts = new Map<string, Promise<string>>();
  readonly #programs = new Map<string, Promise<Program>>();
  #traits: AdapterTraits;
  #tiles: readonly TileChoice[] = [];
  #recorded: RecordedCommand[] = [];
  #submits = 0;
  #flops = 0;

  constructor(
    gpu: GpuDevice,
    readonly memoryLimit: number,
    { tiles = [], note }: Tuning = {},
  ) {
    this.#gpu = gpu;
    this.#traits = adapterTraits(gpu);
    this.takeTiles(tiles);
    const { adapter } = gpu;
    this.device = {
      name: adapter.name,
      kind: adapter.kind,
      driver: adapter.driver,
      backend: adapter.backend,
      precision: "f32",
      reason: adapter.reason,
      ...(note !== undefined && { tuning: note }),
    };
    const { maxStorageBufferBindingSize, maxBufferSize } = gpu.limits;
    this.maxArrayLength = Math.floor(Math.min(maxStorageBufferBindingSize, maxBufferSize) / 4);
    this.unread = this.allocate("unread", 4);
    this.unwritten = this.allocate("unwritten", 4);
  }

  get traits(): AdapterTraits {
    return this.#traits;
  }

  get tiles(): readonly TileChoice[] {
    return this.#tiles;
  }

  takeTiles(tiles: readonly TileChoice[]): void {
    const own = adapterTraits(this.#gpu);
    const tuned = tunedBy(tiles, own);
    this.#traits = { ...own, ...(tuned && { tuned }) };
    this.#tiles = tiles;
  }

  allocate(label: string, length: number): Slot {
    return this.#gpu.createArray(label, length);
  }

  upload(label: string, values: Float64Array | Uint32Array): Slot {
    const array = this.#gpu.createArray(label, values.length);
    this.#gpu.write(array, values instanceof Uint32Array ? values : singles(label, values));
    return array;
  }

  write(slot: Slot, values: Float64Array): void {
    // A write goes ahead of what is recorded but not submitted; nothing recorded may still want the old contents.
    if (this.#recorded.length > 0) throw new Error(`write to ${slot.label} while work is recorded: flush first`);
    this.#gpu.write(asArray(slot), singles(slot.label, values));
  }

  free(...slots: Slot[]): void {
    for (const slot of slots) asArray(slot).destroy();
  }

  run<K extends StageName>(stage: Stage<K>): void {
    this.#recorded.push({ kind: "stage", stage: stage as unknown as Stage<StageName> });
    this.#flops += kernels[stage.kernel].flops(stage.params);
  }

  copy(source: Slot, destination: Slot, region: { from?: number; to?: number; length?: number } = {}): void {
    const { from = 0, to = 0, length = source.length - from } = region;
    this.#recorded.push({
      kind: "copy",
      source: asArray(source),
      sourceOffset: from,
      target: asArray(destination),
      targetOffset: to,
      length,
    });
  }

  async flush(now = false): Promise<void> {
    const enough = FLOPS_PER_SUBMIT[this.traits.software ? "software" : "hardware"];
    if (!now && this.#flops < enough && this.#recorded.length < STAGES_PER_SUBMIT) return;
    await this.#submitRecorded();
    await this.#gpu.settled();
  }

  async read(slot: Slot, from = 0, length = slot.length - from): Promise<Float64Array> {
    await this.#submitRecorded();
    return Float64Array.from(await this.#gpu.read(asArray(slot), from, length));
  }

  /** Hands recorded work over, waits until it is done, and tells how long that took, shader compilation left out. */
  async measure(): Promise<Measurement> {
    let [gpuMs, wallMs]: [number | undefined, number] = [0, 0];
    let reason: string | undefined;
    for (const commands of await this.#takeRecorded()) {
      const part = await this.#gpu.measure(commands);
      wallMs += part.wallMs;
      reason ??= part.reason;
      gpuMs = gpuMs === undefined || part.gpuMs === undefined ? undefined : gpuMs + part.gpuMs;
    }
    return { gpuMs, wallMs, ...(reason !== undefined && { reason }) };
  }

  /** The time that the GPU was busy since the last call; not known unless the device was opened with `timing`. */
  async gpuTime(): Promise<GpuTime> {
    await this.#submitRecorded();
    return this.#gpu.gpuTime();
  }

  abandon(): void {
    this.#recorded = [];
    this.#flops = 0;
  }

  /** Submits of recorded work so far. */
  get submits(): number {
    return this.#submits;
  }

  get liveSlots(): number {
    return Math.max(0, this.#gpu.stats().liveArrays - 2);
  }

  dispose(): void {
    this.#recorded = [];
    this.#programs.clear();
    this.#texts.clear();
    this.#gpu.dispose();
  }

  async #submitRecorded(): Promise<void> {
    for (const commands of await this.#takeRecorded()) {
      this.#submits++;
      await this.#gpu.submit(commands);
    }
  }

  /** What is recorded, as the lists of commands of each submit. */
  #takeRecorded(): Promise<Command[][]> {
    const recorded = this.#recorded;
    this.#recorded = [];
    this.#flops = 0;
    const parts = recorded.length === 0 ? [] : submits(recorded);
    return Promise.all(parts.map((part) => Promise.all(part.map((command) => this.#command(command)))));
  }

  async #command(command: RecordedCommand): Promise<Command> {
    if (command.kind === "copy") return command;
    const { kernel, arrays, params, constants, variant } = command.stage;
    const numbers = params as unknown as KernelParams;
    return {
      kind: "dispatch",
      program: await this.#program(kernel, constants, variant),
      bindings: Object.fromEntries(Object.entries(arrays).map(([name, slot]) => [name, asArray(slot as Slot)])),
      params: numbers,
      workgroups: kernels[kernel].workgroups(numbers, tileOf(kernel, this.traits, variant) as KernelParams),
      shapes: Object.entries(numbers)
        .map(([name, value]) => `${name} ${value}`)
        .join(", "),
    };
  }

  #program(name: StageName, constants: object, variant: KernelVariant | undefined): Promise<Program> {
    const key = `${name} ${JSON.stringify([constants, variant])}`;
    let program = this.#programs.get(key);
    if (program === undefined) {
      program = this.#assemble(name, constants, variant);
      this.#programs.set(key, program);
      program.catch(() => this.#programs.delete(key));
    }
    return program;
  }

  async #assemble(kernel: StageName, constants: object, variant: KernelVariant | undefined): Promise<Program> {
    const name = variant?.shader ?? kernel;
    const shader = shaderOf(kernel, variant);
    const load = (path: string) => {
      const url = path === name ? shader : sharedShaders[path];
      if (url === undefined) throw new Error(`${name} imports ${path}, which is not in the table of shared shaders`);
      let text = this.#texts.get(path);
      if (text === undefined) {
        text = loadText(url);
        this.#texts.set(path, text);
      }
      return text;
    };
    const source = await assembleShader(load, name, { ...tileOf(kernel, this.traits, variant), ...constants });
    return { name, source };
  }
}

/** Recorded work, cut where a submit would grow too large. */
function submits(recorded: readonly RecordedCommand[]): RecordedCommand[][] {
  const parts: RecordedCommand[][] = [[]];
  let flops = 0;
  for (const command of recorded) {
    const own = command.kind === "stage" ? kernels[command.stage.kernel].flops(command.stage.params) : 0;
    if (flops > 0 && flops + own > LARGEST_SUBMIT_FLOPS) {
      parts.push([]);
      flops = 0;
    }
    parts[parts.length - 1].push(command);
    flops += own;
  }
  return parts;
}

/** @throws InputError for a number that f32 does not reach: kernels take infinities for anything */
function singles(label: string, values: Float64Array): Float32Array<ArrayBuffer> {
  const rounded = Float32Array.from(values);
  // A loop: findIndex with a closure takes twenty times as long, 16 ms for a million numbers (Node.js 20, 2026-11-22).
  let beyond = -1;
  for (let index = 0; index < rounded.length && beyond < 0; index++) {
    if (Math.abs(rounded[index]) === Infinity && Number.isFinite(values[index])) beyond = index;
  }
  if (beyond < 0) return rounded;
  throw new InputError(label, String(values[beyond]), "numbers up to 3.4e38, the range of f32, or --device cpu");
}

function asArray(slot: Slot): GpuArray {
  if (!(slot instanceof GpuArray)) throw new Error(`${slot.label} is not an array of this GPU`);
  return slot;
}
