/** From the histories of chains to observables: averages over chains, errors from chains, all in float64. */
import {
  integratedAutocorrelationTime,
  jackknife,
  linearResponses,
  splitRhat,
  zScore,
} from "../physics/chain-statistics.js";
import type { ProfileName, SampleMoments } from "../physics/moments.js";
import { type ObservableName, observableOf } from "../physics/observables.js";
import { summarize } from "../physics/statistics.js";
import { CHAIN_SCALARS } from "../reference/chain-scalars.js";

/** Series that are kept of every chain, in units of R and a site. */
export const SERIES = ["magnetization", "absolute-magnetization", "overlap"] as const;
export type SeriesName = (typeof SERIES)[number];

/** What one chain (a system) has added up, and its series. */
export class ChainRecord {
  readonly series: Readonly<Record<SeriesName, number[]>> = {
    magnetization: [],
    "absolute-magnetization": [],
    overlap: [],
  };
  readonly scalarSums = new Float64Array(4);
  /** Σ of M over measured steps, from the Rao–Blackwell means; set at the end. */
  vectorSum = new Float64Array();
  square = 0;
  fourth = 0;
  /** Σ of q² and q⁴ with the partner, over measured steps. */
  overlapSquare = 0;
  overlapFourth = 0;
  /** Σ_i s_i·n and Σ_i F_i·n of every step, n the all-ones direction; the second only where the response is wanted. */
  readonly along = { values: [] as number[], means: [] as number[] };
  /** Σ_i w_i F_i over measured steps, in units of R; set at the end. */
  profileSums: Partial<Record<ProfileName, readonly number[]>> = {};

  addVector(vector: ArrayLike<number>, scale: number): void {
    let square = 0;
    for (let k = 0; k < vector.length; k++) square += (vector[k] * scale) ** 2;
    this.square += square;
    this.fourth += square * square;
    this.series["absolute-magnetization"].push(Math.sqrt(square));
    // The sign of a binary state is a number of its own; of vectors the length is what can be followed.
    if (vector.length === 1) this.series.magnetization.push(vector[0] * scale);
  }

  /** @param others mean overlap with all other chains; `partner` that with one of them */
  addOverlaps(others: number, partner: number): void {
    this.series.overlap.push(others);
    this.overlapSquare += partner ** 2;
    this.overlapFourth += partner ** 4;
  }
}

export interface Thermalisation {
  /** `unchecked` unless half of the chains started up and half at random, two or more each. */
  readonly verdict: "passed" | "failed" | "unchecked";
  /** Difference of the two halves in units of its standard error. */
  readonly zScores: Readonly<Partial<Record<SeriesName, number>>>;
}

export interface ChainEstimates {
  readonly observables: Partial<Record<ObservableName, number>>;
  /** From independent chains by the jackknife; NaN for one chain. */
  readonly standardErrors: Partial<Record<ObservableName, number>>;
  /** τ_int in steps; NaN where the run is too short to tell. */
  readonly autocorrelation: Partial<Record<SeriesName, number>>;
  /** R̂ of the halves of all chains, of the worst head; NaN below four measurements. */
  readonly splitRhat: Partial<Record<SeriesName, number>>;
  readonly thermalisation: Thermalisation;
  /** What the observables were made of, head by head: ratios over disorder samples want averages of these. */
  readonly moments: readonly SampleMoments[];
}

/** What the chains of one point have in common. */
export interface ChainShape {
  readonly sites: number;
  readonly components: number;
  readonly radius: number;
  /** β where all sites have the same. */
  readonly beta: number | undefined;
  /** Measurements of a chain, and the steps from one to the next. */
  readonly measurements: number;
  readonly thin: number;
  readonly twoStarts: boolean;
}

/** |z| up to which two starts count as agreeing. */
const LARGEST_Z = 4;

const mean = (values: ArrayLike<number>) => summarize(values).mean;

/** @param heads chains of every head, [head][chain] */
export function estimate(
  heads: readonly (readonly ChainRecord[])[],
  names: readonly ObservableName[],
  shape: ChainShape,
): ChainEstimates {
  const chains = heads[0].length;
  const responses = new Map(
    heads.map((head) => [
      head,
      names.includes("susceptibility") ? linearResponses(head.map(({ along }) => along)) : [],
    ]),
  );
  const moments = (head: readonly ChainRecord[], leftOut?: number) =>
    momentsOf(head, responses.get(head) ?? [], shape, leftOut);
  const entries = names.map((name) => {
    const { sampled, units } = observableOf(name);
    if (sampled === undefined) throw new Error(`${name} is not an observable of monte-carlo`);
    const count = units === "pairs" ? Math.floor(chains / 2) : chains;
    const result = jackknife(count, (leftOut) => mean(heads.map((head) => sampled(moments(head, leftOut)))));
    return [name, result] as const;
  });
  const filled = SERIES.filter((name) => heads[0][0].series[name].length > 0);
  const slowest = (name: SeriesName) =>
    Math.max(...heads.map((head) => integratedAutocorrelationTime(head.map(({ series }) => series[name])).time));
  return {
    observables: Object.fromEntries(entries.map(([name, { value }]) => [name, value])),
    standardErrors: Object.fromEntries(entries.map(([name, { standardError }]) => [name, standardError])),
    autocorrelation: Object.fromEntries(filled.map((name) => [name, shape.thin * slowest(name)])),
    splitRhat: Object.fromEntries(
      filled.map((name) => [name, Math.max(...heads.map((head) => splitRhat(head.map(({ series }) => series[name]))))]),
    ),
    thermalisation: thermalisation(heads, shape.twoStarts),
    moments: heads.map((head) => moments(head)),
  };
}

