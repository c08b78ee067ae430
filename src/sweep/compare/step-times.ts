/** Seconds that a step takes, of several methods in turn, so that what else the machine does hits all of them alike. */
import { BatchLayout, batchOf } from "../../engine/batch.js";
import { type Measured, ChainSampler, samplerBytes } from "../../engine/chain-sampler.js";
import { Chains, placeFixed } from "../../engine/chains.js";
import type { CouplingStrategy } from "../../engine/coupling-strategy.js";
import type { Executor } from "../../engine/executor.js";
import type { ChainOptions } from "../../engine/monte-carlo.js";
import type { System } from "../../engine/realise.js";
import { withinScope } from "../../engine/scope.js";
import { TimeStep } from "../../engine/time-step.js";
import type { ClosureName } from "../../physics/closures.js";
import { quantile } from "../../physics/statistics.js";
import type { LoadedSystem } from "../../verify/load-system.js";
import { identityOf } from "./exact-dynamics.js";

/** Makes arrays on an executor and returns what records the next step. */
export type Stepper = (executor: Executor) => Promise<() => void>;

export const ROUNDS = 5;
/** Steps of a round are as many as take about this long, within bounds. */
const ROUND_SECONDS = 0.05;
const MOST_STEPS = 256;
/** The first step compiles and fills couplings, the second finds everything ready. */
const WARM_UP = 2;

/** @returns the median of the rounds, in the order of the steppers */
export async function timeInTurn(
  executor: Executor,
  steppers: readonly Stepper[],
  progress: (fraction: number) => void,
): Promise<number[]> {
  const rounds = steppers.map((): number[] => []);
  const steps = steppers.map(() => 0);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [k, stepper] of steppers.entries()) {
      await withinScope(executor, async (scope) => {
        const record = await stepper(scope);
        const secondsPerStep = async (count: number) => {
          const start = performance.now();
          for (let step = 0; step < count; step++) record();
          await scope.flush(true);
          return (performance.now() - start) / 1000 / count;
        };
        let last = 0;
        for (let step = 0; step < WARM_UP; step++) last = await secondsPerStep(1);
        steps[k] ||= Math.max(1, Math.min(MOST_STEPS, Math.floor(ROUND_SECONDS / last)));
        rounds[k].push(await secondsPerStep(steps[k]));
      });
      progress((round * steppers.length + k + 1) / (ROUNDS * steppers.length));
    }
  }
  return rounds.map((each) => quantile(each, 0.5));
}

/** Steps of a closure from the start of the system. */
export function closureStepper(system: System, closure: ClosureName, strategy: CouplingStrategy): Stepper {
  return (executor) => {
    const layout = new BatchLayout(batchOf(system));
    const length = layout.systems * layout.stateLength;
    const callerBytes = 3 * length * executor.elementBytes;
    const step = new TimeStep(executor, layout, { closure, callerBytes, strategy });
    const initial = layout.pack((point) => point.initial);
    const states = [executor.upload("state", initial), executor.allocate("image", length)];
    let done = 0;
    return Promise.resolve(() => {
      step.record(states[done % 2], states[(done + 1) % 2]);
      step.advance();
      done++;
    });
  };
}

/** Steps of all chains together, measured as they are in the run. */
export function chainStepper(
  system: LoadedSystem,
  { chains: count, thin, start }: ChainOptions,
  strategy: CouplingStrategy,
): Stepper {
  return async (executor) => {
    const chains = new Chains(batchOf(system), count, identityOf(system));
    const { systems, stateLength } = chains.layout;
    const measured: Measured = {
      overlap: true,
      scalars: false,
      production: false,
      correlationBlocks: 0,
      response: false,
    };
    const bytes = samplerBytes(chains, measured, executor.elementBytes);
    const sampler = new ChainSampler(executor, chains, measured, bytes, strategy);
    const from = chains.start(start);
    const slots = [0, 1].map(() => executor.allocate("spins", systems * stateLength));
    await sampler.start(slots[0], from.field);
    await placeFixed(executor, slots[0], stateLength, from.fixed);
    let done = 0;
    return () => {
      const [state, next] = [slots[done % 2], slots[(done + 1) % 2]];
      sampler.record(++done, state, next);
      if (done % thin === 0) sampler.measure(state, next);
    };
  };
}
