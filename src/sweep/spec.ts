/** Sweep specifications: what a user writes, checked and expanded into points. */
import { CHAIN_DEFAULTS, type ChainOptions } from "../engine/monte-carlo.js";
import { type MethodName, methodNames, momentRule, MONTE_CARLO } from "../physics/closures.js";
import { InputError } from "../physics/input-error.js";
import { checkObservables, describedRun } from "../physics/observable-scope.js";
import { isMeasuredBy, type ObservableName } from "../physics/observables.js";
import { describe, parseInput } from "../physics/schema-errors.js";
import { parseSystem, type SystemDescription } from "../physics/system.js";
import {
  type Axis,
  type AxisValue,
  countPoints,
  crossed,
  DIRECTION_AXIS,
  isNumeric,
  readAxes,
  type Refined,
  setPath,
} from "./axes.js";
import { documentSchema, type SweepInput } from "./spec-schema.js";

export type { AxisValue } from "./axes.js";
export type { SweepInput } from "./spec-schema.js";

/** Rows of results.csv at most: a slip in an axis shall not fill the memory. */
const MAX_ROWS = 1_000_000;

export interface Sweep {
  readonly name: string;
  readonly axes: readonly Axis[];
  readonly samples: number;
  readonly seed: number;
  readonly observe: readonly ObservableName[];
  /** Those of the axes as written first, then those of every round of refinement: an index never changes. */
  readonly points: readonly Point[];
  /** Indices of points in the order of the axes, which is that of the tables. */
  readonly order: readonly number[];
  /** The specification as it was read, for the manifest. */
  readonly input: SweepInput;
}

/** One combination of axis values. */
export interface Point {
  /** In the order of the axes. */
  readonly values: readonly AxisValue[];
  readonly closure: MethodName;
  readonly run: { readonly steps: number } | { readonly steady: object };
  /** Of closure monte-carlo, and only of that. */
  readonly chains?: ChainOptions;
  /** Of the observables of the sweep, those that the closure has. */
  readonly observe: readonly ObservableName[];
  /** The round of refinement that added it; 0 as written. */
  readonly round: number;
  /** The point whose final state it starts from, in a continuation. */
  readonly previous?: number;
  /** The system of one disorder sample. */
  readonly system: (sample: number) => SystemDescription;
}

/**
 * Checks a whole document; a document lists one sweep or several.
 * @throws InputError naming the key, what was found and what is expected
 */
export function parseSweeps(document: unknown, context: string): Sweep[] {
  const parsed = parseInput(documentSchema, document, context);
  const several = "sweeps" in parsed;
  const inputs = several ? parsed.sweeps : [parsed];
  const names = inputs.map(({ name }) => name);
  const repeated = names.find((name, k) => names.indexOf(name) !== k);
  if (repeated !== undefined)
    throw new InputError(`${context}: sweeps`, `the name ${repeated} twice`, "different names");
  return inputs.map((input, k) => expand(input, several ? `${context}: sweeps[${k}]` : context));
}

/**
 * From what was written to points.
 * @param refined values that refinement has added to its axis so far
 * @throws InputError
 */
export function expand(input: SweepInput, context: string, refined: Refined = []): Sweep {
  const written = readAxes(input, context);
  checkContinuation(input, written, context);
  checkRefinement(input, written, context);
  checkScaling(input, written, context);
  const { continuation, refine } = input;
  const bothWays = continuation?.direction === "up-and-down";
  const walked: Axis[] = bothWays
    ? [...written, { path: DIRECTION_AXIS, values: ["up", "down"], scale: "linear", group: written.length }]
    : written;
  const count = countPoints(walked) * input.samples;
  if (count > MAX_ROWS) throw new InputError(`${context}: axes`, `${count} points and samples`, `at most ${MAX_ROWS}`);
  const rounds = [walked, ...refined.map((values) => replaced(walked, refine?.axis, values))];
  const rows = rounds.flatMap((axes, round) => crossed(axes).map((values) => ({ values, round })));
  const previous = continuation ? predecessors(rows, walked, input) : [];
  const points = rows.map(({ values, round }, k) => ({
    ...makePoint(input, walked, values, context),
    round,
    ...(previous[k] !== undefined && { previous: previous[k] }),
  }));
  checkObserved(input, points, context);
  checkMidpoint(input, walked, points, context);
  if (continuation) checkWalk(points, `${context}: continuation`);
  const added = refined.flat();
  const axes = walked.map((axis) =>
    axis.path === refine?.axis && added.length > 0 ? { ...axis, values: sorted([...axis.values, ...added]) } : axis,
  );
  const { name, samples, seed, observe } = input;
  return { name, axes, samples, seed, observe, points, order: tableOrder(points, axes), input };
}

const sorted = (values: readonly AxisValue[]) => [...values].sort((one, other) => Number(one) - Number(other));

