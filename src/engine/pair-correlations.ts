/** Correlations C and D of binary spins (equations 4.2-4.6), as stages on an executor. */
import { type CorrelationRule, QUADRATURE_SITES } from "../physics/closures.js";
import { BINARY_RULES } from "../reference/binary-update.js";
import { EQUAL_TIME_RULES } from "../reference/equal-time-correlations.js";
import type { BatchLayout } from "./batch.js";
import type { Slot } from "./executor.js";
import type { StepArrays } from "./step-arrays.js";
import { MemoryArray } from "./step-memory.js";

/** N × N arrays that a system takes: C twice, D, P and Q; D again where it is carried; W and M of the pairwise closure. */
export function pairMatrices({ spread, delayed }: CorrelationRule): number {
  return 5 + (spread === "carried" ? 1 : 0) + (delayed === "pairwise" ? 2 : 0);
}

export class PairCorrelations {
  readonly equalTime: MemoryArray;
  readonly delayed: MemoryArray;
  /** P and Q of `CorrelationRule`. */
  readonly #spread: Slot;
  readonly #products: Slot;
  readonly #gains: Slot;
  /** W, then K; J D', then M / N; Σ_n J_ln D'_ln. */
  readonly #pairwise: { readonly strengths: Slot; readonly shares: Slot; readonly echoes: Slot } | undefined;

  constructor(
    private readonly step: StepArrays,
    private readonly rule: CorrelationRule,
  ) {
    const { executor, layout, own } = step;
    const { systems, sites, paddedSites } = layout;
    const length = sites * paddedSites;
    const matrix = (label: string) => own(executor.allocate(label, systems * length));
    const scalars = (label: string) => own(executor.allocate(label, systems * paddedSites));
    const pairwise = rule.delayed === "pairwise";
    this.equalTime = new MemoryArray(step, "equal-time correlations", length, { initial: productLaw(layout) });
    this.delayed = new MemoryArray(step, "delayed correlations", length, { kept: rule.spread === "carried" });
    this.#spread = matrix("field covariances");
    this.#products = matrix("products with C");
    this.#gains = scalars("gains");
    if (pairwise) {
      const [strengths, shares] = [matrix("pair strengths"), matrix("pair means")];
      this.#pairwise = { strengths, shares, echoes: scalars("pair echoes") };
    }
  }

  /** How C was made: by integrals, or to first order because there are too many sites for them. */
  get quadrature(): "double" | "first-order" | undefined {
    if (this.rule.equalTime !== "gaussian") return undefined;
    return this.step.layout.sites <= QUADRATURE_SITES ? "double" : "first-order";
  }

