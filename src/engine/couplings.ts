/**
 * Couplings of a batch on an executor: stored once where they fit, else filled block of rows by block of rows at every
 * use. A consumer sees blocks either way and cannot tell the difference by a single digit. Attention, and random couplings
 * that do not fit, are not stored at all: field products make them on the way, and agree within rounding.
 */
import type { KernelVariant } from "../kernels/strategies.js";
import { type Couplings, hasSoftmaxRows, type RandomCouplings } from "../physics/couplings.js";
import { InputError } from "../physics/input-error.js";
import { followsState } from "../physics/observable-scope.js";
import { pad } from "../reference/layout.js";
import { ROW_STATISTICS } from "../reference/attention-rows.js";
import { attentionScores, randomScores, type RecordScores, SoftmaxFiller } from "./attention-couplings.js";
import { attentionBytes, AttentionInputs } from "./attention-inputs.js";
import { type BatchLayout, type CouplingBlock, padMatrix } from "./batch.js";
import { type CouplingRequest, planAttention, requirePrecision, type StrategyReport } from "./coupling-strategy.js";
import type { Executor, Slot } from "./executor.js";
import { againstKeeping, FrozenCouplings } from "./frozen-couplings.js";
import { FusedAttention, fusedBytes } from "./fused-attention.js";
import { hebbRows, LowRankField, lowRankPays, patternLength } from "./hopfield-couplings.js";
import { RandomCouplingSource } from "./random-couplings.js";
import { speciesRows } from "./species-couplings.js";
import { fieldProduct } from "./field-product.js";

/** The batch does not fit the device, whatever the blocks. */
export class CapacityError extends Error {
  override readonly name = "CapacityError";
}

/** Bytes that are left to dispatch parameters and other small things. */
const RESERVE = 2 ** 20;

/** Share of the memory limit that one matrix of random couplings may take and still be stored. */
const STORED_SHARE = 0.5;

/** What a report says of the product with a stored J. */
const productOf = (variant: KernelVariant | undefined) =>
  variant && { product: { strategy: variant.strategy, tile: variant.tile } };

/** What makes field products of couplings that are not stored. */
type FieldSource = Pick<RandomCouplingSource, "recordField">;

export class CouplingStore {
  /** Row statistics of attention, [matrix][pad(N)][columns]: log-sum-exp, entropy, participation, available keys, … */
  readonly statistics: { readonly slot: Slot; readonly columns: number } | undefined;
  /** True if J follows the state and has to be refilled at every step. */
  readonly followsState: boolean;
  readonly #owned: Slot[] = [];
  readonly #stored: CouplingBlock[] = [];
  readonly #fill: (block: CouplingBlock) => void;
  readonly #refresh: (state: Slot) => void;
  readonly report: StrategyReport;
  /** What multiplies a stored J with vectors. */
  readonly product: KernelVariant | undefined;
  /** Makes the field products of couplings that are not stored; then there are no blocks. */
  readonly direct: FieldSource | undefined;
  /** The same for attention, which makes the sums of sphere TAP too. */
  readonly fused: FusedAttention | undefined;
  /** Records scores behind softmax rows, as they are for the state that was stepped last. */
  readonly recordScores: RecordScores | undefined;
  #ready = false;

