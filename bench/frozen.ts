/**
 * What couplings that stay as they are save: a relaxation step against the first one, which is fused, in the same rounds;
 * held as the engine holds J by default, and beside it made anew by the fused kernel.
 */
import { BatchLayout, batchOf } from "../src/engine/batch.js";
import type { CouplingStrategy } from "../src/engine/coupling-strategy.js";
import type { Executor } from "../src/engine/executor.js";
import { realise, type System } from "../src/engine/realise.js";
import { TimeStep } from "../src/engine/time-step.js";
import { parseSystem } from "../src/physics/system.js";
import { verifyStep } from "../src/verify/verify-step.js";
import { interleave, type Timing } from "./interleave.js";
import { digits, markdownTable, type Row, type SuiteOutcome } from "./rows.js";

const CLOSURE = "onsager";
const DIMENSION = 64;
const SIZES = [1024, 4096] as const;

/** Largest difference between images of one state, in units of R: some roundings of sums of N terms. */
const ALLOWED = 2e-6;

/** One way of a run: `steps` steps from the same state, and how long each takes. */
class Run {
  readonly #layout: BatchLayout;
  readonly #states: readonly [ReturnType<Executor["upload"]>, ReturnType<Executor["upload"]>];
  #step: TimeStep;

  constructor(
    private readonly executor: Executor,
    system: System,
    private readonly strategy: CouplingStrategy,
  ) {
    this.#layout = new BatchLayout(batchOf(system));
    const initial = this.#layout.pack((point) => point.initial);
    this.#states = [executor.upload("state", initial), executor.upload("image", initial)];
    this.#step = this.#begin();
  }

  get report() {
    return this.#step.couplings.report;
  }

  /** The step after those that were taken, always from the same state. */
  async next(): Promise<number> {
    const start = performance.now();
    this.#step.record(...this.#states);
    await this.executor.flush(true);
    return performance.now() - start;
  }

  /** A first step; inputs are there before it is timed. */
  async first(): Promise<number> {
    this.#step.dispose();
    this.#step = this.#begin();
    await this.executor.read(this.#states[0], 0, 1);
    return this.next();
  }

  image(): Promise<Float64Array> {
    return this.executor.read(this.#states[1]);
  }

  dispose(): void {
    this.#step.dispose();
    this.executor.free(...this.#states);
  }

  #begin(): TimeStep {
    return new TimeStep(this.executor, this.#layout, { closure: CLOSURE, callerBytes: 0, strategy: this.strategy });
  }
}

/** How J is held in a step after the first. */
function holding({ name, frozen }: Run["report"]): string {
  if (name === "stored" || name === "blocks") return `J ${name}`;
  return frozen === undefined || frozen.held === "recomputed" ? `scores anew, fused ${name}` : `J ${frozen.held}`;
}

export async function runFrozen(executor: Executor, progress: (line: string) => void): Promise<SuiteOutcome> {
  const rows: Row[] = [];
  const failures: string[] = [];
  const lines: string[][] = [];
  for (const sites of SIZES) {
    const where = `steps, frozen attention, N = ${sites}`;
    progress(where);
    const system = await frozenSystem(sites);
    const { pass, maximumError } = await verifyStep(executor, system, CLOSURE, { rows: 16, seed: 1 });
    const byDefault = new Run(executor, system, "auto");
    const { name } = byDefault.report;
    const fresh = new Run(executor, system, name === "twin" ? "auto" : (name as CouplingStrategy));
    const first = new Run(executor, system, "auto");
    try {
      const difference = await largestDifference(first, [byDefault, fresh]);
      if (!pass || !(difference <= ALLOWED)) {
        failures.push(`${where}: error ${maximumError}, steps differ by ${difference}, not timed`);
        continue;
      }
      const [ofFirst, ofSecond, ofDefault, ofFresh] = await timed(first, byDefault, fresh);
      const entries: readonly [string, Timing][] = [
        [`first step, ${name}`, ofFirst],
        [`second step, then ${holding(byDefault.report)}`, ofSecond],
        [`frozen step, ${holding(byDefault.report)}`, ofDefault],
        [`frozen step, ${holding(fresh.report)}`, ofFresh],
      ];
      for (const [what, { medianMs, p25Ms, p75Ms, fastestMs, rounds }] of entries) {
        rows.push({
          suite: "steps",
          case: `frozen attention, ${CLOSURE}, ${what}`,
          n: sites,
          d: DIMENSION,
          contestant: "onsager",
          adapter: executor.device.name,
          precision: executor.device.precision,
          medianMs,
          gflops: (2 * sites * sites * DIMENSION) / medianMs / 1e6, // J m alone
          error: maximumError,
          skipped: null,
          p25Ms,
          p75Ms,
          fastestMs,
          rounds,
        });
        lines.push([what, String(sites), digits(medianMs), digits(medianMs / ofFirst.medianMs)]);
      }
    } finally {
      for (const run of [byDefault, fresh, first]) run.dispose();
    }
  }
  const header = ["frozen attention, d = D = 64", "N", "median ms", "/ first"];
  return { rows, text: `### frozen couplings\n\n${markdownTable(header, lines)}`, failures };
}

function frozenSystem(sites: number): Promise<System> {
  const description = {
    spins: { kind: "sphere", count: sites, dimension: DIMENSION },
    couplings: {
      kind: "attention",
      queries: { kind: "gaussian" },
      keys: { kind: "gaussian" },
      scale: 1 / Math.sqrt(DIMENSION),
    },
    initial: { kind: "direction", norm: 0.5 },
  };
  const noFiles = () => Promise.reject(new Error("no files here"));
  return realise(parseSystem(description, "frozen attention"), noFiles, "frozen attention");
}

/** The third steps against the first, which leaves all of them where they are timed. */
async function largestDifference(first: Run, others: readonly Run[]): Promise<number> {
  await first.next();
  const expected = await first.image();
  let largest = 0;
  for (const run of others) {
    for (let step = 0; step < 3; step++) await run.next();
    (await run.image()).forEach((value, k) => (largest = Math.max(largest, Math.abs(value - expected[k]))));
  }
  return largest / Math.sqrt(DIMENSION / 2 - 1);
}

/** A first step, the one after it, and steps later on of two ways, interleaved. */
function timed(first: Run, byDefault: Run, fresh: Run): Promise<Timing[]> {
  return interleave([
    { run: () => first.first() },
    {
      run: async () => {
        await first.first();
        return first.next();
      },
    },
    { run: () => byDefault.next() },
    { run: () => fresh.next() },
  ]);
}
