/** Random couplings of a batch: the counters and strengths behind them, and the stages that draw J from those. */
import { kernels } from "../kernels/registry.js";
import { rowsPerDispatch } from "../kernels/strategies.js";
import type { RandomCouplings } from "../physics/couplings.js";
import { type Ensemble, FLIP_SHARES, LAWS } from "../reference/coupling-row.js";
import { philoxKey } from "../reference/random.js";
import type { BatchLayout, CouplingBlock } from "./batch.js";
import type { Executor, Slot } from "./executor.js";

/** `seeds` of one matrix in `shaders/lib/random-couplings.wgsl`. */
export function couplingSeeds(couplings: RandomCouplings, sites: number): number[] {
  const { seed, sample, connectivity = 0, fraction = connectivity / sites } = couplings;
  return [...philoxKey(seed), sample, Math.max(0, Math.round(fraction * 2 ** 32) - 1)];
}

/** `strengths` of one matrix in `shaders/lib/random-couplings.wgsl`. */
export function couplingStrengths(couplings: RandomCouplings, sites: number): number[] {
  const { law, mean, std, symmetry, connectivity: neighbours = sites, fraction } = couplings;
  if (law === "ring") return [0, mean, sites, 0];
  // The present pairs are the ferromagnetic ones; a presence word has no value for none at all.
  if (law === "mixed-signs") return [(fraction === 0 ? -mean : mean) / sites, 0, 0, -mean / sites];
  const width = std / Math.sqrt(neighbours);
  if (symmetry === 0) return [mean / neighbours, width, 0, 0];
  if (law === "plus-minus") return [mean / neighbours, width, 0, Math.round((FLIP_SHARES * (1 - symmetry)) / 2)];
  return [mean / neighbours, width * Math.sqrt((1 + symmetry) / 2), width * Math.sqrt((1 - symmetry) / 2), 0];
}

/** Constants of the kernels that draw. */
export function ensembleOf({ law, connectivity, symmetry }: RandomCouplings): Ensemble {
  const INDEPENDENT = symmetry === 0;
  if (law === "mixed-signs") return { LAW: LAWS.gaussian, DILUTED: true, INDEPENDENT };
  return { LAW: LAWS[law], DILUTED: connectivity !== undefined, INDEPENDENT };
}

/** Arrays of a field product beside the couplings: those of `field-binary` and `field-sphere`. */
export interface FieldArrays {
  readonly state: Slot;
  readonly weights: Slot;
  readonly field: Slot;
  readonly moments: Slot;
}

/** Draws the J of a batch, into blocks of rows or straight into field products. Takes O(matrices) memory. */
export class RandomCouplingSource {
  readonly #ensemble: Ensemble;
  readonly #seeds: Slot;
  readonly #strengths: Slot;

  constructor(
    private readonly executor: Executor,
    private readonly layout: BatchLayout,
    all: readonly RandomCouplings[],
    own: (slot: Slot) => Slot,
  ) {
    const { sites } = layout;
    this.#ensemble = ensembleOf(all[0]);
    const kind = JSON.stringify(this.#ensemble);
    if (all.some((couplings) => JSON.stringify(ensembleOf(couplings)) !== kind)) {
      throw new Error("a batch holds random couplings of one law, all diluted or none, all independent or none");
    }
    const seeds = Uint32Array.from(all.flatMap((couplings) => couplingSeeds(couplings, sites)));
    this.#seeds = own(executor.upload("seeds", seeds));
    const strengths = Float64Array.from(all.flatMap((couplings) => couplingStrengths(couplings, sites)));
    this.#strengths = own(executor.upload("strengths", strengths));
  }

  /** Records the rows of a block of J; CAUSAL: of scores, masked where j > i. */
  fill({ rowStart, rowCount, couplings }: CouplingBlock, CAUSAL = false): void {
    this.executor.run({
      kernel: "random-couplings",
      arrays: { seeds: this.#seeds, strengths: this.#strengths, couplings },
      params: { couplings: this.layout.matrices, rowStart, rowCount, columns: this.layout.sites },
      constants: { ...this.#ensemble, CAUSAL },
    });
  }

  /** Records J m, and Σ_j J_ij² w_j for the first `sums` of `weightKinds` weights a site, of all systems. */
  recordField(fieldArrays: FieldArrays, sums: number, weightKinds: number): void {
    const { systems, systemsPerCoupling, sites, components, batch } = this.layout;
    const arrays = { seeds: this.#seeds, strengths: this.#strengths, ...fieldArrays };
    const constants = { ...this.#ensemble, MOMENTS: sums };
    const shape = { systems, systemsPerCoupling, rows: sites, columns: sites };
    const vectors = { dimension: components, weightKinds };
    const kernel = batch.spins.kind === "binary" ? "procedural-field-binary" : "procedural-field-sphere";
    const operations = kernels[kernel].flops({ ...shape, ...vectors, rowStart: 0, rowCount: 1 });
    const rows = rowsPerDispatch(this.executor.traits, operations, 4);
    for (let rowStart = 0; rowStart < sites; rowStart += rows) {
      const params = { ...shape, rowStart, rowCount: Math.min(rows, sites - rowStart) };
      if (kernel === "procedural-field-binary") this.executor.run({ kernel, arrays, params, constants });
      else this.executor.run({ kernel, arrays, params: { ...params, ...vectors }, constants });
    }
  }
}
