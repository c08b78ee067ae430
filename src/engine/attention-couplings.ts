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

  fill({ rowStart, rowCount, couplings }: CouplingBlock): void {
    const { executor, layout, inputs } = this;
    const { sites, matrices } = layout;
    executor.run({
      kernel: "scores",
      arrays: {
        queries: inputs.queries,
        keys: inputs.keys,
        scales: this.#units,
        available: inputs.available,
        scores: this.#scores,
      },
      params: {
        couplings: matrices,
        rows: sites,
        rowStart,
        rowCount,
        columns: sites,
        dimension: inputs.dimension,
        querySharing: 1,
      },
      constants: { MASK: inputs.mask },
    });
    executor.run({
      kernel: "softmax",
      arrays: { scores: this.#scores, couplings, statistics: this.statistics },
      params: { couplings: matrices, rows: sites, rowStart, rowCount, columns: sites },
      constants: {},
    });
  }
}
