/**
 * Couplings of a batch on an executor: stored once where they fit, else filled block of rows by block of rows at every
 * use. A consumer sees blocks either way and cannot tell the difference by a single digit.
 */
import type { AttentionFeatures, Couplings, Mask } from "../physics/couplings.js";
import { pad } from "../reference/layout.js";
import { philoxKey } from "../reference/random.js";
import { type BatchLayout, padMatrix } from "./batch.js";
import type { Executor, Slot } from "./executor.js";

/** Rows rowStart .. rowStart + rowCount of every matrix: [matrix][rowCount][pad(N)]. */
export interface CouplingBlock {
  readonly rowStart: number;
  readonly rowCount: number;
  readonly couplings: Slot;
}

/** The batch does not fit the device, whatever the blocks. */
export class CapacityError extends Error {
  override readonly name = "CapacityError";
}

/** MASK of `shaders/scores.wgsl`. */
export const MASKS: Readonly<Record<Mask, number>> = { none: 0, causal: 1, user: 2 };

type GaussianCouplings = Extract<Couplings, { kind: "gaussian" }>;

/** `seeds` of `shaders/gaussian-couplings.wgsl` for one matrix. */
export function gaussianSeeds({ seed, sample }: GaussianCouplings): number[] {
  return [...philoxKey(seed), sample, 0];
}

/** `strengths` of `shaders/gaussian-couplings.wgsl` for one matrix: J_ij = mean + a A_ij + b B_ij (equations 3.6). */
export function gaussianStrengths({ mean, std, symmetry }: GaussianCouplings, sites: number): number[] {
  const width = std / Math.sqrt(sites);
  const [a, b] =
    symmetry === 0 ? [width, 0] : [width * Math.sqrt((1 + symmetry) / 2), width * Math.sqrt((1 - symmetry) / 2)];
  return [mean / sites, a, b, 0];
}

export class CouplingStore {
  /** Row statistics of attention, [matrix][pad(N)] of (log-sum-exp, entropy, participation, available keys). */
  readonly statistics: Slot | undefined;
  /** True if J follows the state and has to be refilled at every step. */
  readonly followsState: boolean;
  readonly #owned: Slot[] = [];
  readonly #stored: CouplingBlock[] = [];
  readonly #fill: (block: CouplingBlock) => void;
  readonly #refresh: (state: Slot) => void;
  /** Every block has a slot of its own; otherwise they share one and are filled again at every use. */
  readonly stays: boolean;
  #ready = false;

