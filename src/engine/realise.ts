/** From a description to numbers: loads arrays, draws ensembles, settles N, and checks that all shapes agree. */
import type { ArrayInput, Ensemble, MatrixInput, NumericArray } from "../physics/arrays.js";
import type { AttentionFeatures, Couplings } from "../physics/couplings.js";
import { InputError } from "../physics/input-error.js";
import type { Spins } from "../physics/spins.js";
import type { SystemDescription } from "../physics/system.js";
import {
  gaussianMatrix,
  type RandomSource,
  type Stream,
  STREAMS,
  uniformMatrix,
  unitDirections,
} from "../reference/random.js";
import { binaryMean, responseGain } from "../reference/responses.js";

/** Su et al., arXiv:2104.09864. */
const ROPE_BASE = 10_000;

/** A system as numbers. Arrays are row-major with `heads · components` columns, unpadded. */
export interface System {
  readonly spins: Spins;
  readonly sites: number;
  readonly heads: number;
  readonly beta: number;
  /** x, [N][heads · D]. */
  readonly field: Float64Array;
  /** m(0), [N][heads · D]. */
  readonly initial: Float64Array;
  readonly couplings: Couplings;
}

/** Loads the array behind a path that stands in a system file. */
export type LoadArray = (path: string) => Promise<NumericArray>;

interface Given {
  readonly key: string;
  readonly rows: number;
}

/**
 * @param context what messages start with
 * @throws InputError naming the key whose shape, values or file do not fit
 */
export async function realise(description: SystemDescription, load: LoadArray, context: string): Promise<System> {
  const { spins, beta, couplings } = description;
  const heads = couplings.kind === "attention" ? couplings.heads : 1;
  const width = heads * spins.components;
  const known: Given[] = [];
  const fetch = async (key: string, input: ArrayInput | MatrixInput) => {
    const array = await numbersOf(input, load);
    if (array?.shape.length === 0) throw new InputError(`${context}: ${key}`, "a single number", "an array");
    if (array !== undefined) checkFinite(array, `${context}: ${key}`);
    return array;
  };

  const field = await fetch("field", description.field);
  const initial = await fetch("initial", description.initial);
  const matrix = couplings.kind === "dense" ? await fetch("couplings.matrix", couplings.matrix) : undefined;
  const queries =
    couplings.kind === "attention" && couplings.queries
      ? await fetch("couplings.queries", couplings.queries)
      : undefined;
  const keys =
    couplings.kind === "attention" && couplings.keys ? await fetch("couplings.keys", couplings.keys) : undefined;
  if (description.count !== undefined) known.push({ key: "spins.count", rows: description.count });
  const given: [string, NumericArray | undefined][] = [
    ["couplings.matrix", matrix],
    ["couplings.queries", queries],
    ["couplings.keys", keys],
    ["field", field],
    ["initial", initial],
  ];
  for (const [key, array] of given) if (array !== undefined) known.push({ key, rows: array.shape[0] });
  const sites = settleSites(known, context);
  const source = (stream: Stream): RandomSource => ({ seed: description.seed, stream, sample: description.sample });

  const x = field
    ? shaped(field, sites, width, `${context}: field`)
    : draw(description.field as Ensemble, sites, heads, spins, source(STREAMS.field));
  const start =
    initial !== undefined
      ? shaped(initial, sites, width, `${context}: initial`)
      : (description.initial as Ensemble).kind === "field"
        ? respond(x, beta, spins)
        : draw(description.initial as Ensemble, sites, heads, spins, source(STREAMS.initial));
  checkInsideBall(start, spins, heads, `${context}: initial`);

  const realised = await realiseCouplings(
    description,
    { sites, heads, width, matrix, queries, keys },
    source,
    fetch,
    context,
  );
  return { spins, sites, heads, beta, field: x, initial: start, couplings: realised };
}

