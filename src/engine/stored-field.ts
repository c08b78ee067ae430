/** Field products with a J that lies in memory, in blocks of rows. */
import { denseVariant, type KernelVariant } from "../kernels/strategies.js";
import type { BatchLayout, CouplingBlock } from "./batch.js";
import type { Executor } from "./executor.js";
import type { FieldArrays } from "./random-couplings.js";

/** What multiplies J with vectors on a GPU; numbers, and the CPU engine, have one way only. */
export function fieldProduct(executor: Executor, layout: BatchLayout): KernelVariant | undefined {
  if (layout.batch.spins.kind === "binary" || executor.device.kind === "cpu") return undefined;
  const { sites, components } = layout;
  return denseVariant("field-sphere", executor.traits, { sites, dimension: 0, components });
}

/**
 * Records J m, and Σ_j J_ij² w_j for the first `sums` of `weightKinds` weights a site, for the rows of a block.
 * @param product of `fieldProduct`
 */
export function recordStoredField(
  executor: Executor,
  layout: BatchLayout,
  { rowStart, rowCount, couplings }: CouplingBlock,
  { state, weights, field, moments }: FieldArrays,
  [sums, weightKinds]: readonly [number, number],
  product: KernelVariant | undefined,
  systemsPerCoupling = layout.systemsPerCoupling,
): void {
  const { systems, sites, components, batch } = layout;
  const arrays = {
    couplings,
    state,
    weights: sums > 0 ? weights : executor.unread,
    field,
    moments: sums > 0 ? moments : executor.unwritten,
  };
  const params = { systems, systemsPerCoupling, rows: sites, rowStart, rowCount, columns: sites };
  if (batch.spins.kind === "binary") {
    executor.run({ kernel: "field-binary", arrays, params, constants: { MOMENTS: sums } });
  } else {
    executor.run({
      kernel: "field-sphere",
      arrays,
      params: { ...params, dimension: components, weightKinds },
      constants: { MOMENTS: sums },
      ...(product && { variant: product }),
    });
  }
}
