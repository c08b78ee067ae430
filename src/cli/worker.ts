/** `onsager worker --queue redis://…`: computes the blocks that sweeps anywhere put into a queue. */
import { readQueueAddress } from "../sweep/fleet/queue-address.js";
import { BLOCK_PROGRAM } from "./computing.js";
import { deviceLine } from "./text-layout.js";
import { EXIT } from "./exit-codes.js";
import type { Session } from "./session.js";

export interface WorkerCommandOptions {
  readonly queue: string;
  /** Seconds for which a queue that is away is waited for. */
  readonly patience: number;
  /** Seconds of silence after which another worker takes a block over. */
  readonly takeover: number;
  readonly select: string | undefined;
  readonly memory: number;
  readonly version: string;
}

/** Ends with exit code 0 on Ctrl-C, after the block at hand. */
export async function workerCommand(options: WorkerCommandOptions, session: Session): Promise<number> {
  const { queue, patience, takeover, select, memory, version } = options;
  const { print, note, interruption } = session;
  const address = readQueueAddress(queue);
  const { QueueConnection } = await import("../sweep/fleet/queue-connection.js");
  const { serveQueue } = await import("../sweep/fleet/queue-worker.js");
  const connection = await QueueConnection.open(address, patience);
  const release = session.holdInterruption();
  try {
    const blocks = await serveQueue(connection, {
      program: BLOCK_PROGRAM,
      select,
      memoryLimit: memory,
      version,
      takeover,
      stop: interruption,
      ready: (device) => print(`${deviceLine(device)}\nwaiting for blocks on ${address.shown}; Ctrl-C ends`),
      print,
      note,
    });
    print(`${blocks} block${blocks === 1 ? "" : "s"} computed`);
    return EXIT.done;
  } finally {
    release();
    connection.close();
  }
}