  /** P and Q, and V of a closure that carries C. To be recorded while J is that of the step. */
  contract(): void {
    const { executor, layout, weights, moments } = this.step;
    const { systems, sites, systemsPerCoupling } = layout;
    const { spread, delayed, equalTime } = this.rule;
    const couplings = this.#couplings;
    if (spread === "carried" || delayed !== "product") this.#multiply("J X", this.equalTime.current, this.#products);
    if (spread === "carried") {
      this.#multiply("X Jᵀ", this.#products, this.#spread);
      executor.run({
        kernel: "row-sums",
        arrays: { values: this.#products, factors: couplings, sums: moments },
        params: { systems, sites, factorSharing: systemsPerCoupling },
        constants: { PRODUCT: true },
      });
    } else if (equalTime !== "diagonal") {
      executor.run({
        kernel: "matrix-product",
        arrays: { left: couplings, right: couplings, weights, product: this.#spread },
        params: { systems, sites, leftSharing: systemsPerCoupling, rightSharing: systemsPerCoupling },
        constants: { TRANSPOSED: true, WEIGHTED: true },
      });
    }
  }

  /** m(t) and D(t) of the pairwise closure. */
  recordPairMeans(previous: Slot, image: Slot): void {
    if (!this.#pairwise) throw new Error("only the pairwise closure has means of pairs");
    const { executor, layout, moments, betas, externalField, field } = this.step;
    const { systems, sites, systemsPerCoupling } = layout;
    const { strengths, shares, echoes } = this.#pairwise;
    const couplings = this.#couplings;
    // J D' is needed until its product with Jᵀ alone, so that M may take its place.
    this.#multiply("J X", this.delayed.current, shares);
    this.#multiply("X Jᵀ", shares, strengths);
    executor.run({
      kernel: "row-sums",
      arrays: { values: this.delayed.current, factors: couplings, sums: echoes },
      params: { systems, sites, factorSharing: systemsPerCoupling },
      constants: { PRODUCT: true },
    });
    const variances = this.#products;
    executor.run({
      kernel: "pair-fields",
      arrays: { couplings, moments, echoes, previous, betas, strengths, variances },
      params: { systems, sites, systemsPerCoupling },
      constants: {},
    });
    const delayed = this.delayed.image;
    executor.run({
      kernel: "pair-means",
      arrays: { externalField, field, previous, betas, strengths, variances, shares, delayed },
      params: { systems, sites },
      constants: {},
    });
    executor.run({
      kernel: "row-sums",
      arrays: { values: shares, factors: executor.unread, sums: image },
      params: { systems, sites, factorSharing: 1 },
      constants: { PRODUCT: false },
    });
  }

  /** C(t) and D(t) from m(t) = `image` and m(t-1), after `contract`. */
  update(previous: Slot, image: Slot): void {
    const { executor, layout, betas, externalField, field, moments } = this.step;
    const { systems, sites, systemsPerCoupling } = layout;
    const { equalTime, delayed, secondOrder } = this.rule;
    this.#recordGains(image);
    const rule = this.quadrature === "first-order" ? "first-order" : equalTime;
    const needsProducts = rule !== "diagonal";
    executor.run({
      kernel: "equal-time-correlations",
      arrays: {
        products: needsProducts ? this.#spread : executor.unread,
        means: image,
        gains: this.#gains,
        externalField,
        field,
        moments,
        betas,
        correlations: this.equalTime.image,
      },
      params: { systems, sites },
      constants: { RULE: EQUAL_TIME_RULES[rule] },
    });
    if (delayed === "pairwise") return;
    const PRODUCT_LAW = delayed === "product";
    executor.run({
      kernel: "delayed-correlations",
      arrays: {
        couplings: this.#couplings,
        products: PRODUCT_LAW ? executor.unread : this.#products,
        means: image,
        previous,
        gains: this.#gains,
        betas,
        delayed: this.delayed.image,
      },
      params: { systems, sites, systemsPerCoupling },
      constants: { PRODUCT_LAW, SECOND_ORDER: secondOrder },
    });
  }

  /** a_i: ∫Dz sech² of a Gaussian field, else 1 - m_i². */
  #recordGains(image: Slot): void {
    const { executor, layout, betas, externalField, field, moments } = this.step;
    const { systems, sites } = layout;
    if (this.rule.equalTime === "gaussian") {
      executor.run({
        kernel: "binary-update",
        arrays: {
          ...{ externalField, field, moments, echo: executor.unread, betas, image: this.#gains },
          // The closure is explicit: zeros over zeros.
          solveResidual: this.step.solveResidual,
        },
        params: { systems, sites },
        constants: { RULE: BINARY_RULES["gaussian-gain"] },
      });
    } else {
      executor.run({
        kernel: "moment-weights",
        arrays: { state: image, weights: this.#gains },
        params: { systems, sites, components: 1, componentStride: 1, radius: 1 },
        constants: { KINDS: 1, PUBLISHED: false, RESPONSE: 0 },
      });
    }
  }

  /** J X or X Jᵀ. */
  #multiply(order: "J X" | "X Jᵀ", matrix: Slot, product: Slot): void {
    const { executor, layout } = this.step;
    const { systems, sites, systemsPerCoupling } = layout;
    const first = order === "J X";
    executor.run({
      kernel: "matrix-product",
      arrays: {
        left: first ? this.#couplings : matrix,
        right: first ? matrix : this.#couplings,
        weights: executor.unread,
        product,
      },
      params: {
        ...{ systems, sites },
        leftSharing: first ? systemsPerCoupling : 1,
        rightSharing: first ? 1 : systemsPerCoupling,
      },
      constants: { TRANSPOSED: !first, WEIGHTED: false },
    });
  }

  /** J of all systems, which the step has made current. */
  get #couplings(): Slot {
    return this.step.couplings.blocks[0].couplings;
  }
}

/** C(0) = diag(1 - m(0)²), [system][N][pad(N)]: zero for a configuration. */
function productLaw(layout: BatchLayout): Float64Array {
  const { systems, sites, paddedSites } = layout;
  const means = layout.pack((point) => point.initial);
  const values = new Float64Array(systems * sites * paddedSites);
  for (let system = 0; system < systems; system++) {
    for (let site = 0; site < sites; site++) {
      const m = means[system * paddedSites + site];
      values[(system * sites + site) * paddedSites + site] = (1 - m) * (1 + m);
    }
  }
  return values;
}
