/**
 * Runs a sweep: cuts it into blocks, has the missing ones computed, refines, and gathers the rows. Where blocks are computed is
 * the business of a `BlockRunner`, where finished ones are kept that of a `BlockStore`.
 */
import type { LoadArray } from "../engine/array-inputs.js";
import type { CouplingRequest, StrategyReport } from "../engine/coupling-strategy.js";
import type { Executor } from "../engine/executor.js";
import type { NumericArray } from "../physics/arrays.js";
import type { Refined } from "./axes.js";
import { type Block, type BlockSizing, planBlocks, settleSites, sizeBlocks } from "./blocks.js";
import { type AdapterName, adapterOf, type BlockRecord } from "./folder/block-record.js";
import { costOf } from "./pace.js";
import { nextRound } from "./refinement.js";
import { type BlockResult, type ResultRow, runBlock, type SweepVerification } from "./run-block.js";
import { expand, type Sweep } from "./spec.js";

export type { ResultRow, SweepVerification } from "./run-block.js";

/** All that tables, figures and reports are made of. */
export interface SweepOutcome {
  readonly sweep: Sweep;
  /** In the order of the tables, then by sample. */
  readonly rows: readonly ResultRow[];
  readonly verification: readonly SweepVerification[];
  readonly strategies: readonly StrategyReport[];
  /** Who computed it; `adapterOf[k]` computed row k. */
  readonly adapters: readonly AdapterName[];
  readonly adapterOfRow: readonly number[];
  /** Blocks that are finished, of those that there are. */
  readonly blocks: number;
  readonly planned: number;
  /** Time of all blocks together. */
  readonly computingSeconds: number;
}

/** A block with the means of single sites, before it is kept. */
export interface FinishedBlock {
  readonly record: Omit<BlockRecord, "specification" | "states">;
  readonly states?: BlockResult["states"];
}

/** What of a block is under way. */
export interface BlockProgress {
  readonly block: Block;
  /** Share of the block that is done. */
  readonly fraction: number;
}

/** Blocks to compute, and all that it takes to cut them elsewhere in the same way. */
export interface BlockWork {
  readonly sweep: Sweep;
  readonly blocks: readonly Block[];
  /** N of every point. */
  readonly sites: readonly number[];
  /** With which `sweep` was expanded. */
  readonly refined: Refined;
  readonly sizing: BlockSizing;
}

/** Computes blocks, wherever that is. */
export interface BlockRunner {
  /**
   * Resolves when all blocks are delivered, or `stop` is aborted and the blocks at hand are.
   * @param deliver called once a block; a failure of it ends the run
   */
  readonly run: (
    work: BlockWork,
    deliver: (finished: FinishedBlock) => Promise<void>,
    watch: { readonly stop?: AbortSignal | undefined; readonly progress?: (at: BlockProgress) => void },
  ) => Promise<void>;
}

/** Keeps finished blocks. */
export interface BlockStore {
  readonly finished: ReadonlyMap<number, BlockRecord>;
  readonly refined: Refined;
  readonly add: (finished: FinishedBlock) => Promise<void>;
  readonly refine: (refined: Refined) => Promise<void>;
}

export interface SweepContext extends CouplingRequest {
  readonly load: LoadArray;
  /** What messages start with: the specification's file. */
  readonly context: string;
  /** Called with the share of the time that is over, by the cost of blocks. */
  readonly progress?: (fraction: number, at?: Block) => void;
}

/** Runs a whole sweep on one executor and keeps its blocks in memory. */
export async function runSweep(executor: Executor, sweep: Sweep, options: SweepContext): Promise<SweepOutcome> {
  const load = cachedLoader(options.load);
  const sites = await settleSites(sweep, load, options.context);
  const sizing = sizeBlocks(sweep, sites, executor.device, {});
  const runner = localRunner(executor, { ...options, load });
  return completeSweep(sweep, memoryStore(), runner, { ...options, load, sizing });
}

/**
 * Has the missing blocks computed, round after round of refinement.
 * @returns what there is when all is done, or when `stop` was aborted
 */
