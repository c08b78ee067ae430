/** What a folder holds, whole or not, as tables and reports take it. */
import { type Block, planBlocks, settleSites } from "../blocks.js";
import { secondsLeft } from "../pace.js";
import { nextRound } from "../refinement.js";
import { gather, type SweepOutcome } from "../run.js";
import { expand } from "../spec.js";
import type { Shard } from "./manifest.js";
import type { RunFolder } from "./run-folder.js";

export interface FolderOutcome extends SweepOutcome {
  /** Seconds of computing that the missing blocks will take, by the rate of finished ones; null as long as there is none. */
  readonly secondsLeft: number | null;
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
  const outcome = gather(sweep, blocks, finished);
  const whole = manifest.shard === undefined && outcome.blocks === blocks.length;
  const refining = whole && nextRound(sweep, outcome.rows, manifest.refined).length > 0;
  return { ...outcome, secondsLeft: secondsLeft(sweep, blocks, sites, finished), refining };
}
