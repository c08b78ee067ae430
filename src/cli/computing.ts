/** Who computes the blocks of a sweep: this process, processes of its own, or the workers of a queue. */
import { openExecutor } from "../engine/devices.js";
import type { DeviceDescription, Executor } from "../engine/executor.js";
import { ProcessPool } from "../sweep/fleet/process-pool.js";
import { readQueueAddress } from "../sweep/fleet/queue-address.js";
import { type AdapterTiles, tilesOf } from "../sweep/folder/adapter-tiles.js";
import { adapterOf } from "../sweep/folder/block-record.js";
import type { SweepSession } from "../sweep/folder/manifest.js";
import type { RunFolder } from "../sweep/folder/run-folder.js";
import { type BlockRunner, localRunner } from "../sweep/run.js";
import { deviceLine } from "./text-layout.js";
import type { Session } from "./session.js";

export interface ComputingOptions {
  readonly select: string | undefined;
  readonly memory?: number | undefined;
  /** Processes of this machine. */
  readonly workers?: number;
  /** Address of a queue. */
  readonly queue?: string;
  /** Seconds for which a queue that is away is waited for. */
  readonly patience?: number;
  readonly version: string;
}

export interface Computing {
  /** For the manifest. */
  readonly who: Pick<SweepSession, "device" | "queue">;
  /** What the device has from the tuning cache: for a sweep that it has not worked on yet. */
  readonly tiles?: AdapterTiles;
  /** For what blocks are sized, and how many share them. */
  readonly device: Pick<DeviceDescription, "kind">;
  readonly workers: number;
  readonly runner: (folder: RunFolder, context: string) => BlockRunner;
  readonly close: () => Promise<void>;
}

/** The program of worker processes, beside this one in the built package. */
export const BLOCK_PROGRAM = new URL("./block-child.js", import.meta.url);

/** Seconds that a queue may be away. */
export const DEFAULT_PATIENCE = 30;

/** Workers of a queue are not known beforehand: blocks are cut as if so many GPUs waited for them. */
const FLEET = { device: { kind: "hardware" }, workers: 8 } as const;

/** @throws NoAdapterError, BlockFailure, QueueAwayError, InputError */
export function openComputing(options: ComputingOptions, session: Session): Promise<Computing> {
  if (options.queue !== undefined) return ofQueue(options.queue, options, session);
  return options.workers === undefined
    ? ofThisProcess(options, session)
    : ofProcesses(options.workers, options, session);
}

async function ofThisProcess({ select, memory }: ComputingOptions, { print }: Session): Promise<Computing> {
  const executor = await openExecutor({ select, memoryLimit: memory });
  print(deviceLine(executor.device));
  return computingOf(executor);
}

/** Blocks one after the other on a device of this process. */
export function computingOf(executor: Executor): Computing {
  const { device } = executor;
  const adapter = adapterOf(device);
  return {
    who: { device },
    tiles: { adapter, choices: [...executor.tiles] },
    device,
    workers: 1,
    runner: ({ manifest: { strategy, precision, tiles }, load }, context) => {
      executor.takeTiles(tilesOf(tiles, adapter) ?? []);
      return localRunner(executor, { load, context, strategy, precision });
    },
    close: () => Promise.resolve(executor.dispose()),
  };
}

async function ofProcesses(workers: number, options: ComputingOptions, session: Session): Promise<Computing> {
  const { select, memory } = options;
  const pool = await ProcessPool.open(workers, { program: BLOCK_PROGRAM, select, memoryLimit: memory });
  const { device } = pool;
  session.print(`${deviceLine(device)}\n${workers} worker process${workers > 1 ? "es" : ""}`);
  return {
    who: { device },
    tiles: { adapter: adapterOf(device), choices: [...pool.tiles] },
    device,
    workers,
    runner: (folder, context) => {
      const { strategy, precision, tiles } = folder.manifest;
      return pool.runner({ context, strategy, precision, tiles, arrays: arraysOf(folder), note: session.note });
    },
    close: () => pool.close(),
  };
}

async function ofQueue(queue: string, options: ComputingOptions, session: Session): Promise<Computing> {
  const address = readQueueAddress(queue);
  // The client takes a moment to load, which only those who use it wait for.
  const { QueueConnection } = await import("../sweep/fleet/queue-connection.js");
  const { queueRunner } = await import("../sweep/fleet/queue-runner.js");
  const connection = await QueueConnection.open(address, options.patience ?? DEFAULT_PATIENCE);
  session.print(`blocks go to the workers of the queue ${address.shown}`);
  return {
    who: { queue: address.shown },
    ...FLEET,
    runner: (folder) => {
      const { strategy, precision, tiles, inputs: hashes } = folder.manifest;
      const shared = { strategy, precision, tiles, hashes, version: options.version, note: session.note };
      return queueRunner(connection, { ...shared, arrays: arraysOf(folder) });
    },
    close: () => Promise.resolve(connection.close()),
  };
}

const arraysOf = (folder: RunFolder): Record<string, string> =>
  Object.fromEntries(Object.keys(folder.manifest.inputs).map((name) => [name, folder.inputFile(name)]));