export async function completeSweep(
  sweep: Sweep,
  store: BlockStore,
  runner: BlockRunner,
  options: Pick<SweepContext, "load" | "context" | "progress"> & {
    readonly sizing: BlockSizing;
    readonly stop?: AbortSignal;
    /** Leaves out what others compute. */
    readonly isOurs?: (block: Block) => boolean;
  },
): Promise<SweepOutcome> {
  const { load, context, sizing, stop, isOurs = () => true } = options;
  for (;;) {
    const expanded = expand(sweep.input, context, store.refined);
    const sites = await settleSites(expanded, load, context);
    const blocks = planBlocks(expanded, sites, sizing);
    const missing = blocks.filter((block) => isOurs(block) && !store.finished.has(block.index));
    const costs = blocks.map((block) => costOf(expanded, block, sites));
    const sum = (some: readonly Block[]) => some.reduce((all, { index }) => all + costs[index], 0);
    const total = sum(blocks.filter(isOurs));
    let done = total - sum(missing);
    const current = new Map<number, number>();
    const report = ({ block, fraction }: BlockProgress) => {
      current.set(block.index, fraction * costs[block.index]);
      options.progress?.((done + [...current.values()].reduce((all, cost) => all + cost, 0)) / total, block);
    };
    const deliver = async (finished: FinishedBlock) => {
      await store.add(finished);
      current.delete(finished.record.block);
      done += costs[finished.record.block];
    };
    if (missing.length > 0) {
      const work = { sweep: expanded, blocks: missing, sites, refined: store.refined, sizing };
      await runner.run(work, deliver, { stop, progress: report });
    }
    const outcome = gather(expanded, blocks, store.finished);
    if (stop?.aborted || outcome.blocks < blocks.length) return outcome;
    const values = nextRound(expanded, outcome.rows, store.refined);
    if (values.length === 0) return outcome;
    await store.refine([...store.refined, values]);
  }
}

/** The rows of those blocks that are finished, in the order of the tables. */
export function gather(
  sweep: Sweep,
  blocks: readonly Pick<Block, "index">[],
  finished: ReadonlyMap<number, BlockRecord>,
): SweepOutcome {
  const place = new Map(sweep.order.map((point, k) => [point, k]));
  // Blocks of a later round than is planned so far stay out until it is: an older manifest may have been put back.
  const records = blocks.flatMap(({ index }) => finished.get(index) ?? []);
  const adapters = new Map<string, number>();
  const names: AdapterName[] = [];
  const rows = records.flatMap(({ rows: own, adapter }) => {
    const key = JSON.stringify(adapter);
    const known = adapters.get(key) ?? names.push(adapter) - 1;
    adapters.set(key, known);
    return own.map((row) => ({ row, adapter: known }));
  });
  const at = ({ point }: ResultRow) => place.get(point) ?? 0;
  rows.sort(({ row: one }, { row: other }) => at(one) - at(other) || one.sample - other.sample);
  const strategies = new Map(
    records.flatMap((record) => record.strategies.map((each) => [JSON.stringify(each), each])),
  );
  return {
    sweep,
    rows: rows.map(({ row }) => row),
    verification: records
      .flatMap(({ verification }) => verification)
      .sort((one, other) => one.point - other.point || one.sample - other.sample),
    strategies: [...strategies.values()],
    adapters: names,
    adapterOfRow: rows.map(({ adapter }) => adapter),
    blocks: records.length,
    planned: blocks.length,
    computingSeconds: records.reduce((sum, { seconds }) => sum + seconds, 0),
  };
}

/** One block after the other on an executor of this process. */
export function localRunner(
  executor: Executor,
  { load, context, strategy, precision }: Omit<SweepContext, "progress">,
): BlockRunner {
  return {
    run: async ({ sweep, blocks, sites }, deliver, { stop, progress }) => {
      for (const block of blocks) {
        if (stop?.aborted) return;
        const start = performance.now();
        const report = (fraction: number) => progress?.({ block, fraction });
        const shared = { load, context, strategy, precision, sites, progress: report };
        const { states, ...result } = await runBlock(executor, sweep, block, shared);
        const seconds = (performance.now() - start) / 1000;
        const record = { block: block.index, adapter: adapterOf(executor.device), seconds, ...result };
        await deliver({ record, ...(states && { states }) });
      }
    },
  };
}

function memoryStore(): BlockStore {
  const finished = new Map<number, BlockRecord>();
  let refined: Refined = [];
  return {
    finished,
    get refined() {
      return refined;
    },
    add: ({ record }) => {
      finished.set(record.block, { ...record, specification: "" });
      return Promise.resolve();
    },
    refine: (values) => {
      refined = values;
      return Promise.resolve();
    },
  };
}

/** Reads every array once. */
export function cachedLoader(load: LoadArray): LoadArray {
  const loaded = new Map<string, Promise<NumericArray>>();
  return (path) => {
    const known = loaded.get(path) ?? load(path);
    loaded.set(path, known);
    return known;
  };
}
