/** The exact dynamics of one system: enumeration of few binary spins, else many chains. */
import { batchOf } from "../../engine/batch.js";
import type { ChainEstimates } from "../../engine/chain-estimates.js";
import type { MonteCarloResult } from "../../engine/chain-results.js";
import { followsState, inapplicable } from "../../physics/observable-scope.js";
import { MONTE_CARLO } from "../../physics/closures.js";
import type { CouplingStrategy } from "../../engine/coupling-strategy.js";
import type { Executor } from "../../engine/executor.js";
import { type ChainOptions, monteCarlo } from "../../engine/monte-carlo.js";
import type { System } from "../../engine/realise.js";
import { ExactChain, LARGEST_EXACT } from "../../reference/exact-chain.js";
import { pad } from "../../reference/layout.js";
import { FLOAT64 } from "../../verify/arithmetic.js";
import { allRows, couplingRows } from "../../verify/coupling-rows.js";
import type { LoadedSystem } from "../../verify/load-system.js";

export interface ExactDynamics {
  readonly method: "enumeration" | "monte-carlo";
  /** As of chains; `not-stationary`: the law still changed when enumeration gave up. */
  readonly status: MonteCarloResult["status"] | "not-stationary";
  /** Rao–Blackwell means of single chains, each [N][heads · D]; one array, the exact means, by enumeration. */
  readonly means: readonly Float64Array[];
  /** Steps from the start to the last one. */
  readonly stepsTaken: number;
  /** Of enumeration, which takes no time of the device; chains are timed with the closures. */
  readonly secondsPerStep?: number;
  /** Of chains. */
  readonly sampling?: ChainOptions &
    Omit<ChainEstimates, "moments"> &
    Pick<MonteCarloResult, "measurements" | "failedDraws">;
}

/** Few binary spins, whose couplings do not change with them. */
export function isEnumerable(system: System): boolean {
  return system.spins.kind === "binary" && system.sites <= LARGEST_EXACT && !followsState(system.couplings);
}

/** What names the random numbers of the chains. */
export function identityOf({ seed, sample }: LoadedSystem) {
  return () => ({ seed, point: 0, sample });
}

/** @throws CapacityError if the chains do not fit the device */
export async function sampleExactly(
  executor: Executor,
  system: LoadedSystem,
  chains: ChainOptions,
  { strategy, progress }: { readonly strategy: CouplingStrategy; readonly progress: (fraction: number) => void },
): Promise<ExactDynamics> {
  const { steps } = chains;
  const run = { ...system, closure: MONTE_CARLO, steps, chains: chains.chains } as const;
  const observe = (["absolute-magnetization", "overlap"] as const).filter((name) => !inapplicable(name, run));
  const options = { ...chains, observe, identity: identityOf(system), chainMeans: true, strategy, progress };
  const [[result]] = await monteCarlo(executor, batchOf(system), options);
  const { chainMeans = [], status, lastStep, observables, standardErrors, autocorrelation, thermalisation } = result;
  const { splitRhat, measurements, failedDraws } = result;

  return {
    method: "monte-carlo",
    status,
    means: chainMeans,
    stepsTaken: lastStep,
    sampling: {
      ...chains,
      observables,
      standardErrors,
      autocorrelation,
      splitRhat,
      thermalisation,
      measurements,
      failedDraws,
    },
  };
}

/** A law that changes less than this in a step, summed over configurations, is stationary. */
const STATIONARY = 1e-12;
const MOST_STEPS = 10_000;

/** @param steps from the product law of the initial means; the stationary law unless given */
export async function enumerateExactly(
  system: System,
  steps: number | undefined,
  progress: (fraction: number) => void,
): Promise<ExactDynamics> {
  const { sites, heads, beta, betas, field, initial } = system;
  const stride = pad(sites);
  const couplings = couplingRows(system, allRows(sites), FLOAT64);
  const means = new Float64Array(sites * heads);
  let [stationary, stepsTaken, seconds, evolutions] = [true, 0, 0, 0];
  for (let head = 0; head < heads; head++) {
    const matrix = new Float64Array(sites * sites);
    for (let i = 0; i < sites; i++) {
      const from = (head * sites + i) * stride;
      matrix.set(couplings.subarray(from, from + sites), i * sites);
    }
    const own = (values: Float64Array) => Float64Array.from({ length: sites }, (_, i) => values[i * heads + head]);
    const chain = new ExactChain(sites, matrix, own(field), betas ?? beta);
    // An even law keeps what symmetry there is.
    let law = chain.productLaw(steps === undefined ? new Float64Array(sites) : own(initial));
    let change = Infinity;
    let step = 0;
    while (steps === undefined ? change > STATIONARY && step < MOST_STEPS : step < steps) {
      const start = performance.now();
      const next = chain.evolve(law);
      seconds += (performance.now() - start) / 1000;
      change = next.reduce((sum, value, s) => sum + Math.abs(value - law[s]), 0);
      law = next;
      step++;
      const share = steps === undefined ? Math.max(0, Math.log(change) / Math.log(STATIONARY)) : step / steps;
      progress((head + Math.min(share, 1)) / heads);
      // Lets an interruption in.
      await new Promise((resume) => setImmediate(resume));
    }
    if (steps === undefined && !(change <= STATIONARY)) stationary = false;
    chain.means(law).forEach((mean, i) => (means[i * heads + head] = mean));
    stepsTaken = Math.max(stepsTaken, step);
    evolutions += step;
  }
  return {
    method: "enumeration",
    status: stationary ? "completed" : "not-stationary",
    means: [means],
    stepsTaken,
    secondsPerStep: (seconds * heads) / evolutions,
  };
}
