/** A process of its own that computes blocks: whoever waits for it stays awake, whatever the device does. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { DeviceDescription } from "../../engine/executor.js";
import type { TileChoice } from "../../engine/tile-choices.js";
import { decodeBlock } from "../folder/block-record.js";
import type { FinishedBlock } from "../run.js";
import type { BlockPlan, Cut } from "./block-plan.js";
import { BlockFailure, type Order, ProcessEnded, type Reply, replySchema } from "./process-protocol.js";

export interface ProcessOptions {
  /** The module that the process runs. */
  readonly program: URL;
  /** As of `openExecutor`. */
  readonly select?: string | undefined;
  readonly memoryLimit?: number | undefined;
}

/** A plan with the files of this machine that hold its arrays. */
export interface PreparedPlan {
  readonly plan: BlockPlan;
  readonly context: string;
  readonly arrays: Readonly<Record<string, string>>;
}

/** How much of what a process says on its way out is kept. */
const LAST_WORDS = 2000;

const living = new Set<ChildProcess>();
process.on("exit", () => living.forEach((child) => child.kill("SIGKILL")));

export class BlockProcess {
  private told: PreparedPlan | undefined;
  private words = "";
  private ended: string | undefined;
  private waiting: { readonly onReply: (reply: Reply) => void; readonly onEnd: (cause: string) => void } | undefined;
  private opened: Extract<Reply, { kind: "ready" }> | undefined;

  private constructor(private readonly child: ChildProcess) {
    living.add(child);
    child.stderr?.on("data", (text: Buffer) => (this.words = (this.words + text.toString()).slice(-LAST_WORDS)));
    child.on("message", (message) => {
      const reply = replySchema.safeParse(message);
      if (reply.success) this.waiting?.onReply(reply.data);
      else child.kill("SIGKILL");
    });
    child.on("error", (error) => this.finish(error.message));
    child.on("exit", (code, signal) => this.finish(signal === null ? `exit code ${code}` : `killed by ${signal}`));
  }

  /** @throws BlockFailure if the device cannot be opened, ProcessEnded */
  static async start({ program, select, memoryLimit }: ProcessOptions): Promise<BlockProcess> {
    const child = fork(fileURLToPath(program), [], {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      // Not those of this process: the program is built, whatever runs this one.
      execArgv: [],
    });
    const started = new BlockProcess(child);
    const open = { kind: "open" as const, ...(select !== undefined && { select }) };
    const order = memoryLimit === undefined ? open : { ...open, memory: memoryLimit };
    try {
      const reply = await started.ask(order, () => undefined);
      if (reply.kind !== "ready") throw new Error(`a process has opened its device with ${reply.kind}`);
      started.opened = reply;
      return started;
    } catch (error) {
      await started.end();
      throw error;
    }
  }

  get device(): DeviceDescription {
    return this.ready.device;
  }

  /** What it has from the tuning cache. */
  get tiles(): readonly TileChoice[] {
    return this.ready.tiles;
  }

  private get ready() {
    if (!this.opened) throw new Error("the process has not opened its device yet");
    return this.opened;
  }

  get isAlive(): boolean {
    return this.ended === undefined;
  }

  /**
   * One block at a time.
   * @throws BlockFailure if it cannot be computed, ProcessEnded if the process did not live to say so
   */
  async compute(prepared: PreparedPlan, cut: Cut, progress?: (fraction: number) => void): Promise<FinishedBlock> {
    const { plan, context, arrays } = prepared;
    if (this.told !== prepared) this.send({ kind: "plan", plan, context, arrays });
    this.told = prepared;
    const reply = await this.ask({ kind: "block", cut }, (fraction) => progress?.(fraction));
    if (reply.kind !== "done") throw new Error(`a process has answered ${reply.kind} to a block`);
    const record = decodeBlock(reply.record);
    if (typeof record === "string") throw new Error(`a process has answered ${record} to block ${cut.index}`);
    return { record, ...(reply.states && { states: reply.states }) };
  }

  /** Ends the process, which computes nothing at the moment. */
  async end(): Promise<void> {
    if (!this.isAlive) return;
    const gone = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.disconnect();
    const timer = setTimeout(() => this.child.kill("SIGKILL"), 5000);
    await gone;
    clearTimeout(timer);
  }

  private send(order: Order): void {
    // A failure to send is the end of the process, which is noticed anyway.
    this.child.send(order, () => undefined);
  }

  private ask(order: Order, onProgress: (fraction: number) => void): Promise<Reply> {
    if (this.ended !== undefined) return Promise.reject(new ProcessEnded(this.ended));
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        this.waiting = undefined;
        act();
      };
      this.waiting = {
        onReply: (reply) => {
          if (reply.kind === "progress") onProgress(reply.fraction);
          else if (reply.kind !== "failed") settle(() => resolve(reply));
          else settle(() => reject(new BlockFailure(reply.message, reply.code, reply.refused)));
        },
        onEnd: (cause) => settle(() => reject(new ProcessEnded(cause))),
      };
      this.send(order);
    });
  }

  private finish(cause: string): void {
    living.delete(this.child);
    const words = this.words.trim().split("\n").at(-1) ?? "";
    this.ended ??= words === "" ? cause : `${cause}: ${words}`;
    this.waiting?.onEnd(this.ended);
  }
}
