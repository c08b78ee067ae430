/** A connection to a Redis or Valkey server that says so, in one line, when the server has been away for too long. */
import { Redis } from "ioredis";
import { InputError } from "../../physics/input-error.js";
import { type QueueAddress, QueueAwayError } from "./queue-address.js";

/** Longest pause between two attempts to connect, in milliseconds. */
const RETRY = 500;

/** The server will not take this password, or none. */
const REFUSALS = /^(WRONGPASS|NOAUTH|NOPERM)|invalid (username-)?password|no password is set/i;

export class QueueConnection {
  readonly client: Redis;
  private readonly lost = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private cause = "";

  private constructor(
    readonly address: QueueAddress,
    private readonly patience: number,
  ) {
    this.client = new Redis(address.url, {
      lazyConnect: true,
      // Commands wait for the connection as long as `during` lets them.
      maxRetriesPerRequest: null,
      connectTimeout: 1000 * patience,
      retryStrategy: (times) => Math.min(50 * times, RETRY),
    });
    this.client.on("error", (error: Error) => {
      this.cause = error.message || ("code" in error ? String(error.code) : error.name);
      if (REFUSALS.test(this.cause)) this.lose(refusal(address, this.cause));
    });
    this.client.on("ready", () => {
      clearTimeout(this.timer);
      this.timer = undefined;
    });
    this.client.on("close", () => this.startClock());
  }

  /**
   * @param patience seconds for which a server that is away is waited for, now and later
   * @throws QueueAwayError, or InputError if it refuses the password
   */
  static async open(address: QueueAddress, patience: number): Promise<QueueConnection> {
    const connection = new QueueConnection(address, patience);
    connection.startClock();
    try {
      // A first attempt that fails is followed by others; the clock decides.
      void connection.client.connect().catch(() => undefined);
      await connection.during(connection.client.ping());
      return connection;
    } catch (error) {
      connection.close();
      throw error instanceof Error && REFUSALS.test(error.message) ? refusal(address, error.message) : error;
    }
  }

  get isAway(): boolean {
    return this.client.status !== "ready";
  }

  /**
   * Waits for something of the queue.
   * @throws QueueAwayError as soon as the server has been away for too long
   */
  async during<Value>(work: Promise<Value>): Promise<Value> {
    const { signal } = this.lost;
    let stop: (() => void) | undefined;
    const lost = new Promise<never>((_, reject) => {
      stop = () => reject(signal.reason as Error);
      if (signal.aborted) stop();
      else signal.addEventListener("abort", stop, { once: true });
    });
    try {
      return await Promise.race([work, lost]);
    } finally {
      if (stop) signal.removeEventListener("abort", stop);
    }
  }

  close(): void {
    clearTimeout(this.timer);
    this.client.removeAllListeners("close");
    this.client.disconnect();
  }

  private startClock(): void {
    this.timer ??= setTimeout(() => {
      const why = this.cause === "" ? "" : ` (${this.cause})`;
      const { shown } = this.address;
      this.lose(new QueueAwayError(`queue ${shown}: no answer for ${this.patience} s${why}; nothing is lost`));
    }, 1000 * this.patience);
  }

  private lose(reason: Error): void {
    if (!this.lost.signal.aborted) this.lost.abort(reason);
  }
}

const refusal = ({ shown }: QueueAddress, cause: string) =>
  new InputError(`queue ${shown}`, `a server that refuses to let us in (${cause})`, "its user and password");
