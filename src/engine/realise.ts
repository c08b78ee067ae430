/** From a description to numbers: loads arrays, draws ensembles, settles N, and checks that all shapes agree. */
import type { ArrayInput, Ensemble, MatrixInput, NumericArray } from "../physics/arrays.js";
import type { Couplings } from "../physics/couplings.js";
import { InputError } from "../physics/input-error.js";
import type { ProfileName } from "../physics/moments.js";
import { settleSpecies, type Species } from "../physics/species.js";
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
import { checkFinite, type LoadArray, numbersOf, placeOf, scaled, shaped } from "./array-inputs.js";
import { loadCouplings, realiseCouplings } from "./realise-couplings.js";

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
  readonly species?: readonly Species[];
  /** β of every site, [N], where species differ; `beta` everywhere unless given. */
  readonly betas?: Float64Array;
  /** Weights of sites, [N], whose sums Σ_i w_i m_i / R are observables. */
  readonly profiles?: Profiles;
}

export type Profiles = Readonly<Partial<Record<ProfileName, Float64Array>>>;

interface Given extends Pick<NumericArray, "file"> {
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
    if (array?.shape.length === 0) {
      throw new InputError(placeOf(`${context}: ${key}`, array), "a single number", "an array");
    }
    if (array !== undefined) checkFinite(array, `${context}: ${key}`);
    return array;
  };

  const field = await fetch("field", description.field);
  const initial = await fetch("initial", description.initial);
  const own = await loadCouplings(description, fetch);
  if (description.count !== undefined) known.push({ key: "spins.count", rows: description.count });
  const byRow = { "couplings.matrix": own.matrix, "couplings.queries": own.queries, "couplings.keys": own.keys };
  for (const [key, array] of Object.entries({ ...byRow, field, initial })) {
    if (array !== undefined) known.push({ key, rows: array.shape[0], file: array.file });
  }
  if (own.patterns !== undefined) known.push({ key: "couplings.patterns", rows: own.patterns.shape[1] ?? 1 });
  const sites = settleSites(known, context);
  const source = (stream: Stream): RandomSource => ({ seed: description.seed, stream, sample: description.sample });

  const x = field
    ? shaped(field, sites, width, `${context}: field`)
    : draw(description.field as Ensemble, sites, heads, spins, source(STREAMS.field));
  const species = description.species && settleSpecies(description.species, sites, beta, `${context}: species`);
  const betas = species && Float64Array.from(species.flatMap((each) => Array<number>(each.count).fill(each.beta)));
  const shape = { sites, heads, width, species };
  const realised = await realiseCouplings(description, own, shape, source, fetch, context);

  const start =
    initial !== undefined
      ? shaped(initial, sites, width, `${context}: initial`)
      : startOf(description.initial as Ensemble, source(STREAMS.initial));
  checkInsideBall(start, spins, heads, `${context}: initial`);
  const profiles = { ...patternProfile(description, realised, sites), ...speciesProfiles(species, sites) };
  return {
    spins,
    sites,
    heads,
    beta,
    field: x,
    initial: start,
    couplings: realised,
    ...(species && { species }),
    ...(betas && { betas }),
    ...(Object.keys(profiles).length > 0 && { profiles }),
  };

  function startOf(ensemble: Ensemble, from: RandomSource): Float64Array {
    if (ensemble.kind === "field") return respond(x, (site) => betas?.[site] ?? beta, heads, spins);
    if (ensemble.kind !== "pattern") return draw(ensemble, sites, heads, spins, from);
    return nearPattern(patternOf(realised, ensemble.index, sites, `${context}: initial.index`), ensemble.overlap, from);
  }
}

function patternOf(couplings: Couplings, index: number, sites: number, where: string): Float64Array {
  const { patterns, count } = couplings as Extract<Couplings, { kind: "hopfield" }>;
  if (index >= count) throw new InputError(where, String(index), `less than the number of patterns, ${count}`);
  return patterns.subarray(index * sites, (index + 1) * sites);
}

/** The pattern with N (1 - overlap)/2 of its signs changed, at sites drawn at random; the number is rounded. */
function nearPattern(pattern: Float64Array, overlap: number, source: RandomSource): Float64Array {
  const draws = uniformMatrix(1, pattern.length, source);
  const order = [...draws.keys()].sort((one, other) => draws[one] - draws[other]);
  const start = pattern.slice();
  const flips = Math.round((pattern.length * (1 - overlap)) / 2);
  for (const site of order.slice(0, flips)) start[site] *= -1;
  return start;
}

/** ξ_i/N of the pattern that the start is near; the first one where it is near none. */
function patternProfile({ initial }: SystemDescription, couplings: Couplings, sites: number): Profiles {
  if (couplings.kind !== "hopfield") return {};
  const index = typeof initial === "object" && "kind" in initial && initial.kind === "pattern" ? initial.index : 0;
  return { "pattern-overlap": scaled(patternOf(couplings, index, sites, "initial.index"), 1 / sites) };
}

/** 1/N_a on the sites of every species a. */
function speciesProfiles(species: readonly Species[] | undefined, sites: number): Profiles {
  const entries = species?.map(({ name, first, count }) => {
    return [`magnetization:${name}`, new Float64Array(sites).fill(1 / count, first, first + count)] as const;
  });
  return Object.fromEntries(entries ?? []);
}

function settleSites(known: readonly Given[], context: string): number {
  if (known.length === 0)
    throw new InputError(`${context}: spins.count`, "nothing", "the number of sites, since no array fixes it");
  const [first, ...rest] = known;
  const other = rest.find(({ rows }) => rows !== first.rows);
  if (other !== undefined) {
    const where = placeOf(`${context}: ${other.key}`, other);
    throw new InputError(where, `${other.rows} rows`, `${first.rows}, as ${placeOf(first.key, first)} has`);
  }
  if (first.rows < 1) throw new InputError(placeOf(`${context}: ${first.key}`, first), "no rows", "at least one site");
  return first.rows;
}

function draw(ensemble: Ensemble, sites: number, heads: number, spins: Spins, source: RandomSource): Float64Array {
  const { components, radius } = spins;
  const width = heads * components;
  switch (ensemble.kind) {
    case "zero":
    case "field":
    case "pattern":
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

/** F(x), the response to the external field alone. */
function respond(field: Float64Array, betaOf: (site: number) => number, heads: number, spins: Spins): Float64Array {
  if (spins.kind === "binary") return field.map((x, k) => binaryMean(betaOf(Math.floor(k / heads)) * x));
  const { components, radius, response } = spins;
  const state = new Float64Array(field.length);
  for (let base = 0; base < field.length; base += components) {
    const x = field.subarray(base, base + components);
    const beta = betaOf(Math.floor(base / (heads * components)));
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
