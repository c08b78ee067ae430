/** What a folder holds, whole or not, as tables and reports take it. */
import { type Block, planBlocks, settleSites } from "../blocks.js";
import { nextRound } from "../refinement.js";
import { gather, type SweepOutcome } from "../run.js";
import { expand } from "../spec.js";
import type { Shard } from "./manifest.js";
import type { RunFolder } from "./run-folder.js";

export interface FolderOutcome extends SweepOutcome {
  /** Share of the work that is finished. */
  readonly done: number;
  /** Whether all blocks so far are there, and another round of refinement is to come; parts of a sweep do not refine. */
  readonly refining: boolean;
}

/** The blocks of a part of a sweep, or all of them. */
export const isOfShard =
  (shard: Shard | undefined) =>
  ({ index }: Pick<Block, "index">): boolean =>
    shard === undefined || index % shard.count === shard.index;

export async function outcomeOf({ manifest, finished, load, path }: RunFolder): Promise<FolderOutcome> {
  const sweep = expand(manifest.specification, path, manifest.refined);
  const sites = await settleSites(sweep, load, path);
  const blocks = planBlocks(sweep, sites, manifest.sizing).filter(isOfShard(manifest.shard));
  const total = blocks.reduce((sum, { work }) => sum + work, 0);
  const done = blocks.reduce((sum, { index, work }) => sum + (finished.has(index) ? work : 0), 0);
  const outcome = gather(sweep, blocks, finished);
  const whole = manifest.shard === undefined && outcome.blocks === blocks.length;
  const refining = whole && nextRound(sweep, outcome.rows, manifest.refined).length > 0;
  return { ...outcome, done: done / total, refining };
}
