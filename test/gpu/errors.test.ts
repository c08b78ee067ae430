import { beforeAll, expect, test } from "vitest";
import { openDevice } from "../../src/gpu/adapters.js";
import type { Dispatch, GpuArray, GpuDevice } from "../../src/gpu/device.js";
import {
  DeviceLostError,
  GpuError,
  GpuLimitError,
  GpuOutOfMemoryError,
  GpuValidationError,
  ShaderCompileError,
} from "../../src/gpu/errors.js";
import { sharedDevice } from "../device.js";
import { arrayOf, dispatchAdd, dispatchRamp, ramp } from "./programs.js";

let device: GpuDevice;
let values: GpuArray;
let valid: Dispatch;

beforeAll(async () => {
  device = await sharedDevice();
  values = device.createArray("values", 4);
  valid = dispatchRamp(values, { count: 4, scale: 1, shift: 0 });
});

/** What a rejected promise or a throwing function was rejected with. */
async function failure(action: () => unknown): Promise<GpuError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof GpuError) {
      expect(error.message).not.toContain("\n");
      return error;
    }
    throw error;
  }
  throw new Error("nothing was thrown");
}

test("WGSL that does not compile is shown with line, column and text", async () => {
  const source = ramp.source.replace("f32(params.shift)", "f32(parms.shift)");
  const program = { name: "typo", source };
  for (const attempt of [() => device.compile([program]), () => device.submit([{ ...valid, program }])]) {
    const error = (await failure(attempt)) as ShaderCompileError;
    expect(error).toBeInstanceOf(ShaderCompileError);
    const lines = source.split("\n");
    const line = lines.findIndex((text) => text.includes("parms")) + 1;
    const column = lines[line - 1].indexOf("parms") + 1;
    expect(error).toMatchObject({ kernel: "typo", line, column, source });
    expect(error.message).toMatch(/kernel typo: line 8, column \d+: unresolved value 'parms'/);
    expect(error.excerpt.split("\n")[1]).toBe(`${" ".repeat(column - 1)}^`);
  }
});

test("a program with a mistake can be corrected and compiled again", async () => {
  const before = device.stats().cachedPipelines;
  await failure(() => device.compile([{ name: "broken", source: "@compute fn main() {}" }]));
  await failure(() => device.compile([{ name: "broken", source: "@compute @workgroup_size(100000) fn main() {}" }]));
  expect(device.stats().cachedPipelines).toBe(before);
});

test.each<[string, RegExp, () => Partial<Dispatch>]>([
  ["a missing binding", /missing binding values/, () => ({ bindings: {} })],
  ["an unknown binding", /unknown binding extra/, () => ({ bindings: { values, extra: values } })],
  ["a missing parameter", /missing parameter shift/, () => ({ params: { count: 4, scale: 1 } })],
  ["an unknown parameter", /unknown parameter beta/, () => ({ params: { ...valid.params, beta: 1 } })],
  ["a fraction for a u32", /count is 1.5, which is no u32/, () => ({ params: { ...valid.params, count: 1.5 } })],
  ["a negative u32", /count is -1, which is no u32/, () => ({ params: { ...valid.params, count: -1 } })],
  [
    "a parameter that is no number",
    /scale is NaN, which is no f32/,
    () => ({ params: { ...valid.params, scale: NaN } }),
  ],
  ["a fraction of a workgroup", /2.5 is no number of workgroups/, () => ({ workgroups: 2.5 })],
])("%s names the kernel and its shapes, and nothing runs", async (_, message, change) => {
  const untouched = arrayOf(device, "untouched", [1, 2, 3, 4]);
  const ok = { ...valid, bindings: { values: untouched } };
  const error = await failure(() => device.submit([ok, { ...valid, ...change() }]));
  expect(error).toBeInstanceOf(GpuValidationError);
  expect(error).toMatchObject({ kernel: "ramp", shapes: "count=4" });
  expect(error.message).toMatch(message);
  expect([...(await device.read(untouched))]).toEqual([1, 2, 3, 4]);
  untouched.destroy();
});

test("an array is not written through one binding while bound to another", async () => {
  const error = await failure(() => device.submit([dispatchAdd(values, values)]));
  expect(error.message).toMatch(/kernel add \(length=4\): array values is written through one binding/);
});

test("a destroyed array is named", async () => {
  const destroyed = device.createArray("gone", 4);
  destroyed.destroy();
  expect((await failure(() => device.submit([{ ...valid, bindings: { values: destroyed } }]))).message).toMatch(/gone/);
  expect((await failure(() => device.read(destroyed))).message).toMatch(/array gone is destroyed/);
  expect((await failure(() => device.write(destroyed, new Float32Array(1)))).message).toMatch(
    /array gone is destroyed/,
  );
});

