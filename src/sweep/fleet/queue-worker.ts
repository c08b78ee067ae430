/**
 * Computes the blocks of a queue, one at a time, until it is told to stop. What a job says is trusted no more than a user's
 * file; the computing is done by a process of its own, so that this one can tell the queue that it is alive.
 */
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Job, UnrecoverableError, Worker } from "bullmq";
import type { DeviceDescription } from "../../engine/executor.js";
import { sha256 } from "../../files/sealed-json.js";
import { InputError } from "../../physics/input-error.js";
import { parseInput } from "../../physics/schema-errors.js";
import type { FinishedBlock } from "../run.js";
import { packBlock } from "./block-plan.js";
import { BlockProcess, type PreparedPlan, type ProcessOptions } from "./block-process.js";
import { BlockFailure, ProcessEnded } from "./process-protocol.js";
import type { QueueConnection } from "./queue-connection.js";
import {
  type BlockJob,
  getBytes,
  jobSchema,
  type JobResult,
  planName,
  putBytes,
  queueName,
  SILENCES,
} from "./queue-protocol.js";

export interface QueueWorkerOptions extends ProcessOptions {
  readonly version: string;
  /** Seconds of silence after which the block of a worker goes to another one. */
  readonly takeover: number;
  readonly stop: AbortSignal;
  /** Called once, when blocks are taken from now on. */
  readonly ready: (device: DeviceDescription) => void;
  /** A line for every block. */
  readonly print: (text: string) => void;
  /** A line for everything that went wrong. */
  readonly note: (text: string) => void;
}

/** Where a job stands in messages. */
const CONTEXT = "specification";

/** A plan, its arrays in files of this machine. */
interface Accepted extends PreparedPlan {
  readonly name: string;
}

/**
 * Resolves when `stop` is aborted and the block at hand is finished.
 * @returns the number of blocks that were computed
 * @throws QueueAwayError
 */
export async function serveQueue(connection: QueueConnection, options: QueueWorkerOptions): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "onsager-worker-"));
  const desk = new Desk(connection, folder, options);
  try {
    options.ready(await desk.open());
    await work(connection, desk, options);
    return desk.blocks;
  } finally {
    await desk.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function work(connection: QueueConnection, desk: Desk, options: QueueWorkerOptions): Promise<void> {
  const { version, takeover, stop, note } = options;
  const milliseconds = Math.max(1, Math.round(1000 * takeover));
  const worker = new Worker<BlockJob, JobResult>(queueName(version), (job) => desk.serve(job), {
    connection: connection.client,
    lockDuration: milliseconds,
    stalledInterval: milliseconds,
    maxStalledCount: SILENCES,
    runRetryDelay: 500,
    drainDelay: 2,
  });
  worker.on("error", (error) => {
    // Of a server that is away, the connection tells.
    if (!connection.isAway && !isConnectionFault(error)) note(`onsager: ${lineOf(error)}`);
  });
  worker.on("failed", (job, error) => note(`onsager: job ${job?.id ?? "?"}: ${lineOf(error)}`));
  try {
    await connection.during(
      new Promise<void>((resolve) => {
        if (stop.aborted) resolve();
        else stop.addEventListener("abort", () => resolve(), { once: true });
      }),
    );
    await connection.during(worker.close());
  } finally {
    await Promise.race([worker.close(true).catch(() => undefined), pause(500)]);
  }
}

class Desk {
  blocks = 0;
  private process: BlockProcess | undefined;
  private accepted: Accepted | undefined;

  constructor(
    private readonly connection: QueueConnection,
    private readonly folder: string,
    private readonly options: QueueWorkerOptions,
  ) {}

  /** @throws UnrecoverableError for a job that no worker can do; anything else is tried again */
  async serve(job: Job<BlockJob, JobResult>): Promise<JobResult> {
    try {
      return await this.compute(job);
    } catch (error) {
      const refused = error instanceof InputError || (error instanceof BlockFailure && error.refused);
      if (refused) throw new UnrecoverableError(lineOf(error));
      if (error instanceof ProcessEnded) throw new Error(`its process has died (${error.message})`, { cause: error });
      throw error;
    }
  }

  private async compute(job: Job<BlockJob, JobResult>): Promise<JobResult> {
    const start = performance.now();
    const data = parseInput(jobSchema, job.data, "job");
    const accepted = await this.accept(data);
    const finished = await (await this.alive()).compute(accepted, data.cut);
    const states = finished.states && (await this.keepStates(finished.states));
    this.blocks++;
    const runs = finished.record.rows.length;
    const seconds = ((performance.now() - start) / 1000).toFixed(2);
    const what = `block ${data.cut.index} of ${String(data.plan.specification.name)}`;
    this.options.print(`${what} (${accepted.name.slice(0, 8)}): ${runs} run${runs === 1 ? "" : "s"}, ${seconds} s`);
    return { record: packBlock(finished), ...(states && { states }) };
  }

  /** Jobs of one sweep follow on each other: its arrays are fetched once. */
  private async accept({ plan, arrays: hashes }: BlockJob): Promise<Accepted> {
    const name = planName(plan, hashes);
    if (this.accepted?.name === name) return this.accepted;
    this.accepted = undefined;
    const wanted = new Set(Object.values(hashes));
    for (const file of await readdir(this.folder)) {
      if (!wanted.has(file.replace(/\.npy$/, ""))) await rm(join(this.folder, file));
    }
    const arrays: Record<string, string> = {};
    for (const [array, hash] of Object.entries(hashes)) {
      arrays[array] = join(this.folder, `${hash}.npy`);
      const bytes = await getBytes(this.connection.client, hash);
      if (!bytes) throw new InputError(CONTEXT, `no contents of the array file ${array}`, "what the sweep has sent");
      await writeFile(arrays[array], bytes);
    }
    return (this.accepted = { name, plan, context: CONTEXT, arrays });
  }

  /** The process that computes; one that has died is followed by another. */
  private async alive(): Promise<BlockProcess> {
    if (!this.process?.isAlive) this.process = await BlockProcess.start(this.options);
    return this.process;
  }

  /** Opens the device, so that one which is not there is found before the first job. */
  async open(): Promise<DeviceDescription> {
    return (await this.alive()).device;
  }

  private async keepStates(states: NonNullable<FinishedBlock["states"]>): Promise<JobResult["states"]> {
    const bytes = Buffer.concat(
      states.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)),
    );
    const hash = sha256(bytes);
    await putBytes(this.connection.client, hash, () => Promise.resolve(bytes));
    return { hash, rows: states.length };
  }

  async close(): Promise<void> {
    await this.process?.end();
  }
}

const lineOf = (error: unknown) => (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, " ");

function isConnectionFault(error: Error): boolean {
  return "syscall" in error || /connection is closed|ECONN|ETIMEDOUT|socket/i.test(error.message);
}
