/** Self-attention of tokens on the unit sphere with Q = K = V = I: as a map of layers, and as a flow in time. */
import { InputError } from "../physics/input-error.js";
import type { Couplings } from "../physics/couplings.js";
import { meanPairCosine } from "../physics/moments.js";
import { BatchLayout, type SystemBatch } from "./batch.js";
import { CouplingStore } from "./couplings.js";
import type { CouplingRequest } from "./coupling-strategy.js";
import type { Executor, Slot } from "./executor.js";
import { Reducer } from "./reductions.js";
import { ExecutorScope } from "./scope.js";
import { productArrays, recordField } from "./field-product.js";

/** What tokens do in a step (equations 9.4). */
export type ClusteringDynamics =
  /** x <- (x + η f)/|x + η f|, η being `step`; without the residual x <- f/|f|. */
  | { readonly kind: "map"; readonly step: number; readonly residual: boolean }
  /**
   * dx/dt = K P f by one Runge-Kutta step of fourth order and length `timeStep`, K being `rate`; unnormalised weights are
   * exp(β x·y)/N.
   */
  | { readonly kind: "flow"; readonly timeStep: number; readonly rate: number; readonly unnormalised: boolean };

/** Tokens and how sharply they attend: S_ij = β x_i · x_j. */
export interface TokenCloud {
  readonly beta: number;
  /** x(0), [N][d], of norm 1 each. */
  readonly initial: Float64Array;
}

export interface ClusteringOptions extends CouplingRequest {
  /** d */
  readonly dimension: number;
  readonly dynamics: ClusteringDynamics;
  readonly steps: number;
  /** Steps between two measurements; 1 unless given. */
  readonly every?: number;
  readonly progress?: (fraction: number) => void;
}

export interface ClusteringResult {
  /** x after the last step, [N][d]. */
  readonly state: Float64Array;
  /** Mean cosine of two different tokens, (|Σ_i x_i|² - N)/(N (N - 1)), at the start and after every `every` steps. */
  readonly cosines: readonly number[];
}

/**
 * Lets several clouds of one shape evolve side by side.
 * @throws InputError for clouds of different shape, or tokens that are not of norm 1
 */
export async function cluster(
  executor: Executor,
  clouds: readonly TokenCloud[],
  options: ClusteringOptions,
): Promise<ClusteringResult[]> {
  const batch = cloudBatch(clouds, options.dimension);
  const scope = new ExecutorScope(executor);
  try {
    return await evolve(scope, new BatchLayout(batch), options);
  } catch (error) {
    scope.abandon();
    throw error;
  } finally {
    scope.dispose();
  }
}

/** Norms of tokens may be off by this. */
const UNIT_TOLERANCE = 1e-5;

function cloudBatch(clouds: readonly TokenCloud[], dimension: number): SystemBatch {
  const sites = clouds[0].initial.length / dimension;
  for (const [k, { initial }] of clouds.entries()) {
    if (initial.length !== sites * dimension || !Number.isInteger(sites)) {
      throw new InputError(`clouds[${k}]`, `${initial.length} numbers`, `N × ${dimension}, N as in all clouds`);
    }
    for (let site = 0; site < sites; site++) {
      const norm = Math.hypot(...initial.subarray(site * dimension, (site + 1) * dimension));
      if (Math.abs(norm - 1) <= UNIT_TOLERANCE) continue;
      throw new InputError(`clouds[${k}].initial[${site}]`, `norm ${norm.toPrecision(6)}`, "a token of norm 1");
    }
  }
  const identity = new Float64Array(dimension * dimension);
  for (let k = 0; k < dimension; k++) identity[k * dimension + k] = 1;
  const couplings = clouds.map(({ beta }): Couplings => ({
    kind: "attention",
    scale: beta,
    mask: "none",
    heads: 1,
    dimension,
    features: { source: "state", queryWeights: identity, keyWeights: identity },
  }));
  const field = new Float64Array(sites * dimension);
  return {
    spins: { kind: "sphere", components: dimension, radius: 1, response: "exact" },
    sites,
    heads: 1,
    couplings,
    points: clouds.map(({ initial }) => [{ beta: 1, field, initial }]),
  };
}

