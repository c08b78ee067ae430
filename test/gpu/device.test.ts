import { beforeAll, expect, test } from "vitest";
import type { GpuDevice } from "../../src/gpu/device.js";
import { add, arrayOf, assemble, dispatchAdd, dispatchRamp, ramp } from "./programs.js";
import { sharedDevice } from "../device.js";

let device: GpuDevice;

beforeAll(async () => {
  device = await sharedDevice();
});

test("what is written is read back, in parts and as words", async () => {
  const array = arrayOf(device, "array", [1, 2, 3, 4, 5]);
  device.write(array, Float32Array.of(7, 8), 2);
  expect([...(await device.read(array))]).toEqual([1, 2, 7, 8, 5]);
  expect([...(await device.read(array, 3))]).toEqual([8, 5]);
  expect([...(await device.read(array, 1, 2))]).toEqual([2, 7]);
  device.write(array, Uint32Array.of(0xffffffff));
  expect((await device.readWords(array))[0]).toBe(0xffffffff);
  array.destroy();
});

test("an array may be empty", async () => {
  const array = device.createArray("empty", 0);
  expect(array.buffer.size).toBe(16);
  expect(await device.read(array)).toHaveLength(0);
  await device.submit([dispatchAdd(array, array)].slice(1));
  array.destroy();
});

test("a view of shared memory is written like any other", async () => {
  const shared = new Float32Array(new SharedArrayBuffer(16), 4, 2);
  shared.set([3, 4]);
  const array = device.createArray("shared", 2);
  device.write(array, shared);
  expect([...(await device.read(array))]).toEqual([3, 4]);
  array.destroy();
});

test("uniform members are written by name, at the offsets of the shader", async () => {
  const values = device.createArray("values", 5);
  await device.submit([dispatchRamp(values, { shift: -3, count: 4, scale: 0.5 })]);
  expect([...(await device.read(values))]).toEqual([-3, -2.5, -2, -1.5, 0]);
  values.destroy();
});

test("dispatches and copies of one list run in order", async () => {
  const [sum, addend, kept] = ["sum", "addend", "kept"].map((label) => device.createArray(label, 4));
  const copy = { kind: "copy", source: sum, sourceOffset: 1, target: kept, targetOffset: 0, length: 2 } as const;
  await device.submit([
    dispatchRamp(sum, { count: 4, scale: 1, shift: 0 }),
    dispatchRamp(addend, { count: 4, scale: 10, shift: 0 }),
    dispatchAdd(addend, sum),
    copy,
    dispatchAdd(addend, sum),
    { ...copy, targetOffset: 2 },
  ]);
  expect([...(await device.read(kept))]).toEqual([11, 22, 21, 42]);
  for (const array of [sum, addend, kept]) array.destroy();
});

test("calls that are not awaited keep their order, compiled or not", async () => {
  const values = device.createArray("values", 2);
  const fresh = { ...ramp, source: `${ramp.source} // never compiled before` };
  const first = device.submit([{ ...dispatchRamp(values, { count: 2, scale: 1, shift: 5 }), program: fresh }]);
  const second = device.submit([dispatchRamp(values, { count: 1, scale: 0, shift: 9 })]);
  const result = await device.read(values);
  await Promise.all([first, second]);
  expect([...result]).toEqual([9, 6]);
  values.destroy();
});

test("thousands of dispatches share one uniform buffer, and equal parameters one place in it", async () => {
  const [sum, one, values] = [
    device.createArray("sum", 1),
    arrayOf(device, "one", [1]),
    device.createArray("values", 8),
  ];
  const before = device.stats();
  const repeated = Array.from({ length: 3000 }, () => dispatchAdd(one, sum));
  const equal = Array.from({ length: 3000 }, () => dispatchRamp(values, { count: 8, scale: 1, shift: 0 }));
  await device.submit([...repeated, ...equal]);
  expect(device.stats().liveBytes - before.liveBytes).toBeLessThanOrEqual(16 * 1024);
  expect((await device.read(sum))[0]).toBe(3000);
  const distinct = Array.from({ length: 300 }, (_, shift) => dispatchRamp(values, { count: 8, scale: 1, shift }));
  await device.submit(distinct);
  expect([...(await device.read(values, 0, 2))]).toEqual([299, 300]);
  expect(device.stats().cachedBindGroups).toBeLessThanOrEqual(before.cachedBindGroups + 2);
  for (const array of [sum, one, values]) array.destroy();
});

test("more than 65 535 workgroups are folded, and each runs once", async () => {
  const source = await assemble(`
// @import lib/dispatch.wgsl
struct Params { workgroupCount: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> visits: array<atomic<u32>>;
@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let index = linear_workgroup(workgroup, workgroups);
  if (index < params.workgroupCount) { atomicAdd(&visits[index], index + 1u); }
}`);
  const workgroupCount = 65_535 * 2 + 7;
  const visits = device.createArray("visits", workgroupCount);
  const dispatch = { kind: "dispatch", bindings: { visits }, workgroups: workgroupCount, shapes: "" } as const;
  await device.submit([{ ...dispatch, program: { name: "visit", source }, params: { workgroupCount } }]);
  const words = await device.readWords(visits);
  expect(words.findIndex((count, index) => count !== index + 1)).toBe(-1);
  visits.destroy();
});

test("a program is compiled once, however often it is asked for", async () => {
  const program = { name: "once", source: `${add.source} // once` };
  const before = device.stats().cachedPipelines;
  await Promise.all([device.compile([program, program]), device.compile([{ ...program }])]);
  await device.compile([program]);
  expect(device.stats().cachedPipelines).toBe(before + 1);
});
