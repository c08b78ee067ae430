/** How J reaches a field product: what a user may ask for, and what a run says that it did. */
import { fusedStrategies, type FusedStrategy, strategyOrder } from "../kernels/strategies.js";
import { InputError } from "../physics/input-error.js";
import type { BatchLayout } from "./batch.js";
import type { Executor } from "./executor.js";
import { fusedVariants, type FusedVariants, tunedVariants } from "./fused-attention.js";

/**
 * `stored`: as a matrix, in blocks of rows that share memory where it does not fit whole. `procedural`: random couplings
 * drawn inside every field product. The others are ways of the fused kernels, which make attention anew in every field
 * product. `auto`: attention fused; random couplings stored where a matrix takes at most half of the
 * memory, else procedural.
 */
export const couplingStrategies = ["auto", "stored", "procedural", ...fusedStrategies] as const;
export type CouplingStrategy = (typeof couplingStrategies)[number];

/** What was done, for results and manifests. Whoever continues a run asks for the same. */
export interface StrategyReport {
  /** `blocks`: stored, in blocks of rows that are filled anew at every use. `low-rank`: Hebb's
   * couplings as two products with the patterns. `twin`: the fused kernel of the CPU engine. */
  readonly name: "stored" | "blocks" | "procedural" | "low-rank" | "twin" | FusedStrategy;
  readonly precision: "f32" | "f64";
  /** Constants of the field kernel, of fused strategies. */
  readonly tile?: Readonly<Record<string, number>>;
  /** Parts that the keys are split into, of fused strategies. */
  readonly splits?: number;
  /** Why attention is stored although nobody asked for that. */
  readonly reason?: string;
}

/** Attention by a fused strategy, or stored. */
export type AttentionPlan =
  | { readonly kind: "fused"; readonly variants: FusedVariants; readonly name: FusedStrategy | "twin" }
  | { readonly kind: "stored"; readonly reason?: string };

/**
 * @param storable true if one matrix may be stored: the CPU engine then does, because it makes attention no faster than it reads
 * @throws InputError if a strategy is asked for that the couplings, the shape or the device have not
 */
export function planAttention(
  executor: Executor,
  layout: BatchLayout,
  dimension: number,
  asked: CouplingStrategy,
  storable: boolean,
): AttentionPlan {
  if (asked === "stored") return { kind: "stored" };
  if (asked === "procedural")
    throw new InputError(
      "strategy",
      "procedural for attention couplings",
      `auto, stored or ${fusedStrategies.join(" or ")}`,
    );
  const cpu = executor.device.kind === "cpu";
  if (asked !== "auto") {
    if (cpu) throw new InputError("strategy", `${asked} on the CPU engine`, "auto or stored");
    const variants = fusedVariants(executor, layout, dimension, asked);
    if (typeof variants === "string") throw new InputError("strategy", `${asked}: ${variants}`, "auto or stored");
    return { kind: "fused", variants, name: asked };
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
