/** Attention couplings as a matrix: the stages that fill blocks of rows of softmax(λ Q Kᵀ). */
import { pad } from "../reference/layout.js";
import type { AttentionInputs } from "./attention-inputs.js";
import type { BatchLayout, CouplingBlock } from "./batch.js";
import type { Executor, Slot } from "./executor.js";

export class AttentionFiller {
  readonly #scores: Slot;
  readonly #units: Slot;

  constructor(
    private readonly executor: Executor,
    private readonly layout: BatchLayout,
    private readonly inputs: AttentionInputs,
    private readonly statistics: Slot,
    rows: number,
    own: (slot: Slot) => Slot,
  ) {
    const { matrices, sites } = layout;
    this.#scores = own(executor.allocate("scores", matrices * rows * pad(sites)));
    this.#units = own(executor.upload("unit scales", new Float64Array(matrices).fill(1)));
  }

  fill(block: CouplingBlock): void {
    const { executor, layout } = this;
    const { rowStart, rowCount, couplings } = block;
    recordScores(executor, layout, this.inputs, { ...block, scores: this.#scores, units: this.#units });
    executor.run({
      kernel: "softmax",
      arrays: { scores: this.#scores, couplings, statistics: this.statistics },
      params: { couplings: layout.matrices, rows: layout.sites, rowStart, rowCount, columns: layout.sites },
      constants: {},
    });
  }
}

/** Records the scores of a block of rows, [matrix][rowCount][pad(N)]; λ is in the queries, so `units` are ones. */
export function recordScores(
  executor: Executor,
  { sites, matrices }: BatchLayout,
  inputs: AttentionInputs,
  block: { readonly rowStart: number; readonly rowCount: number; readonly scores: Slot; readonly units: Slot },
): void {
  const { rowStart, rowCount, scores, units } = block;
  const { queries, keys, available, dimension, mask } = inputs;
  executor.run({
    kernel: "scores",
    arrays: { queries, keys, scales: units, available, scores },
    params: { couplings: matrices, rows: sites, rowStart, rowCount, columns: sites, dimension, querySharing: 1 },
    constants: { MASK: mask },
  });
}
