/** Turns a list of commands into one submission: all parameters in one uniform buffer, as few passes as possible. */
import { BoundedCache } from "./bounded-cache.js";
import type { Command, Dispatch } from "./commands.js";
import { checkCopy, checkedBindings, foldWorkgroups } from "./commands.js";
import { GpuValidationError } from "./errors.js";
import type { DeviceMemory, GpuArray } from "./memory.js";
import { ParameterBuffer } from "./parameters.js";
import type { CompiledProgram } from "./pipelines.js";
import { type TimestampPair, timestampWrites } from "./timestamps.js";

const CACHED_BIND_GROUPS = 1024;

/** A dispatch that has passed every check. */
interface Step {
  readonly compiled: CompiledProgram;
  readonly label: string;
  readonly arrays: readonly GpuArray[];
  /** Where its parameters lie in the uniform buffer; undefined where it has none. */
  readonly offset: number | undefined;
  readonly x: number;
  readonly y: number;
}

/** Commands that have passed every check. */
export interface Recording {
  /** Compute passes that they take; 0 if nothing is computed. */
  readonly passes: number;
  /** Encodes them, with the time of the first pass's begin and of the last pass's end if `timestamps` has places for it. */
  encode(timestamps?: TimestampPair): GPUCommandBuffer;
}

interface CachedBindGroup {
  readonly group: GPUBindGroup;
  readonly arrays: readonly GpuArray[];
}

export class CommandRecorder {
  private readonly bindGroups = new BoundedCache<CachedBindGroup>(CACHED_BIND_GROUPS);
  private readonly parameters: ParameterBuffer;

  constructor(
    private readonly device: GPUDevice,
    private readonly limits: Readonly<Record<string, number>>,
    private readonly memory: DeviceMemory,
  ) {
    this.parameters = new ParameterBuffer(device.queue, memory, limits.minUniformBufferOffsetAlignment);
  }

  get cachedBindGroups(): number {
    return this.bindGroups.size;
  }

  forget(array: GpuArray): void {
    this.bindGroups.deleteWhere(({ arrays }) => arrays.includes(array));
  }

  dispose(): void {
    this.bindGroups.clear();
    this.parameters.dispose();
  }

  /** Checks every command first, so that a list with a mistake in it does nothing at all; the result encodes the work. */
  record(commands: readonly Command[], programs: ReadonlyMap<string, CompiledProgram>): Recording {
    const steps = new Map<Dispatch, Step>(); // a list that repeats one dispatch object checks it once
    let passes = 0;
    let inPass = false;
    this.parameters.clear();
    for (const command of commands) {
      if (command.kind === "copy") {
        checkCopy(this.memory, command);
        inPass = false;
        continue;
      }
      const step = steps.get(command) ?? this.step(command, programs);
      steps.set(command, step);
      if (step.x === 0 || inPass) continue;
      passes++;
      inPass = true;
    }
    if (this.parameters.upload()) this.bindGroups.clear();
    return { passes, encode: (timestamps) => this.encode(commands, steps, passes, timestamps) };
  }

  private step(dispatch: Dispatch, programs: ReadonlyMap<string, CompiledProgram>): Step {
    const { program } = dispatch;
    const compiled = programs.get(program.source);
    if (compiled === undefined) throw new GpuValidationError("it was not compiled", { kernel: program.name });
    const arrays = checkedBindings(dispatch, compiled, this.memory);
    const [x, y] = foldWorkgroups(dispatch, this.limits.maxComputeWorkgroupsPerDimension);
    return { compiled, label: program.name, arrays, offset: this.parameters.place(dispatch, compiled), x, y };
  }

  private encode(
    commands: readonly Command[],
    steps: ReadonlyMap<Dispatch, Step>,
    passes: number,
    timestamps: TimestampPair | undefined,
  ): GPUCommandBuffer {
    const encoder = this.device.createCommandEncoder();
    let begun = 0;
    const beginPass = () => {
      const writes = timestampWrites(timestamps, { first: begun === 0, last: begun === passes - 1 });
      begun++;
      return encoder.beginComputePass(writes && { timestampWrites: writes });
    };
    let pass: GPUComputePassEncoder | undefined;
    let pipeline: GPUComputePipeline | undefined;
    for (const command of commands) {
      if (command.kind === "copy") {
        pass?.end();
        pass = pipeline = undefined;
        const { source, sourceOffset, target, targetOffset, length } = command;
        encoder.copyBufferToBuffer(source.buffer, sourceOffset * 4, target.buffer, targetOffset * 4, length * 4);
        continue;
      }
      const step = steps.get(command);
      if (step === undefined || step.x === 0) continue;
      pass ??= beginPass();
      if (step.compiled.pipeline !== pipeline) {
        pipeline = step.compiled.pipeline;
        pass.setPipeline(pipeline);
      }
      pass.setBindGroup(0, this.bindGroup(step), step.offset === undefined ? [] : [step.offset]);
      pass.dispatchWorkgroups(step.x, step.y);
    }
    pass?.end();
    return encoder.finish();
  }

  private bindGroup({ compiled, label, arrays }: Step): GPUBindGroup {
    const key = `${compiled.id}:${arrays.map(({ id }) => id).join()}`;
    const cached = this.bindGroups.get(key);
    if (cached !== undefined) return cached.group;
    const { layout, bindGroupLayout } = compiled;
    const entries: GPUBindGroupEntry[] = layout.arrays.map(({ binding }, index) => {
      return { binding, resource: { buffer: arrays[index].buffer } };
    });
    const { buffer } = this.parameters;
    if (layout.params !== undefined && buffer !== undefined) {
      const resource = { buffer, size: layout.params.bytes };
      entries.push({ binding: layout.params.binding, resource });
    }
    const group = this.device.createBindGroup({ label, layout: bindGroupLayout, entries });
    this.bindGroups.set(key, { group, arrays });
    return group;
  }
}
