/** One shape of a fused kernel with random arrays, for candidates to be checked and timed on. */
import { BatchLayout } from "../engine/batch.js";
import type { Executor, Slot } from "../engine/executor.js";
import { FusedAttention, type FusedInputs } from "../engine/fused-attention.js";
import type { AttentionShape, FusedKernel, KernelVariant } from "../kernels/strategies.js";
import { kernelVariant } from "../kernels/strategies.js";
import { defaultRadius, type Spins } from "../physics/spins.js";
import { attentionFieldBinary } from "../reference/attention-field-binary.js";
import { attentionFieldSphere } from "../reference/attention-field-sphere.js";
import { attentionReaction } from "../reference/attention-reaction.js";
import { ROW_STATISTICS } from "../reference/attention-rows.js";
import { pad } from "../reference/layout.js";
import { MASKS } from "../reference/scores.js";
import { gaussianMatrix, STREAMS, type Stream, uniformMatrix } from "../reference/random.js";
import { plainAttention } from "./plain-attention.js";
import { chooseRows } from "./verify-step.js";

const SEED = 1;

/** Rows that are compared at large N. */
const SAMPLED_ROWS = 32;

/** Half of this is the error of one rounding. */
const UNIT_IN_THE_LAST_PLACE = 2 ** -23;

/** Weights a site, and how many of them the field kernel sums, as the closures have it. */
const WEIGHTS = { field: { kinds: 1, sums: 1 }, reaction: { kinds: 3, sums: 2 } } as const;

/** Numbers of the checked rows. */
interface Output {
  readonly values: Float64Array;
  /** Numbers that share a unit of error, the largest of them; numbers that may vanish by cancellation all share one. */
  readonly together: number;
}

type Outputs = Readonly<Record<string, Output>>;

/** Rows smaller than this, beside the largest, have the unit of one of this size. */
const SMALLEST_SCALE = 1e-3;

/** A variant with arrays of its own. */
export interface Runner {
  /** Records the kernel, and what merges its splits. */
  readonly record: () => void;
  /** What is wrong with the numbers, if anything is. */
  readonly fault: () => Promise<string | undefined>;
  readonly dispose: () => void;
}

export interface ProblemOptions {
  readonly mask: "none" | "causal";
  /** Normalise once, and take every further product with the same maxima and normalisers. */
  readonly frozen: boolean;
}

export class TuningProblem {
  readonly #layout: BatchLayout;
  readonly #owned: Slot[] = [];
  readonly #inputs: FusedInputs;
  readonly #slots: { readonly state: Slot; readonly weights: Slot; readonly mean: Slot };
  readonly #host: ReturnType<typeof drawArrays>;
  readonly #rows: readonly number[];
  readonly #weights: (typeof WEIGHTS)[keyof typeof WEIGHTS];
  #expected: { readonly exact: Outputs; readonly plain: Outputs } | undefined;

