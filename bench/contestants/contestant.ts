/** Whoever computes the attention field: opened with inputs, run and timed, asked for the result. */
import type { Executor } from "../../src/engine/executor.js";
import type { BenchAdapter } from "../adapter.js";
import type { AttentionField, AttentionProblem } from "../problem.js";
import type { Precision } from "../rows.js";

export type ContestantName =
  | "onsager"
  | "onsager-plain"
  | "onsager-frozen"
  | "jax-js"
  | "tfjs"
  | "ort-webgpu"
  | "ort-cpu"
  | "numpy"
  | "torch";

export interface Contestant {
  readonly name: ContestantName;
  /** Measured against the adapter's ceilings; false for what never runs on it. */
  readonly onAdapter: boolean;
  /**
   * Brings the inputs to where they are used.
   * @throws Unavailable if it cannot take part here
   */
  open(problem: AttentionProblem, host: Host, settings: Settings): Promise<OpenContestant>;
}

export interface Host {
  readonly adapter: BenchAdapter;
  readonly executor: Executor;
}

export interface Settings {
  readonly precision: Precision;
  /** One of the fused kernel's strategies; its own choice unless named. */
  readonly strategy?: string;
}

export interface OpenContestant {
  /** What it runs on, in its own words where it has any. */
  readonly adapter: string;
  /** What runs, and how its end is seen. */
  readonly note: string;
  /** Computes once; milliseconds until the field was complete on the device. */
  run(): Promise<number>;
  /** The field of the last run. */
  result(): Promise<AttentionField>;
  dispose(): Promise<void>;
  /** What it would rather have run, had the field been right: timed with the others, never a row of its own. */
  readonly wrongVariant?: WrongVariant;
}

export interface WrongVariant {
  readonly what: string;
  readonly error: number;
  run(): Promise<number>;
}

/** Not here, not on this platform, not in this precision: a row that says so, and no failure of its own. */
export class Unavailable extends Error {
  override readonly name = "Unavailable";
}

/** The usual `run`: `action` resolves when the result is complete. */
export async function milliseconds(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

export function requireSingles(name: string, { precision, strategy }: Settings): void {
  if (precision !== "f32") throw new Unavailable(`${name} runs in f32 here, not in ${precision}`);
  if (strategy !== undefined) throw new Unavailable(`${name} has no strategy ${strategy}`);
}
