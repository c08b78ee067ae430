/** The parameters of all dispatches of one submission, in one uniform buffer. */
import type { Dispatch } from "./commands.js";
import { GpuValidationError } from "./errors.js";
import { writeParams } from "./layouts.js";
import type { DeviceMemory } from "./memory.js";
import type { CompiledProgram } from "./pipelines.js";

const FIRST_BYTES = 16 * 1024;

export class ParameterBuffer {
  /** One buffer serves every submission: the queue keeps a write in order with the work before and after it. */
  private uniform: GPUBuffer | undefined;
  private scratch = new DataView(new ArrayBuffer(FIRST_BYTES));
  private readonly places = new Map<string, number>();
  private used = 0;

  constructor(
    private readonly queue: GPUQueue,
    private readonly memory: DeviceMemory,
    private readonly alignment: number,
  ) {}

  get buffer(): GPUBuffer | undefined {
    return this.uniform;
  }

  /** Starts the parameters of a new submission. */
  clear(): void {
    this.places.clear();
    this.used = 0;
  }

  /** The dynamic offset of a dispatch's parameters; equal parameters of one program share a place. */
  place({ program, params, shapes }: Dispatch, { id, layout }: CompiledProgram): number | undefined {
    if (layout.params === undefined) return undefined;
    const content = `${id}:${layout.params.members.map(({ name }) => params[name]).join()}`;
    const known = this.places.get(content);
    if (known !== undefined) return known;
    const offset = this.used;
    this.used += Math.ceil(layout.params.bytes / this.alignment) * this.alignment;
    while (this.used > this.scratch.byteLength) this.grow();
    const complaint = writeParams(layout.params, params, this.scratch, offset);
    if (complaint !== undefined) throw new GpuValidationError(complaint, { kernel: program.name, shapes });
    this.places.set(content, offset);
    return offset;
  }

  /** Writes what was placed. True when that took a new buffer, so that bind groups with the old one are stale. */
  upload(): boolean {
    if (this.used === 0) return false;
    const replace = this.uniform === undefined || this.uniform.size < this.used;
    if (replace) {
      this.dispose();
      this.uniform = this.memory.createUniform(this.scratch.byteLength);
    }
    if (this.uniform !== undefined) this.queue.writeBuffer(this.uniform, 0, this.scratch.buffer, 0, this.used);
    return replace;
  }

  dispose(): void {
    if (this.uniform !== undefined) this.memory.release(this.uniform);
    this.uniform = undefined;
  }

  private grow(): void {
    const larger = new Uint8Array(new ArrayBuffer(this.scratch.byteLength * 2));
    larger.set(new Uint8Array(this.scratch.buffer));
    this.scratch = new DataView(larger.buffer);
  }
}
