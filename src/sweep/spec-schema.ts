/** The shape of a sweep document, key by key: what `onsager schema` prints and every file is held to. */
import { z } from "zod";
import { CHAIN_STARTS } from "../engine/chains.js";
import { CHAIN_DEFAULTS } from "../engine/monte-carlo.js";
import { scalingVariableNames } from "../physics/finite-size-scaling/scaling-variables.js";
import { observableNames } from "../physics/observables.js";

const scalar = z.union([z.number(), z.string()]);

const range = z.strictObject({
  from: z.number(),
  to: z.number(),
  count: z.int().min(1).max(100_000),
  scale: z.enum(["linear", "log"]).default("linear"),
});

const observable = z.union([z.enum(observableNames), z.templateLiteral(["magnetization:", z.string().min(1)])], {
  error: `one of ${observableNames.join(", ")}, magnetization:SPECIES`,
});

const path = z.string().min(1);

/** In which order a continued axis is walked. */
export const DIRECTIONS = ["up", "down", "up-and-down"] as const;

/** What a refined axis follows: the sample mean of an observable, or its spread over samples. */
export const REFINED_BY = ["mean", "variance"] as const;

/** Where the means of single sites may be kept. */
export const ARRAY_FORMATS = ["npy", "npz", "hdf5"] as const;

export const sweepSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "letters, digits, dots, dashes and underscores")
    .describe("of the sweep, and of its folder where a document lists several"),
  system: z.record(z.string(), z.unknown()).describe("a system, as `onsager run` takes it"),
  axes: z
    .record(z.string(), z.union([z.array(scalar).min(1), range]))
    .describe("beta, closure, steps, or a dotted path into the system: a list of values, or a range"),
  zip: z
    .array(z.array(path).min(2))
    .optional()
    .describe("axes that advance together instead of being crossed: lists of their paths"),
  continuation: z
    .strictObject({
      axis: path.describe(
        "the numeric axis along which every run starts from the final state of the one before, and chains from their own spins",
      ),
      direction: z.enum(DIRECTIONS).default("up-and-down"),
    })
    .optional()
    .describe("continuation along an axis, up and down for hysteresis"),
  refine: z
    .strictObject({
      axis: path.describe("the numeric axis that gets more values"),
      observable,
      by: z.enum(REFINED_BY).default("mean"),
      points: z.int().min(1).max(1000).describe("values added a round, where the observable changes fastest"),
      rounds: z.int().min(1).max(20).default(1),
    })
    .optional()
    .describe("adaptive refinement of an axis"),
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
  observe: z.array(observable).min(1).default(["magnetization"]),
  scaling: z
    .strictObject({
      along: path.describe("the numeric axis of the control parameter"),
      sizes: path.default("spins.count").describe("the axis of N"),
      crossing: z.array(observable).default([]).describe("observables whose curves cross at the critical point"),
      collapse: z
        .array(
          z.strictObject({
            observable,
            variable: z
              .enum(scalingVariableNames)
              .optional()
              .describe(
                "power unless given; rem: ln N in place of N, and x/√(2 ln N) in place of x, of softmax scores",
              ),
            start: z
              .strictObject({ criticalPoint: z.number().optional(), a: z.number(), b: z.number() })
              .describe("where the fit of y N^b = f((x - x_c) N^a) starts; x_c from the crossing unless given"),
            fixed: z.array(z.enum(["criticalPoint", "a", "b"])).default([]),
            within: z
              .tuple([z.number(), z.number()])
              .optional()
              .describe("points of the fit: from and to of x, of variable rem of x/√(2 ln N); all unless given"),
          }),
        )
        .default([]),
    })
    .optional()
    .describe("finite-size scaling: crossings and data collapse"),
  arrays: z.enum(ARRAY_FORMATS).optional().describe("keep the means of single sites of every run, in this format"),
});

export const documentSchema = z.union([sweepSchema, z.strictObject({ sweeps: z.array(sweepSchema).min(1) })]);

/** One sweep as it was written, with the defaults filled in. */
export type SweepInput = z.infer<typeof sweepSchema>;
