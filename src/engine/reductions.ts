/** Pairwise reductions over the sites of every system, in as many passes as N asks for. */
import { pad } from "../reference/layout.js";
import type { BatchLayout } from "./batch.js";
import { REDUCE_CHUNK, type Reduction, REDUCTIONS } from "../reference/reduce.js";
import type { Executor, Slot } from "./executor.js";

/** A [batch][rowStride][columnStride] array of which rows x columns are reduced over the rows. */
export interface ReductionShape {
  readonly batch: number;
  readonly rows: number;
  readonly rowStride: number;
  readonly columns: number;
  readonly columnStride: number;
}

/** Scratch for the passes of one reduction shape; results are [batch][columns]. */
export class Reducer {
  readonly results: Slot;
  readonly #passes: readonly {
    readonly params: ReductionShape & { readonly chunks: number };
    readonly results: Slot;
  }[];

  constructor(
    private readonly executor: Executor,
    shape: ReductionShape,
  ) {
    const passes = [];
    let current = shape;
    for (;;) {
      const chunks = Math.ceil(current.rows / REDUCE_CHUNK);
      const results = executor.allocate("reduction", current.batch * current.columns * chunks);
      passes.push({ params: { ...current, chunks }, results });
      if (chunks === 1) break;
      const batch = current.batch * current.columns;
      current = { batch, rows: chunks, rowStride: chunks, columns: 1, columnStride: 1 };
    }
    this.#passes = passes;
    this.results = passes[passes.length - 1].results;
  }

  record(values: Slot, reduction: Reduction): void {
    let input = values;
    this.#passes.forEach(({ params, results }, pass) => {
      // Only the first pass maps the values; later ones add up its sums.
      const isExtreme = reduction === "maximum" || reduction === "minimum";
      const operation = pass > 0 && !isExtreme ? "sum" : reduction;
      this.executor.run({
        kernel: "reduce",
        arrays: { values: input, results },
        params,
        constants: { OPERATION: REDUCTIONS[operation] },
      });
      input = results;
    });
  }

  dispose(): void {
    this.executor.free(...this.#passes.map(({ results }) => results));
  }
}

/** Bytes that the reductions over a final state take: its moments, its residual, and the distances behind them. */
export function reductionBytes(layout: BatchLayout, elementBytes: number): number {
  const { systems, matrices, components, sites, paddedSites } = layout;
  // One more for the passes after the first.
  const chunks = Math.ceil(sites / REDUCE_CHUNK) + 1;
  return elementBytes * (2 * systems * paddedSites + chunks * (systems * (2 * components + 4) + 4 * matrices));
}

/** The shape of one number a site. */
export function siteScalars(systems: number, sites: number): ReductionShape {
  return { batch: systems, rows: sites, rowStride: pad(sites), columns: 1, columnStride: 1 };
}
