/** Delayed correlations of sphere spins to first order in J (equations 8), as stages on an executor. */
import type { Slot } from "./executor.js";
import type { StepArrays } from "./step-arrays.js";

export class SphereCorrelations {
  /** D of every system, [system][N][pad(N)]; the Gram matrix on the way. */
  readonly delayed: Slot;
  readonly #weights: Slot;
  readonly #previousWeights: Slot;
  readonly #units: Slot;

  constructor(private readonly step: StepArrays) {
    const { executor, layout, own } = step;
    const { systems, sites, paddedSites } = layout;
    this.delayed = own(executor.allocate("delayed correlations", systems * sites * paddedSites));
    this.#weights = own(executor.allocate("variances", 3 * systems * paddedSites));
    this.#previousWeights = own(executor.allocate("previous variances", 3 * systems * paddedSites));
    this.#units = own(executor.upload("unit scales", new Float64Array(systems).fill(1)));
  }

  /** D from m(t) = `image` and m(t-1), while J is that of the step. */
  record(previous: Slot, image: Slot): void {
    const { executor, layout, couplings, betas, response } = this.step;
    const { systems, sites, systemsPerCoupling, components, componentStride, radius } = layout;
    for (const [state, weights] of [
      [image, this.#weights],
      [previous, this.#previousWeights],
    ] as const) {
      executor.run({
        kernel: "moment-weights",
        arrays: { state, weights },
        params: { systems, sites, components, componentStride, radius },
        constants: { KINDS: 3, PUBLISHED: false, RESPONSE: response },
      });
    }
    executor.run({
      kernel: "scores",
      arrays: {
        ...{ queries: image, keys: previous, scales: this.#units, available: executor.unread },
        scores: this.delayed,
      },
      params: {
        ...{ couplings: systems, rows: sites, rowStart: 0, rowCount: sites, columns: sites },
        ...{ dimension: components, querySharing: 1 },
      },
      constants: { MASK: 0 },
    });
    executor.run({
      kernel: "sphere-delayed-correlations",
      arrays: {
        couplings: couplings.blocks[0].couplings,
        weights: this.#weights,
        previousWeights: this.#previousWeights,
        betas,
        delayed: this.delayed,
      },
      params: { systems, sites, systemsPerCoupling, dimension: components, radius },
      constants: {},
    });
  }
}
