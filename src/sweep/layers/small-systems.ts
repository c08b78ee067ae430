/** Many small systems in one batch: what a run costs beside the work of the device. */
import type { CouplingRequest, StrategyReport } from "../../engine/coupling-strategy.js";
import type { Executor } from "../../engine/executor.js";
import { GpuExecutor } from "../../engine/gpu-executor.js";
import type { System } from "../../engine/realise.js";
import { simulate, type SimulationOptions } from "../../engine/simulate.js";
import type { ClosureName } from "../../physics/closures.js";
import { type VerificationReport, verifyStep } from "../../verify/verify-step.js";
import { toSystemBatch } from "../batches.js";
import { describeLayers, drawSystem, operationsPerStep, SEED } from "./series.js";

/** N, d and number of steps of every system. */
const SHAPE = { sites: 64, dimension: 16, steps: 128 } as const;
const CLOSURE: ClosureName = "onsager";

const MOST_ROUNDS = 3;

export interface SmallSystemsRow {
  readonly systems: number;
  readonly sites: number;
  readonly dimension: number;
  readonly steps: number;
  readonly closure: ClosureName;
  readonly strategy: StrategyReport;
  /** Seconds of the whole run, from packing to the observables: the median round, the fastest and the slowest. */
  readonly wallSeconds: number;
  readonly fastestSeconds: number;
  readonly slowestSeconds: number;
  readonly rounds: number;
  /** Steps times systems a second. */
  readonly systemStepsPerSecond: number;
  readonly gflops: number;
  /** Of the median round; undefined where the engine does not tell. */
  readonly submits: number | undefined;
  /** Seconds that the device was busy in the median round; undefined where it has no timestamps. */
  readonly gpuSeconds: number | undefined;
  /** The share of the wall time in which the device had nothing to do: (wall - GPU time) / wall. */
  readonly overhead: number | undefined;
  /** Why there is no GPU time. */
  readonly gpuTimeReason: string | undefined;
  readonly verification: VerificationReport;
}

/**
 * Every system with fields and weights, and so with couplings, of its own.
 * @param seconds no further round starts once they have passed
 */
export async function measureSmallSystems(
  executor: Executor,
  count: number,
  request: CouplingRequest,
  seconds: number,
): Promise<SmallSystemsRow> {
  const { sites, dimension, steps } = SHAPE;
  const description = describeLayers(sites, { dimension, heads: 1, source: "state" });
  const systems: System[] = [];
  for (let sample = 0; sample < count; sample++) systems.push(await drawSystem({ ...description, sample }));
  const verification = await verifyStep(executor, systems[0], CLOSURE, { rows: sites, seed: SEED, ...request });
  const batch = toSystemBatch(systems.map((system) => [system]));
  const run = (steps: number) => {
    const options: SimulationOptions = { closure: CLOSURE, run: { steps }, observe: ["magnetization"], ...request };
    return simulate(executor, batch, options);
  };
  // Compiles everything.
  const [[{ strategy: report }]] = await run(1);
  const rounds = [];
  const end = performance.now() + 1000 * seconds;
  while (rounds.length === 0 || (rounds.length < MOST_ROUNDS && performance.now() < end)) {
    await takeGpuTime(executor);
    const submitsBefore = submitsOf(executor);
    const start = performance.now();
    await run(steps);
    const wallSeconds = (performance.now() - start) / 1000;
    const submits = submitsBefore === undefined ? undefined : (submitsOf(executor) ?? 0) - submitsBefore;
    rounds.push({ wallSeconds, submits, ...(await takeGpuTime(executor)) });
  }
  rounds.sort((one, other) => one.wallSeconds - other.wallSeconds);
  const { wallSeconds, submits, gpuMs, reason } = rounds[Math.floor(rounds.length / 2)];
  const gpuSeconds = gpuMs === undefined ? undefined : gpuMs / 1000;
  return {
    systems: count,
    sites,
    dimension,
    steps,
    closure: CLOSURE,
    strategy: report,
    wallSeconds,
    fastestSeconds: rounds[0].wallSeconds,
    slowestSeconds: rounds[rounds.length - 1].wallSeconds,
    rounds: rounds.length,
    systemStepsPerSecond: (steps * count) / wallSeconds,
    gflops: (count * steps * operationsPerStep(sites, { dimension, heads: 1 })) / wallSeconds / 1e9,
    submits,
    gpuSeconds,
    overhead: gpuSeconds === undefined ? undefined : 1 - gpuSeconds / wallSeconds,
    gpuTimeReason: reason,
    verification,
  };
}

/** Milliseconds that the device was busy since the last call, or why that is not known. */
async function takeGpuTime(
  executor: Executor,
): Promise<{ readonly gpuMs: number | undefined; readonly reason?: string }> {
  if (executor instanceof GpuExecutor) return executor.gpuTime();
  return { gpuMs: undefined, reason: "no GPU" };
}

/** Submits since the executor was opened, where it counts them. */
function submitsOf(executor: Executor): number | undefined {
  return executor instanceof GpuExecutor ? executor.submits : undefined;
}
