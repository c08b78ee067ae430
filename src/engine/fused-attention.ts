/** Attention couplings that are never stored: every field product carries them through one online softmax. */
import { kernels } from "../kernels/registry.js";
import {
  type AttentionShape,
  type FusedKernel,
  type FusedPrecision,
  type FusedStrategy,
  keySplits,
  kernelVariant,
  type KernelVariant,
  rowsPerDispatch,
  strategyOrder,
} from "../kernels/strategies.js";
import { ROW_STATISTICS } from "../reference/attention-rows.js";
import { MASKS } from "../reference/scores.js";
import type { AttentionInputs } from "./attention-inputs.js";
import type { BatchLayout } from "./batch.js";
import type { Executor, Slot } from "./executor.js";
import type { FieldArrays, RandomCouplingSource } from "./random-couplings.js";

/** The kernels that a batch needs: those of one strategy, and where that has no reaction, that of f32. */
export interface FusedVariants {
  readonly field: KernelVariant | undefined;
  readonly reaction: KernelVariant | undefined;
}

/** What the fused kernels take of the inputs of attention. */
export type FusedInputs = Pick<
  AttentionInputs,
  "queries" | "keys" | "available" | "mask" | "dimension" | "followState" | "refresh"
>;

/** The field kernel of the spins of a batch. */
const fieldKernel = (layout: BatchLayout) =>
  layout.batch.spins.kind === "binary" ? "attention-field-binary" : "attention-field-sphere";

/** The variants of a strategy in a precision for a batch, or why there are none. */
export function fusedVariants(
  executor: Executor,
  layout: BatchLayout,
  dimension: number,
  strategy: FusedStrategy,
  precision: FusedPrecision = "f32",
): FusedVariants | string {
  const { sites, components } = layout;
  const shape = { sites, dimension, components };
  const field = kernelVariant(fieldKernel(layout), strategy, executor.traits, shape, precision);
  if (typeof field === "string") return field;
  if (layout.batch.spins.kind === "binary") return { field, reaction: undefined };
  const reaction =
    precision === "f32"
      ? kernelVariant("attention-reaction", strategy, executor.traits, shape)
      : usualReaction(executor, shape);
  return typeof reaction === "string" ? reaction : { field, reaction };
}

/** What f32 takes if the strategy is left to it. */
function usualReaction({ traits }: Executor, shape: AttentionShape): KernelVariant | string {
  const kernel = "attention-reaction";
  const found = strategyOrder(traits).map((strategy) => kernelVariant(kernel, strategy, traits, shape));
  const preset = found.find((variant) => typeof variant !== "string");
  return traits.tuned?.(kernel, shape) ?? preset ?? found[0];
}

/** The variants that `onsager tune` found to be the fastest for a batch on this adapter, if it has measured there. */
export function tunedVariants(
  executor: Executor,
  layout: BatchLayout,
  dimension: number,
): (FusedVariants & { readonly field: KernelVariant }) | undefined {
  const { sites, components } = layout;
  const shape = { sites, dimension, components };
  const { tuned } = executor.traits;
  const field = tuned?.(fieldKernel(layout), shape);
  if (field === undefined) return undefined;
  const defaults = fusedVariants(executor, layout, dimension, field.strategy);
  if (typeof defaults === "string") return undefined;
  // A result names one strategy, so the reaction follows the field.
  const reaction = defaults.reaction && tuned?.("attention-reaction", shape);
  return { field, reaction: reaction?.strategy === field.strategy ? reaction : defaults.reaction };
}

/** What the splits of a batch are gathered in. */
interface PartialSums {
  readonly field: Slot;
  readonly moments: Slot;
  readonly rows: Slot;
}

export class FusedAttention {
  /** Row statistics, [matrix][pad(N)] of `ROW_STATISTICS` numbers. */
  readonly statistics: Slot;
  /** Parts that the keys are split into; those of a user's mask are not. */
  readonly splits: number;
  /** What takes over after the first step, if J is frozen and kept. */
  kept: Pick<RandomCouplingSource, "recordField"> | undefined;
  readonly #partial: PartialSums | undefined;
  #ready = false;

