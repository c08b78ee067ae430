/** Blocks on several processes of this machine. One that dies loses nothing: its block goes to a new one. */
import type { DeviceDescription } from "../../engine/executor.js";
import type { TileChoice } from "../../engine/tile-choices.js";
import type { Block } from "../blocks.js";
import type { BlockRunner } from "../run.js";
import { cutOf, planOf, type PlanRequest } from "./block-plan.js";
import { BlockProcess, type ProcessOptions } from "./block-process.js";
import { BlockFailure, ProcessEnded } from "./process-protocol.js";

/** Processes that may die of a block before it is given up. */
const ATTEMPTS = 3;

export interface PoolContext extends PlanRequest {
  readonly context: string;
  /** Files of the arrays that the specification names. */
  readonly arrays: Readonly<Record<string, string>>;
  /** Told of every process that has died. */
  readonly note: (text: string) => void;
}

export class ProcessPool {
  private constructor(
    private readonly processes: BlockProcess[],
    private readonly options: ProcessOptions,
  ) {}

  /** @throws BlockFailure if the device cannot be opened, ProcessEnded */
  static async open(count: number, options: ProcessOptions): Promise<ProcessPool> {
    const started = await Promise.allSettled(Array.from({ length: count }, () => BlockProcess.start(options)));
    const processes = started.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    const failure = started.find((each) => each.status === "rejected");
    if (failure === undefined) return new ProcessPool(processes, options);
    await Promise.all(processes.map((each) => each.end()));
    throw failure.reason instanceof ProcessEnded
      ? new BlockFailure(`a worker process has ended before it was ready: ${failure.reason.message}`, 1, false)
      : (failure.reason as Error);
  }

  get device(): DeviceDescription {
    return this.processes[0].device;
  }

  /** What the first of them has from the tuning cache: all take what the plan says. */
  get tiles(): readonly TileChoice[] {
    return this.processes[0].tiles;
  }

  runner({ context, arrays, note, ...request }: PoolContext): BlockRunner {
    return {
      run: async (work, deliver, { stop, progress }) => {
        const prepared = { plan: planOf(work, request), context, arrays };
        const waiting = [...work.blocks];
        const deaths = new Map<number, number>();
        const failures: unknown[] = [];
        const giveUp = (block: Block, cause: ProcessEnded) => {
          const count = (deaths.get(block.index) ?? 0) + 1;
          deaths.set(block.index, count);
          const what = `block ${block.index} of ${work.sweep.name}`;
          if (count >= ATTEMPTS) {
            failures.push(new BlockFailure(`${what}: ${count} processes have died of it (${cause.message})`, 1, false));
          } else {
            note(`onsager: ${what}: its process has died (${cause.message}); another one computes it again`);
            waiting.unshift(block);
          }
        };
        const serve = async (place: number) => {
          for (let block = waiting.shift(); block !== undefined; block = waiting.shift()) {
            const current = block;
            try {
              const own = await this.alive(place);
              const finished = await own.compute(prepared, cutOf(current), (fraction) =>
                progress?.({ block: current, fraction }),
              );
              await deliver(finished);
            } catch (error) {
              if (error instanceof ProcessEnded) giveUp(current, error);
              else failures.push(error);
            }
            if (stop?.aborted || failures.length > 0) return;
          }
        };
        if (!stop?.aborted) await Promise.all(this.processes.map((_, place) => serve(place)));
        if (failures.length > 0) throw failures[0];
      },
    };
  }

  private async alive(place: number): Promise<BlockProcess> {
    if (!this.processes[place].isAlive) this.processes[place] = await BlockProcess.start(this.options);
    return this.processes[place];
  }

  async close(): Promise<void> {
    await Promise.all(this.processes.map((each) => each.end()));
  }
}
