/** How J reaches a field product: what a user may ask for, and what a run says that it did. */
import { matrixPrecisions } from "../kernels/matrix-tile.js";
import {
  type FusedPrecision,
  fusedStrategies,
  type FusedStrategy,
  type KernelVariant,
  strategyOrder,
} from "../kernels/strategies.js";
import type { Couplings } from "../physics/couplings.js";
import { InputError } from "../physics/input-error.js";
import type { BatchLayout } from "./batch.js";
import type { Executor } from "./executor.js";
import { fusedVariants, type FusedVariants, tunedVariants } from "./fused-attention.js";

/**
 * `stored`: as a matrix, in blocks of rows that share memory where it does not fit whole. `procedural`: random couplings
 * drawn inside every field product. The others are ways of the fused kernels, which make attention anew in every field
 * product. `auto`: attention fused, and if it is frozen stored after the first step where that pays
 * and fits; random couplings stored where a matrix takes at most half of the
 * memory, else procedural.
 */
export const couplingStrategies = ["auto", "stored", "procedural", ...fusedStrategies] as const;
export type CouplingStrategy = (typeof couplingStrategies)[number];

/** What a user may ask for. */
export interface CouplingRequest {
  /** `auto` unless given. */
  readonly strategy?: CouplingStrategy | undefined;
  /**
   * What the products of attention are made of. f16 and split-f16 are for GPUs with subgroup matrices and never a default;
   * unless given, the device's own: f32, or f64 on the CPU engine.
   */
  readonly precision?: FusedPrecision | undefined;
}

/** What was done, for results and manifests. Whoever continues a run asks for the same. */
export interface StrategyReport {
  /**
   * `blocks`: stored, in blocks of rows that are filled anew at every use. `low-rank`: Hebb's couplings as two products with
   * the patterns. `twin`: the fused kernel of the CPU engine.
   */
  readonly name: "stored" | "blocks" | "procedural" | "low-rank" | "twin" | FusedStrategy;
  /** Of the products; with f16 and split-f16 all else is f32. */
  readonly precision: FusedPrecision | "f64";
  /** Constants of the field kernel, of fused strategies. */
  readonly tile?: KernelVariant["tile"];
  /** Parts that the keys are split into, of fused strategies. */
  readonly splits?: number;
  /** How fused attention that does not follow the state is held from the second step on, and why it is made anew. */
  readonly frozen?: { readonly held: "stored" | "blocks" | "recomputed"; readonly reason?: string };
  /** What multiplies a stored J with vectors on a GPU. */
  readonly product?: Pick<KernelVariant, "strategy" | "tile">;
  /** Why attention is stored although nobody asked for that, or what is not in the precision that was asked for. */
  readonly reason?: string;
}

/** Attention by a fused strategy, or stored. */
export type AttentionPlan =
  | { readonly kind: "fused"; readonly variants: FusedVariants; readonly name: FusedStrategy | "twin" }
  | { readonly kind: "stored"; readonly reason?: string };

/**
 * Nothing that has no matrices ever computes in f32 what was asked for in f16, nor the other way round.
 * @throws InputError if the precision is none of the device, the couplings or the strategy
 */
export function requirePrecision(
  { device }: Pick<Executor, "device">,
  kind: Couplings["kind"],
  { strategy = "auto", precision }: CouplingRequest,
): void {
  if (device.kind === "cpu") {
    if (precision !== undefined) {
      throw new InputError(
        "precision",
        `${precision} on the CPU engine`,
        "a GPU, or none: the CPU engine has f64 alone",
      );
    }
    return;
  }
  const matrix = strategy === "subgroup-matrix";
  if (precision === undefined || precision === "f32") {
    if (matrix)
      throw new InputError("precision", "f32 with the strategy subgroup-matrix", matrixPrecisions.join(" or "));
  } else if (kind !== "attention") {
    throw new InputError("precision", `${precision} for ${kind} couplings`, "f32, or attention couplings");
  } else if (!matrix && strategy !== "auto") {
    throw new InputError("precision", `${precision} with the strategy ${strategy}`, "f32, or subgroup-matrix");
  }
}

/**
 * @param storable true if one matrix may be stored: the CPU engine then does, because it makes attention no faster than it reads
 * @throws InputError if what is asked for the shape or the device have not
 */
export function planAttention(
  executor: Executor,
  layout: BatchLayout,
  dimension: number,
  { strategy = "auto", precision = "f32" }: CouplingRequest,
  storable: boolean,
): AttentionPlan {
  if (strategy === "stored") return { kind: "stored" };
  if (strategy === "procedural")
    throw new InputError(
      "strategy",
      "procedural for attention couplings",
      `auto, stored or ${fusedStrategies.join(" or ")}`,
    );
  const cpu = executor.device.kind === "cpu";
  if (cpu && strategy !== "auto") throw new InputError("strategy", `${strategy} on the CPU engine`, "auto or stored");
  if (precision !== "f32") {
    const variants = fusedVariants(executor, layout, dimension, "subgroup-matrix", precision);
    if (typeof variants === "string") throw new InputError("precision", `${precision}: ${variants}`, "f32");
    return { kind: "fused", variants, name: "subgroup-matrix" };
  }
  if (strategy !== "auto") {
    const variants = fusedVariants(executor, layout, dimension, strategy);
    if (typeof variants === "string") throw new InputError("strategy", `${strategy}: ${variants}`, "auto or stored");
    return { kind: "fused", variants, name: strategy };
  }
  if (cpu) {
    return storable
      ? { kind: "stored" }
      : { kind: "fused", variants: { field: undefined, reaction: undefined }, name: "twin" };
  }
  const tuned = tunedVariants(executor, layout, dimension);
  if (tuned) return { kind: "fused", variants: tuned, name: tuned.field.strategy };
  const reasons: string[] = [];
  for (const name of strategyOrder(executor.traits)) {
    const variants = fusedVariants(executor, layout, dimension, name);
    if (typeof variants !== "string") return { kind: "fused", variants, name };
    if (!reasons.includes(variants)) reasons.push(variants);
  }
  return { kind: "stored", reason: reasons.join("; ") };
}
