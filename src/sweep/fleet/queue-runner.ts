/**
 * Has blocks computed by the workers of a queue. A block is a job, named by what it is computed from, so that a sweep which is
 * gone on with finds what was computed meanwhile. The queue hands jobs out, takes those of a silent worker back and tries again
 * what has failed; here results are checked, kept, and then removed from it.
 */
import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { Job, Queue } from "bullmq";
import { sha256 } from "../../files/sealed-json.js";
import { InputError } from "../../physics/input-error.js";
import { parseInput } from "../../physics/schema-errors.js";
import type { Block } from "../blocks.js";
import type { BlockRunner, BlockWork, FinishedBlock } from "../run.js";
import { cutOf, planOf, type PlanRequest, unpackBlock } from "./block-plan.js";
import { BlockFailure } from "./process-protocol.js";
import type { QueueConnection } from "./queue-connection.js";
import {
  ATTEMPTS,
  blockOfJob,
  type BlockJob,
  dropBytes,
  getBytes,
  JOB_NAME,
  jobIdOf,
  KEPT,
  planName,
  putBytes,
  queueName,
  resultSchema,
} from "./queue-protocol.js";

/** Between two looks at what is finished, and at whether everything is still there, in milliseconds. */
const LOOK = 100;
const CENSUS = 2000;

/** Such looks without any worker, until the user is told. */
const LONELY = 3;

const BULK = 500;

export interface QueueContext extends PlanRequest {
  /** Files of the arrays that the specification names, and their hashes. */
  readonly arrays: Readonly<Record<string, string>>;
  readonly hashes: Readonly<Record<string, string>>;
  readonly version: string;
  readonly note: (text: string) => void;
}

type Stage = "waiting" | "active" | "completed" | "failed";

export function queueRunner(connection: QueueConnection, context: QueueContext): BlockRunner {
  return {
    run: async (work, deliver, { stop, progress }) => {
      const queue = new Queue<BlockJob>(queueName(context.version), { connection: connection.client });
      // Of a server that is away, the connection tells.
      queue.on("error", () => undefined);
      const round = new Round(connection, queue, work, context);
      try {
        await connection.during(round.prepare());
        while (round.missing > 0) {
          const finished = await connection.during(round.look());
          for (const each of finished) {
            await deliver(each);
            await connection.during(round.kept(each));
            const next = round.next;
            if (next) progress?.({ block: next, fraction: 0 });
          }
          if (stop?.aborted) await connection.during(round.withdraw());
          if (finished.length === 0 && round.missing > 0) await connection.during(pause(LOOK));
        }
      } catch (error) {
        if (error instanceof BlockFailure) await connection.during(round.withdraw());
        throw error;
      } finally {
        await Promise.race([queue.close().catch(() => undefined), pause(LOOK)]);
      }
    },
  };
}

/** One call of `run`: the jobs of its blocks from the queue and back. */
class Round {
  private readonly outstanding: Map<number, Block>;
  private readonly refusals = new Map<number, number>();
  private readonly plan;
  private readonly name: string;
  private counted = performance.now();
  private lonely = 0;
  private withdrawn = false;

  constructor(
    private readonly connection: QueueConnection,
    private readonly queue: Queue<BlockJob>,
    work: BlockWork,
    private readonly context: QueueContext,
  ) {
    this.outstanding = new Map(work.blocks.map((block) => [block.index, block]));
    this.plan = planOf(work, context);
    this.name = planName(this.plan, context.hashes);
  }

  get missing(): number {
    return this.outstanding.size;
  }

  get next(): Block | undefined {
    return this.outstanding.values().next().value;
  }

  /** Puts everything into the queue that is not there yet. What has failed before gets another chance. */
  async prepare(): Promise<void> {
    for (const index of (await this.census("failed")).failed) await this.remove(index);
    await this.fill();
  }

  private async fill(): Promise<void> {
    for (const [name, hash] of Object.entries(this.context.hashes)) {
      await putBytes(this.connection.client, hash, async () => {
        const bytes = await readFile(this.context.arrays[name]);
        if (sha256(bytes) !== hash) throw new InputError(this.context.arrays[name], "a file that has changed", name);
        return bytes;
      });
    }
    await this.add([...this.outstanding.values()]);
  }

  private async add(blocks: readonly Block[]): Promise<void> {
    for (let k = 0; k < blocks.length; k += BULK) {
      await this.queue.addBulk(
        blocks.slice(k, k + BULK).map((block) => ({
          name: JOB_NAME,
          data: { plan: this.plan, arrays: { ...this.context.hashes }, cut: cutOf(block) },
          opts: {
            // A job of this name that is there already stays as it is.
            jobId: jobIdOf(this.name, block.index),
            attempts: ATTEMPTS,
            removeOnComplete: { age: KEPT },
            removeOnFail: { age: KEPT },
          },
        })),
      );
    }
  }

