/**
 * From points to batches: which systems can run together, which of them share a coupling matrix, and how many fit.
 *
 * Batching never changes a number: every result is summed in an order that depends on N and D alone.
 */
import { carriesCorrelations, type MethodName, MONTE_CARLO } from "../physics/closures.js";
import type { SystemDescription } from "../physics/system.js";
import { pad } from "../reference/layout.js";
import { pointOf } from "../engine/batch.js";
import type { System } from "../engine/realise.js";
import type { Point, Sweep } from "./spec.js";

/** One row of the results: a point and a disorder sample. */
export interface Task {
  readonly point: number;
  readonly sample: number;
  readonly description: SystemDescription;
}

/** Tasks that share a coupling matrix. */
type Group = readonly Task[];

/** Groups with the same shape, closure and run. */
export interface TaskBatch {
  readonly closure: MethodName;
  readonly run: Point["run"];
  readonly chains: Point["chains"];
  readonly observe: Point["observe"];
  readonly groups: readonly Group[];
  /** Relative cost, for the progress bar. */
  readonly work: number;
}

/** What one batch may take, in elements of the executor. */
export interface BatchLimits {
  readonly couplingElements: number;
  readonly stateElements: number;
}

/** Systems of one batch at most: bounds the work between two looks at the progress bar. */
const MAX_SYSTEMS = 512;

/** Arrays as long as a state that a batch holds: five iterates and residual vectors of the mixing, and a few more. */
const STATES_HELD = { steps: 8, steady: 20, chains: 12 } as const;

/** @param sitesOf N of a description; arrays may have to be loaded to know it */
export function planBatches(sweep: Sweep, limits: BatchLimits, sitesOf: (task: Task) => number): TaskBatch[] {
  const kinds = new Map<string, Map<string, Task[]>>();
  sweep.points.forEach((point, index) => {
    for (let sample = 0; sample < sweep.samples; sample++) {
      const description = point.system(sample);
      const task = { point: index, sample, description };
      const kind = JSON.stringify([point.closure, point.run, sitesOf(task), shapeOf(description)]);
      const groups = kinds.get(kind) ?? new Map<string, Task[]>();
      kinds.set(kind, groups);
      const matrix = matrixKey(description, index);
      groups.set(matrix, [...(groups.get(matrix) ?? []), task]);
    }
  });
  return [...kinds.values()].flatMap((groups) => {
    // A batch wants groups of equal size.
    return [...groupBySize([...groups.values()]).values()].flatMap((sameSize) => cut(sameSize, sweep, limits, sitesOf));
  });
}

function groupBySize(groups: readonly Group[]): Map<number, Group[]> {
  const sizes = new Map<number, Group[]>();
  for (const group of groups) sizes.set(group.length, [...(sizes.get(group.length) ?? []), group]);
  return sizes;
}

function cut(
  groups: readonly Group[],
  sweep: Sweep,
  { couplingElements, stateElements }: BatchLimits,
  sitesOf: (task: Task) => number,
): TaskBatch[] {
  const [first] = groups[0];
  const sites = sitesOf(first);
  const { couplings, spins } = first.description;
  const heads = couplings.kind === "attention" ? couplings.heads : 1;
  const { closure, run, chains, observe } = sweep.points[first.point];
  const systemsPerPoint = heads * (chains?.chains ?? 1);
  const steps = "steps" in run ? run.steps + (chains?.burnIn ?? 1) : 200;
  // Closures that carry correlations hold 8 matrices a system, and their steady states 40.
  const carries = closure !== MONTE_CARLO && carriesCorrelations(closure);
  const pairs = carries ? ("steps" in run ? 1 : 2) * sites * pad(sites) : 0;
  const stateLength = pairs + pad(sites) * (spins.kind === "binary" ? 1 : pad(spins.components));
  const held = chains ? STATES_HELD.chains : "steps" in run ? STATES_HELD.steps : STATES_HELD.steady;
  const fitting = Math.floor(stateElements / (held * stateLength * systemsPerPoint));
  const perGroup = Math.min(
    groups[0].length,
    Math.max(1, Math.min(fitting, Math.floor(MAX_SYSTEMS / systemsPerPoint))),
  );
  if (perGroup < groups[0].length) {
    // Too many states for one matrix: the group is cut, and its matrix made once a piece.
    const pieces = groups.flatMap((group) => chunks(group, perGroup));
    return [...groupBySize(pieces).values()].flatMap((same) =>
      cut(same, sweep, { couplingElements, stateElements }, sitesOf),
    );
  }
  // J that follows the spins is another one for every chain.
  const follows = couplings.kind === "attention" && couplings.source === "state";
  const matrices = follows ? systemsPerPoint : heads;
  const byCouplings = Math.floor(couplingElements / (matrices * sites * pad(sites)));
  const bySystems = Math.floor(Math.min(fitting, MAX_SYSTEMS / systemsPerPoint) / perGroup);
  return chunks(groups, Math.max(1, Math.min(byCouplings, bySystems))).map((part) => {
    const systems = part.length * perGroup * systemsPerPoint;
    return { closure, run, chains, observe, groups: part, work: systems * steps * sites * sites * spins.components };
  });
}

function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, k) => items.slice(k * size, (k + 1) * size));
}

/** What all systems of a batch have in common beside N. */
function shapeOf({ spins: ownSpins, couplings, species }: SystemDescription): unknown {
  const spins = [ownSpins, species?.map(({ name }) => name)];
  if (couplings.kind === "gaussian" || couplings.kind === "plus-minus") {
    return [spins, couplings.kind, couplings.symmetry === 0];
  }
  if (couplings.kind === "diluted") return [spins, couplings.kind, couplings.law, couplings.symmetry === 0];
  if (couplings.kind === "mixed-signs" || couplings.kind === "species") {
    return [spins, couplings.kind, couplings.symmetry === 0];
  }
  if (couplings.kind === "random-softmax") return [spins, couplings.kind, couplings.mask];
  // Low-rank couplings of one batch have as many patterns each.
  if (couplings.kind === "hopfield") return [spins, couplings];
  if (couplings.kind !== "attention") return [spins, couplings.kind];
  const { heads, source, mask, dimension, queries, keys, weights, tied, qkNorm, rope } = couplings;
  // Arrays from files may differ in head dimension, so they only join their like.
  return [spins, couplings.kind, heads, source, mask, dimension, queries, keys, weights, tied, qkNorm, rope];
}

/** Tasks with the same key have the same J. */
function matrixKey({ couplings, count, field, seed, sample, species }: SystemDescription, point: number): string {
  if (couplings.kind === "attention" && couplings.source === "state") return `${point} ${sample}`;
  // Weights act on the field, so the field is part of what makes J.
  const made = couplings.kind === "attention" && couplings.weights !== undefined ? field : undefined;
  const groups = couplings.kind === "species" ? species?.map(({ count, fraction }) => [count, fraction]) : undefined;
  return JSON.stringify([couplings, count, made, seed, sample, groups]);
}

/** Realised systems of a batch in the engine's form: groups with one coupling matrix each. */
export function toSystemBatch(groups: readonly (readonly System[])[]) {
  const [[first]] = groups;
  return {
    spins: first.spins,
    sites: first.sites,
    heads: first.heads,
    couplings: groups.map(([system]) => system.couplings),
    points: groups.map((group) => group.map(pointOf)),
  };
}
