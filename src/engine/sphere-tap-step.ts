/** The second-order equation of sphere spins, iterated at fixed m' (equations 5.3, 5.4), as stages on an executor. */
import { pad } from "../reference/layout.js";
import type { CouplingBlock } from "./batch.js";
import type { Slot } from "./executor.js";
import { MOMENT_SUMS, type StepArrays } from "./step-arrays.js";
import { NO_MOMENTS, productArrays, recordBlockField } from "./field-product.js";

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

export class SphereTapStep {
  /** γ(t-1) and the inner residual of every site. */
  readonly sites: Slot;
  readonly #local: Slot;
  readonly #effective: Slot;
  readonly #mean: Slot;
  readonly #reaction: Slot;
  readonly #matrix: Slot;
  readonly #units: Slot;

  constructor(private readonly step: StepArrays) {
    const { executor, layout, own } = step;
    const { systems, stateLength, paddedSites, sites } = layout;
    // The matrix beside the couplings is that of one block; fused couplings have none.
    const rows = Math.max(0, ...step.couplings.blocks.map(({ rowCount }) => rowCount));
    const state = (label: string) => own(executor.allocate(label, systems * stateLength));
    this.#local = state("local field");
    this.#effective = state("effective field");
    this.#mean = state("inner mean");
    this.#reaction = state("reaction");
    this.sites = own(executor.allocate("inner solve", 2 * systems * paddedSites));
    this.#matrix =
      rows > 0 ? own(executor.allocate("reaction weights", systems * rows * pad(sites))) : executor.unwritten;
    this.#units = own(executor.upload("unit scales", new Float64Array(systems).fill(1)));
  }

  record(previous: Slot, image: Slot): void {
    const { executor, layout, couplings, weights, betas, field, externalField, moments, rule, response } = this.step;
    const { systems, sites, radius, components } = layout;
    const [local, effective, mean, reaction] = [this.#local, this.#effective, this.#mean, this.#reaction];
    const PUBLISHED = rule === "tensor-published";
    const { precision } = executor.device;
    const site = { systems, sites, dimension: components, radius };
    executor.run({
      kernel: "sphere-tap-start",
      arrays: { externalField, field, previous, betas, local, effective, mean, sites: this.sites },
      params: site,
      constants: { RESPONSE: response },
    });
    const iterations = INNER_ITERATIONS[PUBLISHED ? "published" : "corrected"][precision];
    for (let iteration = 0; iteration < iterations; iteration++) {
      const { fused } = couplings;
      if (fused) {
        fused.recordReaction({ mean, state: previous, weights, reaction }, MOMENT_SUMS[rule].kinds);
      } else {
        couplings.forEachBlock(previous, (block) => this.#recordReaction(previous, block), true);
      }
      executor.run({
        kernel: "sphere-tap",
        arrays: { local, moments, reaction, betas, effective, mean, best: image, sites: this.sites },
        params: { ...site, tolerance: INNER_TOLERANCE[precision] },
        constants: { PUBLISHED, RESPONSE: response },
      });
    }
  }

  /** reaction_i = Σ_j J_ij² c_j (m_i · m'_j) m'_j for the rows of a block: Gram matrix, weights, product. */
  #recordReaction(previous: Slot, { rowStart, rowCount, couplings }: CouplingBlock): void {
    const { executor, layout, weights } = this.step;
    const { systems, systemsPerCoupling, sites, components } = layout;
    const rows = { rows: sites, rowStart, rowCount, columns: sites };
    executor.run({
      kernel: "scores",
      arrays: {
        queries: this.#mean,
        keys: previous,
        scales: this.#units,
        available: executor.unread,
        scores: this.#matrix,
      },
      params: { couplings: systems, ...rows, dimension: components, querySharing: 1 },
      constants: { MASK: 0 },
    });
    executor.run({
      kernel: "reaction-weights",
      arrays: { couplings, weights, reactions: this.#matrix },
      params: { systems, systemsPerCoupling, rowCount, columns: sites },
      constants: {},
    });
    const arrays = productArrays(executor, previous, this.#reaction);
    recordBlockField(executor, layout, { rowStart, rowCount, couplings: this.#matrix }, arrays, NO_MOMENTS, 1);
  }
}