  /** @param variants undefined fields where the executor has one way only */
  constructor(
    private readonly executor: Executor,
    private readonly layout: BatchLayout,
    private readonly inputs: FusedInputs,
    private readonly variants: FusedVariants,
    own: (slot: Slot) => Slot,
  ) {
    const { matrices, paddedSites, sites, systems, stateLength } = layout;
    this.statistics = own(executor.allocate("row statistics", ROW_STATISTICS * matrices * paddedSites));
    const { ROWS } = variants.field?.tile ?? {};
    this.splits = ROWS === undefined || inputs.mask === MASKS.user ? 1 : keySplits(executor.traits, sites, ROWS);
    if (this.splits === 1) return;
    const parts = this.splits * systems;
    this.#partial = {
      field: own(executor.allocate("partial field", parts * stateLength)),
      moments: own(executor.allocate("partial moments", 2 * parts * paddedSites)),
      rows: own(executor.allocate("partial rows", 4 * parts * paddedSites)),
    };
  }

  /**
   * Records J m, and Σ_j J_ij² w_j for the first `sums` of `weightKinds` weights a site, of all systems. Frozen couplings
   * are normalised at the first call, and taken with the same maxima and normalisers ever after.
   */
  recordField(fieldArrays: FieldArrays, sums: number, weightKinds: number): void {
    const { state, weights, field, moments } = fieldArrays;
    const { executor, layout, inputs, variants, splits } = this;
    const { systems, systemsPerCoupling, sites, components, componentStride } = layout;
    const frozen = this.#ready && !inputs.followState;
    if (frozen && this.kept) {
      this.kept.recordField(fieldArrays, sums, weightKinds);
      return;
    }
    if (!frozen) inputs.refresh(state);
    this.#ready = true;
    const partial = this.#partial;
    const constants = { MASK: inputs.mask, MOMENTS: sums, STATISTICS: true, FROZEN: frozen };
    const kernel = fieldKernel(layout);
    const arrays = {
      queries: inputs.queries,
      keys: inputs.keys,
      available: inputs.available,
      state,
      weights,
      field: partial?.field ?? field,
      moments: sums === 0 ? executor.unwritten : (partial?.moments ?? moments),
      // Frozen sums are divided where they are made, and want the statistics of the rows, not room for their own.
      statistics: frozen ? this.statistics : (partial?.rows ?? this.statistics),
    };
    const shape = { systems, systemsPerCoupling, rows: sites, columns: sites, dimension: inputs.dimension };
    this.#forEachStretch(kernel, variants.field, { ...shape, components }, (rowStart, rowCount) => {
      const params = { ...shape, rowStart, rowCount, weightKinds, splits };
      const variant = variants.field && { variant: variants.field };
      if (kernel === "attention-field-binary") executor.run({ kernel, arrays, params, constants, ...variant });
      else executor.run({ kernel, arrays, params: { ...params, components }, constants, ...variant });
      if (partial === undefined) return;
      executor.run({
        kernel: "attention-merge",
        arrays: {
          partialField: partial.field,
          partialMoments: sums === 0 ? executor.unread : partial.moments,
          partialRows: partial.rows,
          field,
          moments,
          statistics: this.statistics,
        },
        params: {
          systems,
          systemsPerCoupling,
          rows: sites,
          rowStart,
          rowCount,
          columns: sites,
          componentStride,
          splits,
        },
        constants,
      });
    });
  }

  /** Records Σ_j J_ij² c_j (m_i · m'_j) m'_j with J of the last `recordField`. */
  recordReaction(arrays: { mean: Slot; state: Slot; weights: Slot; reaction: Slot }, weightKinds: number): void {
    const { executor, layout, inputs, variants } = this;
    const { systems, systemsPerCoupling, sites, components } = layout;
    const { queries, keys, available, mask, dimension } = inputs;
    const shape = { systems, systemsPerCoupling, rows: sites, columns: sites, dimension, components, weightKinds };
    this.#forEachStretch("attention-reaction", variants.reaction, shape, (rowStart, rowCount) =>
      executor.run({
        kernel: "attention-reaction",
        arrays: { queries, keys, available, statistics: this.statistics, ...arrays },
        params: { ...shape, rowStart, rowCount },
        constants: { MASK: mask },
        ...(variants.reaction && { variant: variants.reaction }),
      }),
    );
  }

  /** Rows in stretches that no driver takes for a hang. */
  #forEachStretch(
    kernel: FusedKernel,
    variant: KernelVariant | undefined,
    shape: { systems: number; columns: number; dimension: number; components: number },
    record: (rowStart: number, rowCount: number) => void,
  ): void {
    const { sites } = this.layout;
    const operations = kernels[kernel].flops({ ...shape, rowCount: 1 });
    const rows = rowsPerDispatch(this.executor.traits, operations, variant?.tile.ROWS ?? 4);
    for (let rowStart = 0; rowStart < sites; rowStart += rows) record(rowStart, Math.min(rows, sites - rowStart));
  }
}

/** Bytes of what a `FusedAttention` holds beside its inputs, for splits of at most `splits`. */
export function fusedBytes({ matrices, systems, paddedSites, stateLength }: BatchLayout, splits: number): number {
  const partial = splits > 1 ? splits * systems * (stateLength + 6 * paddedSites) : 0;
  return 4 * (ROW_STATISTICS * matrices * paddedSites + partial);
}
