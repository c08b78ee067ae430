/** Softmax rows as a matrix: the stages that fill blocks of rows of softmax(λ Q Kᵀ), or of the softmax of random scores. */
import type { Couplings, RandomCouplings, RandomSoftmaxCouplings } from "../physics/couplings.js";
import { pad } from "../reference/layout.js";
import type { AttentionInputs } from "./attention-inputs.js";
import type { BatchLayout, CouplingBlock } from "./batch.js";
import type { Executor, Slot } from "./executor.js";
import { RandomCouplingSource } from "./random-couplings.js";

/** Records the scores of a block of rows into its array. */
export type RecordScores = (block: CouplingBlock) => void;

export class SoftmaxFiller {
  readonly #scores: Slot;

  constructor(
    private readonly executor: Executor,
    private readonly layout: BatchLayout,
    private readonly recordScores: RecordScores,
    private readonly statistics: Slot,
    rows: number,
    own: (slot: Slot) => Slot,
  ) {
    const { matrices, sites } = layout;
    this.#scores = own(executor.allocate("scores", matrices * rows * pad(sites)));
  }

  fill({ rowStart, rowCount, couplings }: CouplingBlock): void {
    const { sites, matrices } = this.layout;
    this.recordScores({ rowStart, rowCount, couplings: this.#scores });
    this.executor.run({
      kernel: "softmax",
      arrays: { scores: this.#scores, couplings, statistics: this.statistics },
      params: { couplings: matrices, rows: sites, rowStart, rowCount, columns: sites },
      constants: {},
    });
  }
}

/** λ q_i · k_j. */
export function attentionScores(
  executor: Executor,
  { sites, matrices }: BatchLayout,
  inputs: AttentionInputs,
  own: (slot: Slot) => Slot,
): RecordScores {
  // The scale is in the queries.
  const units = own(executor.upload("unit scales", new Float64Array(matrices).fill(1)));
  const { queries, keys, available } = inputs;
  return ({ rowStart, rowCount, couplings }) =>
    executor.run({
      kernel: "scores",
      arrays: { queries, keys, scales: units, available, scores: couplings },
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
}

/** The scores of a random energy model a row: independent normal numbers times the scale. */
export function normalScores({ scale, seed, sample }: RandomSoftmaxCouplings, sites: number): RandomCouplings {
  return { kind: "random", law: "gaussian", mean: 0, std: scale * Math.sqrt(sites), symmetry: 0, seed, sample };
}

export function randomScores(executor: Executor, layout: BatchLayout, own: (slot: Slot) => Slot): RecordScores {
  const all = layout.batch.couplings as readonly Extract<Couplings, { kind: "random-softmax" }>[];
  const drawn = all.map((couplings) => normalScores(couplings, layout.sites));
  const source = new RandomCouplingSource(executor, layout, drawn, own);
  return (block) => source.fill(block, all[0].mask === "causal");
}
