/** One step m(t) = G(m(t-1)) of a closure, as stages on an executor. */
import { type ClosureName, momentRule, type MomentRule } from "../physics/closures.js";
import { pad } from "../reference/layout.js";
import { BINARY_CLOSURES } from "../reference/binary-update.js";
import { RESPONSES } from "../reference/moment-weights.js";
import { SPHERE_CLOSURES } from "../reference/sphere-update.js";
import { type BatchLayout, betasOf } from "./batch.js";
import { CouplingStore } from "./couplings.js";
import type { CouplingStrategy } from "./coupling-strategy.js";
import type { Executor, Slot } from "./executor.js";
import { NO_MOMENTS, productArrays, recordBlockField, recordField } from "./field-product.js";

/** Weights stored a site, and sums taken of them, for each rule. */
export const MOMENT_SUMS: Readonly<Record<MomentRule, { readonly kinds: number; readonly sums: number }>> = {
  none: { kinds: 0, sums: 0 },
  variance: { kinds: 1, sums: 1 },
  tensor: { kinds: 3, sums: 2 },
  "tensor-published": { kinds: 3, sums: 2 },
};

/**
 * Inner iterations of the second-order equation. Each halves the error at least, so 32 reach f32 and 64 reach f64
 * accuracy; with the v vᵀ terms of tap-published a root may be far or absent, and the error falls by 0.8 only.
 */
export const INNER_ITERATIONS = {
  corrected: { f32: 32, f64: 64 },
  published: { f32: 100, f64: 200 },
} as const;

/** Inner equations are solved to this residual, in units of R. */
export const INNER_TOLERANCE = { f32: 1e-7, f64: 1e-15 } as const;

/** An inner residual up to this counts as solved: the f32 floor of the residual's own rounding, and of f64. */
export const INNER_ACCEPTED = { f32: 2e-6, f64: 1e-12 } as const;

export class TimeStep {
  readonly couplings: CouplingStore;
  /**
   * How far every site is from the root of its inner equation, [system][pad(N)][columns], in the last column; zero for
   * explicit closures.
   */
  readonly innerResidual: { readonly slot: Slot; readonly columns: 1 | 2 };
  readonly #rule: MomentRule;
  readonly #owned: Slot[] = [];
  readonly #external: Slot;
  readonly #field: Slot;
  readonly #weights: Slot;
  readonly #moments: Slot;
  readonly #betas: Slot;
  readonly #tensor: TensorArrays | undefined;

