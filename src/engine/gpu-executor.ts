/** The GPU engine: records stages, assembles their shaders once, and submits them in batches. */
import { assembleShader, loadText } from "../gpu/shader-source.js";
import { type Command, GpuArray, type GpuDevice, type Program } from "../gpu/device.js";
import { InputError } from "../physics/input-error.js";
import { type KernelParams, kernels, sharedShaders } from "../kernels/registry.js";
import type { DeviceDescription, Executor, Slot, Stage, StageName } from "./executor.js";

/** Recorded work that is worth a submit. A software adapter takes about a second for it, so progress stays visible. */
const FLOPS_PER_SUBMIT = 2e9;
const STAGES_PER_SUBMIT = 1024;

type RecordedCommand =
  { readonly kind: "stage"; readonly stage: Stage<StageName> } | Extract<Command, { readonly kind: "copy" }>;

export class GpuExecutor implements Executor {
  readonly elementBytes = 4;
  readonly unread: Slot;
  readonly unwritten: Slot;
  readonly device: DeviceDescription;
  readonly maxArrayLength: number;
  readonly #gpu: GpuDevice;
  readonly #texts = new Map<string, Promise<string>>();
  readonly #programs = new Map<string, Promise<Program>>();
  #recorded: RecordedCommand[] = [];
  #flops = 0;

  constructor(
    gpu: GpuDevice,
    readonly memoryLimit: number,
  ) {
    this.#gpu = gpu;
    const { adapter } = gpu;
    this.device = {
      name: adapter.name,
      kind: adapter.kind,
      driver: adapter.driver,
      backend: adapter.backend,
      precision: "f32",
      reason: adapter.reason,
    };
    const { maxStorageBufferBindingSize, maxBufferSize } = gpu.limits;
    this.maxArrayLength = Math.floor(Math.min(maxStorageBufferBindingSize, maxBufferSize) / 4);
    this.unread = this.allocate("unread", 4);
    this.unwritten = this.allocate("unwritten", 4);
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
    if (!now && this.#flops < FLOPS_PER_SUBMIT && this.#recorded.length < STAGES_PER_SUBMIT) return;
    await this.#submitRecorded();
    await this.#gpu.settled();
  }

  async read(slot: Slot, from = 0, length = slot.length - from): Promise<Float64Array> {
    await this.#submitRecorded();
    return Float64Array.from(await this.#gpu.read(asArray(slot), from, length));
  }

  abandon(): void {
    this.#recorded = [];
    this.#flops = 0;
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
    const recorded = this.#recorded;
    this.#recorded = [];
    this.#flops = 0;
    if (recorded.length === 0) return;
    await this.#gpu.submit(await Promise.all(recorded.map((command) => this.#command(command))));
  }

  async #command(command: RecordedCommand): Promise<Command> {
    if (command.kind === "copy") return command;
    const { kernel, arrays, params, constants } = command.stage;
    const numbers = params as unknown as KernelParams;
    return {
      kind: "dispatch",
      program: await this.#program(kernel, constants),
      bindings: Object.fromEntries(Object.entries(arrays).map(([name, slot]) => [name, asArray(slot as Slot)])),
      params: numbers,
      workgroups: kernels[kernel].workgroups(numbers),
      shapes: Object.entries(numbers)
        .map(([name, value]) => `${name} ${value}`)
        .join(", "),
    };
  }

  #program(name: StageName, constants: object): Promise<Program> {
    const key = `${name} ${JSON.stringify(constants)}`;
    let program = this.#programs.get(key);
    if (program === undefined) {
      program = this.#assemble(name, constants);
      this.#programs.set(key, program);
      program.catch(() => this.#programs.delete(key));
    }
    return program;
  }

  async #assemble(name: StageName, constants: object): Promise<Program> {
    const kernel = kernels[name];
    const load = (path: string) => {
      const url = path === name ? kernel.shader : sharedShaders[path];
      if (url === undefined) throw new Error(`${name} imports ${path}, which is not in the table of shared shaders`);
      let text = this.#texts.get(path);
      if (text === undefined) {
        text = loadText(url);
        this.#texts.set(path, text);
      }
      return text;
    };
    const source = await assembleShader(load, name, { ...kernel.tile, ...constants });
    return { name, source };
  }
}

/** @throws InputError for a number that f32 does not reach: kernels take infinities for anything */
function singles(label: string, values: Float64Array): Float32Array<ArrayBuffer> {
  const rounded = Float32Array.from(values);
  const beyond = rounded.findIndex((value, index) => Math.abs(value) === Infinity && Number.isFinite(values[index]));
  if (beyond < 0) return rounded;
  throw new InputError(label, String(values[beyond]), "numbers up to 3.4e38, the range of f32, or --device cpu");
}

function asArray(slot: Slot): GpuArray {
  if (!(slot instanceof GpuArray)) throw new Error(`${slot.label} is not an array of this GPU`);
  return slot;
}
