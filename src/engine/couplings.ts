/**
 * Couplings of a batch on an executor: stored once where they fit, else filled block of rows by block of rows at every
 * use. A consumer sees blocks either way and cannot tell the difference by a single digit.
 */
import type { Couplings } from "../physics/couplings.js";
import { pad } from "../reference/layout.js";
import { philoxKey } from "../reference/random.js";
import { attentionBytes, AttentionFiller } from "./attention-couplings.js";
import { type BatchLayout, type CouplingBlock, padMatrix } from "./batch.js";
import type { Executor, Slot } from "./executor.js";

/** The batch does not fit the device, whatever the blocks. */
export class CapacityError extends Error {
  override readonly name = "CapacityError";
}

/** Bytes that are left to dispatch parameters and other small things. */
const RESERVE = 2 ** 20;

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
    const features = attention ? attentionBytes(layout, attention, executor.elementBytes) : 0;
    const budget = executor.memoryLimit - workingBytes - features - Math.min(RESERVE, executor.memoryLimit / 16);
    // Scores take as much as the block they fill, and sphere TAP a matrix a system.
    const copies = 1 + (attention ? 1 : 0) + reactionsPerMatrix;
    const largest = Math.floor(
      (executor.maxArrayLength * executor.elementBytes) / (rowBytes * Math.max(1, reactionsPerMatrix)),
    );
    const whole = layout.sites * rowBytes;
    const fits = whole * copies <= budget && layout.sites <= largest;
    // Dense couplings are held whole, in blocks or not; what is left is for the matrices beside one block.
    const [held, beside] = kind === "dense" ? [whole, reactionsPerMatrix] : [0, copies];
    const room = beside === 0 ? Infinity : (budget - held) / rowBytes / beside;
    const rows = fits ? layout.sites : 4 * Math.floor(Math.min(largest, room) / 4);
    if (rows < 1 || (kind === "dense" && whole > budget)) {
      const needed = kind === "dense" ? whole + 4 * reactionsPerMatrix * rowBytes : 4 * copies * rowBytes;
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