  /**
   * @param workingBytes what the rest of the run will take
   * @param reactionsPerMatrix matrices of the same shape that the consumer holds beside each block
   * @throws CapacityError if not even four rows fit, or dense couplings do not
   */
  constructor(
    private readonly executor: Executor,
    private readonly layout: BatchLayout,
    workingBytes: number,
    reactionsPerMatrix = 0,
  ) {
    const { couplings } = layout.batch;
    const kind = couplings[0].kind;
    if (couplings.some((coupling) => coupling.kind !== kind)) throw new Error("a batch holds one kind of couplings");
    const attention = couplings[0].kind === "attention" ? couplings[0] : undefined;
    this.followsState = attention?.features.source === "state";

    const rowBytes = layout.matrices * pad(layout.sites) * executor.elementBytes;
    const budget = executor.memoryLimit - workingBytes;
    // Scores take as much as the block they fill, and sphere TAP a matrix a system.
    const copies = 1 + (attention ? 1 : 0) + reactionsPerMatrix;
    const largest = Math.floor(
      (executor.maxArrayLength * executor.elementBytes) / (rowBytes * Math.max(1, reactionsPerMatrix)),
    );
    const whole = layout.sites * rowBytes;
    const fits = whole * copies <= budget && layout.sites <= largest;
    const rows = fits ? layout.sites : 4 * Math.floor(Math.min(largest, budget / rowBytes / copies) / 4);
    if (rows < 1 || (kind === "dense" && whole > budget)) {
      const needed = kind === "dense" ? whole : 4 * copies * rowBytes;
      const what = kind === "dense" ? "dense couplings" : "four rows of couplings";
      throw new CapacityError(
        `${what} for ${layout.matrices} matrices with N = ${layout.sites} take ${needed} bytes, and ` +
          `${Math.max(0, Math.floor(budget))} are left of the memory limit ${executor.memoryLimit}: ` +
          "raise --memory or shrink the batch",
      );
    }
    if (attention) {
      this.statistics = this.#own(executor.allocate("row statistics", 4 * layout.matrices * layout.paddedSites));
      const filler = new AttentionFiller(executor, layout, this.statistics, rows, (slot) => this.#own(slot));
      this.#fill = (block) => filler.fill(block);
      this.#refresh = (state) => filler.refresh(state);
    } else {
      this.#fill = kind === "gaussian" ? this.#gaussianFiller() : () => undefined;
      this.#refresh = () => undefined;
    }
    // Dense matrices cannot be made again, so all their blocks stay; anything else shares one block if it must.
    this.stays = fits || kind === "dense";
    for (let rowStart = 0; rowStart < layout.sites; rowStart += rows) {
      const rowCount = Math.min(rows, layout.sites - rowStart);
      this.#stored.push({ rowStart, rowCount, couplings: this.#slotFor(kind, rowStart, rowCount) });
    }
  }

  get blocks(): readonly CouplingBlock[] {
    return this.#stored;
  }

  /**
   * Records what makes J current for `state`, then `use` for every block in turn.
   * @param again true if the last call was for the very same contents of `state`
   */
  forEachBlock(state: Slot, use: (block: CouplingBlock) => void, again = false): void {
    const fresh = !this.#ready || (this.followsState && !again);
    if (fresh) this.#refresh(state);
    for (const block of this.#stored) {
      if (fresh || !this.stays) this.#fill(block);
      use(block);
    }
    this.#ready = true;
  }

  dispose(): void {
    this.executor.free(...this.#owned.splice(0));
  }

  #own(slot: Slot): Slot {
    this.#owned.push(slot);
    return slot;
  }

  #gaussianFiller(): (block: CouplingBlock) => void {
    const { executor, layout } = this;
    const all = layout.batch.couplings as readonly GaussianCouplings[];
    const independent = all[0].symmetry === 0;
    if (all.some(({ symmetry }) => (symmetry === 0) !== independent)) {
      throw new Error("a batch holds independent Gaussian couplings or correlated ones");
    }
    const seeds = this.#own(executor.upload("seeds", Uint32Array.from(all.flatMap(gaussianSeeds))));
    const strengths = this.#own(
      executor.upload("strengths", Float64Array.from(all.flatMap((each) => gaussianStrengths(each, layout.sites)))),
    );
    return ({ rowStart, rowCount, couplings }) =>
      executor.run({
        kernel: "gaussian-couplings",
        arrays: { seeds, strengths, couplings },
        params: { couplings: layout.matrices, rowStart, rowCount, columns: layout.sites },
        constants: { INDEPENDENT: independent },
      });
  }

  #slotFor(kind: Couplings["kind"], rowStart: number, rowCount: number): Slot {
    const { executor, layout } = this;
    if (kind === "dense") return this.#own(executor.upload("couplings", this.#denseRows(rowStart, rowCount)));
    if (!this.stays && this.#stored.length > 0) return this.#stored[0].couplings;
    return this.#own(executor.allocate("couplings", layout.matrices * rowCount * pad(layout.sites)));
  }

  #denseRows(rowStart: number, rowCount: number): Float64Array {
    const { sites, matrices } = this.layout;
    const block = new Float64Array(matrices * rowCount * pad(sites));
    (this.layout.batch.couplings as readonly Extract<Couplings, { kind: "dense" }>[]).forEach(({ matrix }, index) => {
      const rows = matrix.subarray(rowStart * sites, (rowStart + rowCount) * sites);
      const shape = { rows: rowCount, width: sites, first: 0, columns: sites, paddedRows: rowCount };
      block.set(padMatrix(rows, shape), index * rowCount * pad(sites));
    });
    return block;
  }
}

/** Fills blocks of softmax(λ Q Kᵀ); makes Q and K from features where weights are given. */
class AttentionFiller {
  readonly #scores: Slot;
  readonly #scales: Slot;
  readonly #available: Slot;
  readonly #queries: Slot;
  readonly #keys: Slot;
  readonly #weights: { readonly query: Slot; readonly key: Slot; readonly features: Slot } | undefined;
  readonly #mask: number;
  readonly #dimension: number;
  readonly #frozenFeatures: Slot | undefined;