  constructor(
    private readonly executor: Executor,
    private readonly kernel: FusedKernel,
    private readonly shape: AttentionShape,
    private readonly options: ProblemOptions,
  ) {
    const { sites, dimension, components } = shape;
    this.#weights = WEIGHTS[kernel === "attention-reaction" ? "reaction" : "field"];
    this.#host = drawArrays(shape, this.#weights.kinds);
    // With a causal mask the number of a row counts, so all of them are compared.
    this.#rows = chooseRows(sites, options.mask === "none" ? SAMPLED_ROWS : sites, SEED);
    this.#layout = new BatchLayout({
      spins: spinsOf(components),
      sites,
      heads: 1,
      couplings: [attentionOf(dimension, options.mask)],
      points: [[{ beta: 1, field: new Float64Array(), initial: new Float64Array() }]],
    });
    const upload = (label: keyof ReturnType<typeof drawArrays>) => this.#own(executor.upload(label, this.#host[label]));
    this.#inputs = {
      queries: upload("queries"),
      keys: upload("keys"),
      available: executor.unread,
      mask: MASKS[options.mask],
      dimension,
      followState: !options.frozen,
      refresh: () => undefined,
    };
    this.#slots = { state: upload("state"), weights: upload("weights"), mean: upload("mean") };
  }

  /** Allocates what a variant writes. */
  open(variant: KernelVariant): Runner {
    const { executor, kernel, shape } = this;
    const owned: Slot[] = [];
    const own = (slot: Slot) => {
      owned.push(slot);
      return slot;
    };
    const dispose = () => executor.free(...owned);
    try {
      const { kinds, sums } = this.#weights;
      const { stateLength, paddedSites } = this.#layout;
      const field = own(executor.allocate("field", stateLength));
      const moments = own(executor.allocate("moments", sums * paddedSites));
      const { state, weights, mean } = this.#slots;
      const isReaction = kernel === "attention-reaction";
      const reaction = isReaction ? own(executor.allocate("reaction", stateLength)) : executor.unwritten;
      const fieldVariant = isReaction ? defaultField(executor, variant, shape) : variant;
      const variants = { field: fieldVariant, reaction: isReaction ? variant : undefined };
      const fused = new FusedAttention(executor, this.#layout, this.#inputs, variants, own);
      const recordField = () => fused.recordField({ state, weights, field, moments }, sums, kinds);
      if (isReaction) recordField(); // whose statistics the reaction takes
      const record = isReaction
        ? () => fused.recordReaction({ mean, state, weights, reaction }, kinds)
        : () => recordField();
      const results = { field, moments, reaction, statistics: fused.statistics };
      return { record, fault: async () => this.#fault(await this.#read(results)), dispose };
    } catch (error) {
      dispose();
      throw error;
    }
  }

  dispose(): void {
    this.executor.free(...this.#owned.splice(0));
  }

  #own(slot: Slot): Slot {
    this.#owned.push(slot);
    return slot;
  }

  /** The first output that is further from float64 than twice the error of plain f32, and one rounding, allow. */
  #fault(found: Outputs): string | undefined {
    this.#expected ??= {
      exact: this.#evaluate({
        sphere: attentionFieldSphere,
        binary: attentionFieldBinary,
        reaction: attentionReaction,
      }),
      plain: this.#evaluate({
        sphere: plainAttention["attention-field-sphere"],
        binary: plainAttention["attention-field-binary"],
        reaction: plainAttention["attention-reaction"],
      }),
    };
    const { exact, plain } = this.#expected;
    for (const [name, output] of Object.entries(found)) {
      const error = largestError(output, exact[name]);
      const allowed = 2 * largestError(plain[name], exact[name]) + UNIT_IN_THE_LAST_PLACE;
      if (!(error <= allowed)) {
        const { sites, dimension } = this.shape;
        const where = [`N = ${sites}`, `d = ${dimension}`, ...(this.options.mask === "causal" ? ["causal"] : [])];
        return `${name} is off by ${error.toExponential(1)} (${where.join(", ")}), allowed ${allowed.toExponential(1)}`;
      }
    }
    return undefined;
  }

  async #read(slots: Readonly<Record<"field" | "moments" | "reaction" | "statistics", Slot>>): Promise<Outputs> {
    const { componentStride, paddedSites } = this.#layout;
    if (this.kernel === "attention-reaction") {
      return { reaction: this.#states(await this.#readRows(slots.reaction, componentStride)) };
    }
    const moments: Record<string, Output> = {};
    for (let sum = 0; sum < this.#weights.sums; sum++) {
      moments[`moment ${sum}`] = { values: await this.#readRows(slots.moments, 1, sum * paddedSites), together: 1 };
    }
    return {
      field: this.#states(await this.#readRows(slots.field, componentStride)),
      ...moments,
      ...statisticsOf(await this.#readRows(slots.statistics, ROW_STATISTICS)),
    };
  }

  #states(values: Float64Array): Output {
    const { components } = this.shape;
    return { values, together: components === 1 ? values.length : this.#layout.componentStride };
  }

  /** The checked rows of an array that has `stride` numbers a row. */
  async #readRows(slot: Slot, stride: number, from = 0): Promise<Float64Array> {
    const { sites } = this.shape;
    if (this.#rows.length === sites) return this.executor.read(slot, from, sites * stride);
    const rows = new Float64Array(this.#rows.length * stride);
    for (const [r, row] of this.#rows.entries()) {
      rows.set(await this.executor.read(slot, from + row * stride, stride), r * stride);
    }
    return rows;
  }

  /** The checked rows on the CPU. */
  #evaluate(evaluation: {
    readonly sphere: typeof attentionFieldSphere;
    readonly binary: typeof attentionFieldBinary;
    readonly reaction: typeof attentionReaction;
  }): Outputs {
    const { sites, dimension, components } = this.shape;
    const { queries, mean, keys, state, weights } = this.#host;
    const { kinds, sums } = this.#weights;
    const { componentStride } = this.#layout;
    const rows = this.#rows.length;
    const arrays = {
      queries: pickRows(queries, this.#rows, pad(dimension)),
      keys,
      available: new Float64Array(1),
      state,
      weights,
      field: new Float64Array(pad(rows) * componentStride),
      moments: new Float64Array(sums * pad(rows)),
      statistics: new Float64Array(ROW_STATISTICS * pad(rows)),
    };
    const shape = { systems: 1, systemsPerCoupling: 1, rows, rowStart: 0, rowCount: rows, columns: sites, dimension };
    const params = { ...shape, weightKinds: kinds, splits: 1 };
    const MASK = MASKS[this.options.mask];
    const constants = { MASK, MOMENTS: sums, STATISTICS: true, FROZEN: false };
    if (components === 1) evaluation.binary(arrays, params, constants);
    else evaluation.sphere(arrays, { ...params, components }, constants);
    if (this.kernel === "attention-reaction") {
      const means = pickRows(mean, this.#rows, componentStride);
      const reaction = new Float64Array(pad(rows) * componentStride);
      evaluation.reaction({ ...arrays, mean: means, reaction }, { ...params, components }, { MASK });
      return { reaction: this.#states(reaction.subarray(0, rows * componentStride)) };
    }
    const moments: Record<string, Output> = {};
    for (let sum = 0; sum < sums; sum++) {
      const values = arrays.moments.subarray(sum * pad(rows), sum * pad(rows) + rows);
      moments[`moment ${sum}`] = { values, together: 1 };
    }
    return {
      field: this.#states(arrays.field.subarray(0, rows * componentStride)),
      ...moments,
      ...statisticsOf(arrays.statistics.subarray(0, rows * ROW_STATISTICS)),
    };
  }
}

/** The field kernel of a reaction's strategy. */
function defaultField(executor: Executor, { strategy }: KernelVariant, shape: AttentionShape): KernelVariant {
  const variant = kernelVariant("attention-field-sphere", strategy, executor.traits, shape);
  if (typeof variant === "string") throw new Error(variant);
  return variant;
}

function spinsOf(components: number): Spins {
  if (components === 1) return { kind: "binary", components, radius: 1 };
  return { kind: "sphere", components, radius: defaultRadius(components), response: "large-d" };
}

/** Couplings for a layout to look at: the arrays are made here. */
function attentionOf(dimension: number, mask: ProblemOptions["mask"]) {
  const nothing = new Float64Array();
  const features = { source: "given", queries: nothing, keys: nothing } as const;
  return { kind: "attention", scale: 1, mask, heads: 1, dimension, features } as const;
}

/** Everything that the kernels read, in f32 and padded with zeros. */
function drawArrays({ sites, dimension, components }: AttentionShape, kinds: number) {
  const vectors = (length: number, stream: Stream, scale: number, sample = 0) => {
    const values = gaussianMatrix(sites, length, { seed: SEED, stream, sample }, scale);
    const stride = length === 1 ? 1 : pad(length);
    const padded = new Float64Array(pad(sites) * stride);
    for (let row = 0; row < sites; row++) {
      for (let k = 0; k < length; k++) padded[row * stride + k] = Math.fround(values[row * length + k]);
    }
    return padded;
  };
  const weights = new Float64Array(kinds * pad(sites));
  for (let kind = 0; kind < kinds; kind++) {
    const source = { seed: SEED, stream: STREAMS.field, sample: kind };
    weights.set(uniformMatrix(1, sites, source).map(Math.fround), kind * pad(sites));
  }
  return {
    queries: vectors(dimension, STREAMS.queries, 1 / Math.sqrt(dimension)),
    keys: vectors(dimension, STREAMS.keys, 1),
    state: vectors(components, STREAMS.initial, 0.5),
    mean: vectors(components, STREAMS.initial, 0.5, 1),
    weights,
  };
}

/** Some rows of an array, padded to a multiple of four. */
function pickRows(values: Float64Array, rows: readonly number[], stride: number): Float64Array {
  const picked = new Float64Array(pad(rows.length) * stride);
  rows.forEach((row, r) => picked.set(values.subarray(row * stride, (row + 1) * stride), r * stride));
  return picked;
}

function statisticsOf(statistics: Float64Array): Outputs {
  const column = (at: number) => statistics.filter((_, index) => index % ROW_STATISTICS === at);
  const rows = statistics.length / ROW_STATISTICS;
  return {
    "log-sum-exp": { values: column(0), together: rows },
    entropy: { values: column(1), together: rows },
    participation: { values: column(2), together: 1 },
  };
}

/** The largest error in its unit; infinite where anything is not a number. */
function largestError({ values }: Output, { values: expected, together }: Output): number {
  const magnitude = (numbers: Float64Array) =>
    numbers.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const smallest = SMALLEST_SCALE * magnitude(expected);
  let largest = 0;
  for (let from = 0; from < values.length; from += together) {
    const unit = Math.max(smallest, magnitude(expected.subarray(from, from + together)));
    for (let index = from; index < from + together; index++) {
      const error = Math.abs(values[index] - expected[index]) / unit;
      largest = Number.isFinite(error) ? Math.max(largest, error) : Infinity;
    }
  }
  return largest;
}
