/** What a run of chains gives out for every point. */
import type { ObservableName } from "../physics/observables.js";
import type { BatchPoint, SystemBatch } from "./batch.js";
import { type ChainCorrelations, correlationsOf } from "./chain-correlations.js";
import { type ChainEstimates, type ChainRecord, estimate } from "./chain-estimates.js";
import type { Chains, ChainStart } from "./chains.js";
import type { ChainTotals } from "./chain-totals.js";
import type { StrategyReport } from "./coupling-strategy.js";

export interface MonteCarloResult extends ChainEstimates {
  /** `not-thermalised`: two starts disagree; `failed-draws`: a draw ran out of tries; `diverged`: something is not finite. */
  readonly status: "completed" | "not-thermalised" | "failed-draws" | "diverged";
  /** Rao–Blackwell means m_i of all chains, [N][heads · D], and their standard errors from chains (NaN for one chain). */
  readonly state: Float64Array;
  readonly stateErrors: Float64Array;
  /** Rao–Blackwell means of single chains, each [N][heads · D]; only if asked for. */
  readonly chainMeans?: readonly Float64Array[];
  /** Spins of every chain after the last step, each [N][heads · D]; only if asked for. */
  readonly chainSpins?: readonly Float64Array[];
  /** Spins of the first chain after the last step, and the number of that step. */
  readonly spins: Float64Array;
  readonly lastStep: number;
  readonly measurements: number;
  /** Draws that found no proposal to accept; 0 for binary spins. */
  readonly failedDraws: number;
  /** Proposals accepted; NaN for binary spins. */
  readonly acceptance: number;
  readonly correlations?: ChainCorrelations;
  readonly strategy: StrategyReport;
}

export interface Collected {
  readonly records: readonly ChainRecord[];
  readonly totals: ChainTotals;
  readonly spins: Float64Array;
  readonly tallies: Float64Array | undefined;
  readonly measurements: number;
  readonly last: number;
  /** Blocks of chains whose products are apart; 0 without correlations. */
  readonly blocks: number;
  readonly strategy: StrategyReport;
}

/** What is wanted of a run, out of its options. */
interface Asked {
  readonly observe: readonly ObservableName[];
  readonly thin: number;
  readonly start: ChainStart;
  readonly correlations?: boolean;
  readonly chainMeans?: boolean;
  readonly chainSpins?: boolean;
  readonly continued?: unknown;
}

export function collect(
  chains: Chains,
  batch: SystemBatch,
  options: Asked,
  { records, totals, spins, tallies, measurements, last, blocks, strategy }: Collected,
): MonteCarloResult[][] {
  const { sites, components, componentStride, stateLength, radius, paddedSites } = chains.layout;
  records.forEach((record, system) => {
    record.vectorSum = new Float64Array(components);
    for (let site = 0; site < sites; site++) {
      for (let k = 0; k < components; k++) {
        record.vectorSum[k] += totals.means[system * stateLength + site * componentStride + k] / (sites * radius);
      }
    }
  });
  const shape = {
    ...{ sites, components, radius, measurements, thin: options.thin },
    // Chains that go on have forgotten, or have kept, what they started from long ago: nothing that can be checked.
    twoStarts: options.start === "both" && options.continued === undefined,
  };
  return batch.points.map((points, group) =>
    points.map((point, replica): MonteCarloResult => {
      const sets = Array.from({ length: batch.heads }, (_, head) => chains.set(group, head, replica));
      const heads = sets.map((set) => chains.systems(set));
      for (const system of heads.flat()) addProfiles(records[system], system, point, totals.means, chains);
      const { beta, betas } = point;
      const estimates = estimate(
        heads.map((own) => own.map((system) => records[system])),
        options.observe,
        { ...shape, beta: betas?.some((each) => each !== betas[0]) ? undefined : (betas?.[0] ?? beta) },
      );
      const { state, stateErrors } = siteMeans(heads, totals.means, measurements, chains);
      const [tries, failures] = [0, 1].map((column) =>
        heads.flat().reduce((sum, system) => sum + talliesOf(tallies, system * paddedSites, paddedSites, column), 0),
      );
      const spinsOf = (chain: number) => sideBySide(ofChain(heads, spins, chain, chains), chains);
      // A run that is too short for a susceptibility has none, and is as good as any other.
      const finite = [...state, ...Object.values({ ...estimates.observables, susceptibility: 0 })].every(
        Number.isFinite,
      );
      const failedDraws = failures;
      return {
        ...estimates,
        status: !finite
          ? "diverged"
          : failedDraws > 0
            ? "failed-draws"
            : estimates.thermalisation.verdict === "failed"
              ? "not-thermalised"
              : "completed",
        state,
        stateErrors,
        ...(options.chainMeans && { chainMeans: meansByChain(heads, totals.means, measurements, chains) }),
        spins: spinsOf(0),
        ...(options.chainSpins && { chainSpins: Array.from({ length: chains.count }, (_, chain) => spinsOf(chain)) }),
        lastStep: last,
        measurements,
        failedDraws,
        acceptance: tallies ? (heads.flat().length * sites * (last + 1)) / tries : NaN,
        ...(options.correlations && { correlations: correlationsOf(sets, totals, { measurements, blocks }, chains) }),
        strategy,
      };
    }),
  );
}

