import { beforeAll, expect, test, vi } from "vitest";
import { openDevice } from "../../src/gpu/adapters.js";
import type { Command, GpuArray, GpuDevice } from "../../src/gpu/device.js";
import type { DeviceMemory } from "../../src/gpu/memory.js";
import { Timestamps } from "../../src/gpu/timestamps.js";
import { sharedDevice } from "../device.js";
import { dispatchAdd, dispatchRamp } from "./programs.js";

let device: GpuDevice;

beforeAll(async () => {
  device = await sharedDevice();
});

const copyOf = (source: GpuArray, target: GpuArray): Command => {
  return { kind: "copy", source, sourceOffset: 0, target, targetOffset: 0, length: source.length };
};

test("work takes GPU time, more of it more, and never more than the caller waits for it", async () => {
  const [sum, one] = ["sum", "one"].map((label) => device.createArray(label, 2 ** 16));
  const dispatches = (count: number) => Array.from({ length: count }, () => dispatchAdd(one, sum));
  await device.measure(dispatches(1));
  const few = await device.measure(dispatches(4));
  const many = await device.measure(dispatches(400));
  expect(device.features).toContain("timestamp-query");
  expect(few).not.toHaveProperty("reason");
  expect(few.gpuMs).toBeGreaterThan(0);
  expect(few.gpuMs).toBeLessThanOrEqual(few.wallMs);
  expect(many.gpuMs).toBeGreaterThan(2 * (few.gpuMs ?? NaN));
  expect(many.gpuMs).toBeLessThanOrEqual(many.wallMs);
  for (const array of [sum, one]) array.destroy();
});

test("a submission of several passes is timed from the first to the last, and copies alone are not", async () => {
  const [sum, one] = ["sum", "one"].map((label) => device.createArray(label, 2 ** 16));
  const [small, kept] = ["small", "kept"].map((label) => device.createArray(label, 4));
  const [add, copy] = [dispatchAdd(small, kept), copyOf(small, kept)];
  const middle = Array.from({ length: 400 }, () => dispatchAdd(one, sum));
  await device.measure([add, copy, ...middle, copy, add]);
  const idle = await device.measure([add, copy, copy, add]);
  const busy = await device.measure([add, copy, ...middle, copy, add]);
  expect(busy.gpuMs).toBeGreaterThan(2 * (idle.gpuMs ?? NaN));
  expect(await device.measure([copy])).toMatchObject({ gpuMs: undefined, reason: "nothing was computed" });
  for (const array of [sum, one, small, kept]) array.destroy();
});

test("without timing a device makes no query set, and says that it knows no time", async () => {
  const untimed = await openDevice({ select: device.adapter.name });
  const createQuerySet = vi.spyOn(untimed.device, "createQuerySet");
  const { liveBytes } = untimed.stats();
  const values = untimed.createArray("values", 4);
  await untimed.submit([dispatchRamp(values, { count: 4, scale: 1, shift: 0 })]);
  await untimed.settled();
  expect(await untimed.gpuTime()).toEqual({ gpuMs: undefined, reason: "the device was opened without timing" });
  expect(createQuerySet).not.toHaveBeenCalled();
  values.destroy();
  // The parameters of a dispatch stay.
  expect(untimed.stats().liveBytes - liveBytes).toBeLessThanOrEqual(16 * 1024);
  untimed.dispose();
});

test("with timing all submissions are timed, however many, and each time is told once", async () => {
  const timed = await openDevice({ select: device.adapter.name, timing: true });
  const values = timed.createArray("values", 4);
  const dispatch = dispatchRamp(values, { count: 4, scale: 1, shift: 0 });
  expect(await timed.gpuTime()).toEqual({ gpuMs: 0 });
  const start = performance.now();
  for (let submission = 0; submission < 1100; submission++) await timed.submit([dispatch]);
  await timed.settled();
  const wallMs = performance.now() - start;
  const { gpuMs } = await timed.gpuTime();
  expect(gpuMs).toBeGreaterThan(0);
  expect(gpuMs).toBeLessThanOrEqual(wallMs);
  expect(await timed.gpuTime()).toEqual({ gpuMs: 0 });
  const measured = await timed.measure([dispatch]);
  expect((await timed.gpuTime()).gpuMs).toBe(measured.gpuMs);
  timed.dispose();
});

test("an adapter without timestamps computes, and says that it knows no time", async () => {
  const blind = await openDevice({ select: device.adapter.name, timing: true });
  Object.defineProperty(blind, "features", { value: new Set() });
  const values = blind.createArray("values", 4);
  const dispatch = dispatchRamp(values, { count: 4, scale: 1, shift: 0 });
  const reason = `${device.adapter.name} has no timestamps`;
  expect(await blind.measure([dispatch])).toMatchObject({ gpuMs: undefined, reason });
  expect(await blind.gpuTime()).toEqual({ gpuMs: undefined, reason });
  expect([...(await blind.read(values))]).toEqual([0, 1, 2, 3]);
  blind.dispose();
});

test("overlapping submissions share no time, and a clock that runs backwards gives none", async () => {
  const submissions = [
    [1e6, 3e6],
    [2e6, 6e6], // the first of it is that of the one before
    [9e6, 8e6],
    [9e6, 1e7],
    [1e6, 2e6], // set back
    [4e6, 5e6],
  ];
  const clock = BigUint64Array.from(submissions.flat(), BigInt);
  const nothing = () => undefined;
  const fakeDevice = {
    createQuerySet: nothing,
    createCommandEncoder: () => ({ resolveQuerySet: nothing, copyBufferToBuffer: nothing, finish: nothing }),
    queue: { submit: nothing },
  } as unknown as GPUDevice;
  const fakeMemory = {
    createQueryBuffer: nothing,
    createStaging: () => ({ mapAsync: () => Promise.resolve(), getMappedRange: () => clock.buffer }),
    release: nothing,
  } as unknown as DeviceMemory;
  const timestamps = new Timestamps(fakeDevice, fakeMemory);
  for (let submission = 0; submission < submissions.length; submission++) timestamps.next();
  expect(await timestamps.durations((mapped) => mapped)).toEqual([2, 3, undefined, 1, undefined, 1]);
});
