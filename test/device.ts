/** The GPU that the tests of one file share. */
import { afterAll } from "vitest";
import { openDevice } from "../src/gpu/adapters.js";
import type { GpuDevice } from "../src/gpu/device.js";

let opened: Promise<GpuDevice> | undefined;

/** Opens the adapter named by ONSAGER_DEVICE, or the best there is. Without one the test fails: it is never skipped. */
export function sharedDevice(): Promise<GpuDevice> {
  const select = process.env.ONSAGER_DEVICE;
  opened ??= openDevice(select ? { select } : {});
  return opened;
}

afterAll(async () => {
  // A device that did not open has failed the tests already.
  await opened?.then(
    (device) => device.dispose(),
    () => undefined,
  );
});
