/** One step m(t) = G(m(t-1)) of a closure, as stages on an executor. */
import { type Closure, type ClosureName, closures, momentRule } from "../physics/closures.js";
import { InputError } from "../physics/input-error.js";
import { asymmetryFor } from "../physics/symmetry.js";
import { BINARY_RULES } from "../reference/binary-update.js";
import { RESPONSES } from "../reference/moment-weights.js";
import { SPHERE_CLOSURES } from "../reference/sphere-update.js";
import { type BatchLayout, betasOf } from "./batch.js";
import { CapacityError, CouplingStore } from "./couplings.js";
import type { CouplingRequest } from "./coupling-strategy.js";
import type { Executor, Slot } from "./executor.js";
import { PairCorrelations, pairMatrices } from "./pair-correlations.js";
import { SphereCorrelations } from "./sphere-correlations.js";
import { SphereTapStep } from "./sphere-tap-step.js";
import { MOMENT_SUMS, type StepArrays } from "./step-arrays.js";
import { MemoryArray, memoryOf } from "./step-memory.js";
import { recordField } from "./field-product.js";

/** An inner residual up to this counts as solved: the f32 floor of the residual's own rounding, and of f64. */
export const INNER_ACCEPTED = { f32: 2e-6, f64: 1e-12 } as const;

export interface TimeStepOptions extends CouplingRequest {
  readonly closure: ClosureName;
  /** Bytes of the arrays that the caller keeps beside the step. */
  readonly callerBytes: number;
  /** Whether `recordCorrelations` will be called. */
  readonly correlations?: boolean;
}

export class TimeStep {
  readonly couplings: CouplingStore;
  /**
   * How far every site is from the root of its inner equation, [system][pad(N)][columns], in the last column; zero for
   * explicit closures.
   */
  readonly innerResidual: { readonly slot: Slot; readonly columns: 1 | 2 };
  /** What a step takes over from the one before; `record` makes the images of it. */
  readonly memory: readonly MemoryArray[];
  /** C and D of binary spins, if the closure carries them or they are asked for. */
  readonly pairs: PairCorrelations | undefined;
  /** D of sphere spins, if asked for. */
  readonly sphere: SphereCorrelations | undefined;
  readonly #closure: ClosureName;
  readonly #arrays: StepArrays;
  readonly #carriesPairs: boolean;
  readonly #echo: MemoryArray | undefined;
  readonly #tap: SphereTapStep | undefined;
  readonly #owned: Slot[] = [];

