/** Sweep specifications: what a user writes, checked and expanded into points. */
import { z } from "zod";
import { CHAIN_DEFAULTS, type ChainOptions } from "../engine/monte-carlo.js";
import { CHAIN_STARTS } from "../engine/chains.js";
import { type MethodName, methodNames, momentRule, MONTE_CARLO } from "../physics/closures.js";
import { InputError } from "../physics/input-error.js";
import { checkObservables, describedRun } from "../physics/observable-scope.js";
import { isMeasuredBy, type ObservableName, observableNames } from "../physics/observables.js";
import { describe, parseInput } from "../physics/schema-errors.js";
import { parseSystem, type SystemDescription } from "../physics/system.js";

/** Rows of results.csv at most: a slip in an axis shall not fill the memory. */
const MAX_ROWS = 1_000_000;

const scalar = z.union([z.number(), z.string()]);
const range = z.strictObject({
  from: z.number(),
  to: z.number(),
  count: z.int().min(1).max(100_000),
  scale: z.enum(["linear", "log"]).default("linear"),
});

const sweepSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "letters, digits, dots, dashes and underscores"),
  system: z.record(z.string(), z.unknown()),
  axes: z.record(z.string(), z.union([z.array(scalar).min(1), range])),
  samples: z.int().min(1).default(1).describe("disorder samples, drawn from the seed"),
  seed: z.int().min(0).default(0),
  steps: z.int().min(1).optional().describe("steps of the dynamics"),
  steady: z.boolean().optional().describe("the steady state instead of a number of steps"),
  monteCarlo: z
    .strictObject({
      chains: z.int().min(1).default(CHAIN_DEFAULTS.chains),
      burnIn: z.int().min(0).default(CHAIN_DEFAULTS.burnIn),
      thin: z.int().min(1).default(CHAIN_DEFAULTS.thin),
      start: z.enum(CHAIN_STARTS).default(CHAIN_DEFAULTS.start),
    })
    .optional()
    .describe("chains of closure monte-carlo, of which steps are measured after burnIn"),
  observe: z
    .array(
      z.union([z.enum(observableNames), z.templateLiteral(["magnetization:", z.string().min(1)])], {
        error: `one of ${observableNames.join(", ")}, magnetization:SPECIES`,
      }),
    )
    .min(1)
    .default(["magnetization"]),
});

const documentSchema = z.union([sweepSchema, z.strictObject({ sweeps: z.array(sweepSchema).min(1) })]);

type SweepInput = z.infer<typeof sweepSchema>;
export type AxisValue = number | string;

interface Axis {
  /** `beta`, `closure`, `steps`, or a dotted path into the system. */
  readonly path: string;
  readonly values: readonly AxisValue[];
  readonly scale: "linear" | "log";
}

export interface Sweep {
  readonly name: string;
  readonly axes: readonly Axis[];
  readonly samples: number;
  readonly seed: number;
  readonly observe: readonly ObservableName[];
  readonly points: readonly Point[];
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

function expand(input: SweepInput, context: string): Sweep {
  const axes = Object.entries(input.axes).map(([path, axis]) => readAxis(path, axis, `${context}: axes.${path}`));
  if (axes.length === 0) throw new InputError(`${context}: axes`, "no axis", "at least one, such as beta");
  const count = axes.reduce((product, { values }) => product * values.length, input.samples);
  if (count > MAX_ROWS) throw new InputError(`${context}: axes`, `${count} points and samples`, `at most ${MAX_ROWS}`);
  const points = crossed(axes).map((values) => makePoint(input, axes, values, context));
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
  return {
    name: input.name,
    axes,
    samples: input.samples,
    seed: input.seed,
    observe: input.observe,
    points,
    input,
  };
}

function readAxis(path: string, axis: SweepInput["axes"][string], where: string): Axis {
  if (Array.isArray(axis)) return { path, values: axis, scale: "linear" };
  const { from, to, count, scale } = axis;
  if (scale === "log" && !(from > 0 && to > 0)) {
    throw new InputError(where, `a log range from ${from} to ${to}`, "ends above zero");
  }
  const values = Array.from({ length: count }, (_, k) => {
    if (k === 0) return from;
    if (k === count - 1) return to;
    const t = k / (count - 1);
    // Twelve digits: 0.5 + 3 * 0.085 shall read 0.755 in a table.
    return Number((scale === "log" ? from * (to / from) ** t : from + (to - from) * t).toPrecision(12));
  });
  return { path, values, scale };
}

function crossed(axes: readonly Axis[]): AxisValue[][] {
  return axes.reduce<AxisValue[][]>(
    (rows, { values }) => rows.flatMap((row) => values.map((value) => [...row, value])),
    [[]],
  );
}

function makePoint(input: SweepInput, axes: readonly Axis[], values: readonly AxisValue[], context: string): Point {
  const system = structuredClone(input.system);
  let closure: AxisValue = "naive";
  let steps: AxisValue | undefined = input.steps;
  axes.forEach(({ path }, k) => {
    if (path === "closure") closure = values[k];
    else if (path === "steps") steps = values[k];
    else setPath(system, path, values[k], `${context}: axes.${path}`);
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

/** `beta` is a key of the system like any other; deeper paths must lead through objects that the system has. */
function setPath(system: Record<string, unknown>, path: string, value: AxisValue, where: string): void {
  const keys = path.split(".");
  let at: Record<string, unknown> = system;
  for (const key of keys.slice(0, -1)) {
    const next = at[key];
    // An entry of a list by its place, such as species.0.beta.
    if (typeof next !== "object" || next === null) {
      throw new InputError(
        where,
        `no object ${key} in the system`,
        "beta, closure, steps, or a dotted path into system",
      );
    }
    at = next as Record<string, unknown>;
  }
  at[keys[keys.length - 1]] = value;
}
