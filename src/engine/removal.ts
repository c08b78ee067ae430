/** Sites or heads taken out of a system, and what that does to the others. */
import type { AttentionFeatures, Couplings } from "../physics/couplings.js";
import { InputError } from "../physics/input-error.js";
import { inapplicable } from "../physics/observable-scope.js";
import type { ObservableName } from "../physics/observables.js";
import { batchOf } from "./batch.js";
import { CpuExecutor } from "./cpu-executor.js";
import type { Executor } from "./executor.js";
import type { System } from "./realise.js";
import { type PointResult, simulate, type SimulationOptions } from "./simulate.js";

export type Removal = { readonly sites: readonly number[] } | { readonly heads: readonly number[] };

export interface RemovalResponse {
  readonly intact: PointResult;
  readonly remaining: PointResult;
  /** Without what was removed, minus with it: of every observable that both have. */
  readonly changes: Partial<Record<ObservableName, number>>;
  /** Root mean square over the sites that remain of |m_i without - m_i with| / R. */
  readonly rmsChange: number;
}

/**
 * The system without some of its sites or heads.
 *
 * Fields, starts, β and couplings of what remains stay as they are: J_ij keeps its value, 1/N of the whole system in it.
 * Attention forgets the queries and keys of a removed site, so that its softmax runs over the keys that remain, as random
 * softmax rows do. A removed head takes its spins, its weights and its columns of the features with it.
 *
 * @throws InputError if there is no such site or head, or none would be left
 */
export async function withoutPart(system: System, removal: Removal): Promise<System> {
  return "sites" in removal ? withoutSites(system, removal.sites) : withoutHeads(system, removal.heads);
}

/**
 * Runs a system with and without some of its sites or heads.
 * @throws InputError as `withoutPart`; CapacityError, GpuError as any run
 */
export async function measureRemoval(
  executor: Executor,
  system: System,
  removal: Removal,
  options: SimulationOptions,
): Promise<RemovalResponse> {
  const rest = await withoutPart(system, removal);
  const { closure, run } = options;
  const observed = { ...rest, closure, steps: "steps" in run ? run.steps : undefined };
  const observe = options.observe.filter((name) => !inapplicable(name, observed));
  const [[intact]] = await simulate(executor, batchOf(system), { ...options, states: true });
  const [[remaining]] = await simulate(executor, batchOf(rest), {
    ...options,
    observe,
    strategy: "auto",
    states: true,
  });
  const changes = Object.fromEntries(
    observe.map((name) => [name, (remaining.observables[name] ?? NaN) - (intact.observables[name] ?? NaN)]),
  );
  const before = keep(system, intact.state!, removal);
  const squares = before.reduce((sum, value, k) => sum + (remaining.state![k] - value) ** 2, 0);
  const rmsChange = Math.sqrt(squares / (rest.sites * rest.heads)) / system.spins.radius;
  return { intact, remaining, changes, rmsChange };
}

/** The rows or columns of an [N][heads · D] array that remain. */
function keep({ sites, heads, spins }: System, values: Float64Array, removal: Removal): Float64Array {
  const all = allBut(sites, "sites" in removal ? removal.sites : [], "sites");
  const columns = columnsOf(allBut(heads, "heads" in removal ? removal.heads : [], "heads"), spins.components);
  return block(values, heads * spins.components, all, columns);
}

/** The indices below `count` that are not removed. */
function allBut(count: number, removed: readonly number[], what: "sites" | "heads"): number[] {
  const wrong = removed.find((index) => !Number.isInteger(index) || index < 0 || index >= count);
  if (wrong !== undefined) throw new InputError(`remove.${what}`, String(wrong), `numbers from 0 to ${count - 1}`);
  const kept = Array.from({ length: count }, (_, index) => index).filter((index) => !removed.includes(index));
  if (kept.length === 0) throw new InputError(`remove.${what}`, `all ${count}`, "one at least that remains");
  return kept;
}

const columnsOf = (heads: readonly number[], width: number) =>
  heads.flatMap((head) => Array.from({ length: width }, (_, k) => head * width + k));

function block(values: Float64Array, width: number, rows: readonly number[], columns: readonly number[]): Float64Array {
  const part = new Float64Array(rows.length * columns.length);
  rows.forEach((row, r) =>
    columns.forEach((column, c) => (part[r * columns.length + c] = values[row * width + column])),
  );
  return part;
}

