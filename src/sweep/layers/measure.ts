/**
 * Steps per second of the dynamics against N, for every series of a plan. A series is checked against float64 at the
 * smallest N before anything of it is timed. N grows until a step would take too long or does not fit.
 */
import type { CouplingRequest, CouplingStrategy } from "../../engine/coupling-strategy.js";
import type { DeviceDescription, Executor } from "../../engine/executor.js";
import type { System } from "../../engine/realise.js";
import { verifyStep } from "../../verify/verify-step.js";
import { type CostExponents, fitCosts } from "./exponents.js";
import type { LayerGap, LayerRow, LayerVerification } from "./rows.js";
import {
  describeLayers,
  drawSystem,
  type LayerPlan,
  type LayerSeries,
  leastBytes,
  operationsPerStep,
  planSeries,
  type Precision,
  SEED,
} from "./series.js";
import { measureSmallSystems, type SmallSystemsRow } from "./small-systems.js";
import { timeSteps } from "./timing.js";

export interface LayersOutcome {
  readonly plan: LayerPlan;
  readonly devices: readonly DeviceDescription[];
  readonly rows: readonly LayerRow[];
  readonly gaps: readonly LayerGap[];
  readonly verification: readonly LayerVerification[];
  readonly exponents: readonly CostExponents[];
  readonly smallSystems: SmallSystemsRow | undefined;
  readonly wallSeconds: number;
}

export interface LayersContext {
  readonly strategy: CouplingStrategy;
  /** True for an error that says that a system is too large for a device. */
  readonly isTooLarge: (error: unknown) => boolean;
  /** Called with the share of the points that is done. */
  readonly progress?: (fraction: number) => void;
}

/** Rows that the check recomputes in float64. */
const VERIFIED_ROWS = 16;

/** @param executors the device of each precision of the plan */
export async function measureLayers(
  executors: ReadonlyMap<Precision, Executor>,
  plan: LayerPlan,
  context: LayersContext,
): Promise<LayersOutcome> {
  const start = performance.now();
  const ladders = planSeries(plan).map((series) => {
    const executor = executors.get(series.precision);
    if (executor === undefined) throw new Error(`no device for ${series.precision}`);
    return new Ladder(executor, series);
  });
  const points = ladders.length * plan.sites.length;
  let done = 0;
  for (const group of bySystem(ladders)) {
    for (const sites of plan.sites) {
      // Drawing a system takes longer than a step of it on a GPU.
      let drawn: Promise<System> | undefined;
      const system = () => (drawn ??= drawSystem(describeLayers(sites, group[0].series)));
      for (const ladder of group) {
        await ladder.climb(sites, system, plan.seconds, context);
        context.progress?.(++done / points);
      }
    }
  }
  const rows = ladders.flatMap((ladder) => ladder.rows);
  // Small systems are for GPUs.
  const precision = plan.precisions.find((each) => each !== "f64");
  const device = precision && executors.get(precision);
  const smallSystems =
    device && plan.smallSystems > 0
      ? await measureSmallSystems(device, plan.smallSystems, requestOf(precision, context), plan.seconds)
      : undefined;
  return {
    plan,
    devices: [...new Set(executors.values())].map((executor) => executor.device),
    rows,
    gaps: ladders.flatMap(({ gaps }) => gaps),
    verification: ladders.flatMap(({ verification }) => verification ?? []),
    exponents: fitCosts(rows),
    smallSystems,
    wallSeconds: (performance.now() - start) / 1000,
  };
}

/** The CPU engine computes in f64 unasked. */
function requestOf(precision: Precision, { strategy }: LayersContext): CouplingRequest {
  return precision === "f64" ? { strategy } : { strategy, precision };
}

/** Ladders that share their systems, together. */
function bySystem(ladders: readonly Ladder[]): Ladder[][] {
  const groups = new Map<string, Ladder[]>();
  for (const ladder of ladders) {
    const { source, heads, dimension } = ladder.series;
    const key = JSON.stringify([source, heads, dimension]);
    groups.set(key, [...(groups.get(key) ?? []), ladder]);
  }
  return [...groups.values()];
}

/** One series on its way to larger N. */
class Ladder {
  readonly rows: LayerRow[] = [];
  readonly gaps: LayerGap[] = [];
  verification: LayerVerification | undefined;

  constructor(
    private readonly executor: Executor,
    readonly series: LayerSeries,
  ) {}

  async climb(sites: number, system: () => Promise<System>, seconds: number, context: LayersContext): Promise<void> {
    if (this.verification?.pass === false) return;
    const gap = this.#gapBefore(sites, seconds);
    if (gap !== undefined) {
      this.gaps.push({ ...this.series, sites, ...gap });
      return;
    }
    try {
      await this.#measure(sites, await system(), seconds, requestOf(this.series.precision, context));
    } catch (error) {
      if (!context.isTooLarge(error)) throw error;
      const reason = `needs more memory: ${error instanceof Error ? error.message : String(error)}`;
      this.gaps.push({ ...this.series, sites, cause: "memory", reason });
    }
  }

  /** What is known without trying. */
  #gapBefore(sites: number, limit: number): Pick<LayerGap, "cause" | "seconds" | "reason"> | undefined {
    const bytes = leastBytes(sites, this.series);
    const { memoryLimit } = this.executor;
    if (bytes > memoryLimit) {
      return { cause: "memory", reason: `needs ${bytes} bytes for states alone, --memory is ${memoryLimit}` };
    }
    const failed = this.gaps.find(({ cause }) => cause === "memory");
    if (failed) return { cause: "memory", reason: `needs more memory than N = ${failed.sites}` };
    // By one of the faster rounds: what else the machine did must not end a series.
    const last = this.rows.at(-1);
    const seconds = last === undefined ? 0 : (sites / last.sites) ** 2 / last.upperQuartile;
    if (seconds <= limit) return undefined;
    return { cause: "time", seconds, reason: `needs about ${seconds.toPrecision(2)} s a step, --seconds is ${limit}` };
  }

  async #measure(sites: number, system: System, seconds: number, request: CouplingRequest): Promise<void> {
    const { executor, series } = this;
    if (this.verification === undefined) {
      const settings = { rows: VERIFIED_ROWS, seed: SEED, ...request };
      this.verification = { ...series, ...(await verifyStep(executor, system, series.closure, settings)) };
      if (!this.verification.pass) return;
    }
    const time = await timeSteps(executor, system, series.closure, request, seconds);
    const { name: adapter, driver } = executor.device;
    this.rows.push({
      ...series,
      sites,
      stepsPerSecond: 1 / time.median,
      lowerQuartile: 1 / time.quartiles[1],
      upperQuartile: 1 / time.quartiles[0],
      gflops: operationsPerStep(sites, series) / time.median / 1e9,
      rounds: time.rounds,
      stepsPerRound: time.stepsPerRound,
      peakBytes: time.peakBytes,
      strategy: time.strategy,
      adapter,
      driver,
      date: new Date().toISOString(),
    });
  }
}
