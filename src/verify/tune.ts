/**
 * The tuner: measures the candidates of the fused kernels on the shapes that stand for all others. A candidate may win
 * only if its numbers are right, and takes the place of the default only if it is clearly faster.
 */
import type { DeviceDescription, Executor } from "../engine/executor.js";
import type { GpuExecutor } from "../engine/gpu-executor.js";
import { type Candidate, candidates, type ShapeBucket, shapeOfBucket, type TileChange } from "../kernels/candidates.js";
import type { AdapterTraits, AttentionShape, FusedKernel, FusedStrategy } from "../kernels/strategies.js";
import { InputError } from "../physics/input-error.js";
import { type Runner, TuningProblem } from "./tuning-problem.js";

/** The default stays unless a candidate takes less than this share of its time. */
const CLEARLY_FASTER = 0.95;

/** Sites of the small case on which every element is checked: odd, several tiles, and enough for two splits of the keys. */
const SMALL_SITES = 523;

/** Time that all rounds of a candidate may take on one shape, and how many there are, in milliseconds. */
const TIME_PER_CANDIDATE_MS = 250;
const ROUNDS = { fewest: 3, most: 25 } as const;

/** What a submit should take at least, so that its begin and end are far apart; short kernels are repeated. */
const SHORTEST_SUBMIT_MS = 1;
const MOST_REPETITIONS = 32;

export interface TuningPlan {
  readonly kernels: readonly FusedKernel[];
  readonly buckets: readonly ShapeBucket[];
  /** The default first; those of `src/kernels/candidates.ts` unless given. */
  readonly candidatesOf?: (kernel: FusedKernel, traits: AdapterTraits, shape: AttentionShape) => readonly Candidate[];
  /** Measure a software adapter too, whose table is fixed: for tests of the tuner. */
  readonly evenOnSoftware?: boolean;
  readonly progress?: (fraction: number) => void;
  /** Called as soon as a bucket is done. */
  readonly onResult?: (result: TuningResult) => Promise<void>;
}

export interface MeasuredCandidate {
  readonly strategy: FusedStrategy;
  readonly change: TileChange;
  readonly tile: Readonly<Record<string, number | boolean>>;
  /** The median GPU time of one call; undefined if it was not timed. */
  readonly medianMs: number | undefined;
  /** Why it was not timed: it does not compile, or gives wrong numbers, or the adapter tells no time. */
  readonly rejected: string | undefined;
}

export interface TuningResult {
  readonly kernel: FusedKernel;
  readonly bucket: ShapeBucket;
  /** The default first. */
  readonly candidates: readonly MeasuredCandidate[];
  /** Undefined if nothing could be timed: the default stays. */
  readonly winner: MeasuredCandidate | undefined;
}

/** @throws InputError unless the device is hardware: software adapters and the CPU engine have a fixed table */
export function requireHardware({ name, kind }: Pick<DeviceDescription, "name" | "kind">): void {
  if (kind === "hardware") return;
  const what = kind === "cpu" ? "the CPU engine" : `${name}, a software adapter`;
  throw new InputError("tune", `${what}, which has a fixed table and nothing to tune`, "a hardware adapter");
}

/**
 * Measures every bucket of every kernel.
 * @throws InputError on a software adapter, GpuError if the device is lost, and whatever `progress` throws
 */
export async function tune(executor: GpuExecutor, plan: TuningPlan): Promise<TuningResult[]> {
  if (!plan.evenOnSoftware) requireHardware(executor.device);
  const { candidatesOf = candidates } = plan;
  const work = plan.kernels.flatMap((kernel) =>
    plan.buckets.map((bucket) => {
      const shape = shapeOfBucket(kernel, bucket);
      return { kernel, bucket, shape, candidates: candidatesOf(kernel, executor.traits, shape) };
    }),
  );
  // A candidate is checked once and timed once in each bucket.
  const total = 2 * work.reduce((sum, { candidates }) => sum + candidates.length, 0);
  let done = 0;
  const advance = () => plan.progress?.(++done / total);
  const gate = new SmallCases(executor);
  const results: TuningResult[] = [];
  try {
    for (const { kernel, bucket, shape, candidates } of work) {
      const measured = await measureCandidates(executor, kernel, shape, candidates, gate, advance);
      const result = { kernel, bucket, candidates: measured, winner: chooseWinner(measured) };
      results.push(result);
      await plan.onResult?.(result);
    }
  } finally {
    executor.abandon();
    gate.dispose();
  }
  return results;
}

/** The fastest candidate, or the default, which comes first, if that is hardly slower. */
export function chooseWinner(measured: readonly MeasuredCandidate[]): MeasuredCandidate | undefined {
  const timed = measured.filter(({ medianMs }) => medianMs !== undefined);
  const time = ({ medianMs = Infinity }: MeasuredCandidate) => medianMs;
  const fastest = timed.reduce<MeasuredCandidate | undefined>(
    (best, candidate) => (best && time(best) <= time(candidate) ? best : candidate),
    undefined,
  );
  const preset = timed.find((candidate) => candidate === measured[0]);
  return fastest && preset && time(fastest) > CLEARLY_FASTER * time(preset) ? preset : fastest;
}

/** Whether candidates are right on a small case, with and without a causal mask, first and with frozen couplings. */
class SmallCases {
  readonly #problems = new Map<string, TuningProblem[]>();
  readonly #faults = new Map<string, string | undefined>();

  constructor(private readonly executor: GpuExecutor) {}

