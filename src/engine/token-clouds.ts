/** Clouds of tokens as numbers, and noisy ones led along a range of couplings. */
import { InputError } from "../physics/input-error.js";
import { orderOfCosine } from "../physics/moments.js";
import { type SampleSummary, summarize } from "../physics/statistics.js";
import {
  type CloudDescription,
  couplingPath,
  type CouplingVisit,
  type NoisyDescription,
  type TokenEnsemble,
} from "../physics/token-clouds.js";
import { STREAMS, unitDirections } from "../reference/random.js";
import { checkFinite, type LoadArray, numbersOf, shaped } from "./array-inputs.js";
import { checkUnitTokens, cluster, type ClusteringDynamics, type TokenCloud } from "./clustering.js";
import type { CouplingRequest } from "./coupling-strategy.js";
import type { Executor } from "./executor.js";

/** Clouds of one shape, a replica each. */
export interface TokenClouds {
  readonly description: CloudDescription;
  readonly count: number;
  readonly dimension: number;
  readonly clouds: readonly TokenCloud[];
  /** Steps between measurements. */
  readonly every: number;
}

/** Measurements of a run unless asked otherwise. */
const MEASUREMENTS = 20;

/** @throws InputError naming the key whose shape, values or file do not fit */
export async function realiseClouds(
  description: CloudDescription,
  load: LoadArray,
  context: string,
): Promise<TokenClouds> {
  const { tokens, beta, seed, steps } = description;
  const given = typeof tokens === "object" && !Array.isArray(tokens) ? undefined : await numbersOf(tokens, load);
  if (given) checkFinite(given, `${context}: tokens`);
  const [count, dimension = 1] = given?.shape ?? [description.count!, description.dimension!];
  if (given) {
    shaped(given, count, dimension, `${context}: tokens`);
    if (!(count >= 2 && dimension >= 2)) {
      throw new InputError(`${context}: tokens`, `shape ${count} × ${dimension}`, "2 tokens and 2 components at least");
    }
    checkUnitTokens(given.values, dimension, `${context}: tokens`);
  }
  const replicas = description.kind === "noisy" ? description.replicas : 1;
  const clouds = Array.from({ length: replicas }, (_, replica): TokenCloud => {
    const kind = (tokens as { kind: TokenEnsemble }).kind;
    return { beta, replica, initial: given?.values ?? madeTokens(kind, count, dimension, seed, replica) };
  });
  return { description, count, dimension, clouds, every: description.every ?? Math.ceil(steps / MEASUREMENTS) };
}

/** `direction`: uniform on the sphere. `aligned`: all on the first axis. */
function madeTokens(kind: TokenEnsemble, count: number, dimension: number, seed: number, sample: number): Float64Array {
  if (kind === "direction") return unitDirections(count, dimension, { seed, stream: STREAMS.initial, sample });
  const tokens = new Float64Array(count * dimension);
  for (let i = 0; i < count; i++) {
    const angle = kind === "equispaced" ? (2 * Math.PI * i) / count : 0;
    if (kind === "orthonormal") tokens[i * dimension + i] = 1;
    else tokens.set([Math.cos(angle), Math.sin(angle)], i * dimension);
  }
  return tokens;
}

/**
 * What the tokens do at one coupling. Softmax rows are the default of the flow; noise is added to unnormalised ones, as in the
 * publications.
 */
export function dynamicsOf(description: CloudDescription, coupling?: number, firstStep = 0): ClusteringDynamics {
  if (description.kind === "map") {
    return { kind: "map", step: description.eta, residual: description.residual };
  }
  const { timeStep, weights, seed } = description;
  const rate = coupling ?? description.coupling ?? 1;
  if (description.kind === "flow") {
    return { kind: "flow", timeStep, rate, unnormalised: weights === "unnormalised" };
  }
  return { kind: "noisy", timeStep, rate, unnormalised: weights !== "softmax", seed, firstStep };
}

/** What was measured at one coupling: means over time, replica by replica, and over replicas. */
export interface ContinuationPoint extends CouplingVisit {
  /** r = |(1/n) Σ_i x_i| */
  readonly order: SampleSummary;
  readonly pairCosine: SampleSummary;
}

/**
 * Leads noisy tokens through couplings, each from where the one before ended.
 * @throws InputError as `cluster`
 */
export async function continueCouplings(
  executor: Executor,
  { description, count, dimension, clouds, every }: TokenClouds & { readonly description: NoisyDescription },
  { progress, ...request }: CouplingRequest & { readonly progress?: (fraction: number) => void } = {},
): Promise<ContinuationPoint[]> {
  const { steps, burnIn = Math.floor(steps / 2) } = description;
  const path = couplingPath(description);
  const points: ContinuationPoint[] = [];
  let current = clouds;
  for (const [k, visit] of path.entries()) {
    const results = await cluster(executor, current, {
      dimension,
      steps,
      every,
      dynamics: dynamicsOf(description, visit.coupling, k * steps),
      progress: (fraction) => progress?.((k + fraction) / path.length),
      ...request,
    });
    // Measurement j is of step j · every; the one at the start belongs to the coupling before.
    const first = Math.floor(burnIn / every) + 1;
    const average = (of: (cosine: number) => number) =>
      summarize(results.map(({ cosines }) => summarize(cosines.slice(first).map(of)).mean));
    points.push({
      ...visit,
      order: average((cosine) => orderOfCosine(cosine, count)),
      pairCosine: average((cosine) => cosine),
    });
    current = current.map((cloud, replica) => ({ ...cloud, initial: results[replica].state }));
  }
  return points;
}
