/** Turns a list of commands into one submission: all parameters in one uniform buffer, as few passes as possible. */
import { BoundedCache } from "./bounded-cache.js";
import type { Command, Dispatch } from "./commands.js";
import { checkCopy, checkedBindings, foldWorkgroups } from "./commands.js";
import { GpuValidationError } from "./errors.js";
import type { DeviceMemory, GpuArray } from "./memory.js";
import { ParameterBuffer } from "./parameters.js";
import type { CompiledProgram } from "./pipelines.js";

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
  record(commands: readonly Command[], programs: ReadonlyMap<string, CompiledProgram>): () => GPUCommandBuffer {
    const steps = new Map<Dispatch, Step>(); // a list that repeats one dispatch object checks it once
    this.parameters.clear();
    for (const command of commands) {
      if (command.kind === "copy") checkCopy(this.memory, command);
      else if (!steps.has(command)) steps.set(command, this.step(command, programs));
    }
    if (this.parameters.upload()) this.bindGroups.clear();
    return () => this.encode(commands, steps);
  }

  private step(dispatch: Dispatch, programs: ReadonlyMap<string, CompiledProgram>): Step {
    const { program } = dispatch;
    const compiled = programs.get(program.source);
    if (compiled === undefined) throw new GpuValidationError("it was not compiled", { kernel: program.name });
    const arrays = checkedBindings(dispatch, compiled, this.memory);
    const [x, y] = foldWorkgroups(dispatch, this.limits.maxComputeWorkgroupsPerDimension);
    return { compiled, label: program.name, arrays, offset: this.parameters.place(dispatch, compiled), x, y };
  }

  private encode(commands: readonly Command[], steps: ReadonlyMap<Dispatch, Step>): GPUCommandBuffer {
    const encoder = this.device.createCommandEncoder();
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
      pass ??= encoder.beginComputePass();
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
