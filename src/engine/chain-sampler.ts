/** One Monte Carlo step of all chains, and what its measurements add to the sums on the device. */
import { pad } from "../reference/layout.js";
import { type BatchLayout, betasOf } from "./batch.js";
import type { Chains } from "./chains.js";
import { CouplingStore } from "./couplings.js";
import type { CouplingStrategy } from "./coupling-strategy.js";
import type { Executor, Slot } from "./executor.js";
import { productArrays, recordField } from "./field-product.js";
import { Reducer } from "./reductions.js";

/** What is measured beside the magnetization. */
export interface Measured {
  readonly overlap: boolean;
  /** Energy, entropy rate, length of the field. */
  readonly scalars: boolean;
  /** Entropy production: one more field product a measured step. */
  readonly production: boolean;
  /** The products behind C and D, in so many blocks of the chains of a set; 0 for none. */
  readonly correlationBlocks: number;
  /** Σ_i F_i, whose distance from Σ_i s_i is the score behind the susceptibility. */
  readonly response: boolean;
}

/** Numbers a step and system that `scalarResults` has. */
export const SCALAR_COLUMNS = 4;
/** Those of `overlapResults`. */
export const OVERLAP_COLUMNS = 2;

/** Arrays as long as the state of all chains that a run takes, the copies of read-backs included. */
function statesHeld({ production, correlationBlocks }: Measured): number {
  return 9 + (production ? 1 : 0) + (correlationBlocks > 0 ? 1 : 0);
}

/** Bytes of everything but couplings and histories. */
export function samplerBytes(chains: Chains, measured: Measured, elementBytes: number): number {
  const { systems, stateLength, paddedSites, components } = chains.layout;
  const products = 3 * chains.sets * measured.correlationBlocks * paddedSites ** 2;
  // Scalars, overlaps, tallies, β.
  const sites = systems * paddedSites * (4 + 2 + 2 + 1);
  return elementBytes * (statesHeld(measured) * systems * stateLength + sites + products + systems * (components + 16));
}

export class ChainSampler {
  readonly couplings: CouplingStore;
  /** Σ F and Σ s of the measured steps, as long as a state. */
  readonly meanSums: Slot;
  readonly spinSums: Slot;
  /** Σ of the spins before the measured steps; only with correlations. */
  readonly priorSums: Slot | undefined;
  /** Σ F_i·F_k and Σ F_i·s_k of every block of a set, [set][block][pad(N)][pad(N)]; only with correlations. */
  readonly products: { readonly equalTime: Slot; readonly delayed: Slot } | undefined;
  /** Tries and failures of all draws so far, [system][pad(N)][2]; sphere spins only. */
  readonly tallies: Slot | undefined;
  /** Σ_i s_i, [system][components]. */
  readonly vectorResults: Slot;
  /** Σ_i F_i, [system][components]; only where the response is wanted. */
  readonly meanResults: Slot | undefined;
  /** Σ_i s_i · Σ_{b≠a} s_i^b and Σ_i s_i · s_i^p of the partner p, [system][2]. */
  readonly overlapResults: Slot | undefined;
  /** Σ_i of the columns of `chain-scalars`, [system][4]. */
  readonly scalarResults: Slot | undefined;
  readonly #owned: Slot[] = [];
  readonly #reducers: Reducer[] = [];
  readonly #layout: BatchLayout;
  readonly #external: Slot;
  readonly #betas: Slot;
  readonly #keys: Slot;
  readonly #field: Slot;
  readonly #means: Slot;
  readonly #reverse: Slot | undefined;
  readonly #vectors: Reducer;
  readonly #meanVectors: Reducer | undefined;
  readonly #overlaps: { readonly sites: Slot; readonly reducer: Reducer } | undefined;
  readonly #scalars: { readonly sites: Slot; readonly reducer: Reducer } | undefined;