test("ranges outside an array are refused", async () => {
  const copy = { kind: "copy", source: values, sourceOffset: 2, target: values, targetOffset: 0, length: 3 } as const;
  expect((await failure(() => device.submit([copy]))).message).toMatch(/of 4 elements has no elements 2 .. 5/);
  expect((await failure(() => device.submit([{ ...copy, length: 2 }]))).message).toMatch(/copied into itself/);
  expect(await failure(() => device.read(values, 3, 2))).toBeInstanceOf(GpuValidationError);
  expect(await failure(() => device.write(values, new Float32Array(2), 3))).toBeInstanceOf(GpuValidationError);
});

test("an array beyond the device's limits says which and how far", async () => {
  const bytes = device.limits.maxStorageBufferBindingSize;
  const error = (await failure(() => device.createArray("huge", bytes / 4 + 4))) as GpuLimitError;
  expect(error).toBeInstanceOf(GpuLimitError);
  expect(error).toMatchObject({ limit: "maxStorageBufferBindingSize", granted: bytes });
  expect(error.remedy).toMatch(/row blocks/);
});

test("more workgroups than two dimensions hold are refused", async () => {
  const error = await failure(() => device.submit([{ ...valid, workgroups: 65_536 ** 2 }]));
  expect(error).toBeInstanceOf(GpuLimitError);
  expect(error).toMatchObject({ kernel: "ramp", shapes: "count=4" });
});

test("the memory limit holds before anything is allocated", async () => {
  const limited = await openDevice({ select: device.adapter.name, memoryLimit: 4096 });
  const first = limited.createArray("first", 512);
  const error = (await failure(() => limited.createArray("second", 1024))) as GpuOutOfMemoryError;
  expect(error).toBeInstanceOf(GpuOutOfMemoryError);
  expect(error).toMatchObject({ label: "second", bytes: 4096 });
  expect(limited.stats()).toMatchObject({ liveBytes: 2048, liveArrays: 1 });
  first.destroy();
  limited.createArray("second", 1024);
  limited.dispose();
});

test("an error that nobody waited for is thrown by the next awaited call, once", async () => {
  device.device.createBuffer({ size: 3, usage: 0 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect((await failure(() => device.read(values))).message).toMatch(/usage/i);
  await device.settled();
});

test("after the loss of the device every call says so", async () => {
  const lost = await openDevice({ select: device.adapter.name });
  const array = lost.createArray("array", 4);
  lost.device.destroy();
  const calls = [
    () => lost.read(array),
    () => lost.readWords(array),
    () => lost.write(array, new Float32Array(4)),
    () => lost.createArray("another", 4),
    () => lost.compile([]),
    () => lost.submit([]),
    () => lost.settled(),
  ];
  for (const call of calls) {
    const error = await failure(call);
    expect(error, String(call)).toBeInstanceOf(DeviceLostError);
    expect(error.remedy).toMatch(/can be repeated/);
  }
  lost.dispose();
});

test("the loss of the device is told to whoever is waiting", async () => {
  const lost = await openDevice({ select: device.adapter.name });
  const array = lost.createArray("array", 4);
  const program = { ...ramp };
  const waiting = [lost.read(array), lost.compile([program]), lost.settled()].map((call) => failure(() => call));
  lost.device.destroy();
  for (const error of await Promise.all(waiting)) expect(error).toBeInstanceOf(DeviceLostError);
  lost.dispose();
});

test("a disposed device holds nothing and does nothing", async () => {
  const disposed = await openDevice({ select: device.adapter.name });
  const kept = disposed.createArray("kept", 100);
  const freed = disposed.createArray("freed", 100);
  await disposed.submit([dispatchRamp(kept, { count: 100, scale: 1, shift: 0 }), dispatchAdd(kept, freed)]);
  await disposed.settled();
  expect(disposed.stats()).toMatchObject({ liveArrays: 2, cachedPipelines: 2, cachedBindGroups: 2 });
  freed.destroy();
  freed.destroy();
  expect(disposed.stats()).toMatchObject({ liveArrays: 1, cachedBindGroups: 1 });
  disposed.dispose();
  kept.destroy();
  const nothing = { liveBytes: 0, peakBytes: 0, liveArrays: 0, cachedPipelines: 0, cachedBindGroups: 0 };
  expect(disposed.stats()).toEqual(nothing);
  expect(await failure(() => disposed.read(kept))).toBeInstanceOf(DeviceLostError);
});