  /**
   * @param workingBytes what the rest of the run will take
   * @param reactionsPerMatrix matrices of the same shape that the consumer holds beside each block, and makes of its J
   * @param sums second moments that the consumer takes beside J m
   * @throws CapacityError if not even four rows fit, or dense couplings do not
   * @throws InputError if what is asked for these couplings, their shape or the device have not
   */
  constructor(
    private readonly executor: Executor,
    private readonly layout: BatchLayout,
    workingBytes: number,
    reactionsPerMatrix = 0,
    request: CouplingRequest = {},
    sums = 1,
  ) {
    const { couplings } = layout.batch;
    const { strategy: asked = "auto" } = request;
    const own = (slot: Slot) => this.#own(slot);
    const kind = couplings[0].kind;
    if (couplings.some((coupling) => coupling.kind !== kind)) throw new Error("a batch holds one kind of couplings");
    const attention = couplings[0].kind === "attention" ? couplings[0] : undefined;
    this.followsState = followsState(couplings[0]);

    const rowBytes = layout.matrices * pad(layout.sites) * executor.elementBytes;
    const hasRows = hasSoftmaxRows(couplings[0]);
    const lowRank = asked === "auto" && sums === 0 && lowRankPays(layout);
    const patterns = kind === "hopfield" ? patternLength(layout, lowRank) * executor.elementBytes : 0;
    const statistics = hasRows ? ROW_STATISTICS * layout.matrices * layout.paddedSites * executor.elementBytes : 0;
    const inputs = attention ? attentionBytes(layout, attention, executor.elementBytes) : patterns;
    const features = inputs + statistics;
    const budget = executor.memoryLimit - workingBytes - features - Math.min(RESERVE, executor.memoryLimit / 16);
    // Scores take as much as the block they fill, and sphere TAP a matrix a system.
    const copies = 1 + (hasRows ? 1 : 0) + reactionsPerMatrix;
    const largest = Math.floor(
      (executor.maxArrayLength * executor.elementBytes) / (rowBytes * Math.max(1, reactionsPerMatrix)),
    );
    const whole = layout.sites * rowBytes;
    const fits = whole * copies <= budget && layout.sites <= largest;
    // Dense couplings are held whole, in blocks or not; what is left is for the matrices beside one block.
    const [held, beside] = kind === "dense" ? [whole, reactionsPerMatrix] : [0, copies];
    const room = beside === 0 ? Infinity : (budget - held) / rowBytes / beside;
    const drawable = kind === "random" && reactionsPerMatrix === 0;
    // By one matrix, not by those of the batch: what is in a batch must not choose between two roundings of a sum.
    const matrixLength = layout.sites * pad(layout.sites);
    const storable =
      matrixLength <= executor.maxArrayLength &&
      matrixLength * executor.elementBytes <= STORED_SHARE * executor.memoryLimit;
    const { precision } = executor.device;
    requirePrecision(executor, kind, request);
    if (asked === "procedural" && !attention && !drawable) {
      const found = kind === "random" ? "a closure that needs J itself" : `${kind} couplings`;
      throw new InputError("strategy", `procedural for ${found}`, "auto or stored");
    }
    if (!attention && asked !== "auto" && asked !== "stored" && asked !== "procedural") {
      throw new InputError("strategy", `${asked} for ${kind} couplings`, "auto, stored or procedural");
    }
    const plan = attention && planAttention(executor, layout, attention.dimension, request, storable);
    if (asked === "procedural" || (asked === "auto" && drawable && !storable)) {
      this.#requireRoom(workingBytes, budget);
      this.report = { name: "procedural", precision };
      this.direct = new RandomCouplingSource(executor, layout, couplings as readonly RandomCouplings[], own);
      this.#fill = this.#refresh = () => undefined;
      return;
    }
    if (lowRank) {
      this.#requireRoom(workingBytes + features, budget);
      this.report = { name: "low-rank", precision };
      this.direct = new LowRankField(executor, layout, own);
      this.#fill = this.#refresh = () => undefined;
      return;
    }
    if (plan?.kind === "fused") {
      this.#requireRoom(workingBytes + features, budget);
      const inputs = new AttentionInputs(executor, layout, own);
      this.recordScores = attentionScores(executor, layout, inputs, own);
      this.fused = this.direct = new FusedAttention(executor, layout, inputs, plan.variants, own);
      this.statistics = { slot: this.fused.statistics, columns: ROW_STATISTICS };
      const { field, reaction } = plan.variants;
      const { splits } = this.fused;
      // Only the closures that hold reactions take those sums.
      const mixed = field && reaction && reactionsPerMatrix > 0 && field.precision !== reaction.precision;
      const needsReaction = reactionsPerMatrix > 0;
      const against = againstKeeping(executor, request, { storable, needsReaction });
      let kept: FrozenCouplings | undefined;
      if (!this.followsState && against === undefined) {
        const spare = budget + statistics - fusedBytes(layout, splits);
        const isWhole = whole <= spare;
        const most = Math.min(largest, isWhole ? layout.sites : Math.floor(spare / rowBytes));
        const rows = most < layout.sites ? 4 * Math.floor(most / 4) : layout.sites;
        if (rows < 1) throw this.#noRoom("four rows of couplings", 4 * rowBytes, spare);
        const own = (slot: Slot) => this.#own(slot);
        kept = new FrozenCouplings(executor, layout, inputs, this.statistics.slot, { rows, isWhole }, own);
        this.fused.kept = kept;
      }
      const held = kept?.held ?? "recomputed";
      this.report = {
        name: plan.name,
        precision: field?.precision ?? precision,
        ...(field && { tile: field.tile, splits }),
        ...(mixed && { reason: `the reaction is in ${reaction.precision}, by ${reaction.strategy}` }),
        ...(!this.followsState && { frozen: { held, ...(against !== undefined && { reason: against }) } }),
        ...productOf(kept?.product),
      };
      this.#fill = this.#refresh = () => undefined;
      return;
    }
    const rows = fits ? layout.sites : 4 * Math.floor(Math.min(largest, room) / 4);
    if (rows < 1 || (kind === "dense" && whole > budget)) {
      const needed = kind === "dense" ? whole + 4 * reactionsPerMatrix * rowBytes : 4 * copies * rowBytes;
      const what = kind === "dense" ? "dense couplings" : "four rows of couplings";
      throw this.#noRoom(what, needed, budget);
    }
    if (hasRows) {
      const slot = own(executor.allocate("row statistics", 4 * layout.matrices * layout.paddedSites));
      this.statistics = { slot, columns: 4 };
      const inputs = attention && new AttentionInputs(executor, layout, own);
      const scores = inputs ? attentionScores(executor, layout, inputs, own) : randomScores(executor, layout, own);
      this.recordScores = scores;
      const filler = new SoftmaxFiller(executor, layout, scores, slot, rows, own);
      this.#fill = (block) => filler.fill(block);
      this.#refresh = (state) => inputs?.refresh(state);
    } else {
      this.#fill = this.#rowMaker(kind);
      this.#refresh = () => undefined;
    }
    // Dense matrices cannot be made again, so all their blocks stay; anything else shares one block if it must.
    const reason = plan?.kind === "stored" ? plan.reason : undefined;
    const name = fits || kind === "dense" ? "stored" : "blocks";
    this.product = fieldProduct(executor, layout);
    this.report = { name, precision, ...productOf(this.product), ...(reason !== undefined && { reason }) };
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
      if (fresh || this.report.name === "blocks") this.#fill(block);
      use(block);
    }
    this.#ready = true;
  }

  dispose(): void {
    this.executor.free(...this.#owned.splice(0));
  }

  /** What records rows of J that is not of softmax rows; dense rows are there already. */
  #rowMaker(kind: Couplings["kind"]): (block: CouplingBlock) => void {
    const { executor, layout } = this;
    const own = (slot: Slot) => this.#own(slot);
    if (kind === "hopfield") return hebbRows(executor, layout, own);
    if (kind === "species") return speciesRows(executor, layout, own);
    if (kind !== "random") return () => undefined;
    const source = new RandomCouplingSource(
      executor,
      layout,
      layout.batch.couplings as readonly RandomCouplings[],
      own,
    );
    return (block) => source.fill(block);
  }

  /** @throws CapacityError if what is there without couplings does not fit */
  #requireRoom(bytes: number, budget: number): void {
    if (budget >= 0) return;
    const { systems, sites } = this.layout;
    throw new CapacityError(
      `the arrays of ${systems} systems with N = ${sites} take ${bytes} bytes of the memory ` +
        `limit ${this.executor.memoryLimit}: raise --memory or shrink the batch`,
    );
  }

  #noRoom(what: string, needed: number, budget: number): CapacityError {
    const { matrices, sites } = this.layout;
    return new CapacityError(
      `${what} for ${matrices} matrices with N = ${sites} take ${needed} bytes, and ` +
        `${Math.max(0, Math.floor(budget))} are left of the memory limit ${this.executor.memoryLimit}: ` +
        "raise --memory or shrink the batch",
    );
  }

  #own(slot: Slot): Slot {
    this.#owned.push(slot);
    return slot;
  }

  #slotFor(kind: Couplings["kind"], rowStart: number, rowCount: number): Slot {
    const { executor, layout } = this;
    if (kind === "dense") return this.#own(executor.upload("couplings", this.#denseRows(rowStart, rowCount)));
    if (this.report.name === "blocks" && this.#stored.length > 0) return this.#stored[0].couplings;
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
