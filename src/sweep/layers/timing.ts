/** Times steps of the dynamics: compiled first, then many steps handed over in one go and awaited, several times. */
import { BatchLayout, batchOf } from "../../engine/batch.js";
import type { CouplingRequest, StrategyReport } from "../../engine/coupling-strategy.js";
import type { Executor } from "../../engine/executor.js";
import type { System } from "../../engine/realise.js";
import { TimeStep } from "../../engine/time-step.js";
import type { ClosureName } from "../../physics/closures.js";
import { quantile } from "../../physics/statistics.js";
import { CountedScope } from "./counted-scope.js";

/** Seconds a step takes. */
export interface StepTime {
  readonly median: number;
  /** A quarter of the rounds is faster than the first, a quarter slower than the second. */
  readonly quartiles: readonly [number, number];
  readonly rounds: number;
  readonly stepsPerRound: number;
  readonly strategy: StrategyReport;
  /** Most bytes that all arrays took at one time. */
  readonly peakBytes: number;
}

/** Rounds of one point: as many as the time allows, and no less than show a spread, unless one step alone takes longer. */
const ROUNDS = { least: 3, most: 7 } as const;

/** Steps that are handed over together at most: beyond this a submit costs nothing beside its steps. */
const MOST_STEPS = 512;

/**
 * @param seconds what the rounds take together, unless three steps take longer
 * @throws Error if the state is not finite after the last step: what was timed was not the dynamics
 */
export async function timeSteps(
  executor: Executor,
  system: System,
  closure: ClosureName,
  request: CouplingRequest,
  seconds: number,
): Promise<StepTime> {
  const scope = new CountedScope(executor);
  try {
    const layout = new BatchLayout(batchOf(system));
    const length = layout.systems * layout.stateLength;
    const callerBytes = 3 * length * scope.elementBytes;
    const step = new TimeStep(scope, layout, { closure, callerBytes, ...request });
    const initial = layout.pack((point) => point.initial);
    const states = [scope.upload("state", initial), scope.allocate("image", length)] as const;
    let done = 0;
    const secondsPerStep = async (steps: number) => {
      const start = performance.now();
      for (let k = 0; k < steps; k++, done++) step.record(states[done % 2], states[(done + 1) % 2]);
      await scope.flush(true);
      return (performance.now() - start) / 1000 / steps;
    };

    // The first step compiles, and with frozen couplings so does the second.
    await secondsPerStep(1);
    if (!step.couplings.followsState) await secondsPerStep(1);
    const first = await secondsPerStep(1);
    // A single step is slowed down by its submit, so a few of them settle how many fit.
    const few = fitting(seconds, first);
    const stepsPerRound = few === 1 ? 1 : fitting(seconds, await secondsPerStep(Math.min(8, few)));
    const rounds = stepsPerRound === 1 ? [first] : [];
    const wanted = first > seconds ? 1 : Math.min(ROUNDS.most, Math.max(ROUNDS.least, Math.floor(seconds / first)));
    while (rounds.length < wanted) rounds.push(await secondsPerStep(stepsPerRound));

    const sample = await scope.read(states[done % 2], 0, layout.components);
    if (!sample.every(Number.isFinite) || sample.every((value) => value === 0)) {
      throw new Error(`the state after ${done} steps of ${closure} is ${sample[0]}, ${sample[1]}, ...`);
    }
    return {
      median: quantile(rounds, 0.5),
      quartiles: [quantile(rounds, 0.25), quantile(rounds, 0.75)],
      rounds: rounds.length,
      stepsPerRound,
      strategy: step.couplings.report,
      peakBytes: scope.peakBytes,
    };
  } catch (error) {
    scope.abandon();
    throw error;
  } finally {
    scope.dispose();
  }
}

/** Steps of one round, where the most rounds are to take `seconds`. */
function fitting(seconds: number, secondsPerStep: number): number {
  return Math.max(1, Math.min(MOST_STEPS, Math.floor(seconds / ROUNDS.most / secondsPerStep)));
}
