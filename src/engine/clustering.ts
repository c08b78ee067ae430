/** Self-attention of tokens on the unit sphere with Q = K = V = I: as a map of layers, as a flow in time, and with noise. */
import { InputError } from "../physics/input-error.js";
import { brownianVariance } from "../physics/brownian-step.js";
import type { Couplings } from "../physics/couplings.js";
import { meanPairCosine } from "../physics/moments.js";
import { chainKey } from "../reference/random.js";
import { BatchLayout, type SystemBatch } from "./batch.js";
import { CouplingStore } from "./couplings.js";
import type { CouplingRequest } from "./coupling-strategy.js";
import type { Executor, Slot } from "./executor.js";
import { Reducer } from "./reductions.js";
import { ExecutorScope } from "./scope.js";
import { productArrays, recordField } from "./field-product.js";

/** What tokens do in a step (equations 9.4, 12.9). */
export type ClusteringDynamics =
  /** x <- (x + η f)/|x + η f|, η being `step`; without the residual x <- f/|f|. */
  | { readonly kind: "map"; readonly step: number; readonly residual: boolean }
  /**
   * dx/dt = K P f by one Runge-Kutta step of fourth order and length `timeStep`, K being `rate`; unnormalised weights are
   * exp(β x·y)/N.
   */
  | { readonly kind: "flow"; readonly timeStep: number; readonly rate: number; readonly unnormalised: boolean }
  /**
   * dX = K P f dt + dB, generator Δ/2 of the noise, in symmetric splitting: half a step of noise, the flow by the midpoint
   * rule, half a step of noise. Weak order 2; without attention the uniform law stays exactly.
   */
  | {
      readonly kind: "noisy";
      readonly timeStep: number;
      readonly rate: number;
      readonly unnormalised: boolean;
      readonly seed: number;
      /** 0 unless given; a run that goes on from another has that one's last step, so that no noise comes twice. */
      readonly firstStep?: number;
    };

/** Tokens and how sharply they attend: S_ij = β x_i · x_j. */
export interface TokenCloud {
  readonly beta: number;
  /** x(0), [N][d], of norm 1 each. */
  readonly initial: Float64Array;
  /** What its noise is drawn for, beside the seed; its index unless given. */
  readonly replica?: number;
}

export interface ClusteringOptions extends CouplingRequest {
  /** d */
  readonly dimension: number;
  readonly dynamics: ClusteringDynamics;
  readonly steps: number;
  /** Steps between two measurements; 1 unless given. */
  readonly every?: number;
  /** Keep the tokens of every measurement. */
  readonly trajectory?: boolean;
  readonly progress?: (fraction: number) => void;
}

export interface ClusteringResult {
  /** x after the last step, [N][d]. */
  readonly state: Float64Array;
  /** Mean cosine of two different tokens, (|Σ_i x_i|² - N)/(N (N - 1)), at the start and after every `every` steps. */
  readonly cosines: readonly number[];
  /** x at every measurement, [N][d] each; only if asked for. */
  readonly trajectory?: readonly Float64Array[];
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
    const replicas = clouds.map(({ replica }, k) => replica ?? k);
    return await evolve(scope, new BatchLayout(batch), replicas, options);
  } catch (error) {
    scope.abandon();
    throw error;
  } finally {
    scope.dispose();
  }
}

/** Norms of tokens may be off by this. */
const UNIT_TOLERANCE = 1e-5;

/** @throws InputError naming the token that is not of norm 1 */
export function checkUnitTokens(tokens: Float64Array, dimension: number, where: string): void {
  for (let site = 0; site < tokens.length / dimension; site++) {
    const norm = Math.hypot(...tokens.subarray(site * dimension, (site + 1) * dimension));
    if (Math.abs(norm - 1) <= UNIT_TOLERANCE) continue;
    throw new InputError(`${where}[${site}]`, `norm ${norm.toPrecision(6)}`, "a token of norm 1");
  }
}