async function evolve(
  executor: Executor,
  layout: BatchLayout,
  { dynamics, steps, every = 1, progress, ...request }: ClusteringOptions,
): Promise<ClusteringResult[]> {
  const { systems, stateLength, sites, paddedSites, components, componentStride, batch } = layout;
  const length = systems * stateLength;
  const store = new CouplingStore(executor, layout, 6 * executor.elementBytes * length, 0, request);
  const sums = new Reducer(executor, {
    batch: systems,
    rows: sites,
    rowStride: paddedSites,
    columns: components,
    columnStride: componentStride,
  });
  try {
    const states = [0, 1].map((k) =>
      k === 0
        ? executor.upload(
            "tokens",
            layout.pack((point) => point.initial),
          )
        : executor.allocate("tokens", length),
    );
    const motion = new Motion(executor, layout, store, dynamics);
    const cosines: number[][] = Array.from({ length: systems }, () => []);
    const measure = async (state: Slot) => {
      sums.record(state, "sum");
      const found = await executor.read(sums.results);
      cosines.forEach((list, system) =>
        list.push(meanPairCosine(found.subarray(system * components, (system + 1) * components), sites)),
      );
    };
    await measure(states[0]);
    for (let t = 0; t < steps; t++) {
      motion.record(states[t % 2], states[(t + 1) % 2]);
      if ((t + 1) % every === 0) await measure(states[(t + 1) % 2]);
      await executor.flush();
      progress?.((t + 1) / steps);
    }
    const packed = await executor.read(states[steps % 2]);
    return batch.points.map((_, g) => ({
      state: layout.unpack(packed, g, 0),
      cosines: cosines[layout.system(g, 0, 0)],
    }));
  } finally {
    sums.dispose();
    store.dispose();
  }
}

/** Stages of the classical Runge-Kutta method: where the next stage is taken, and the weight of this one, in time steps. */
const RUNGE_KUTTA = [
  { advance: 1 / 2, weight: 1 / 6 },
  { advance: 1 / 2, weight: 1 / 3 },
  { advance: 1, weight: 1 / 3 },
  { advance: 0, weight: 1 / 6 },
] as const;

/** The stages of one step of the tokens, with the arrays between them. */
class Motion {
  readonly #field: Slot;
  readonly #velocities: Slot;
  readonly #stage: Slot;

  constructor(
    private readonly executor: Executor,
    private readonly layout: BatchLayout,
    private readonly couplings: CouplingStore,
    private readonly dynamics: ClusteringDynamics,
  ) {
    const length = layout.systems * layout.stateLength;
    this.#field = executor.allocate("field", length);
    this.#velocities = executor.allocate("velocities", length);
    this.#stage = executor.allocate("stage", length);
  }

  record(state: Slot, image: Slot): void {
    const { executor, dynamics } = this;
    const { systems, systemsPerCoupling, sites, components: dimension } = this.layout;
    if (dynamics.kind === "map") {
      this.#recordField(state);
      executor.run({
        kernel: "clustering-map",
        arrays: { state, field: this.#field, image },
        params: { systems, sites, dimension, step: dynamics.step },
        constants: { RESIDUAL: dynamics.residual },
      });
      return;
    }
    const { rate, timeStep, unnormalised } = dynamics;
    const { slot, columns } = this.couplings.statistics ?? { slot: executor.unread, columns: 1 };
    // Stages alternate between two arrays; the image is one of them, so the last one ends there.
    const stages = [state, image, this.#stage, image];
    RUNGE_KUTTA.forEach(({ advance, weight }, k) => {
      const stage = stages[k];
      this.#recordField(stage);
      const isLast = k === RUNGE_KUTTA.length - 1;
      executor.run({
        kernel: "clustering-flow",
        arrays: {
          start: state,
          stage,
          field: this.#field,
          statistics: unnormalised ? slot : executor.unread,
          velocities: this.#velocities,
          next: isLast ? this.#stage : stages[k + 1],
        },
        params: {
          systems,
          systemsPerCoupling,
          sites,
          dimension,
          statisticsColumns: columns,
          rate,
          advance: advance * timeStep,
          weight: weight * timeStep,
        },
        constants: { FIRST: k === 0, LAST: isLast, UNNORMALISED: unnormalised },
      });
    });
    executor.copy(this.#stage, image);
  }

  /** Records f = softmax(β x xᵀ) x. */
  #recordField(state: Slot): void {
    const { executor, layout, couplings } = this;
    recordField(executor, layout, couplings, productArrays(executor, state, this.#field));
  }
}