const replaced = (axes: readonly Axis[], path: string | undefined, values: readonly AxisValue[]): Axis[] =>
  axes.map((axis) => (axis.path === path ? { ...axis, values } : axis));

/** By the place of every value on its axis, the first axis first. */
function tableOrder(points: readonly Point[], axes: readonly Axis[]): number[] {
  const places = axes.map(({ values }) => new Map(values.map((value, place) => [value, place])));
  const at = (point: number, axis: number) => places[axis].get(points[point].values[axis]) ?? 0;
  return points
    .map((_, point) => point)
    .sort((one, other) => axes.reduce((sign, _, k) => sign || at(one, k) - at(other, k), 0) || one - other);
}

/** The axis that a key names, which has to be numeric. */
function numericAxis(axes: readonly Axis[], path: string, where: string): Axis {
  const axis = axes.find((one) => one.path === path);
  const names = axes.filter(isNumeric).map((one) => one.path);
  if (axis === undefined || !isNumeric(axis)) {
    throw new InputError(where, path, `a numeric axis: ${names.join(", ") || "there is none"}`);
  }
  if (new Set(axis.values).size < 2) throw new InputError(where, `${path} with one value`, "an axis with two or more");
  return axis;
}

function checkContinuation({ continuation, refine }: SweepInput, axes: readonly Axis[], context: string): void {
  if (continuation === undefined) return;
  if (refine) throw new InputError(`${context}: refine`, "it beside continuation", "one of the two");
  numericAxis(axes, continuation.axis, `${context}: continuation.axis`);
}

function checkRefinement({ refine, observe }: SweepInput, axes: readonly Axis[], context: string): void {
  if (refine === undefined) return;
  const where = `${context}: refine`;
  const { group } = numericAxis(axes, refine.axis, `${where}.axis`);
  if (axes.filter((axis) => axis.group === group).length > 1) {
    throw new InputError(
      `${where}.axis`,
      `${refine.axis}, which advances with others`,
      "an axis that zip leaves alone",
    );
  }
  if (!observe.includes(refine.observable)) {
    throw new InputError(`${where}.observable`, refine.observable, `one of observe: ${observe.join(", ")}`);
  }
}

/** Refinement halves intervals, which an axis of whole numbers does not bear. */
function checkMidpoint(
  input: SweepInput,
  axes: readonly Axis[],
  [{ values }]: readonly Point[],
  context: string,
): void {
  const along = axes.findIndex(({ path }) => path === input.refine?.axis);
  if (along < 0) return;
  const [least, ...others] = sorted(axes[along].values) as number[];
  const next = others.find((value) => value > least) ?? least;
  // Of two values that are close, a midpoint may be whole by chance; this one is not.
  const between = least + (next - least) * Math.SQRT1_2;
  try {
    makePoint(input, axes, values.with(along, between), context);
  } catch {
    const { path } = axes[along];
    throw new InputError(
      `${context}: refine.axis`,
      `${path}, which takes whole numbers only`,
      "an axis between whose values there are others",
    );
  }
}

function checkScaling({ scaling, observe }: SweepInput, axes: readonly Axis[], context: string): void {
  if (scaling === undefined) return;
  const where = `${context}: scaling`;
  const along = numericAxis(axes, scaling.along, `${where}.along`);
  const sizes = numericAxis(axes, scaling.sizes, `${where}.sizes`);
  if (along.group === sizes.group)
    throw new InputError(where, `${along.path} against itself`, "two axes that are crossed");
  const stiff = scaling.collapse.findIndex(({ fixed }) => new Set(fixed).size === 3);
  if (stiff >= 0) throw new InputError(`${where}.collapse[${stiff}].fixed`, "all parameters", "one that is free");
  const logarithmic = scaling.collapse.some(({ variable }) => variable === "rem");
  if (logarithmic && !(Math.min(...(sizes.values as number[])) > 1)) {
    throw new InputError(`${where}.sizes`, `${sizes.path} of 1 for variable rem`, "sizes above 1, for their logarithm");
  }
  const wanted = [...scaling.crossing, ...scaling.collapse.map(({ observable }) => observable)];
  if (wanted.length === 0) throw new InputError(where, "neither crossing nor collapse", "observables of one of them");
  const missing = wanted.find((name) => !observe.includes(name));
  if (missing !== undefined) throw new InputError(where, missing, `one of observe: ${observe.join(", ")}`);
}

