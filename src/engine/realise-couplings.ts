/** Couplings as numbers: arrays checked, ensembles of queries, keys, weights and patterns drawn. */
import type { MatrixInput, NumericArray } from "../physics/arrays.js";
import type { AttentionFeatures, Couplings, CouplingsInput } from "../physics/couplings.js";
import { InputError } from "../physics/input-error.js";
import type { Species } from "../physics/species.js";
import type { SystemDescription } from "../physics/system.js";
import {
  gaussianMatrix,
  type RandomSource,
  type Stream,
  STREAMS,
  uniformMatrix,
  unitDirections,
} from "../reference/random.js";
import { scaled, shaped } from "./array-inputs.js";

/** Su et al., arXiv:2104.09864. */
export const ROPE_BASE = 10_000;

/** Arrays of the couplings that fix N. */
export interface CouplingArrays {
  readonly matrix?: NumericArray | undefined;
  readonly queries?: NumericArray | undefined;
  readonly keys?: NumericArray | undefined;
  readonly patterns?: NumericArray | undefined;
}

export interface CouplingShape {
  readonly sites: number;
  readonly heads: number;
  /** heads · D. */
  readonly width: number;
  readonly species: readonly Species[] | undefined;
}

type Fetch = (key: string, input: MatrixInput) => Promise<NumericArray | undefined>;

export async function loadCouplings({ couplings }: SystemDescription, fetch: Fetch): Promise<CouplingArrays> {
  const given = async (key: string, input: MatrixInput | undefined) =>
    input === undefined ? undefined : fetch(key, input);
  if (couplings.kind === "dense") return { matrix: await fetch("couplings.matrix", couplings.matrix) };
  if (couplings.kind === "hopfield") {
    return { patterns: await given("couplings.patterns", couplings.patterns) };
  }
  if (couplings.kind !== "attention") return {};
  return {
    queries: await given("couplings.queries", couplings.queries),
    keys: await given("couplings.keys", couplings.keys),
  };
}

/** @throws InputError naming the key that does not fit */
export async function realiseCouplings(
  description: SystemDescription,
  arrays: CouplingArrays,
  shape: CouplingShape,
  source: (stream: Stream) => RandomSource,
  fetch: Fetch,
  context: string,
): Promise<Couplings> {
  const { couplings, seed, sample } = description;
  const { sites } = shape;
  const drawn = { kind: "random", seed, sample, symmetry: 0, std: 0 } as const;
  switch (couplings.kind) {
    case "dense":
      return { kind: "dense", matrix: shaped(arrays.matrix!, sites, sites, `${context}: couplings.matrix`) };
    case "gaussian":
    case "plus-minus": {
      const { kind: law, mean, std, symmetry } = couplings;
      return { ...drawn, law, mean, std, symmetry };
    }
    case "diluted": {
      const { law, mean, std, symmetry, connectivity } = couplings;
      checkConnectivity(connectivity, sites, `${context}: couplings.connectivity`);
      return { ...drawn, law, mean, std, symmetry, connectivity };
    }
    case "curie-weiss":
      return { ...drawn, law: "gaussian", mean: couplings.mean };
    case "mixed-signs": {
      const { strength, fraction, symmetry } = couplings;
      return { ...drawn, law: "mixed-signs", mean: strength, fraction, symmetry };
    }
    case "ring":
      return { ...drawn, law: "ring", mean: couplings.strength };
    case "random-softmax":
      return { kind: "random-softmax", scale: couplings.scale, mask: couplings.mask, seed, sample };
    case "species":
      return realiseSpecies(couplings, shape.species ?? [], { seed, sample });
    case "hopfield":
      return realisePatterns(couplings, arrays.patterns, sites, source(STREAMS.patterns), context);
    case "attention":
      return realiseAttention(description, couplings, arrays, shape, source, fetch, context);
  }
}

function realiseSpecies(
  { mean, std, symmetry }: Extract<CouplingsInput, { kind: "species" }>,
  species: readonly Species[],
  drawnFrom: { readonly seed: number; readonly sample: number },
): Couplings {
  const means = Float64Array.from(mean.flat());
  const deviations = std ? Float64Array.from(std.flat()) : new Float64Array(means.length);
  const speciesOf = Uint32Array.from(species.flatMap(({ count }, k) => Array<number>(count).fill(k)));
  return { kind: "species", means, deviations, symmetry, speciesOf, ...drawnFrom };
}

function realisePatterns(
  couplings: Extract<CouplingsInput, { kind: "hopfield" }>,
  given: NumericArray | undefined,
  sites: number,
  source: RandomSource,
  context: string,
): Couplings {
  const drawn = couplings.count ?? Math.max(1, Math.round((couplings.load ?? 0) * sites));
  const count = given?.shape[0] ?? drawn;
  const patterns = given
    ? shaped(given, count, sites, `${context}: couplings.patterns`)
    : uniformMatrix(count, sites, source).map((u) => (u < 0.5 ? -1 : 1));
  return { kind: "hopfield", patterns, count, normalisation: sites };
}