async function realiseCouplings(
  description: SystemDescription,
  shape: {
    readonly sites: number;
    readonly heads: number;
    readonly width: number;
    readonly matrix: NumericArray | undefined;
    readonly queries: NumericArray | undefined;
    readonly keys: NumericArray | undefined;
  },
  source: (stream: Stream) => RandomSource,
  fetch: (key: string, input: MatrixInput) => Promise<NumericArray | undefined>,
  context: string,
): Promise<Couplings> {
  const { couplings, seed, sample, spins } = description;
  const { sites, heads, width } = shape;
  if (couplings.kind === "dense") {
    return { kind: "dense", matrix: shaped(shape.matrix!, sites, sites, `${context}: couplings.matrix`) };
  }
  if (couplings.kind === "gaussian" || couplings.kind === "plus-minus") {
    const { kind: law, mean, std, symmetry } = couplings;
    return { kind: "random", law, mean, std, symmetry, seed, sample };
  }
  if (couplings.kind === "diluted") {
    const { law, mean, std, symmetry, connectivity } = couplings;
    checkConnectivity(connectivity, sites, `${context}: couplings.connectivity`);
    return { kind: "random", law, mean, std, symmetry, connectivity, seed, sample };
  }
  if (couplings.kind === "curie-weiss") {
    return { kind: "random", law: "gaussian", mean: couplings.mean, std: 0, symmetry: 0, seed, sample };
  }
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
    const columns = shape.queries?.shape[1] ?? shape.keys?.shape[1] ?? heads * (randomDimension ?? 0);
    dimension = perHead(columns, "columns", heads, `${context}: couplings.queries`);
    const one = (key: "queries" | "keys", stream: Stream) => {
      const array = shape[key];
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

async function numbersOf(input: ArrayInput | MatrixInput, load: LoadArray): Promise<NumericArray | undefined> {
  if (typeof input === "string") return load(input);
  if (!Array.isArray(input)) return undefined;
  if (input.length === 0 || !Array.isArray(input[0])) {
    return { shape: [input.length, 1], values: Float64Array.from(input as number[]) };
  }
  const rows = input as number[][];
  const columns = rows[0].length;
  const ragged = rows.findIndex((row) => row.length !== columns);
  if (ragged >= 0) return { shape: [rows.length, NaN], values: new Float64Array() };
  return { shape: [rows.length, columns], values: Float64Array.from(rows.flat()) };
}

function shaped(array: NumericArray, rows: number, columns: number, where: string): Float64Array {
  const [found, width = 1] = array.shape;
  if (array.shape.length > 2 || found !== rows || width !== columns) {
    const text = Number.isNaN(width) ? "rows of different lengths" : `shape ${array.shape.join(" × ")}`;
    throw new InputError(where, text, columns === 1 ? `${rows} numbers` : `${rows} × ${columns}`);
  }
  return array.values;
}

function checkFinite(array: NumericArray, where: string): void {
  const bad = array.values.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  const width = array.shape[1] ?? 1;
  const at = array.shape.length > 1 && width > 1 ? `[${Math.floor(bad / width)}][${bad % width}]` : `[${bad}]`;
  throw new InputError(`${where}${at}`, String(array.values[bad]), "a finite number");
}

/** A pair is present if its word of 32 bits is small enough, so c/N is at most 1 and at least 2^-32. */
function checkConnectivity(connectivity: number, sites: number, where: string): void {
  if (connectivity > sites) throw new InputError(where, String(connectivity), `at most N = ${sites}`);
  const least = sites / 2 ** 32;
  if (connectivity < least) throw new InputError(where, String(connectivity), `at least N / 2^32 = ${least}`);
}

function settleSites(known: readonly Given[], context: string): number {
  if (known.length === 0)
    throw new InputError(`${context}: spins.count`, "nothing", "the number of sites, since no array fixes it");
  const [first, ...rest] = known;
  const other = rest.find(({ rows }) => rows !== first.rows);
  if (other !== undefined) {
    throw new InputError(`${context}: ${other.key}`, `${other.rows} rows`, `${first.rows}, as ${first.key} has`);
  }
  if (first.rows < 1) throw new InputError(`${context}: ${first.key}`, "no rows", "at least one site");
  return first.rows;
}

function perHead(count: number, what: "rows" | "columns", heads: number, where: string): number {
  if (count % heads !== 0)
    throw new InputError(where, `${count} ${what} of all heads`, `a multiple of heads = ${heads}`);
  return count / heads;
}

function draw(ensemble: Ensemble, sites: number, heads: number, spins: Spins, source: RandomSource): Float64Array {
  const { components, radius } = spins;
  const width = heads * components;
  switch (ensemble.kind) {
    case "zero":
    case "field":
      return new Float64Array(sites * width);
    case "constant":
      return new Float64Array(sites * width).fill((ensemble.value * radius) / Math.sqrt(components));
    case "uniform":
      return uniformMatrix(sites, width, source).map((u) => ensemble.halfWidth * (2 * u - 1));
    case "gaussian":
      return gaussianMatrix(sites, width, source, ensemble.std);
    case "direction":
      return scaled(unitDirections(sites * heads, components, source), ensemble.norm * radius);
  }
}

function scaled(values: Float64Array, factor: number): Float64Array {
  return values.map((value) => factor * value);
}

/** F(x), the response to the external field alone. */
function respond(field: Float64Array, beta: number, spins: Spins): Float64Array {
  if (spins.kind === "binary") return field.map((x) => binaryMean(beta * x));
  const { components, radius, response } = spins;
  const state = new Float64Array(field.length);
  for (let base = 0; base < field.length; base += components) {
    const x = field.subarray(base, base + components);
    const gain = responseGain(Math.hypot(...x), beta, radius, components, response);
    for (let k = 0; k < components; k++) state[base + k] = gain * x[k];
  }
  return state;
}

function checkInsideBall(state: Float64Array, spins: Spins, heads: number, where: string): void {
  const { components, radius } = spins;
  for (let base = 0; base < state.length; base += components) {
    const norm = Math.hypot(...state.subarray(base, base + components));
    // 1e-6 admits f32 files that were saved at saturation.
    if (norm <= radius * (1 + 1e-6)) continue;
    const site = Math.floor(base / (heads * components));
    throw new InputError(`${where}[${site}]`, `a mean of norm ${norm}`, `at most the radius ${radius}`);
  }
}