function momentsOf(
  head: readonly ChainRecord[],
  responses: readonly number[],
  { sites, components, radius, beta, measurements }: ChainShape,
  leftOut?: number,
): SampleMoments {
  const kept = head.filter((_, chain) => chain !== leftOut);
  const average = (of: (record: ChainRecord) => number) => mean(kept.map(of)) / measurements;
  const scalar = (column: number) => average(({ scalarSums }) => scalarSums[column]) / sites;
  const pairs = head.slice(0, Math.floor(head.length / 2)).filter((_, pair) => pair !== leftOut);
  const ofPairs = (of: (record: ChainRecord) => number) => mean(pairs.map(of)) / measurements;
  const kinds = Object.keys(head[0].profileSums) as ProfileName[];
  return {
    sites,
    radius,
    beta,
    components,
    vector: Array.from({ length: components }, (_, k) => average(({ vectorSum }) => vectorSum[k])),
    absolute: mean(kept.map(({ series }) => mean(series["absolute-magnetization"]))),
    square: average(({ square }) => square),
    fourth: average(({ fourth }) => fourth),
    overlap: overlapOf(
      head.map(({ series }) => mean(series.overlap)),
      leftOut,
    ),
    overlapSquare: ofPairs(({ overlapSquare }) => overlapSquare),
    overlapFourth: ofPairs(({ overlapFourth }) => overlapFourth),
    profiles: Object.fromEntries(
      kinds.map((name) => [
        name,
        Array.from({ length: components }, (_, k) => average(({ profileSums }) => profileSums[name]?.[k] ?? NaN)),
      ]),
    ),
    response: responses.length === 0 ? NaN : mean(responses.filter((_, chain) => chain !== leftOut)) / sites,
    fieldLength: scalar(CHAIN_SCALARS.fieldLength),
    energy: scalar(CHAIN_SCALARS.energy),
    entropyProduction: scalar(CHAIN_SCALARS.production),
    entropyRate: scalar(CHAIN_SCALARS.rate),
  };
}

/** The mean over pairs of chains, from q_a, the mean overlap of chain a with the others; without the pairs of one chain. */
function overlapOf(own: readonly number[], leftOut?: number): number {
  const chains = own.length;
  const pairs = (chains - 1) * own.reduce((sum, value) => sum + value, 0);
  if (leftOut === undefined) return pairs / (chains * (chains - 1));
  return (pairs - 2 * (chains - 1) * own[leftOut]) / ((chains - 1) * (chains - 2));
}

/**
 * Time averages of |q_a|, q_a the overlap of a chain with a whole run: its own part, which no chain has measured, counts as the
 * overlap of a pair. Without it two chains in opposite states, m and -m, that nobody can tell apart would have overlaps as
 * different as 2/(chains - 1) for ever.
 */
function overlapLengths(head: readonly ChainRecord[]): number[] {
  const pairs = head.slice(0, Math.floor(head.length / 2));
  const { length: measurements } = head[0].series.overlap;
  const own = Math.sqrt(mean(pairs.map(({ overlapSquare }) => overlapSquare)) / measurements);
  const others = head.length - 1;
  return head.map(({ series }) => mean(series.overlap.map((q) => Math.abs(others * q + own) / head.length)));
}

function thermalisation(heads: readonly (readonly ChainRecord[])[], twoStarts: boolean): Thermalisation {
  const chains = heads[0].length;
  const half = Math.ceil(chains / 2);
  if (!twoStarts || chains - half < 2) return { verdict: "unchecked", zScores: {} };
  // The sign or direction of a start may live for ever; lengths and overlaps may not.
  const names = SERIES.filter((name) => name !== "magnetization" && heads[0][0].series[name].length > 0);
  const zScores = Object.fromEntries(
    names.map((name) => {
      const scores = heads.map((head) => {
        const own = name === "overlap" ? overlapLengths(head) : head.map(({ series }) => mean(series[name]));
        return zScore(summarize(own.slice(0, half)), summarize(own.slice(half)));
      });
      return [name, scores.reduce((worst, z) => (Math.abs(z) <= Math.abs(worst) ? worst : z), 0)];
    }),
  );
  const passed = Object.values(zScores).every((z) => Math.abs(z) <= LARGEST_Z);
  return { verdict: passed ? "passed" : "failed", zScores };
}
