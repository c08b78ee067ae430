/** What the stages of one step share: its arrays, its couplings and the sums that its closure asks for. */
import type { MomentRule } from "../physics/closures.js";
import type { BatchLayout } from "./batch.js";
import type { CouplingStore } from "./couplings.js";
import type { Executor, Slot } from "./executor.js";

/** Weights stored a site, and sums taken of them, for each rule. */
export const MOMENT_SUMS: Readonly<Record<MomentRule, { readonly kinds: number; readonly sums: number }>> = {
  none: { kinds: 0, sums: 0 },
  variance: { kinds: 1, sums: 1 },
  tensor: { kinds: 3, sums: 2 },
  "tensor-published": { kinds: 3, sums: 2 },
};

export interface StepArrays {
  readonly executor: Executor;
  readonly layout: BatchLayout;
  readonly couplings: CouplingStore;
  readonly rule: MomentRule;
  /** RESPONSE of the shaders. */
  readonly response: number;
  /** x, J m', w and Σ_j J_ij² w_j. */
  readonly externalField: Slot;
  readonly field: Slot;
  readonly weights: Slot;
  readonly moments: Slot;
  readonly betas: Slot;
  /** Distance of every site from the root of its inner equation, where the closure has one scalar equation a site. */
  readonly solveResidual: Slot;
  /** Frees a slot with the step. */
  readonly own: (slot: Slot) => Slot;
}