  /**
   * What has been finished since the last look.
   * @throws BlockFailure if a block has failed for good
   */
  async look(): Promise<FinishedBlock[]> {
    const { completed, failed } = await this.census("completed", "failed");
    for (const index of failed) {
      if (!this.outstanding.has(index)) continue;
      const job = await Job.fromId(this.queue, jobIdOf(this.name, index));
      await this.remove(index);
      throw new BlockFailure(`block ${index} of ${this.sweepName}: ${reasonOf(job?.failedReason)}`, 1, false);
    }
    const finished: FinishedBlock[] = [];
    for (const index of completed) {
      const block = this.outstanding.get(index);
      const found = block && (await this.read(block));
      if (found) finished.push(found);
      // Kept by somebody who did not live to remove it.
      else if (!block) await this.remove(index);
    }
    if (finished.length === 0 && performance.now() - this.counted > CENSUS) await this.checkUp();
    return finished;
  }

  private get sweepName(): string {
    return String(this.plan.specification.name);
  }

  /** The result of a job; undefined if it is refused, or gone meanwhile. */
  private async read(block: Block): Promise<FinishedBlock | undefined> {
    const job = await Job.fromId(this.queue, jobIdOf(this.name, block.index));
    if (!job) return undefined;
    const result = await this.open(block, job.returnvalue).catch((error: unknown) => {
      if (error instanceof InputError) return error.message;
      throw error;
    });
    if (typeof result !== "string") return result;
    const count = (this.refusals.get(block.index) ?? 0) + 1;
    this.refusals.set(block.index, count);
    await this.remove(block.index);
    const what = `block ${block.index} of ${this.sweepName}: a worker has sent what is no result (${result})`;
    if (count >= ATTEMPTS) throw new BlockFailure(`${what}, ${count} times`, 1, false);
    this.context.note(`onsager: ${what}; it is computed again`);
    if (!this.withdrawn) await this.add([block]);
    return undefined;
  }

  private async open(block: Block, value: unknown): Promise<FinishedBlock | string> {
    const { record: text, states } = parseInput(resultSchema, value, "result");
    const record = unpackBlock(text, block);
    if (typeof record === "string" || states === undefined) return typeof record === "string" ? record : { record };
    const bytes = await getBytes(this.connection.client, states.hash);
    if (!bytes || states.rows !== record.rows.length || bytes.length % (8 * states.rows) !== 0) {
      return "means of single sites that are missing or damaged";
    }
    const values = new Float64Array(new Uint8Array(bytes).buffer);
    const width = values.length / states.rows;
    return {
      record,
      states: record.rows.map((_, row) => values.subarray(row * width, (row + 1) * width)),
    };
  }

  /** Takes a block that is safe now out of the queue. */
  async kept({ record: { block }, states }: FinishedBlock): Promise<void> {
    this.outstanding.delete(block);
    if (states) {
      const job = await Job.fromId(this.queue, jobIdOf(this.name, block));
      const result = resultSchema.safeParse(job?.returnvalue);
      if (result.success && result.data.states) await dropBytes(this.connection.client, result.data.states.hash);
    }
    await this.remove(block);
  }

  /** Withdraws all that nobody works on or has finished, and waits for nothing else any more. */
  async withdraw(): Promise<void> {
    this.withdrawn = true;
    const { waiting, failed } = await this.census("waiting", "failed");
    for (const index of [...waiting, ...failed]) await this.remove(index);
    const { active, completed } = await this.census("active", "completed");
    const atHand = new Set([...active, ...completed]);
    for (const index of this.outstanding.keys()) if (!atHand.has(index)) this.outstanding.delete(index);
  }

  /** A queue that has lost its memory, or that others tidy up, gets the missing jobs again; a lonely one is told of. */
  private async checkUp(): Promise<void> {
    this.counted = performance.now();
    const there = await this.census();
    const known = new Set(Object.values(there).flat());
    if (!this.withdrawn && [...this.outstanding.keys()].some((index) => !known.has(index))) await this.fill();
    if (this.lonely > LONELY || there.active.length > 0) return;
    if ((await this.queue.getWorkersCount()) > 0 || ++this.lonely !== LONELY) return;
    const { shown } = this.connection.address;
    this.context.note(`onsager: no worker on the queue yet; on any machine: onsager worker --queue ${shown}`);
  }

  /** Blocks of this plan by what has become of their jobs. */
  private async census(...stages: readonly Stage[]): Promise<Record<Stage, number[]>> {
    const all = stages.length === 0;
    const of = async (stage: Stage, ...types: Parameters<Queue["getRanges"]>[0]) => {
      if (!all && !stages.includes(stage)) return [];
      const ids = await this.queue.getRanges(types, 0, -1);
      return ids.flatMap((id) => blockOfJob(this.name, id) ?? []);
    };
    return {
      waiting: await of("waiting", "wait", "delayed", "prioritized"),
      active: await of("active", "active"),
      completed: await of("completed", "completed"),
      failed: await of("failed", "failed"),
    };
  }

  /** Removes a job; one that a worker holds stays. */
  private async remove(block: number): Promise<void> {
    await this.queue.remove(jobIdOf(this.name, block));
  }
}

/** In our words where the queue has its own. */
function reasonOf(reason = "it has failed"): string {
  return /stalled more than/.test(reason) ? "workers fell silent over it again and again" : reason;
}
