/** J times a state, by whatever way the couplings of a batch reach a field product. */
import type { BatchLayout, CouplingBlock } from "./batch.js";
import type { CouplingStore } from "./couplings.js";
import type { Executor, Slot } from "./executor.js";
import type { FieldArrays } from "./random-couplings.js";

/** Records J m, and Σ_j J_ij² w_j for the first `sums` of `weightKinds` weights a site, of the rows of one stored block. */
export function recordBlockField(
  executor: Executor,
  layout: BatchLayout,
  { rowStart, rowCount, couplings }: CouplingBlock,
  fieldArrays: FieldArrays,
  { sums, weightKinds, systemsPerCoupling }: { sums: number; weightKinds: number; systemsPerCoupling: number },
): void {
  const { systems, sites, components, batch } = layout;
  const arrays = { couplings, ...fieldArrays };
  const params = { systems, systemsPerCoupling, rows: sites, rowStart, rowCount, columns: sites };
  if (batch.spins.kind === "binary") {
    executor.run({ kernel: "field-binary", arrays, params, constants: { MOMENTS: sums } });
  } else {
    executor.run({
      kernel: "field-sphere",
      arrays,
      params: { ...params, dimension: components, weightKinds },
      constants: { MOMENTS: sums },
    });
  }
}

/** Records field = J state, and nothing beside it. */
export function recordField(
  executor: Executor,
  layout: BatchLayout,
  couplings: CouplingStore,
  state: Slot,
  field: Slot,
): void {
  const arrays = { state, weights: executor.unread, field, moments: executor.unwritten };
  const { direct } = couplings;
  if (direct) {
    direct.recordField(arrays, 0, 0);
    return;
  }
  const { systemsPerCoupling } = layout;
  couplings.forEachBlock(state, (block) =>
    recordBlockField(executor, layout, block, arrays, { sums: 0, weightKinds: 0, systemsPerCoupling }),
  );
}