  /**
   * @throws InputError for couplings that are not symmetric where the closure wants them to be, and for a strategy that
   * does not store J where the closure or its correlations need it; CapacityError if the arrays do not fit
   */
  constructor(
    private readonly executor: Executor,
    private readonly layout: BatchLayout,
    { closure, callerBytes, correlations = false, ...request }: TimeStepOptions,
  ) {
    const { spins } = layout.batch;
    const rule = momentRule(closure, spins);
    if (typeof rule !== "string") throw new Error(`closure: found ${rule.found}, expected ${rule.expected}`);
    for (const couplings of layout.batch.couplings) {
      const found = asymmetryFor(closure, couplings, layout.sites);
      if (found !== undefined) throw new InputError("closure", `${closure} for ${found}`, "symmetric couplings");
    }
    const memory = memoryOf(closure);
    const correlationRule = spins.kind === "binary" ? (closures[closure] as Closure).binary?.correlations : undefined;
    this.#closure = closure;
    this.#carriesPairs = memory === "correlations";
    if (correlations && spins.kind === "binary" && !correlationRule) {
      throw new InputError("correlations", `those of ${closure}, whose steps are not in time`, "another closure");
    }
    const { kinds, sums } = MOMENT_SUMS[rule];
    const { systems, paddedSites, stateLength, sites } = layout;
    const needsCouplings = correlations || this.#carriesPairs;
    const { strategy = "auto" } = request;
    if (needsCouplings && strategy !== "auto" && strategy !== "stored") {
      const what = this.#carriesPairs ? `${closure}, which needs` : "correlations, which need";
      throw new InputError("strategy", `${strategy} for ${what} J itself`, "auto or stored");
    }
    const states = rule.startsWith("tensor") ? 6 : 2;
    const scalars = systems * paddedSites * (kinds + sums + (needsCouplings ? 13 : 6));
    const matrices = needsCouplings ? (correlationRule ? pairMatrices(correlationRule) : 1) : 0;
    const matrixElements = matrices * systems * sites * paddedSites;
    const bytes = executor.elementBytes * (states * systems * stateLength + scalars + matrixElements);
    // Sphere TAP holds one more matrix a system: the Gram matrix, then the reaction weights.
    const reactionMatrices = rule.startsWith("tensor") ? layout.systemsPerCoupling : 0;
    if (needsCouplings) requireRoom(executor, layout, matrices);
    const held = needsCouplings ? { ...request, strategy: "stored" as const } : request;
    this.couplings = new CouplingStore(executor, layout, callerBytes + bytes, reactionMatrices, held, sums);
    const own = (slot: Slot) => {
      this.#owned.push(slot);
      return slot;
    };
    try {
      if (needsCouplings && (this.couplings.report.name !== "stored" || this.couplings.blocks.length > 1)) {
        throw tooLarge(executor, layout, matrices);
      }
      const scalarsOf = (label: string, count: number) => own(executor.allocate(label, systems * count * paddedSites));
      const upload = (label: string, values: Float64Array) => own(executor.upload(label, values));
      this.#arrays = {
        ...{ executor, layout, couplings: this.couplings, rule, own },
        response: spins.kind === "sphere" ? RESPONSES.indexOf(spins.response) : 0,
        externalField: upload(
          "external field",
          layout.pack((point) => point.field),
        ),
        field: own(executor.allocate("field", systems * stateLength)),
        betas: upload("beta", layout.packSites(betasOf)),
        weights: kinds > 0 ? scalarsOf("weights", kinds) : executor.unread,
        // A closure that carries C takes V from it.
        moments: sums > 0 || this.#carriesPairs ? scalarsOf("moments", Math.max(1, sums)) : executor.unwritten,
        solveResidual: scalarsOf("inner residual", 1),
      };
      if (memory === "echo") this.#echo = new MemoryArray(this.#arrays, "previous state", paddedSites);
      if (correlationRule && needsCouplings) this.pairs = new PairCorrelations(this.#arrays, correlationRule);
      if (correlations && spins.kind === "sphere") this.sphere = new SphereCorrelations(this.#arrays);
      if (rule.startsWith("tensor")) this.#tap = new SphereTapStep(this.#arrays);
    } catch (error) {
      this.dispose();
      throw error;
    }
    const carried = this.#carriesPairs && this.pairs ? [this.pairs.equalTime, this.pairs.delayed] : [];
    this.memory = this.#echo ? [this.#echo] : carried;
    this.innerResidual = this.#tap
      ? { slot: this.#tap.sites, columns: 2 }
      : { slot: this.#arrays.solveResidual, columns: 1 };
  }

  /** Records the stages that turn `state` and the memory into their images. `image` is another slot than `state`. */
  record(state: Slot, image: Slot): void {
    this.#recordField(state);
    if (this.#carriesPairs) this.pairs?.contract();
    if (this.layout.batch.spins.kind === "binary") this.#updateBinary(state, image);
    else if (this.#tap) this.#tap.record(state, image);
    else this.#updateSphere(image);
    if (this.#carriesPairs) this.pairs?.update(state, image);
    if (this.#echo) this.executor.copy(state, this.#echo.image);
  }

  /**
   * After `record` from t-1 to t: C and D at t, for a closure that does not carry them. D of `gaussian-field` follows from C
   * at t-1, so that the last two steps have to be recorded.
   */
  recordCorrelations(previous: Slot, image: Slot): void {
    this.sphere?.record(previous, image);
    if (!this.pairs || this.#carriesPairs) return;
    this.pairs.contract();
    this.pairs.update(previous, image);
    this.pairs.equalTime.advance();
  }

  /** x, J m of the state that was stepped last, [system][pad(N)][componentStride], and β, [system][pad(N)]. */
  get inputs(): { readonly externalField: Slot; readonly field: Slot; readonly betas: Slot } {
    const { externalField, field, betas } = this.#arrays;
    return { externalField, field, betas };
  }

  /**
   * Records J w for any vector w of the shape of a state, with J of the state that was stepped last; couplings that follow
   * the state and are not stored are made anew of w. With weights, Σ_j J_ij² (weight of j) too.
   */
  recordProduct(vector: Slot, product: Slot, squares?: { readonly weights: Slot; readonly moments: Slot }): void {
    const { unread, unwritten } = this.executor;
    const arrays = { state: vector, weights: unread, field: product, moments: unwritten, ...squares };
    const sums = squares ? 1 : 0;
    recordField(this.executor, this.layout, this.couplings, arrays, { sums, weightKinds: sums }, true);
  }

  /** What was remembered at t is at t-1 from now on. */
  advance(): void {
    for (const array of this.memory) array.advance();
  }

  dispose(): void {
    this.couplings.dispose();
    this.executor.free(...this.#owned.splice(0));
  }

  /** J m' and the sums of J_ij² w_j. */
  #recordField(state: Slot): void {
    const { executor, layout, couplings } = this;
    const { weights, field, moments, rule, response } = this.#arrays;
    const { systems, sites, components, componentStride, radius } = layout;
    const { kinds, sums } = MOMENT_SUMS[rule];
    if (kinds > 0) {
      executor.run({
        kernel: "moment-weights",
        arrays: { state, weights },
        params: { systems, sites, components, componentStride, radius },
        constants: { KINDS: kinds, PUBLISHED: rule === "tensor-published", RESPONSE: response },
      });
    }
    const arrays = { state, weights, field, moments: sums > 0 ? moments : executor.unwritten };
    recordField(executor, layout, couplings, arrays, { sums, weightKinds: kinds });
  }

  #updateBinary(state: Slot, image: Slot): void {
    const { executor, layout } = this;
    const { externalField, field, moments, betas, solveResidual } = this.#arrays;
    const { systems, sites } = layout;
    const update = (closures[this.#closure] as Closure).binary?.update ?? "naive";
    if (update === "pairwise") {
      this.pairs?.recordPairMeans(state, image);
      return;
    }
    executor.run({
      kernel: "binary-update",
      arrays: {
        ...{ externalField, field, betas, image, solveResidual },
        moments: moments === executor.unwritten ? executor.unread : moments,
        echo: this.#echo?.current ?? executor.unread,
      },
      params: { systems, sites },
      constants: { RULE: BINARY_RULES[update] },
    });
  }

  #updateSphere(image: Slot): void {
    const { executor, layout } = this;
    const { externalField, field, moments, betas, solveResidual, response } = this.#arrays;
    const { systems, sites, components, radius } = layout;
    executor.run({
      kernel: "sphere-update",
      arrays: {
        ...{ externalField, field, betas, image, solveResidual },
        moments: moments === executor.unwritten ? executor.unread : moments,
      },
      params: { systems, sites, dimension: components, radius },
      constants: {
        CLOSURE: SPHERE_CLOSURES[this.#closure as keyof typeof SPHERE_CLOSURES],
        RESPONSE: response,
      },
    });
  }
}

/** @throws CapacityError if the N × N arrays of the systems exceed the memory limit, or one of them what an array may hold */
function requireRoom(executor: Executor, layout: BatchLayout, matrices: number): void {
  const { systems, sites, paddedSites } = layout;
  const elements = systems * sites * paddedSites;
  const all = executor.elementBytes * elements * (matrices + layout.matrices / systems);
  if (elements > executor.maxArrayLength || all > executor.memoryLimit) throw tooLarge(executor, layout, matrices);
}

function tooLarge(executor: Executor, { systems, sites, paddedSites, matrices: own }: BatchLayout, matrices: number) {
  const array = executor.elementBytes * systems * sites * paddedSites;
  const bytes = executor.elementBytes * sites * paddedSites * (own + matrices * systems);
  return new CapacityError(
    `J and the ${matrices} N × N arrays of ${systems} systems with N = ${sites} take ${bytes} bytes, in arrays of up to ${array}; ` +
      `the memory limit is ${executor.memoryLimit}, that of an array ${executor.maxArrayLength * executor.elementBytes}: ` +
      "raise --memory or shrink the batch",
  );
}