/** Of every point the one before it on its walk; the walk down starts where the walk up has ended. */
function predecessors(
  rows: readonly { readonly values: readonly AxisValue[] }[],
  axes: readonly Axis[],
  { continuation }: SweepInput,
): (number | undefined)[] {
  const along = axes.findIndex(({ path }) => path === continuation?.axis);
  const way = axes.findIndex(({ path }) => path === DIRECTION_AXIS);
  const { group } = axes[along];
  const walks = new Map<string, number[]>();
  rows.forEach(({ values }, k) => {
    const key = JSON.stringify(values.filter((_, axis) => axes[axis].group !== group && axis !== way));
    walks.set(key, [...(walks.get(key) ?? []), k]);
  });
  const previous: (number | undefined)[] = rows.map(() => undefined);
  for (const walk of walks.values()) {
    const step = (k: number) => rows[k].values[along] as number;
    const up = [...walk].sort((one, other) => step(one) - step(other));
    const downward = [...up].reverse();
    const isDown = (k: number) => way >= 0 && rows[k].values[way] === "down";
    let steps = continuation?.direction === "down" ? downward : up;
    if (way >= 0) steps = [...up.filter((k) => !isDown(k)), ...downward.filter(isDown)];
    steps.slice(1).forEach((k, place) => (previous[k] = steps[place]));
  }
  return previous;
}

/** A state can only be handed on to a system of the same shape. */
function checkWalk(points: readonly Point[], where: string): void {
  points.forEach(({ previous, system, closure }) => {
    if (previous === undefined) return;
    const before = points[previous];
    const [one, other] = [system(0), before.system(0)];
    const shape = ({ spins, count }: SystemDescription) => JSON.stringify([spins, count]);
    if (shape(one) !== shape(other))
      throw new InputError(`${where}.axis`, "one that changes N or the spins", "one that keeps them");
    if ((closure === MONTE_CARLO) !== (before.closure === MONTE_CARLO))
      throw new InputError(`${where}.axis`, `one that changes between ${MONTE_CARLO} and closures`, "one of the two");
  });
}

function checkObserved(input: SweepInput, points: readonly Point[], context: string): void {
  const missing = input.observe.find((name) => !points.some(({ observe }) => observe.includes(name)));
  if (missing !== undefined) {
    throw new InputError(`${context}: observe`, `${missing}, which no closure of the axes has`, "one that some has");
  }
  if (input.monteCarlo !== undefined && !points.some(({ chains }) => chains)) {
    throw new InputError(
      `${context}: monteCarlo`,
      "it without closure monte-carlo",
      `axes with closure: [${MONTE_CARLO}]`,
    );
  }
}

function makePoint(
  input: SweepInput,
  axes: readonly Axis[],
  values: readonly AxisValue[],
  context: string,
): Omit<Point, "round" | "previous"> {
  const system = structuredClone(input.system);
  let closure: AxisValue = "naive";
  let steps: AxisValue | undefined = input.steps;
  axes.forEach(({ path }, k) => {
    if (path === "closure") closure = values[k];
    else if (path === "steps") steps = values[k];
    else if (path !== DIRECTION_AXIS) setPath(system, path, values[k], `${context}: axes.${path}`);
  });
  if (!methodNames.includes(closure as MethodName)) {
    throw new InputError(`${context}: axes.closure`, describe(closure), `one of ${methodNames.join(", ")}`);
  }
  if (steps !== undefined && input.steady) {
    throw new InputError(`${context}: steady`, "true beside steps", "either steps or steady: true");
  }
  if (steps === undefined && !input.steady) {
    throw new InputError(`${context}: steps`, "nothing", "a number of steps, or steady: true");
  }
  if (steps !== undefined && !(typeof steps === "number" && Number.isInteger(steps) && steps >= 1)) {
    throw new InputError(`${context}: axes.steps`, describe(steps), "a whole number of at least 1");
  }
  // Checks the keys once, before anything runs; the sample does not change which keys are right.
  const describeSample = (sample: number) => parseSystem({ ...system, seed: input.seed, sample }, `${context}: system`);
  const first = describeSample(0);
  const method = closure as MethodName;
  const applies = momentCheck(method, first);
  if (applies !== undefined) throw new InputError(`${context}: axes.closure`, applies.found, applies.expected);
  const sampling = method === MONTE_CARLO;
  if (sampling && steps === undefined) {
    throw new InputError(`${context}: steps`, `nothing for ${MONTE_CARLO}`, "the number of steps that are measured");
  }
  const chains = sampling ? { ...CHAIN_DEFAULTS, ...input.monteCarlo, steps: steps as number } : undefined;
  const observe = input.observe.filter((name) => isMeasuredBy(method, name));
  const observed = { ...describedRun(first, method, steps), chains: chains?.chains, thin: chains?.thin };
  checkObservables(observe, observed, `${context}: observe`);
  return {
    values,
    closure: method,
    observe,
    ...(chains && { chains }),
    run: steps === undefined ? { steady: {} } : { steps },
    system: (sample) => (sample === 0 ? first : describeSample(sample)),
  };
}

function momentCheck(closure: MethodName, system: SystemDescription): { found: string; expected: string } | undefined {
  if (closure === MONTE_CARLO) return undefined;
  const rule = momentRule(closure, system.spins);
  return typeof rule === "string" ? undefined : rule;
}