  constructor(
    private readonly executor: Executor,
    private readonly layout: BatchLayout,
    private readonly closure: ClosureName,
    /** Bytes of the arrays that the caller keeps beside this. */
    callerBytes: number,
    strategy: CouplingStrategy = "auto",
  ) {
    const { spins } = layout.batch;
    const rule = momentRule(closure, spins);
    if (typeof rule !== "string") throw new Error(`closure: found ${rule.found}, expected ${rule.expected}`);
    this.#rule = rule;
    const { kinds, sums } = MOMENT_SUMS[rule];
    const { systems, paddedSites, stateLength } = layout;
    const states = rule.startsWith("tensor") ? 6 : 2;
    const scalars = systems * paddedSites * (kinds + sums + 4);
    const bytes = executor.elementBytes * (states * systems * stateLength + scalars);
    // Sphere TAP holds one more matrix a system: the Gram matrix, then the reaction weights.
    const reactionMatrices = rule.startsWith("tensor") ? layout.systemsPerCoupling : 0;
    this.couplings = new CouplingStore(executor, layout, callerBytes + bytes, reactionMatrices, strategy, sums);
    this.#external = this.#own(
      executor.upload(
        "external field",
        layout.pack((point) => point.field),
      ),
    );
    this.#field = this.#own(executor.allocate("field", systems * stateLength));
    this.#betas = this.#own(executor.upload("beta", layout.packSites(betasOf)));
    this.#weights =
      kinds > 0 ? this.#own(executor.allocate("weights", systems * kinds * paddedSites)) : executor.unread;
    this.#moments =
      sums > 0 ? this.#own(executor.allocate("moments", systems * sums * paddedSites)) : executor.unwritten;
    if (rule.startsWith("tensor")) this.#tensor = this.#allocateTensor();
    this.innerResidual = this.#tensor
      ? { slot: this.#tensor.sites, columns: 2 }
      : { slot: this.#own(executor.allocate("inner residual", systems * paddedSites)), columns: 1 };
  }

  /** Records the stages that turn `state` into `image` = G(state). The two are different slots. */
  record(state: Slot, image: Slot): void {
    const { layout, executor } = this;
    const { kinds, sums } = MOMENT_SUMS[this.#rule];
    if (kinds > 0) this.#recordWeights(state, kinds);
    const product = { state, weights: this.#weights, field: this.#field, moments: this.#moments };
    recordField(executor, layout, this.couplings, product, { sums, weightKinds: kinds });
    const { systems, sites, radius, components } = layout;
    const { spins } = layout.batch;
    const arrays = {
      externalField: this.#external,
      field: this.#field,
      moments: this.#moments === executor.unwritten ? executor.unread : this.#moments,
      betas: this.#betas,
      image,
      solveResidual: this.innerResidual.slot,
    };
    if (spins.kind === "binary") {
      const CLOSURE = this.closure === "naive" ? BINARY_CLOSURES.naive : BINARY_CLOSURES.tap;
      executor.run({ kernel: "binary-update", arrays, params: { systems, sites }, constants: { CLOSURE } });
    } else if (this.#tensor !== undefined) {
      this.#recordTensor(this.#tensor, state, image);
    } else {
      executor.run({
        kernel: "sphere-update",
        arrays,
        params: { systems, sites, dimension: components, radius },
        constants: {
          CLOSURE: SPHERE_CLOSURES[this.closure as keyof typeof SPHERE_CLOSURES],
          RESPONSE: RESPONSES.indexOf(spins.response),
        },
      });
    }
  }

  /** x, J m of the state that was stepped last, [system][pad(N)][componentStride], and β, [system][pad(N)]. */
  get inputs(): { readonly externalField: Slot; readonly field: Slot; readonly betas: Slot } {
    return { externalField: this.#external, field: this.#field, betas: this.#betas };
  }

  /**
   * Records J w for any vector w of the shape of a state, with J of the state that was stepped last; couplings that follow
   * the state and are not stored are made anew of w. With weights, Σ_j J_ij² (weight of j) too.
   */
  recordProduct(vector: Slot, product: Slot, squares?: { readonly weights: Slot; readonly moments: Slot }): void {
    const arrays = { ...productArrays(this.executor, vector, product), ...squares };
    const sums = squares ? 1 : 0;
    recordField(this.executor, this.layout, this.couplings, arrays, { sums, weightKinds: sums }, true);
  }

  dispose(): void {
    this.couplings.dispose();
    this.executor.free(...this.#owned.splice(0));
  }

  #own(slot: Slot): Slot {
    this.#owned.push(slot);
    return slot;
  }

  #recordWeights(state: Slot, kinds: number): void {
    const { systems, sites, components, componentStride, radius, batch } = this.layout;
    this.executor.run({
      kernel: "moment-weights",
      arrays: { state, weights: this.#weights },
      params: { systems, sites, components, componentStride, radius },
      constants: {
        KINDS: kinds,
        PUBLISHED: this.#rule === "tensor-published",
        RESPONSE: batch.spins.kind === "sphere" ? RESPONSES.indexOf(batch.spins.response) : 0,
      },
    });
  }

  #allocateTensor(): TensorArrays {
    const { executor, layout } = this;
    const { systems, stateLength, paddedSites, sites } = layout;
    // The matrix beside the couplings is that of one block; fused couplings have none.
    const rows = Math.max(0, ...this.couplings.blocks.map(({ rowCount }) => rowCount));
    const state = (label: string) => this.#own(executor.allocate(label, systems * stateLength));
    return {
      local: state("local field"),
      effective: state("effective field"),
      mean: state("inner mean"),
      reaction: state("reaction"),
      sites: this.#own(executor.allocate("inner solve", 2 * systems * paddedSites)),
      matrix:
        rows > 0 ? this.#own(executor.allocate("reaction weights", systems * rows * pad(sites))) : executor.unwritten,
      units: this.#own(executor.upload("unit scales", new Float64Array(systems).fill(1))),
    };
  }

  /** The second-order equation of sphere spins, iterated at fixed m' (equations 5.3, 5.4). */
  #recordTensor(tensor: TensorArrays, previous: Slot, image: Slot): void {
    const { executor, layout } = this;
    const { systems, sites, radius, components, batch } = layout;
    const PUBLISHED = this.#rule === "tensor-published";
    const RESPONSE = batch.spins.kind === "sphere" ? RESPONSES.indexOf(batch.spins.response) : 0;
    const { precision } = executor.device;
    const site = { systems, sites, dimension: components, radius };
    executor.run({
      kernel: "sphere-tap-start",
      arrays: {
        externalField: this.#external,
        field: this.#field,
        previous,
        betas: this.#betas,
        local: tensor.local,
        effective: tensor.effective,
        mean: tensor.mean,
        sites: tensor.sites,
      },
      params: site,
      constants: { RESPONSE },
    });
    const iterations = INNER_ITERATIONS[PUBLISHED ? "published" : "corrected"][precision];
    for (let iteration = 0; iteration < iterations; iteration++) {
      const { fused } = this.couplings;
      if (fused) {
        const arrays = { mean: tensor.mean, state: previous, weights: this.#weights, reaction: tensor.reaction };
        fused.recordReaction(arrays, MOMENT_SUMS[this.#rule].kinds);
      } else {
        this.couplings.forEachBlock(previous, (block) => this.#recordReaction(tensor, previous, block), true);
      }
      executor.run({
        kernel: "sphere-tap",
        arrays: {
          local: tensor.local,
          moments: this.#moments,
          reaction: tensor.reaction,
          betas: this.#betas,
          effective: tensor.effective,
          mean: tensor.mean,
          best: image,
          sites: tensor.sites,
        },
        params: { ...site, tolerance: INNER_TOLERANCE[precision] },
        constants: { PUBLISHED, RESPONSE },
      });
    }
  }

  /** reaction_i = Σ_j J_ij² c_j (m_i · m'_j) m'_j for the rows of a block: Gram matrix, weights, product. */
  #recordReaction(
    tensor: TensorArrays,
    previous: Slot,
    { rowStart, rowCount, couplings }: { rowStart: number; rowCount: number; couplings: Slot },
  ): void {
    const { executor, layout } = this;
    const { systems, systemsPerCoupling, sites, components } = layout;
    executor.run({
      kernel: "scores",
      arrays: {
        queries: tensor.mean,
        keys: previous,
        scales: tensor.units,
        available: executor.unread,
        scores: tensor.matrix,
      },
      params: {
        couplings: systems,
        rows: sites,
        rowStart,
        rowCount,
        columns: sites,
        dimension: components,
        querySharing: 1,
      },
      constants: { MASK: 0 },
    });
    executor.run({
      kernel: "reaction-weights",
      arrays: { couplings, weights: this.#weights, reactions: tensor.matrix },
      params: { systems, systemsPerCoupling, rowCount, columns: sites },
      constants: {},
    });
    const product = productArrays(executor, previous, tensor.reaction);
    recordBlockField(executor, layout, { rowStart, rowCount, couplings: tensor.matrix }, product, NO_MOMENTS, 1);
  }
}

interface TensorArrays {
  readonly local: Slot;
  readonly effective: Slot;
  readonly mean: Slot;
  readonly reaction: Slot;
  readonly sites: Slot;
  readonly matrix: Slot;
  readonly units: Slot;
}
