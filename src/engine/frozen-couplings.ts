/** J of frozen attention, stored once a fused step has left the maxima and normalisers of its rows, for all steps after it. */
import { kernels } from "../kernels/registry.js";
import { denseVariant, keepsFrozenCouplings, type KernelVariant, rowsPerDispatch } from "../kernels/strategies.js";
import { pad } from "../reference/layout.js";
import type { BatchLayout, CouplingBlock } from "./batch.js";
import type { CouplingRequest } from "./coupling-strategy.js";
import type { Executor, Slot } from "./executor.js";
import type { FusedInputs } from "./fused-attention.js";
import type { FieldArrays } from "./random-couplings.js";
import { fieldProduct, recordBlockField } from "./field-product.js";

/** What speaks against storing J after a fused step, if anything does. */
export function againstKeeping(
  executor: Executor,
  { strategy = "auto", precision = "f32" }: CouplingRequest,
  { storable, needsReaction }: { readonly storable: boolean; readonly needsReaction: boolean },
): string | undefined {
  if (strategy !== "auto") return `${strategy} was asked for`;
  if (precision !== "f32") return `${precision} was asked for, and a stored J is in f32`;
  if (needsReaction) return "the inner iterations of sphere TAP make J anew";
  if (!storable) return "one matrix takes more than half of the memory";
  return keepsFrozenCouplings(executor.traits) ? undefined : "not measured to be faster on this adapter";
}

export class FrozenCouplings {
  readonly #blocks: CouplingBlock[] = [];
  readonly held: "stored" | "blocks";
  readonly product: KernelVariant | undefined;
  readonly #variant: KernelVariant;
  #made = false;

  /**
   * @param statistics row statistics of the fused kernel
   * @param rows rows of every matrix that one array may hold, a multiple of four
   * @param isWhole true if all rows fit at once; else they share an array that is filled anew at every use
   */
  constructor(
    private readonly executor: Executor,
    private readonly layout: BatchLayout,
    private readonly inputs: FusedInputs,
    private readonly statistics: Slot,
    { rows, isWhole }: { readonly rows: number; readonly isWhole: boolean },
    own: (slot: Slot) => Slot,
  ) {
    const { sites, matrices, components, systems } = layout;
    const { dimension } = inputs;
    this.#variant = denseVariant("attention-couplings", executor.traits, { sites, dimension, components: 1 });
    this.product = fieldProduct(executor, layout);
    const operations = kernels["field-sphere"].flops({ systems, rowCount: 1, columns: sites, dimension: components });
    const height = Math.min(rows, rowsPerDispatch(executor.traits, operations, 4));
    this.held = isWhole ? "stored" : "blocks";
    for (let rowStart = 0; rowStart < sites; rowStart += height) {
      const rowCount = Math.min(height, sites - rowStart);
      const shared = isWhole ? undefined : this.#blocks.at(0)?.couplings;
      const couplings = shared ?? own(executor.allocate("couplings", matrices * rowCount * pad(sites)));
      this.#blocks.push({ rowStart, rowCount, couplings });
    }
  }

  recordField(arrays: FieldArrays, sums: number, weightKinds: number): void {
    for (const block of this.#blocks) {
      if (!this.#made || this.held === "blocks") this.#fill(block);
      recordBlockField(this.executor, this.layout, block, arrays, { sums, weightKinds });
    }
    this.#made = true;
  }

  #fill({ rowStart, rowCount, couplings }: CouplingBlock): void {
    const { systems, systemsPerCoupling, sites } = this.layout;
    const { queries, keys, available, dimension, mask } = this.inputs;
    this.executor.run({
      kernel: "attention-couplings",
      arrays: { queries, keys, available, statistics: this.statistics, couplings },
      params: { systems, systemsPerCoupling, rows: sites, rowStart, rowCount, columns: sites, dimension },
      constants: { MASK: mask },
      variant: this.#variant,
    });
  }
}
