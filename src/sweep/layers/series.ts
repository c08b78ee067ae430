/** What `onsager bench layers` measures: sphere spins under softmax attention, one step of the dynamics a layer. */
import { fusedPrecisions } from "../../kernels/strategies.js";
import type { LoadArray } from "../../engine/array-inputs.js";
import { realise, type System } from "../../engine/realise.js";
import type { ClosureName } from "../../physics/closures.js";
import { parseSystem, type SystemDescription } from "../../physics/system.js";

export const precisions = [...fusedPrecisions, "f64"] as const;
/** f64 on the CPU engine, the others on the device that was chosen. */
export type Precision = (typeof precisions)[number];

export const sources = ["state", "field"] as const;
/** What queries and keys are made of: the state, at every step anew, or the external field, once. */
export type Source = (typeof sources)[number];

/** Everything but N. */
export interface LayerSeries {
  /** D of a spin and d of queries and keys, a head. */
  readonly dimension: number;
  readonly heads: number;
  readonly closure: ClosureName;
  readonly source: Source;
  readonly precision: Precision;
}

/** What is measured. The first entries together are the reference, around which one list at a time is varied. */
export interface LayerPlan {
  /** N, ascending. */
  readonly sites: readonly number[];
  readonly dimensions: readonly number[];
  readonly heads: readonly number[];
  readonly closures: readonly ClosureName[];
  readonly sources: readonly Source[];
  readonly precisions: readonly Precision[];
  /** Every combination, not one list at a time. */
  readonly all: boolean;
  /** Seconds that the rounds of one point take together; N at which a single step takes longer are not run. */
  readonly seconds: number;
  /** Systems of the batch of small systems; 0 leaves it out. */
  readonly smallSystems: number;
}

/** What the other series are variations of. */
export function referenceSeries({ dimensions, heads, closures, sources, precisions }: LayerPlan): LayerSeries {
  return {
    dimension: dimensions[0],
    heads: heads[0],
    closure: closures[0],
    source: sources[0],
    precision: precisions[0],
  };
}

/** The series of a plan, the reference first. */
export function planSeries(plan: LayerPlan): LayerSeries[] {
  const { dimensions, heads: headCounts, closures, sources, precisions, all } = plan;
  const reference = referenceSeries(plan);
  if (!all) {
    return [
      ...dimensions.map((dimension) => ({ ...reference, dimension })),
      ...closures.slice(1).map((closure) => ({ ...reference, closure })),
      ...headCounts.slice(1).map((heads) => ({ ...reference, heads })),
      ...sources.slice(1).map((source) => ({ ...reference, source })),
      ...precisions.slice(1).map((precision) => ({ ...reference, precision })),
    ];
  }
  return precisions.flatMap((precision) =>
    sources.flatMap((source) =>
      headCounts.flatMap((heads) =>
        closures.flatMap((closure) =>
          dimensions.map((dimension) => ({ dimension, heads, closure, source, precision })),
        ),
      ),
    ),
  );
}

/** What random arrays are drawn from. */
export const SEED = 1;

/** `4 N² d` operations a head and step: 2 N² d for the scores, 2 N² d for the field; a multiply-add counts as two. */
export function operationsPerStep(
  sites: number,
  { dimension, heads }: Pick<LayerSeries, "dimension" | "heads">,
): number {
  return 4 * sites ** 2 * dimension * heads;
}
export const OPERATIONS_FORMULA = "4 N^2 d a head and step, scores and field alone, whatever the closure";

/** Bytes of the arrays that every run holds: external field, state, its image and the local field, of all heads. */
export function leastBytes(sites: number, { dimension, heads, precision }: LayerSeries): number {
  return 4 * sites * heads * dimension * (precision === "f64" ? 8 : 4);
}

export function describeLayers(
  sites: number,
  { dimension, heads, source }: Pick<LayerSeries, "dimension" | "heads" | "source">,
): SystemDescription {
  // Weights as a transformer starts with: components of queries and keys are as large as those of the features.
  const weight = { kind: "gaussian", std: 1 / Math.sqrt(heads * dimension) };
  const description = {
    spins: { kind: "sphere", count: sites, dimension, response: "large-d" },
    couplings: {
      kind: "attention",
      weights: { query: weight, key: weight },
      heads,
      dimension,
      source,
      scale: 1 / Math.sqrt(dimension),
    },
    field: { kind: "gaussian", std: 1 },
    seed: SEED,
  };
  return parseSystem(description, "bench layers");
}

const noFiles: LoadArray = (path) => Promise.reject(new Error(`${path} is part of no drawn system`));

export function drawSystem(description: SystemDescription): Promise<System> {
  return realise(description, noFiles, "bench layers");
}