async function realiseAttention(
  { spins }: SystemDescription,
  couplings: Extract<CouplingsInput, { kind: "attention" }>,
  arrays: CouplingArrays,
  { sites, heads, width }: CouplingShape,
  source: (stream: Stream) => RandomSource,
  fetch: Fetch,
  context: string,
): Promise<Couplings> {
  const { mask, tied, qkNorm, rope } = couplings;
  const randomDimension = couplings.dimension ?? (spins.kind === "sphere" ? spins.components : undefined);
  const drawn = (key: string, input: MatrixInput, rows: number, columns: number, stream: Stream) => {
    const ensemble = input as Extract<MatrixInput, { kind: string }>;
    if (columns === 0 || rows === 0) {
      throw new InputError(`${context}: couplings.dimension`, "nothing", `the head dimension d of random ${key}`);
    }
    return ensemble.kind === "gaussian"
      ? gaussianMatrix(rows, columns, source(stream), ensemble.std)
      : scaled(unitDirections(rows, columns, source(stream)), ensemble.norm);
  };

  let features: AttentionFeatures;
  let dimension: number;
  if (couplings.weights !== undefined) {
    const { query, key } = couplings.weights;
    const loadedQuery = await fetch("couplings.weights.query", query);
    const loadedKey = key === undefined ? undefined : await fetch("couplings.weights.key", key);
    const rows = loadedQuery?.shape[0] ?? loadedKey?.shape[0] ?? heads * (randomDimension ?? 0);
    dimension = perHead(rows, "rows", heads, `${context}: couplings.weights`);
    const queryWeights = loadedQuery
      ? shaped(loadedQuery, rows, width, `${context}: couplings.weights.query`)
      : drawn("weights", query, rows, width, STREAMS.queryWeights);
    const keyWeights = loadedKey
      ? shaped(loadedKey, rows, width, `${context}: couplings.weights.key`)
      : key === undefined
        ? queryWeights
        : drawn("weights", key, rows, width, STREAMS.keyWeights);
    features = { source: couplings.source, queryWeights, keyWeights };
  } else {
    const columns = arrays.queries?.shape[1] ?? arrays.keys?.shape[1] ?? heads * (randomDimension ?? 0);
    dimension = perHead(columns, "columns", heads, `${context}: couplings.queries`);
    const one = (key: "queries" | "keys", stream: Stream) => {
      const array = arrays[key];
      if (array !== undefined) return shaped(array, sites, columns, `${context}: couplings.${key}`);
      // A row of queries holds one vector a head, so directions are drawn head by head.
      return drawn(key, couplings[key]!, sites * heads, dimension, stream);
    };
    const queries = one("queries", STREAMS.queries);
    features = { source: "given", queries, keys: tied ? queries : one("keys", STREAMS.keys) };
  }
  if (rope !== false && dimension % 2 !== 0) {
    throw new InputError(`${context}: couplings.rope`, `the odd head dimension ${dimension}`, "pairs of components");
  }
  const scale = couplings.scale ?? (qkNorm ? Math.sqrt(dimension) : 1);
  const ropeBase = rope === true ? ROPE_BASE : rope === false ? undefined : rope.base;
  const transform = { qkNorm, ...(ropeBase !== undefined && { ropeBase }) };
  const common = { kind: "attention", scale, heads, dimension, features, ...transform } as const;
  if (mask === "none" || mask === "causal") return { ...common, mask };
  const available = await fetch("couplings.mask", mask);
  const where = `${context}: couplings.mask`;
  const values = shaped(available!, sites, sites, where);
  const odd = values.find((value) => value !== 0 && value !== 1);
  if (odd !== undefined) throw new InputError(where, String(odd), "1 (key available) or 0 (masked) everywhere");
  return { ...common, mask: "user", available: values };
}

/** A pair is present if its word of 32 bits is small enough, so c/N is at most 1 and at least 2^-32. */
function checkConnectivity(connectivity: number, sites: number, where: string): void {
  if (connectivity > sites) throw new InputError(where, String(connectivity), `at most N = ${sites}`);
  const least = sites / 2 ** 32;
  if (connectivity < least) throw new InputError(where, String(connectivity), `at least N / 2^32 = ${least}`);
}

function perHead(count: number, what: "rows" | "columns", heads: number, where: string): number {
  if (count % heads !== 0)
    throw new InputError(where, `${count} ${what} of all heads`, `a multiple of heads = ${heads}`);
  return count / heads;
}
