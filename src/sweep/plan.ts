/** What a sweep will take: counts, operations, memory and time, without running anything. */
import type { LoadArray } from "../engine/array-inputs.js";
import type { Executor } from "../engine/executor.js";
import { planBatches } from "./batches.js";
import { planBlocks, settleSites, sizeBlocks } from "./blocks.js";
import { costOf, NOMINAL_SPEED } from "./pace.js";
import { limitsOf } from "./run-block.js";
import type { Sweep } from "./spec.js";

export interface SweepPlan {
  readonly name: string;
  readonly axes: readonly { readonly path: string; readonly values: number }[];
  readonly points: number;
  readonly samples: number;
  /** Points times samples. */
  readonly runs: number;
  /** Runs that refinement may add. */
  readonly refinement: number;
  readonly blocks: number;
  /** Floating-point operations of the field products, roughly. */
  readonly operations: number;
  /** What couplings and states of the largest batch take. */
  readonly bytes: number;
  /** By the nominal speed of such a device and the nominal slowness of closures. */
  readonly seconds: number;
  /** What that speed is, since nothing is measured here: taken once on idle processors of another machine, or guessed. */
  readonly speed: "nominal" | "guessed";
}

export async function planSweep(
  sweep: Sweep,
  executor: Executor,
  {
    load,
    context,
    blocks: asked,
  }: { readonly load: LoadArray; readonly context: string; readonly blocks?: number | undefined },
): Promise<SweepPlan> {
  const { name, axes, points, samples, input } = sweep;
  const sites = await settleSites(sweep, load, context);
  const blocks = planBlocks(sweep, sites, sizeBlocks(sweep, sites, executor.device, { blocks: asked }));
  const limits = limitsOf(executor);
  const largest = blocks.map(({ walks }) => {
    const tasks = walks.map(([first]) => first);
    return Math.max(...planBatches(sweep, tasks, limits, sites).map(({ elements }) => elements));
  });
  const operations = blocks.reduce((sum, { work }) => sum + work, 0);
  const cost = blocks.reduce((sum, block) => sum + costOf(sweep, block, sites), 0);
  const { refine } = input;
  const share = refine
    ? (refine.points * refine.rounds) / (axes.find(({ path }) => path === refine.axis)?.values.length ?? 1)
    : 0;
  return {
    name,
    axes: axes.map(({ path, values }) => ({ path, values: values.length })),
    points: points.length,
    samples,
    runs: points.length * samples,
    refinement: Math.round(share * points.length * samples),
    blocks: blocks.length,
    operations,
    bytes: executor.elementBytes * Math.max(...largest),
    seconds: cost / NOMINAL_SPEED[executor.device.kind],
    speed: executor.device.kind === "hardware" ? "guessed" : "nominal",
  };
}