  constructor(
    private readonly executor: Executor,
    private readonly chains: Chains,
    private readonly measured: Measured,
    workingBytes: number,
    strategy: CouplingStrategy,
  ) {
    const layout = (this.#layout = chains.layout);
    const { systems, sites, stateLength, paddedSites, components, componentStride, batch } = layout;
    this.couplings = new CouplingStore(executor, layout, workingBytes, 0, { strategy }, 0);
    const pack = layout.pack((point) => point.field);
    this.#external = this.#own(executor.upload("external field", pack));
    this.#betas = this.#own(executor.upload("beta", layout.packSites(betasOf)));
    this.#keys = this.#own(executor.upload("chain keys", chains.keys()));
    const state = (label: string) => this.#own(executor.allocate(label, systems * stateLength));
    const zeros = (label: string, length: number) => this.#own(executor.upload(label, new Float64Array(length)));
    this.#field = state("field");
    this.#means = state("means");
    this.#reverse = measured.production ? state("reverse field") : undefined;
    this.meanSums = zeros("sums of means", systems * stateLength);
    this.spinSums = zeros("sums of spins", systems * stateLength);
    if (batch.spins.kind === "sphere") this.tallies = zeros("tallies", 2 * systems * paddedSites);
    if (measured.correlationBlocks > 0) {
      this.priorSums = zeros("sums of old spins", systems * stateLength);
      const length = chains.sets * measured.correlationBlocks * pad(sites) ** 2;
      this.products = {
        equalTime: zeros("equal-time products", length),
        delayed: zeros("delayed products", length),
      };
    }
    const vectors = { batch: systems, rows: sites, rowStride: paddedSites };
    this.#vectors = this.#reducer({ ...vectors, columns: components, columnStride: componentStride });
    this.vectorResults = this.#vectors.results;
    if (measured.response) {
      this.#meanVectors = this.#reducer({ ...vectors, columns: components, columnStride: componentStride });
      this.meanResults = this.#meanVectors.results;
    }
    if (measured.overlap) {
      const reducer = this.#reducer({ ...vectors, columns: OVERLAP_COLUMNS, columnStride: OVERLAP_COLUMNS });
      const slot = executor.allocate("overlaps", OVERLAP_COLUMNS * systems * paddedSites);
      this.#overlaps = { sites: this.#own(slot), reducer };
      this.overlapResults = reducer.results;
    }
    if (measured.scalars || measured.production) {
      const shape = { ...vectors, columns: SCALAR_COLUMNS, columnStride: SCALAR_COLUMNS };
      const reducer = this.#reducer(shape);
      const slot = executor.allocate("chain scalars", SCALAR_COLUMNS * systems * paddedSites);
      this.#scalars = { sites: this.#own(slot), reducer };
      this.scalarResults = reducer.results;
    }
  }

  /** Draws the spins of `state` in a field at β = 1, as step 0. */
  async start(state: Slot, field: Float64Array): Promise<void> {
    const { executor } = this;
    const [start, zeros, units] = [
      executor.upload("start field", field),
      executor.upload("no field", new Float64Array(field.length)),
      executor.upload(
        "unit β",
        this.#layout.packSites(() => 1),
      ),
    ];
    this.#draw(0, { externalField: start, field: zeros, betas: units }, state);
    await executor.flush(true);
    executor.free(start, zeros, units);
  }

  /** Records step number `step` >= 1: `next` is drawn in the field of `state`. */
  record(step: number, state: Slot, next: Slot): void {
    this.#product(state, this.#field);
    this.#draw(step, { externalField: this.#external, field: this.#field, betas: this.#betas }, next);
  }

  /** Adds the step that `record` has just recorded to all sums. */
  measure(state: Slot, next: Slot): void {
    const { executor, chains } = this;
    const { systems, sites, components, componentStride, stateLength, batch } = this.#layout;
    const length = systems * stateLength;
    const add = (values: Slot, totals: Slot) =>
      executor.run({ kernel: "accumulate", arrays: { values, totals }, params: { length }, constants: {} });
    add(this.#means, this.meanSums);
    add(next, this.spinSums);
    this.#vectors.record(next, "sum");
    this.#meanVectors?.record(this.#means, "sum");
    if (this.#overlaps) {
      executor.run({
        kernel: "chain-overlap",
        arrays: { spins: next, overlaps: this.#overlaps.sites },
        params: { systems, chains: chains.count, chainStride: chains.stride, sites, components, componentStride },
        constants: {},
      });
      this.#overlaps.reducer.record(this.#overlaps.sites, "sum");
    }
    if (this.#scalars) {
      if (this.#reverse) this.#product(this.#means, this.#reverse);
      executor.run({
        kernel: "chain-scalars",
        arrays: {
          externalField: this.#external,
          field: this.#field,
          reverseField: this.#reverse ?? executor.unread,
          spins: state,
          means: this.#means,
          betas: this.#betas,
          scalars: this.#scalars.sites,
        },
        params: { systems, sites, components, componentStride },
        constants: { PRODUCTION: this.#reverse !== undefined },
      });
      this.#scalars.reducer.record(this.#scalars.sites, "sum");
    }
    if (this.products && this.priorSums) {
      add(state, this.priorSums);
      const { sets, count, stride: chainStride } = chains;
      const blocks = this.measured.correlationBlocks;
      const params = { sets, chains: count, blocks, chainStride, sites, componentStride };
      const constants = { VECTORS: batch.spins.kind === "sphere" };
      for (const [right, products] of [
        [this.#means, this.products.equalTime],
        [state, this.products.delayed],
      ]) {
        const arrays = { left: this.#means, right, products };
        executor.run({ kernel: "accumulate-products", arrays, params, constants });
      }
    }
  }

  dispose(): void {
    this.couplings.dispose();
    for (const reducer of this.#reducers.splice(0)) reducer.dispose();
    this.executor.free(...this.#owned.splice(0));
  }

  #product(state: Slot, field: Slot): void {
    recordField(this.executor, this.#layout, this.couplings, productArrays(this.executor, state, field));
  }

  #draw(step: number, inputs: { externalField: Slot; field: Slot; betas: Slot }, spins: Slot): void {
    const { systems, sites, components, radius } = this.#layout;
    const arrays = { ...inputs, chainKeys: this.#keys, spins, means: this.#means };
    if (this.tallies === undefined) {
      this.executor.run({ kernel: "binary-sample", arrays, params: { systems, sites, step }, constants: {} });
      return;
    }
    this.executor.run({
      kernel: "sphere-sample",
      arrays: { ...arrays, tallies: this.tallies },
      params: { systems, sites, dimension: components, radius, step },
      constants: {},
    });
  }

  #own(slot: Slot): Slot {
    this.#owned.push(slot);
    return slot;
  }

  #reducer(shape: ConstructorParameters<typeof Reducer>[1]): Reducer {
    const reducer = new Reducer(this.executor, shape);
    this.#reducers.push(reducer);
    return reducer;
  }
}