/** Σ_i w_i Σ_t F_i of one chain, in units of R: linear in the means, whose sums are here already. */
function addProfiles(
  record: ChainRecord,
  system: number,
  { profiles = {} }: BatchPoint,
  sums: Float64Array,
  { layout }: Chains,
): void {
  const { components, componentStride, stateLength, radius } = layout;
  record.profileSums = Object.fromEntries(
    Object.entries(profiles).map(([name, weights = new Float64Array()]) => [
      name,
      Array.from({ length: components }, (_, k) => {
        const at = (site: number) => sums[system * stateLength + site * componentStride + k];
        return weights.reduce((sum, weight, site) => sum + weight * at(site), 0) / radius;
      }),
    ]),
  );
}

function talliesOf(tallies: Float64Array | undefined, firstSite: number, count: number, column: number): number {
  let sum = 0;
  for (let site = 0; tallies && site < count; site++) sum += tallies[2 * (firstSite + site) + column];
  return sum;
}

/** [head] of [pad(N)][componentStride] as [N][heads · D]. */
function sideBySide(heads: readonly Float64Array[], { layout }: Chains): Float64Array {
  const { sites, components, componentStride } = layout;
  const width = heads.length * components;
  const result = new Float64Array(sites * width);
  heads.forEach((values, head) => {
    for (let site = 0; site < sites; site++) {
      const from = site * componentStride;
      result.set(values.subarray(from, from + components), site * width + head * components);
    }
  });
  return result;
}

/** m_i of every chain by itself. */
function meansByChain(
  heads: readonly (readonly number[])[],
  sums: Float64Array,
  measurements: number,
  chains: Chains,
): Float64Array[] {
  return Array.from({ length: chains.count }, (_, chain) =>
    sideBySide(ofChain(heads, sums, chain, chains), chains).map((sum) => sum / measurements),
  );
}

/** The heads of one chain in an array as long as all states. */
const ofChain = (
  heads: readonly (readonly number[])[],
  states: Float64Array,
  chain: number,
  { layout: { stateLength } }: Chains,
): Float64Array[] =>
  heads.map((systems) => states.subarray(systems[chain] * stateLength, (systems[chain] + 1) * stateLength));

/** m_i over chains and its standard error. */
function siteMeans(
  heads: readonly (readonly number[])[],
  sums: Float64Array,
  measurements: number,
  chains: Chains,
): { state: Float64Array; stateErrors: Float64Array } {
  const { stateLength } = chains.layout;
  const means: Float64Array[] = [];
  const errors: Float64Array[] = [];
  for (const own of heads) {
    const [mean, squares] = [new Float64Array(stateLength), new Float64Array(stateLength)];
    own.forEach((system, count) => {
      for (let k = 0; k < stateLength; k++) {
        const deviation = sums[system * stateLength + k] / measurements - mean[k];
        mean[k] += deviation / (count + 1);
        squares[k] += deviation * (sums[system * stateLength + k] / measurements - mean[k]);
      }
    });
    means.push(mean);
    // NaN for one chain: nothing is known about it.
    errors.push(squares.map((value) => Math.sqrt(value / (own.length - 1) / own.length)));
  }
  return { state: sideBySide(means, chains), stateErrors: sideBySide(errors, chains) };
}
