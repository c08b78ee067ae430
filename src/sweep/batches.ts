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
}

interface DescribedTask extends Task {
  readonly description: SystemDescription;
}

/** Tasks that share a coupling matrix. */
type Group = readonly DescribedTask[];

/** Groups with the same shape, closure and run. */
export interface TaskBatch {
  readonly closure: MethodName;
  readonly run: Point["run"];
  readonly chains: Point["chains"];
  readonly observe: Point["observe"];
  readonly groups: readonly Group[];
  /** Floating-point operations, for the progress bar. */
  readonly work: number;
  /** What couplings and states take, in elements of the executor. */
  readonly elements: number;
}

/** What one batch may take, in elements of the executor. */
export interface BatchLimits {
  readonly couplingElements: number;
  readonly stateElements: number;
}

/** Systems of one batch at most: bounds the work between two looks at the progress bar. */
const MAX_SYSTEMS = 512;

/** Steps that a steady state is taken to need, where work is estimated. */
const STEADY_STEPS = 200;

/** Arrays as long as a state that a batch holds: five iterates and residual vectors of the mixing, and a few more. */
const STATES_HELD = { steps: 8, steady: 20, chains: 12 } as const;

/** @param sites N of every point; arrays may have to be loaded to know it */
export function planBatches(
  sweep: Sweep,
  tasks: readonly Task[],
  limits: BatchLimits,
  sites: readonly number[],
): TaskBatch[] {
  return groupTasks(sweep, tasks, sites).flatMap((groups) =>
    // A batch wants groups of equal size.
    [...groupBySize(groups).values()].flatMap((sameSize) => cut(sameSize, sweep, limits, sites)),
  );
}

/** Tasks that can run together, and among those the groups that share a coupling matrix. */
export function groupTasks(sweep: Sweep, tasks: readonly Task[], sites: readonly number[]): Group[][] {
  const kinds = new Map<string, Map<string, DescribedTask[]>>();
  for (const { point, sample } of tasks) {
    const { closure, run, system } = sweep.points[point];
    const description = system(sample);
    const kind = JSON.stringify([closure, run, sites[point], shapeOf(description)]);
    const groups = kinds.get(kind) ?? new Map<string, DescribedTask[]>();
    kinds.set(kind, groups);
    const matrix = matrixKey(description, point);
    const group = groups.get(matrix) ?? [];
    group.push({ point, sample, description });
    groups.set(matrix, group);
  }
  return [...kinds.values()].map((groups) => [...groups.values()]);
}

/** Floating-point operations of a task, roughly: two for every entry of J, component, step and system. */
export function workOf({ points }: Sweep, { point, sample }: Task, sites: number): number {
  const { system, run, chains } = points[point];
  const { couplings, spins } = system(sample);
  const systems = (couplings.kind === "attention" ? couplings.heads : 1) * (chains?.chains ?? 1);
  const steps = "steps" in run ? run.steps + (chains?.burnIn ?? 1) : STEADY_STEPS;
  return 2 * systems * steps * sites * sites * spins.components;
}

function groupBySize(groups: readonly Group[]): Map<number, Group[]> {
  const sizes = new Map<number, Group[]>();
  for (const group of groups) sizes.set(group.length, [...(sizes.get(group.length) ?? []), group]);
  return sizes;
}

function cut(
  groups: readonly Group[],
  sweep: Sweep,
  limits: BatchLimits,
  sitesOfPoints: readonly number[],
): TaskBatch[] {
  const { couplingElements, stateElements } = limits;
  const [first] = groups[0];
  const sites = sitesOfPoints[first.point];
  const { couplings, spins } = first.description;
  const heads = couplings.kind === "attention" ? couplings.heads : 1;
  const { closure, run, chains, observe } = sweep.points[first.point];
  const systemsPerPoint = heads * (chains?.chains ?? 1);
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
    return [...groupBySize(pieces).values()].flatMap((same) => cut(same, sweep, limits, sitesOfPoints));
  }
  // J that follows the spins is another one for every chain.
  const follows = couplings.kind === "attention" && couplings.source === "state";
  const matrices = follows ? systemsPerPoint : heads;
  const byCouplings = Math.floor(couplingElements / (matrices * sites * pad(sites)));
  const bySystems = Math.floor(Math.min(fitting, MAX_SYSTEMS / systemsPerPoint) / perGroup);
  const work = perGroup * workOf(sweep, first, sites);
  const elementsOfGroup = matrices * sites * pad(sites) + held * stateLength * systemsPerPoint * perGroup;
  return chunks(groups, Math.max(1, Math.min(byCouplings, bySystems))).map((part) => {
    const elements = part.length * elementsOfGroup;
    return { closure, run, chains, observe, groups: part, work: part.length * work, elements };
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
