/** One command line on its way through the program. */
import { devicesCommand } from "./devices.js";
import { type DeviceSelection, LIST_DEVICES, selectedDevice } from "./options.js";
import type { Session } from "./session.js";

export interface Invocation {
  readonly session: Session;
  readonly version: string;
  /** What was typed. */
  readonly command: string;
  code: number;
}

/** Calls `command` with the device that was chosen, or lists the devices if that was asked for. */
export async function withDevice(
  invocation: Invocation,
  options: Pick<DeviceSelection, "device"> & { readonly json?: boolean },
  command: (select: string | undefined) => Promise<number>,
): Promise<void> {
  const { session, version } = invocation;
  const select = selectedDevice(options);
  if (select?.toLowerCase() === LIST_DEVICES) {
    await devicesCommand({ select: undefined, json: options.json ?? false, version }, session);
  } else {
    invocation.code = await command(select);
  }
}
