/** J times a state, by whatever way the couplings of a batch reach a field product. */
import { denseVariant, type KernelVariant } from "../kernels/strategies.js";
import type { BatchLayout, CouplingBlock } from "./batch.js";
import type { Executor, Slot } from "./executor.js";
import type { FieldArrays, RandomCouplingSource } from "./random-couplings.js";

/** Second moments beside a product: Σ_j J_ij² w_j for the first `sums` of `weightKinds` weights a site. */
export interface SecondMoments {
  readonly sums: number;
  readonly weightKinds: number;
}

export const NO_MOMENTS: SecondMoments = { sums: 0, weightKinds: 0 };

/** Rows of a matrix that a product takes: [matrix][rowCount][pad(columns)]. */
interface MatrixRows {
  readonly systemsPerCoupling: number;
  readonly rows: number;
  readonly rowStart: number;
  readonly rowCount: number;
  readonly columns: number;
}

/** Couplings as a product sees them: made on the way, or blocks of rows. */
interface ProductCouplings {
  readonly direct: Pick<RandomCouplingSource, "recordField"> | undefined;
  forEachBlock(state: Slot, use: (block: CouplingBlock) => void, again?: boolean): void;
}

/** The arrays of a product without second moments. */
export function productArrays({ unread, unwritten }: Executor, state: Slot, field: Slot): FieldArrays {
  return { state, weights: unread, field, moments: unwritten };
}

/** What multiplies J with vectors on a GPU; numbers, and the CPU engine, have one way only. */
export function fieldProduct(executor: Executor, layout: BatchLayout): KernelVariant | undefined {
  if (layout.batch.spins.kind === "binary" || executor.device.kind === "cpu") return undefined;
  const { sites, components } = layout;
  return denseVariant("field-sphere", executor.traits, { sites, dimension: 0, components });
}

/** Records the product of stored rows of matrices with vectors of sites. */
export function recordRows(
  executor: Executor,
  layout: BatchLayout,
  couplings: Slot,
  fieldArrays: FieldArrays,
  rows: MatrixRows,
  { sums, weightKinds } = NO_MOMENTS,
): void {
  const { systems, components, batch } = layout;
  const { unread, unwritten } = executor;
  const arrays = { couplings, ...fieldArrays, ...(sums === 0 && { weights: unread, moments: unwritten }) };
  const params = { systems, ...rows };
  const constants = { MOMENTS: sums };
  if (batch.spins.kind === "binary") executor.run({ kernel: "field-binary", arrays, params, constants });
  else {
    const vectors = { ...params, dimension: components, weightKinds };
    const variant = fieldProduct(executor, layout);
    executor.run({ kernel: "field-sphere", arrays, params: vectors, constants, ...(variant && { variant }) });
  }
}

/** Records J m, and second moments, of the rows of one stored block. */
export function recordBlockField(
  executor: Executor,
  layout: BatchLayout,
  { rowStart, rowCount, couplings }: CouplingBlock,
  arrays: FieldArrays,
  moments = NO_MOMENTS,
  systemsPerCoupling = layout.systemsPerCoupling,
): void {
  const { sites } = layout;
  const rows = { systemsPerCoupling, rows: sites, rowStart, rowCount, columns: sites };
  recordRows(executor, layout, couplings, arrays, rows, moments);
}

/**
 * Records J m, and second moments, of all rows.
 * @param again true for J as it was made last, whatever `state` is; see CouplingStore.forEachBlock
 */
export function recordField(
  executor: Executor,
  layout: BatchLayout,
  couplings: ProductCouplings,
  arrays: FieldArrays,
  moments = NO_MOMENTS,
  again = false,
): void {
  const { direct } = couplings;
  if (direct) direct.recordField(arrays, moments.sums, moments.weightKinds);
  else {
    couplings.forEachBlock(arrays.state, (block) => recordBlockField(executor, layout, block, arrays, moments), again);
  }
}