  constructor(
    private readonly executor: Executor,
    private readonly layout: BatchLayout,
    private readonly statistics: Slot,
    rows: number,
    private readonly own: (slot: Slot) => Slot,
  ) {
    const all = layout.batch.couplings as readonly Extract<Couplings, { kind: "attention" }>[];
    const { heads, sites, paddedSites, matrices } = layout;
    const [first] = all;
    this.#dimension = first.dimension;
    this.#mask = MASKS[first.mask];
    this.#available = first.available ? own(executor.upload("mask", first.available)) : executor.unread;
    this.#scores = own(executor.allocate("scores", matrices * rows * pad(sites)));
    this.#scales = own(
      executor.upload("scales", Float64Array.from(all.flatMap(({ scale }) => Array<number>(heads).fill(scale)))),
    );
    const perMatrix = (arrayOf: (features: AttentionFeatures) => Float64Array) => {
      const stride = paddedSites * pad(this.#dimension);
      const packed = new Float64Array(matrices * stride);
      all.forEach(({ features }, g) => {
        for (let head = 0; head < heads; head++) {
          const first = head * this.#dimension;
          const shape = {
            rows: sites,
            width: heads * this.#dimension,
            first,
            columns: this.#dimension,
            paddedRows: paddedSites,
          };
          packed.set(padMatrix(arrayOf(features), shape), (g * heads + head) * stride);
        }
      });
      return packed;
    };
    if (first.features.source === "given") {
      type Given = Extract<AttentionFeatures, { source: "given" }>;
      this.#queries = own(
        executor.upload(
          "queries",
          perMatrix((features) => (features as Given).queries),
        ),
      );
      this.#keys = own(
        executor.upload(
          "keys",
          perMatrix((features) => (features as Given).keys),
        ),
      );
      return;
    }
    if (layout.systemsPerCoupling !== 1 && first.features.source === "state") {
      throw new Error("couplings that follow the state belong to one system each");
    }
    this.#queries = own(executor.allocate("queries", matrices * paddedSites * pad(this.#dimension)));
    this.#keys = own(executor.allocate("keys", matrices * paddedSites * pad(this.#dimension)));
    const width = heads * layout.components;
    const packWeights = (key: "queryWeights" | "keyWeights") => {
      const stride = pad(this.#dimension) * pad(width);
      const packed = new Float64Array(matrices * stride);
      all.forEach(({ features }, g) => {
        const weights = (features as Exclude<AttentionFeatures, { source: "given" }>)[key];
        for (let head = 0; head < heads; head++) {
          const rows = weights.subarray(head * this.#dimension * width, (head + 1) * this.#dimension * width);
          const shape = { rows: this.#dimension, width, first: 0, columns: width, paddedRows: pad(this.#dimension) };
          packed.set(padMatrix(rows, shape), (g * heads + head) * stride);
        }
      });
      return own(executor.upload(key, packed));
    };
    this.#weights = {
      query: packWeights("queryWeights"),
      key: packWeights("keyWeights"),
      features: own(executor.allocate("features", all.length * paddedSites * pad(width))),
    };
    if (first.features.source === "field") {
      // The field of the first point of a group: the field source wants one field a group.
      const fields = layout.pack((point) => point.field);
      const ofFirst = new Float64Array(matrices * layout.stateLength);
      for (let matrix = 0; matrix < matrices; matrix++) {
        const from = matrix * layout.systemsPerCoupling * layout.stateLength;
        ofFirst.set(fields.subarray(from, from + layout.stateLength), matrix * layout.stateLength);
      }
      this.#frozenFeatures = own(executor.upload("feature field", ofFirst));
    }
  }

  /** Records Q and K for the state (source `state`) or for the field (source `field`). */
  refresh(state: Slot): void {
    if (this.#weights === undefined) return;
    const { executor, layout } = this;
    const { heads, sites, components, componentStride, paddedSites, matrices } = layout;
    const { query, key, features } = this.#weights;
    executor.run({
      kernel: "concatenate-heads",
      arrays: { state: this.#frozenFeatures ?? state, features },
      params: { models: matrices / heads, heads, sites, components, componentStride },
      constants: {},
    });
    // q = f W_Qᵀ is a product of rows with rows, which is what `scores` computes; its rows run over the padding too,
    // so that queries and keys are zero there.
    for (const [weights, product] of [
      [query, this.#queries],
      [key, this.#keys],
    ]) {
      executor.run({
        kernel: "scores",
        arrays: {
          queries: features,
          keys: weights,
          scales: this.#unitScales(),
          available: executor.unread,
          scores: product,
        },
        params: {
          couplings: matrices,
          rows: sites,
          rowStart: 0,
          rowCount: paddedSites,
          columns: this.#dimension,
          dimension: heads * components,
          querySharing: heads,
        },
        constants: { MASK: MASKS.none },
      });
    }
  }

  fill({ rowStart, rowCount, couplings }: CouplingBlock): void {
    const { executor, layout } = this;
    const { sites, matrices } = layout;
    executor.run({
      kernel: "scores",
      arrays: {
        queries: this.#queries,
        keys: this.#keys,
        scales: this.#scales,
        available: this.#available,
        scores: this.#scores,
      },
      params: {
        couplings: matrices,
        rows: sites,
        rowStart,
        rowCount,
        columns: sites,
        dimension: this.#dimension,
        querySharing: 1,
      },
      constants: { MASK: this.#mask },
    });
    executor.run({
      kernel: "softmax",
      arrays: { scores: this.#scores, couplings, statistics: this.statistics },
      params: { couplings: matrices, rows: sites, rowStart, rowCount, columns: sites },
      constants: {},
    });
  }

  #units: Slot | undefined;
  #unitScales(): Slot {
    this.#units ??= this.own(this.executor.upload("unit scales", new Float64Array(this.layout.matrices).fill(1)));
    return this.#units;
  }
}
