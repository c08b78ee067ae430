/**
 * Times several things in rounds, one after the other in each, so that what else the machine does falls on all alike.
 *
 * tinybench times one task to its end before the next begins, which on a shared machine compares two different hours;
 * hence this loop. It serves the suite `steps`, where nothing is compared.
 */
import { setTimeout as pause } from "node:timers/promises";
import { quantile } from "../src/physics/statistics.js";

export interface Timing {
  readonly medianMs: number;
  readonly p25Ms: number;
  readonly p75Ms: number;
  readonly fastestMs: number;
  readonly rounds: number;
}

interface Entrant {
  /** Runs once and says how many milliseconds that took. */
  readonly run: () => Promise<number>;
}

const ROUNDS = { least: 3, most: 15 };
/** No round starts after this, once the least have run. */
const BUDGET_MS = 30_000;
/** A short run repeats within its turn until this is spent. */
const TURN_MS = 50;
const RUNS_PER_TURN = 10;
/** Idle threads of the one before spin for a while (OpenMP, BLAS, thread pools). */
const PAUSE_MS = 30;

/** The median and the spread over rounds; a round's number is the median of its turn. */
export async function interleave(entrants: readonly Entrant[], budgetMs = BUDGET_MS): Promise<Timing[]> {
  const times = entrants.map((): number[] => []);
  const start = performance.now();
  for (let round = 0; round < ROUNDS.most; round++) {
    if (round >= ROUNDS.least && performance.now() - start > budgetMs) break;
    for (let k = 0; k < entrants.length; k++) {
      const turn = (k + round) % entrants.length; // another one goes first in each round
      await pause(PAUSE_MS);
      times[turn].push(await takeTurn(entrants[turn]));
    }
  }
  return times.map((each) => ({
    medianMs: quantile(each, 0.5),
    p25Ms: quantile(each, 0.25),
    p75Ms: quantile(each, 0.75),
    fastestMs: Math.min(...each),
    rounds: each.length,
  }));
}

async function takeTurn({ run }: Entrant): Promise<number> {
  const times: number[] = [];
  let spent = 0;
  while (times.length === 0 || (spent < TURN_MS && times.length < RUNS_PER_TURN)) {
    const milliseconds = await run();
    times.push(milliseconds);
    spent += milliseconds;
  }
  return quantile(times, 0.5);
}