  /** @returns what is wrong with a candidate, if anything is; the shape's N does not matter */
  async fault(kernel: FusedKernel, shape: AttentionShape, candidate: Candidate): Promise<string | undefined> {
    const { dimension, components } = shape;
    const place = `${kernel} ${dimension} ${components}`;
    const key = `${place} ${JSON.stringify([candidate.strategy, candidate.tile])}`;
    if (this.#faults.has(key)) return this.#faults.get(key);
    let problems = this.#problems.get(place);
    if (problems === undefined) {
      const small = { sites: SMALL_SITES, dimension, components };
      problems = (["none", "causal"] as const).map(
        (mask) => new TuningProblem(this.executor, kernel, small, { mask, frozen: true }),
      );
      this.#problems.set(place, problems);
    }
    let fault: string | undefined;
    for (const problem of problems) fault ??= await this.#faultOn(problem, candidate);
    this.#faults.set(key, fault);
    return fault;
  }

  dispose(): void {
    for (const problem of [...this.#problems.values()].flat()) problem.dispose();
  }

  async #faultOn(problem: TuningProblem, candidate: Candidate): Promise<string | undefined> {
    return withRunner(this.executor, problem, candidate, async (runner) => {
      runner.record();
      const fault = await runner.fault();
      if (fault !== undefined) return fault;
      runner.record(); // with frozen couplings
      const frozen = await runner.fault();
      return frozen && `frozen couplings: ${frozen}`;
    });
  }
}

/** Opens a variant and says what keeps it from working, if anything does: a failure costs the candidate, not the run. */
async function withRunner(
  executor: Executor,
  problem: TuningProblem,
  candidate: Candidate,
  use: (runner: Runner) => Promise<string | undefined>,
): Promise<string | undefined> {
  let runner: Runner | undefined;
  try {
    runner = problem.open(candidate);
    return await use(runner);
  } catch (error) {
    executor.abandon();
    await executor.flush(true); // throws if the device is lost
    return error instanceof Error ? error.message : String(error);
  } finally {
    runner?.dispose();
  }
}

async function measureCandidates(
  executor: GpuExecutor,
  kernel: FusedKernel,
  shape: AttentionShape,
  all: readonly Candidate[],
  gate: SmallCases,
  advance: () => void,
): Promise<MeasuredCandidate[]> {
  const rejected = new Map<Candidate, string>();
  const problem = new TuningProblem(executor, kernel, shape, { mask: "none", frozen: false });
  const timers = new Map<Candidate, Timer>();
  try {
    for (const candidate of all) {
      const fault =
        (await gate.fault(kernel, shape, candidate)) ??
        (await withRunner(executor, problem, candidate, async (runner) => {
          runner.record();
          return runner.fault();
        }));
      if (fault !== undefined) rejected.set(candidate, fault);
      advance();
    }
    for (const candidate of all) {
      if (!rejected.has(candidate)) timers.set(candidate, await Timer.open(executor, problem.open(candidate)));
    }
    for (let round = 0; [...timers.values()].some((timer) => round < timer.rounds); round++) {
      for (const timer of timers.values()) if (round < timer.rounds) await timer.measure();
    }
    for (let candidate = 0; candidate < all.length; candidate++) advance();
  } finally {
    executor.abandon();
    for (const timer of timers.values()) timer.dispose();
    problem.dispose();
  }
  return all.map((candidate) => {
    const timer = timers.get(candidate);
    const { strategy, change, tile } = candidate;
    const medianMs = timer?.medianMs;
    const untimed = medianMs === undefined ? timer?.timeless : undefined;
    return { strategy, change, tile, medianMs, rejected: rejected.get(candidate) ?? untimed };
  });
}

/** Times one runner: compiled and warm when it opens. */
class Timer {
  readonly #times: number[] = [];
  /** Why there is no time, if there is none. */
  timeless: string | undefined;
  rounds: number = ROUNDS.fewest;
  #repetitions = 1;

  private constructor(
    private readonly executor: GpuExecutor,
    private readonly runner: Runner,
  ) {}

  static async open(executor: GpuExecutor, runner: Runner): Promise<Timer> {
    const timer = new Timer(executor, runner);
    try {
      await timer.#time();
      const warm = await timer.#time();
      if (warm === undefined) return timer;
      timer.#repetitions = Math.min(MOST_REPETITIONS, Math.max(1, Math.ceil(SHORTEST_SUBMIT_MS / warm)));
      const rounds = Math.floor(TIME_PER_CANDIDATE_MS / (warm * timer.#repetitions));
      timer.rounds = Math.min(ROUNDS.most, Math.max(ROUNDS.fewest, rounds));
      return timer;
    } catch (error) {
      timer.dispose();
      throw error;
    }
  }

  async measure(): Promise<void> {
    const time = await this.#time();
    if (time !== undefined) this.#times.push(time);
  }

  get medianMs(): number | undefined {
    const sorted = this.#times.toSorted((one, other) => one - other);
    return sorted.length === 0 ? undefined : sorted[Math.floor((sorted.length - 1) / 2)];
  }

  dispose(): void {
    this.runner.dispose();
  }

  /** Milliseconds of one call. */
  async #time(): Promise<number | undefined> {
    for (let repetition = 0; repetition < this.#repetitions; repetition++) this.runner.record();
    const { gpuMs, reason } = await this.executor.measure();
    this.timeless = gpuMs === undefined ? reason : undefined;
    return gpuMs === undefined ? undefined : gpuMs / this.#repetitions;
  }
}
