/** Exact stochastic dynamics (equations 7): many chains of every point at once, measured on the device. */
import { InputError } from "../physics/input-error.js";
import { MONTE_CARLO } from "../physics/closures.js";
import { checkObservables } from "../physics/observable-scope.js";
import type { ObservableName } from "../physics/observables.js";
import type { SystemBatch } from "./batch.js";
import { blocksFor } from "./chain-correlations.js";
import { ChainRecord } from "./chain-estimates.js";
import { collect, type MonteCarloResult } from "./chain-results.js";
import { ChainSampler, type Measured, OVERLAP_COLUMNS, samplerBytes, SCALAR_COLUMNS } from "./chain-sampler.js";
import { ChainTotals } from "./chain-totals.js";
import { type ChainStart, Chains, placeFixed, type PointIdentity } from "./chains.js";
import type { CouplingStrategy } from "./coupling-strategy.js";
import type { Executor, Slot } from "./executor.js";
import { History, historyLength } from "./history.js";
import { withinScope } from "./scope.js";

export interface ChainOptions {
  /** Independent chains of every point. */
  readonly chains: number;
  /** Steps before the first measurement. */
  readonly burnIn: number;
  /** Steps after that, of which every `thin`-th is measured. */
  readonly steps: number;
  readonly thin: number;
  readonly start: ChainStart;
}

export const CHAIN_DEFAULTS = { chains: 16, burnIn: 100, thin: 1, start: "both" } as const;

export interface MonteCarloOptions extends ChainOptions {
  readonly observe: readonly ObservableName[];
  /** What names the random numbers of a point, whatever batch it is in. */
  readonly identity: (group: number, replica: number) => PointIdentity;
  /** Spins that every chain of a point goes on from, each [N][heads · D], in place of `start`: `chainSpins` of an earlier run. */
  readonly continued?: (group: number, replica: number) => readonly Float64Array[];
  /** Keep the spins of every single chain after the last step. */
  readonly chainSpins?: boolean;
  /** Keep C and D with errors, which take 2 · 16 N × N matrices a point and head: see chain-correlations.ts. */
  readonly correlations?: boolean;
  /** Keep the means of every single chain. */
  readonly chainMeans?: boolean;
  readonly strategy?: CouplingStrategy | undefined;
  readonly progress?: (fraction: number) => void;
}

/**
 * @returns results by group and point, in the order of the batch
 * @throws InputError for an observable that the chains or couplings have not, or options that fit no run
 * @throws CapacityError, GpuError: never a result that a fault has touched
 */
export async function monteCarlo(
  executor: Executor,
  batch: SystemBatch,
  options: MonteCarloOptions,
): Promise<MonteCarloResult[][]> {
  const { spins } = batch;
  const { chains, steps, thin } = options;
  const shared = { spins, closure: MONTE_CARLO, steps, chains, thin } as const;
  for (const couplings of batch.couplings) {
    const points = batch.points.flat();
    const { profiles } = points[0];
    // What differs between points is β of the sites alone.
    for (const betas of new Set(points.map((point) => point.betas))) {
      const given = { ...(profiles && { profiles }), ...(betas && { betas }) };
      checkObservables(options.observe, { ...shared, couplings, ...given }, "observe");
    }
  }
  if (options.thin > options.steps) {
    throw new InputError("thin", String(options.thin), `at most the ${options.steps} steps that are measured`);
  }
  return withinScope(executor, (scope) => sample(scope, batch, options));
}

