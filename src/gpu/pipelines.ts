/** Compiled programs, cached by their text. */
import { BoundedCache } from "./bounded-cache.js";
import { GpuLimitError, GpuValidationError, ShaderCompileError } from "./errors.js";
import type { Faults } from "./faults.js";
import { translateFor } from "./faults.js";
import type { ProgramLayout } from "./layouts.js";
import { bindGroupLayoutEntries, reflectLayout } from "./layouts.js";

const CACHED_PIPELINES = 256;

/** Complete WGSL after assembly, and the name that errors call it by. */
export interface Program {
  readonly name: string;
  readonly source: string;
}

export interface CompiledProgram {
  /** Unlike any other compiled program's of the same device. */
  readonly id: number;
  readonly layout: ProgramLayout;
  readonly bindGroupLayout: GPUBindGroupLayout;
  readonly pipeline: GPUComputePipeline;
}

export class PipelineCache {
  /** Promises, so that two requests for one program compile it once. */
  private readonly cache = new BoundedCache<Promise<CompiledProgram>>(CACHED_PIPELINES);
  private compiled = 0;

  constructor(
    private readonly device: GPUDevice,
    private readonly limits: Readonly<Record<string, number>>,
    private readonly faults: Faults,
  ) {}

  get size(): number {
    return this.cache.size;
  }

  get(program: Program): Promise<CompiledProgram> {
    const cached = this.cache.get(program.source);
    if (cached !== undefined) return cached;
    const compiling = this.compile(program).catch((error: unknown) => {
      this.cache.delete(program.source);
      throw error;
    });
    this.cache.set(program.source, compiling);
    return compiling;
  }

  clear(): void {
    this.cache.clear();
  }

  private async compile({ name, source }: Program): Promise<CompiledProgram> {
    const { device } = this;
    const module = await this.compileModule(name, source);
    const layout = reflectLayout(name, source);
    this.checkBindingCount(name, layout.arrays.length);
    const { bindGroupLayout, pipelineLayout } = this.faults.capture(translateFor(name, 0, { kernel: name }), () => {
      const entries = bindGroupLayoutEntries(layout);
      const bindGroupLayout = device.createBindGroupLayout({ label: name, entries });
      const bindGroupLayouts = [bindGroupLayout];
      return { bindGroupLayout, pipelineLayout: device.createPipelineLayout({ label: name, bindGroupLayouts }) };
    });
    await this.faults.raise();
    const compute = { module, entryPoint: layout.entryPoint };
    const pipeline = await device
      .createComputePipelineAsync({ label: name, layout: pipelineLayout, compute })
      .catch((error: unknown) => {
        this.faults.check();
        const message = error instanceof Error ? error.message : String(error);
        throw new GpuValidationError(message, { kernel: name, cause: error });
      });
    return { id: this.compiled++, layout, bindGroupLayout, pipeline };
  }

  private async compileModule(kernel: string, code: string): Promise<GPUShaderModule> {
    this.device.pushErrorScope("validation"); // the compilation info below says the same, with line and column
    const module = this.device.createShaderModule({ label: kernel, code });
    const scope = this.device.popErrorScope().catch((error: unknown) => this.faults.explain(error));
    const [failure, info] = await Promise.all([
      scope,
      module.getCompilationInfo().catch((error: unknown) => this.faults.explain(error)),
    ]);
    const error = info.messages.find(({ type }) => type === "error");
    if (error !== undefined) {
      throw new ShaderCompileError(kernel, code, error.lineNum, error.linePos, error.message);
    }
    if (failure !== null) throw new GpuValidationError(failure.message, { kernel });
    return module;
  }

  private checkBindingCount(kernel: string, arrays: number): void {
    const limit = "maxStorageBuffersPerShaderStage";
    if (arrays <= this.limits[limit]) return;
    throw new GpuLimitError(limit, arrays, this.limits[limit], "the number of bound arrays", { kernel });
  }
}
