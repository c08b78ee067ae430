/** How long blocks take: beforehand by nominal speeds, and once some are finished by what those took. */
import type { DeviceDescription } from "../engine/executor.js";
import type { MethodName } from "../physics/closures.js";
import { workOf } from "./batches.js";
import type { Block } from "./blocks.js";
import type { BlockRecord } from "./folder/block-record.js";
import type { Sweep } from "./spec.js";

/**
 * Operations a second of naive mean field and chains of 128 to 256 binary sites, for an estimate before anything has run. By
 * processor time (2026-11-29): the CPU engine 3.2e8 to 3.9e8 on its one thread, SwiftShader 4.2e8 and lavapipe 26.2.6 8.7e8 to
 * 9.6e8 a processor, of which they take two. On hardware nothing was measured.
 */
export const NOMINAL_SPEED: Readonly<Record<DeviceDescription["kind"], number>> = {
  cpu: 3.5e8,
  "package-software": 8e8,
  "system-software": 1.8e9,
  hardware: 1e12,
};

/** Sites of the measurements behind `SLOWNESS`. */
const MEASURED_SITES = 128;

/**
 * How many times as long as naive mean field a step takes, of which `workOf` knows nothing: geometric means of the CPU engine and
 * SwiftShader by processor time, N = 128, D = 8, steps alone (2026-11-29). The two differ by up to twelve times (binary
 * gaussian-field 27 and 2), those of sphere tap by three. The plefka closures multiply matrices: their factor grows with N.
 */
const SLOWNESS: Readonly<Record<"binary" | "sphere", Readonly<Partial<Record<MethodName, number>>>>> = {
  binary: { tap: 2.4, onsager: 2.1, "gaussian-field": 7.6, amp: 1.1, "plefka-t": 100, "plefka2-t": 980 },
  sphere: { tap: 150, onsager: 1.7, "tap-published": 430, "gaussian-field": 1.3 },
};

const GROWING: readonly MethodName[] = ["plefka-t", "plefka2-t"];

/** Operations of naive mean field that take about as long as the block. */
export function costOf(sweep: Sweep, { walks }: Pick<Block, "walks">, sites: readonly number[]): number {
  let cost = 0;
  for (const task of walks.flat()) {
    const { closure, system } = sweep.points[task.point];
    const count = sites[task.point];
    const growth = GROWING.includes(closure) ? count / MEASURED_SITES : 1;
    const slowness = SLOWNESS[system(task.sample).spins.kind][closure] ?? 1;
    cost += slowness * growth * workOf(sweep, task, count);
  }
  return cost;
}

/**
 * Seconds of computing that missing blocks will take, by the rate of finished ones: those with the same closure and N where there
 * are any, else with the same closure, else all.
 *
 * @returns null as long as nothing is finished
 */
export function secondsLeft(
  sweep: Sweep,
  blocks: readonly Block[],
  sites: readonly number[],
  finished: ReadonlyMap<number, Pick<BlockRecord, "seconds">>,
): number | null {
  const rates = new Map<string, { seconds: number; cost: number }>();
  const kindsOf = ({ walks: [[{ point }]] }: Block) => {
    const { closure } = sweep.points[point];
    return [`${closure} ${sites[point]}`, closure, "all"];
  };
  const costs = blocks.map((block) => costOf(sweep, block, sites));
  blocks.forEach((block, k) => {
    const record = finished.get(block.index);
    if (record === undefined) return;
    for (const kind of kindsOf(block)) {
      const { seconds, cost } = rates.get(kind) ?? { seconds: 0, cost: 0 };
      rates.set(kind, { seconds: seconds + record.seconds, cost: cost + costs[k] });
    }
  });
  if (rates.size === 0) return null;
  return blocks.reduce((left, block, k) => {
    if (finished.has(block.index)) return left;
    const rate = kindsOf(block).flatMap((kind) => rates.get(kind) ?? [])[0];
    return left + (costs[k] * rate.seconds) / rate.cost;
  }, 0);
}