async function sample(
  executor: Executor,
  batch: SystemBatch,
  options: MonteCarloOptions,
): Promise<MonteCarloResult[][]> {
  const chains = new Chains(batch, options.chains, options.identity);
  const { layout } = chains;
  const { systems, stateLength } = layout;
  const { observe, burnIn, steps, thin } = options;
  const wants = (name: ObservableName) => observe.includes(name);
  const measured: Measured = {
    overlap: options.chains > 1,
    scalars: wants("energy") || wants("entropy-rate") || wants("energy-gap"),
    production: wants("entropy-production"),
    correlationBlocks: options.correlations ? blocksFor(options.chains, layout.sites) : 0,
    response: wants("susceptibility"),
  };
  const measurements = Math.floor(steps / thin);
  const perStep = systems * ((measured.response ? 2 : 1) * layout.components + OVERLAP_COLUMNS + SCALAR_COLUMNS);
  const historyBytes = 2 * executor.elementBytes * historyLength(perStep, measurements);
  const bytes = samplerBytes(chains, measured, executor.elementBytes) + historyBytes;
  const sampler = new ChainSampler(executor, chains, measured, bytes, options.strategy ?? "auto");
  const records = Array.from({ length: systems }, () => new ChainRecord());
  const histories = openHistories(executor, chains, sampler, records, measurements);
  const totals = new ChainTotals(executor, sampler);
  const start = options.continued ? chains.continued(options.continued) : chains.start(options.start);
  const slots = [executor.allocate("spins", systems * stateLength), executor.allocate("spins", systems * stateLength)];
  try {
    await sampler.start(slots[0], start.field);
    await placeFixed(executor, slots[0], stateLength, start.fixed);
    const last = burnIn + measurements * thin;
    for (let step = 1; step <= last; step++) {
      const [from, to] = [slots[(step - 1) % 2], slots[step % 2]];
      sampler.record(step, from, to);
      if (step > burnIn && (step - burnIn) % thin === 0) {
        sampler.measure(from, to);
        for (const { history, source } of histories) await history.push(source);
        await totals.step();
      }
      await executor.flush();
      options.progress?.(step / last);
    }
    for (const { history } of histories) await history.drain();
    await totals.drain();
    const spins = await executor.read(slots[last % 2]);
    const tallies = sampler.tallies && (await executor.read(sampler.tallies));
    return collect(chains, batch, options, {
      records,
      totals,
      spins,
      tallies,
      measurements,
      last,
      blocks: measured.correlationBlocks,
      strategy: sampler.couplings.report,
    });
  } finally {
    for (const { history } of histories) history.dispose();
    sampler.dispose();
    executor.free(...slots);
  }
}

/** The scalars of every measured step, read back in blocks, into the records of their chains. */
function openHistories(
  executor: Executor,
  { layout, count }: Chains,
  sampler: ChainSampler,
  records: readonly ChainRecord[],
  measurements: number,
): { history: History; source: Slot }[] {
  const { sites, components, radius } = layout;
  const open = (label: string, source: Slot, keep: (values: Float64Array) => void) => ({
    source,
    history: new History(executor, label, source.length, measurements, keep),
  });
  const vectorOf = (values: Float64Array, system: number) =>
    values.subarray(system * components, (system + 1) * components);
  // Along the all-ones direction.
  const along = (vector: Float64Array) => vector.reduce((sum, value) => sum + value, 0) / Math.sqrt(components);
  const { meanResults } = sampler;
  const histories = [
    open("magnetization history", sampler.vectorResults, (values) =>
      records.forEach((record, system) => {
        const vector = vectorOf(values, system);
        record.addVector(vector, 1 / (sites * radius));
        if (meanResults) record.along.values.push(along(vector));
      }),
    ),
  ];
  if (meanResults) {
    histories.push(
      open("history of means", meanResults, (values) =>
        records.forEach((record, system) => record.along.means.push(along(vectorOf(values, system)))),
      ),
    );
  }
  if (sampler.overlapResults) {
    const scale = 1 / (sites * radius ** 2);
    histories.push(
      open("overlap history", sampler.overlapResults, (values) =>
        records.forEach((record, system) => {
          const [others, partner] = values.subarray(system * OVERLAP_COLUMNS);
          record.addOverlaps((others * scale) / (count - 1), partner * scale);
        }),
      ),
    );
  }
  if (sampler.scalarResults) {
    histories.push(
      open("scalar history", sampler.scalarResults, (values) =>
        records.forEach(({ scalarSums }, system) => {
          for (let column = 0; column < SCALAR_COLUMNS; column++) {
            scalarSums[column] += values[system * SCALAR_COLUMNS + column];
          }
        }),
      ),
    );
  }
  return histories;
}
