/** Small programs that the tests of this folder run. */
import type { Dispatch, GpuArray, GpuDevice, Program } from "../../src/gpu/device.js";
import { assembleShader, loadText } from "../../src/gpu/shader-source.js";

/** `values[i] = scale * i + shift` for i below `count`, with 64 threads in a workgroup. */
export const ramp: Program = {
  name: "ramp",
  source: `
struct Params { count: u32, scale: f32, shift: i32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> values: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.count) { return; }
  values[id.x] = params.scale * f32(id.x) + f32(params.shift);
}`,
};

/** `sum[i] = sum[i] + addend[i]` */
export const add: Program = {
  name: "add",
  source: `
@group(0) @binding(0) var<storage, read> addend: array<f32>;
@group(0) @binding(1) var<storage, read_write> sum: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < arrayLength(&sum)) { sum[id.x] += addend[id.x]; }
}`,
};

export function dispatchRamp(values: GpuArray, params: { count: number; scale: number; shift: number }): Dispatch {
  const workgroups = Math.ceil(params.count / 64);
  return { kind: "dispatch", program: ramp, bindings: { values }, params, workgroups, shapes: `count=${params.count}` };
}

export function dispatchAdd(addend: GpuArray, sum: GpuArray): Dispatch {
  const workgroups = Math.ceil(sum.length / 64);
  const shapes = `length=${sum.length}`;
  return { kind: "dispatch", program: add, bindings: { addend, sum }, params: {}, workgroups, shapes };
}

/** An array holding `values`. */
export function arrayOf(device: GpuDevice, label: string, values: readonly number[]): GpuArray {
  const array = device.createArray(label, values.length);
  device.write(array, Float32Array.from(values));
  return array;
}

/** Assembles `source` as if it were a file beside the `lib` folder of shaders. */
export function assemble(source: string): Promise<string> {
  const folder = new URL("../../shaders/", import.meta.url);
  const load = (path: string) => (path === "test.wgsl" ? Promise.resolve(source) : loadText(new URL(path, folder)));
  return assembleShader(load, "test.wgsl", {});
}
