/** What a device can be told to do, and the checks that name the kernel before the driver gives a vaguer answer. */
import { GpuLimitError, GpuValidationError } from "./errors.js";
import type { DeviceMemory, GpuArray } from "./memory.js";
import { nameMismatch } from "./layouts.js";
import type { CompiledProgram, Program } from "./pipelines.js";

export interface Dispatch {
  readonly kind: "dispatch";
  readonly program: Program;
  /** One array for each storage binding of the program, by its name. */
  readonly bindings: Readonly<Record<string, GpuArray>>;
  /** One number for each member of the program's uniform struct, by its name. */
  readonly params: Readonly<Record<string, number>>;
  /** A linear count: folded into two dimensions when there are many, undone by `lib/dispatch.wgsl`. */
  readonly workgroups: number;
  /** The shapes in words, for error messages. */
  readonly shapes: string;
}

export interface Copy {
  readonly kind: "copy";
  readonly source: GpuArray;
  readonly sourceOffset: number;
  readonly target: GpuArray;
  readonly targetOffset: number;
  /** Offsets and length are counted in elements of 4 bytes. */
  readonly length: number;
}

export type Command = Dispatch | Copy;

/** The arrays in the order of the layout, each of them living, large enough, and not written while bound twice. */
export function checkedBindings(dispatch: Dispatch, compiled: CompiledProgram, memory: DeviceMemory): GpuArray[] {
  const { bindings, program, shapes, params } = dispatch;
  const where = { kernel: program.name, shapes };
  const { arrays, params: paramsLayout } = compiled.layout;
  const arrayNames = arrays.map(({ name }) => name);
  const paramNames = paramsLayout?.members.map(({ name }) => name) ?? [];
  const mismatch =
    nameMismatch("binding", arrayNames, Object.keys(bindings)) ??
    nameMismatch("parameter", paramNames, Object.keys(params));
  if (mismatch !== undefined) throw new GpuValidationError(mismatch, where);
  const writers = new Map<GpuArray, boolean>();
  return arrays.map(({ name, minimumBytes, writable }) => {
    const array = bindings[name];
    if (!memory.owns(array)) {
      throw new GpuValidationError(`binding ${name}: array ${array.label} is destroyed or of another device`, where);
    }
    if (array.buffer.size < minimumBytes) {
      const what = `binding ${name} needs ${minimumBytes} bytes, and array ${array.label} has ${array.buffer.size}`;
      throw new GpuValidationError(what, where);
    }
    const written = writers.get(array);
    if (written !== undefined && (written || writable)) {
      const what = `array ${array.label} is written through one binding and bound to another, ${name}, as well`;
      throw new GpuValidationError(what, where);
    }
    writers.set(array, writable);
    return array;
  });
}

/** Folds a linear count of workgroups into as even a rectangle as holds it, so that few start for nothing. */
export function foldWorkgroups({ workgroups, program, shapes }: Dispatch, limit: number): [x: number, y: number] {
  const where = { kernel: program.name, shapes };
  if (!Number.isSafeInteger(workgroups) || workgroups < 0) {
    throw new GpuValidationError(`${workgroups} is no number of workgroups`, where);
  }
  if (workgroups > limit * limit) {
    const remedy = "split the batch";
    const name = "maxComputeWorkgroupsPerDimension";
    throw new GpuLimitError(`${name} squared`, workgroups, limit * limit, "the number of workgroups", {
      ...where,
      remedy,
    });
  }
  const y = Math.max(1, Math.ceil(workgroups / limit));
  return [Math.ceil(workgroups / y), y];
}

/** A range of elements must lie inside a living array. */
export function checkRange(
  memory: DeviceMemory,
  action: string,
  array: GpuArray,
  offset: number,
  length: number,
): void {
  if (!memory.owns(array)) {
    throw new GpuValidationError(`${action}: array ${array.label} is destroyed or of another device`);
  }
  const whole = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
  if (!whole || offset + length > array.length) {
    const range = `elements ${offset} .. ${offset + length}`;
    throw new GpuValidationError(`${action}: array ${array.label} of ${array.length} elements has no ${range}`);
  }
}

export function checkCopy(memory: DeviceMemory, { source, sourceOffset, target, targetOffset, length }: Copy): void {
  checkRange(memory, "copy", source, sourceOffset, length);
  checkRange(memory, "copy", target, targetOffset, length);
  if (source === target) throw new GpuValidationError(`copy: array ${source.label} cannot be copied into itself`);
}
