/**
 * From points to blocks: the units of work that are finished, written and resumed as a whole. The cut is a function of the
 * specification and the size asked for alone, so that any machine cuts the same sweep in the same way. No number depends on it.
 */
import { z } from "zod";
import type { LoadArray } from "../engine/array-inputs.js";
import type { DeviceDescription } from "../engine/executor.js";
import { realise } from "../engine/realise.js";
import type { MethodName } from "../physics/closures.js";
import { type RandomSource, STREAMS, uniformMatrix } from "../reference/random.js";
import { groupTasks, type Task, workOf } from "./batches.js";
import type { Sweep } from "./spec.js";

export interface Block {
  readonly index: number;
  /** Tasks that wait for each other stand in one list, in their order; without a continuation, lists of one. */
  readonly walks: readonly (readonly Task[])[];
  /** Floating-point operations, roughly. */
  readonly work: number;
  /** Tasks whose last step is repeated in float64. */
  readonly checked: readonly Task[];
}

/** How a sweep is cut. Kept in the manifest, so that whoever goes on with it cuts it alike. */
export const sizingSchema = z.strictObject({
  /** Operations of a block, at most, unless a single walk has more. */
  work: z.number().positive(),
  /** Share of the blocks that are checked in float64; every closure is checked at least once. */
  verify: z.number().min(0).max(1),
});

export type BlockSizing = Readonly<z.infer<typeof sizingSchema>>;

/** Operations that take these devices a few seconds, by the speeds of `pace.ts`: nominal, and a guess for a GPU. */
const BLOCK_WORK: Readonly<Record<DeviceDescription["kind"], number>> = {
  cpu: 1e9,
  "package-software": 4e9,
  "system-software": 1e10,
  hardware: 5e12,
};

/** Tasks of a block at most: bounds what an interruption waits for where systems are small. */
const MAX_TASKS = 4096;

export const DEFAULT_VERIFY = 0.02;

/** Blocks that each of several workers gets, at least: fewer, and all wait for the last one. */
const BLOCKS_A_WORKER = 8;

/** Floating-point operations of all points as written, roughly. */
export const totalWork = (sweep: Sweep, sites: readonly number[]): number =>
  walksOf(sweep, 0).reduce((sum, walk) => sum + workOfWalk(sweep, walk, sites), 0);

/** Operations of a block that cut the work into so many. */
export const workAmong = (sweep: Sweep, sites: readonly number[], count: number): number =>
  Math.max(1, totalWork(sweep, sites) / count);

export interface SizingRequest {
  /** At least so many, where there are so many walks; else as many as suit the device. */
  readonly blocks?: number | undefined;
  readonly verify?: number | undefined;
  /** Who shares the blocks. */
  readonly workers?: number | undefined;
}

export function sizeBlocks(
  sweep: Sweep,
  sites: readonly number[],
  device: Pick<DeviceDescription, "kind">,
  { blocks, verify = DEFAULT_VERIFY, workers = 1 }: SizingRequest,
): BlockSizing {
  if (blocks !== undefined) return { work: workAmong(sweep, sites, blocks), verify };
  const work = BLOCK_WORK[device.kind];
  return { work: workers > 1 ? Math.min(work, workAmong(sweep, sites, BLOCKS_A_WORKER * workers)) : work, verify };
}

/** N of every point: the description says it, or its arrays do. */
export async function settleSites(sweep: Sweep, load: LoadArray, context: string): Promise<number[]> {
  const sites: number[] = [];
  const known = new Map<string, number>();
  for (const { system } of sweep.points) {
    const description = system(0);
    const key = JSON.stringify([description.count, description.couplings, description.field, description.initial]);
    const read = async () => (await realise(description, load, `${context}: system`)).sites;
    const count = description.count ?? known.get(key) ?? (await read());
    known.set(key, count);
    sites.push(count);
  }
  return sites;
}

/** All blocks of the sweep as it is expanded; those of a later round of refinement stand behind those of earlier ones. */
export function planBlocks(sweep: Sweep, sites: readonly number[], sizing: BlockSizing): Block[] {
  const blocks: Omit<Block, "checked">[] = [];
  const rounds = Math.max(...sweep.points.map(({ round }) => round));
  for (let round = 0; round <= rounds; round++) {
    for (const walks of together(sweep, walksOf(sweep, round), sites)) {
      let open: Task[][] = [];
      let work = 0;
      const close = () => {
        if (open.length > 0) blocks.push({ index: blocks.length, walks: open, work });
        [open, work] = [[], 0];
      };
      for (const walk of walks) {
        const more = workOfWalk(sweep, walk, sites);
        if (work + more > sizing.work || open.length + walk.length > MAX_TASKS) close();
        open.push(walk);
        work += more;
      }
      close();
    }
  }
  return chooseChecks(sweep, blocks, sizing.verify, { seed: sweep.seed, sample: 0 });
}

const workOfWalk = (sweep: Sweep, walk: readonly Task[], sites: readonly number[]) =>
  walk.reduce((sum, task) => sum + workOf(sweep, task, sites[task.point]), 0);

/** Points that follow on each other, sample by sample. */
function walksOf({ points, samples }: Sweep, round: number): Task[][] {
  const next = new Map(points.flatMap(({ previous }, k) => (previous === undefined ? [] : [[previous, k] as const])));
  const starts = points.flatMap((point, k) => (point.round === round && point.previous === undefined ? [k] : []));
  return starts.flatMap((start) =>
    Array.from({ length: samples }, (_, sample) => {
      const walk: Task[] = [];
      for (let at: number | undefined = start; at !== undefined; at = next.get(at)) walk.push({ point: at, sample });
      return walk;
    }),
  );
}

/** Walks that can be in one block, those with the same couplings side by side. */
function together(sweep: Sweep, walks: readonly Task[][], sites: readonly number[]): Task[][][] {
  const walkOf = new Map(walks.map((walk) => [keyOf(walk[0]), walk]));
  const firsts = walks.map(([first]) => first);
  return groupTasks(sweep, firsts, sites).map((groups) => groups.flat().map((task) => walkOf.get(keyOf(task)) ?? []));
}

const keyOf = ({ point, sample }: Task) => `${point} ${sample}`;

/** A random task of a random share of the blocks, and one at least of every closure unless the share is 0. */
export function chooseChecks(
  sweep: Sweep,
  blocks: readonly Omit<Block, "checked">[],
  share: number,
  source: Pick<RandomSource, "seed" | "sample">,
): Block[] {
  const draws = uniformMatrix(blocks.length, 2, { ...source, stream: STREAMS.verificationRows });
  const closureOf = ({ point }: Task): MethodName => sweep.points[point].closure;
  const candidates = blocks.map(({ walks }, k) => {
    const tasks = walks.flat();
    return tasks[Math.floor(draws[2 * k + 1] * tasks.length)];
  });
  const chosen = new Set(candidates.filter((_, k) => draws[2 * k] < share));
  for (const closure of new Set(sweep.points.map(({ closure }) => closure))) {
    if (share === 0 || [...chosen].some((task) => closureOf(task) === closure)) continue;
    // A block has one closure: the first whose draw is the smallest.
    const own = candidates.flatMap((task, k) => (closureOf(task) === closure ? [k] : []));
    if (own.length > 0) chosen.add(candidates[own.reduce((best, k) => (draws[2 * k] < draws[2 * best] ? k : best))]);
  }
  return blocks.map((block, k) => ({ ...block, checked: chosen.has(candidates[k]) ? [candidates[k]] : [] }));
}