function cloudBatch(clouds: readonly TokenCloud[], dimension: number): SystemBatch {
  const sites = clouds[0].initial.length / dimension;
  for (const [k, { initial }] of clouds.entries()) {
    if (initial.length !== sites * dimension || !Number.isInteger(sites)) {
      throw new InputError(`clouds[${k}]`, `${initial.length} numbers`, `N × ${dimension}, N as in all clouds`);
    }
    checkUnitTokens(initial, dimension, `clouds[${k}].initial`);
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

/** Up to as many components a thread holds its token, and one kernel makes the field; beyond, or if a strategy is asked for, that of attention does. */
const DIRECT_COMPONENTS = 16;

async function evolve(
  executor: Executor,
  layout: BatchLayout,
  replicas: readonly number[],
  { dynamics, steps, every = 1, progress, trajectory = false, ...request }: ClusteringOptions,
): Promise<ClusteringResult[]> {
  const { systems, stateLength, sites, paddedSites, components, componentStride, batch } = layout;
  const length = systems * stateLength;
  const direct = components <= DIRECT_COMPONENTS && (request.strategy ?? "auto") === "auto" && !request.precision;
  const workingBytes = 7 * executor.elementBytes * length;
  const store = direct ? undefined : new CouplingStore(executor, layout, workingBytes, 0, request);
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
    const motion = new Motion(executor, layout, store, dynamics, replicas);
    const cosines: number[][] = Array.from({ length: systems }, () => []);
    const tokens: Float64Array[][] = Array.from({ length: systems }, () => []);
    const unpack = async (state: Slot) => {
      const packed = await executor.read(state);
      return batch.points.map((_, g) => layout.unpack(packed, g, 0));
    };
    const measure = async (state: Slot) => {
      sums.record(state, "sum");
      const found = await executor.read(sums.results);
      cosines.forEach((list, system) =>
        list.push(meanPairCosine(found.subarray(system * components, (system + 1) * components), sites)),
      );
      if (trajectory) (await unpack(state)).forEach((values, g) => tokens[g].push(values));
    };
    await measure(states[0]);
    for (let t = 0; t < steps; t++) {
      motion.record(t, states[t % 2], states[(t + 1) % 2]);
      if ((t + 1) % every === 0) await measure(states[(t + 1) % 2]);
      await executor.flush();
      progress?.((t + 1) / steps);
    }
    const final = await unpack(states[steps % 2]);
    return final.map((state, g) => ({
      state,
      cosines: cosines[layout.system(g, 0, 0)],
      ...(trajectory && { trajectory: tokens[g] }),
    }));
  } finally {
    sums.dispose();
    store?.dispose();
  }
}

/** Stages of a Runge-Kutta method: where the next stage is taken, and the weight of this one, in time steps. */
type RungeKutta = readonly { readonly advance: number; readonly weight: number }[];

/** The classical method, of fourth order. */
const RUNGE_KUTTA: RungeKutta = [
  { advance: 1 / 2, weight: 1 / 6 },
  { advance: 1 / 2, weight: 1 / 3 },
  { advance: 1, weight: 1 / 3 },
  { advance: 0, weight: 1 / 6 },
];

/** The midpoint rule. */
const MIDPOINT: RungeKutta = [
  { advance: 1 / 2, weight: 0 },
  { advance: 0, weight: 1 },
];

/** What the flow and the noisy tokens have in common: K, the time step and the weights. */
type Drift = Pick<ClusteringDynamics & { kind: "flow" }, "timeStep" | "rate" | "unnormalised">;

/** The stages of one step of the tokens, with the arrays between them. */
class Motion {
  readonly #field: Slot;
  readonly #velocities: Slot;
  readonly #stage: Slot;
  /** β of the systems, and ln Z of their rows. */
  readonly #direct: { readonly betas: Slot; readonly statistics: Slot } | undefined;
  /** Keys of the replicas, and the tokens between the flow and the second half of the noise. */
  readonly #noise: { readonly chainKeys: Slot; readonly driven: Slot } | undefined;

  constructor(
    private readonly executor: Executor,
    private readonly layout: BatchLayout,
    /** Undefined where `clustering-field` does it all. */
    private readonly couplings: CouplingStore | undefined,
    private readonly dynamics: ClusteringDynamics,
    replicas: readonly number[],
  ) {
    const length = layout.systems * layout.stateLength;
    this.#field = executor.allocate("field", length);
    this.#velocities = executor.allocate("velocities", length);
    this.#stage = executor.allocate("stage", length);
    if (couplings === undefined) {
      const { systems, paddedSites, batch } = layout;
      const betas = batch.couplings.map((each) => (each.kind === "attention" ? each.scale : NaN));
      this.#direct = {
        betas: executor.upload("beta", Float64Array.from(betas)),
        statistics: executor.allocate("log-sum-exp", systems * paddedSites),
      };
    }
    if (dynamics.kind !== "noisy") return;
    const { seed } = dynamics;
    const keys = replicas.flatMap((chain) => [...chainKey({ seed, point: 0, sample: 0, chain, head: 0 })]);
    this.#noise = {
      chainKeys: executor.upload("noise keys", Uint32Array.from(keys)),
      driven: executor.allocate("driven tokens", length),
    };
  }

  /** @param t steps before this one */
  record(t: number, state: Slot, image: Slot): void {
    const { executor, dynamics } = this;
    const { systems, sites, components: dimension } = this.layout;
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
    if (dynamics.kind === "flow") {
      this.#recordFlow(state, image, dynamics, RUNGE_KUTTA);
      return;
    }
    const { chainKeys, driven } = this.#noise!;
    const variance = brownianVariance(dimension, dynamics.timeStep / 2);
    const diffuse = (from: Slot, to: Slot, half: number) => {
      const step = 2 * ((dynamics.firstStep ?? 0) + t) + half;
      const arrays = { state: from, chainKeys, image: to };
      const params = { systems, sites, dimension, step, variance };
      executor.run({ kernel: "sphere-diffusion", arrays, params, constants: {} });
    };
    diffuse(state, image, 0);
    this.#recordFlow(image, driven, dynamics, MIDPOINT);
    diffuse(driven, image, 1);
  }

  #recordFlow(state: Slot, image: Slot, drift: Drift, rule: RungeKutta): void {
    const { executor } = this;
    const { systems, systemsPerCoupling, sites, components: dimension } = this.layout;
    const { rate, timeStep, unnormalised } = drift;
    if (rate === 0) {
      executor.copy(state, image);
      return;
    }
    const { slot, columns } = this.#direct
      ? { slot: this.#direct.statistics, columns: 1 }
      : (this.couplings?.statistics ?? { slot: executor.unread, columns: 1 });
    // Stages alternate between two arrays; the image is one of them, so the last one ends there.
    const stages = [state, image, this.#stage, image];
    rule.forEach(({ advance, weight }, k) => {
      const stage = stages[k];
      this.#recordField(stage);
      const isLast = k === rule.length - 1;
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
          rate: unnormalised ? Math.sign(rate) : rate,
          logGain: Math.log(Math.abs(rate) / sites),
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
    if (this.#direct) {
      const { betas, statistics } = this.#direct;
      const { systems, sites, componentStride } = layout;
      executor.run({
        kernel: "clustering-field",
        arrays: { state, betas, field: this.#field, statistics },
        params: { systems, sites },
        constants: { QUADS: componentStride / 4 },
      });
    }
    if (couplings) recordField(executor, layout, couplings, productArrays(executor, state, this.#field));
  }
}
