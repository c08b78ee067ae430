/** What a sweep will take: counts, operations, memory and time, without running anything. */
import type { LoadArray } from "../engine/array-inputs.js";
import type { DeviceDescription, Executor } from "../engine/executor.js";
import { planBatches } from "./batches.js";
import { planBlocks, settleSites, sizeBlocks } from "./blocks.js";
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
  /** By a nominal speed of such a device. */
  readonly seconds: number;
  /** Whether that speed was ever measured, on whatever machine. */
  readonly speedIsMeasured: boolean;
}

/**
 * Operations a second of naive mean field and chains of 128 to 256 binary sites, for an estimate before anything has run. By
 * processor time (2026-11-29): the CPU engine 3.2e8 to 3.9e8 on its one thread, SwiftShader 4.2e8 and lavapipe 26.2.6 8.7e8 to
 * 9.6e8 a processor, of which they take two. Binary tap takes 1.4 to 3.5 times as long, spheres with tap, whose inner
 * iterations `workOf` does not count, 45 to 120 times. On hardware nothing was measured.
 */
const SPEED: Readonly<Record<DeviceDescription["kind"], number>> = {
  cpu: 3.5e8,
  "package-software": 8e8,
  "system-software": 1.8e9,
  hardware: 1e12,
};

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
    seconds: operations / SPEED[executor.device.kind],
    speedIsMeasured: executor.device.kind !== "hardware",
  };
}