async function withoutSites(system: System, removed: readonly number[]): Promise<System> {
  const { sites, field, initial, betas, species, profiles = {} } = system;
  const kept = allBut(sites, removed, "sites");
  const ofSites = (values: Float64Array) => Float64Array.from(kept, (site) => values[site]);
  let first = 0;
  const groups = species?.map((each) => {
    const count = kept.filter((site) => site >= each.first && site < each.first + each.count).length;
    first += count;
    return { ...each, first: first - count, count };
  });
  // Profiles are means over sites, of one species or of all.
  const renormalised = Object.entries(profiles).map(([name, weights = new Float64Array()]) => {
    const before = weights.filter((weight) => weight !== 0).length;
    const after = ofSites(weights);
    const left = after.filter((weight) => weight !== 0).length;
    return [name, after.map((weight) => (weight * before) / Math.max(1, left))] as const;
  });
  return {
    ...system,
    sites: kept.length,
    field: keep(system, field, { sites: removed }),
    initial: keep(system, initial, { sites: removed }),
    couplings: await couplingsOfSites(system, kept),
    ...(betas && { betas: ofSites(betas) }),
    ...(groups && { species: groups }),
    ...(renormalised.length > 0 && { profiles: Object.fromEntries(renormalised) }),
  };
}

async function couplingsOfSites(system: System, kept: readonly number[]): Promise<Couplings> {
  const { couplings, sites, heads } = system;
  if (couplings.kind === "hopfield") {
    const { patterns, count } = couplings;
    const all = Array.from({ length: count }, (_, mu) => mu);
    return { ...couplings, patterns: block(patterns, sites, all, kept) };
  }
  if (couplings.kind === "attention") {
    const { features, dimension, available } = couplings;
    if (couplings.ropeBase !== undefined) {
      throw new InputError("remove.sites", "rotary positions", "attention without rope, whose sites have no positions");
    }
    const columns = Array.from({ length: heads * dimension }, (_, k) => k);
    const rows = (values: Float64Array) => block(values, heads * dimension, kept, columns);
    return {
      ...couplings,
      ...(available && { available: block(available, sites, kept, kept) }),
      features:
        features.source === "given"
          ? { source: "given", queries: rows(features.queries), keys: rows(features.keys) }
          : features,
    };
  }
  const matrix = block(await wholeMatrix(system), sites, kept, kept);
  // A softmax over fewer keys is the old one, normalised anew.
  if (couplings.kind === "random-softmax") normaliseRows(matrix, kept.length);
  return { kind: "dense", matrix };
}

/** J in float64, [N][N]. */
async function wholeMatrix(system: System): Promise<Float64Array> {
  if (system.couplings.kind === "dense") return system.couplings.matrix;
  const executor = new CpuExecutor(Infinity, "writes J out");
  try {
    const options = { closure: "naive", run: { steps: 1 }, observe: [], couplings: true } as const;
    const [[{ couplings }]] = await simulate(executor, batchOf(system), options);
    return couplings!;
  } finally {
    executor.dispose();
  }
}

function normaliseRows(matrix: Float64Array, columns: number): void {
  for (let row = 0; row < matrix.length / columns; row++) {
    const own = matrix.subarray(row * columns, (row + 1) * columns);
    const total = own.reduce((sum, value) => sum + value, 0);
    if (total > 0) own.forEach((value, column) => (own[column] = value / total));
  }
}

function withoutHeads(system: System, removed: readonly number[]): System {
  const { heads, spins, sites, couplings, field, initial } = system;
  if (couplings.kind !== "attention") {
    throw new InputError("remove.heads", "couplings without heads", "attention");
  }
  const kept = allBut(heads, removed, "heads");
  const { dimension, features } = couplings;
  const ofHeads = columnsOf(kept, dimension);
  const all = Array.from({ length: sites }, (_, site) => site);
  const given = (values: Float64Array) => block(values, heads * dimension, all, ofHeads);
  const width = heads * spins.components;
  const weights = (values: Float64Array) => block(values, width, ofHeads, columnsOf(kept, spins.components));
  const rest: AttentionFeatures =
    features.source === "given"
      ? { source: "given", queries: given(features.queries), keys: given(features.keys) }
      : {
          source: features.source,
          queryWeights: weights(features.queryWeights),
          keyWeights: weights(features.keyWeights),
        };
  return {
    ...system,
    heads: kept.length,
    field: keep(system, field, { heads: removed }),
    initial: keep(system, initial, { heads: removed }),
    couplings: { ...couplings, heads: kept.length, features: rest },
  };
}
