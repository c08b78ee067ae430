/** Sums the raw moments of every system on the device and reads them back once. */
import type { RawMoments } from "../physics/observables.js";
import type { BatchLayout } from "./batch.js";
import type { Executor, Slot } from "./executor.js";
import { Reducer, siteScalars } from "./reductions.js";

/** @returns one entry a system; attention rows come from `statistics`, [matrix][pad(N)][columns] */
export async function observe(
  executor: Executor,
  layout: BatchLayout,
  state: Slot,
  statistics: { readonly slot: Slot; readonly columns: number } | undefined,
): Promise<RawMoments[]> {
  const { systems, sites, components, componentStride, paddedSites, radius, systemsPerCoupling } = layout;
  const stateShape = {
    batch: systems,
    rows: sites,
    rowStride: paddedSites,
    columns: components,
    columnStride: componentStride,
  };
  const sums = new Reducer(executor, stateShape);
  const squares = new Reducer(executor, stateShape);
  const norms = new Reducer(executor, siteScalars(systems, sites));
  const distance = executor.allocate("site norm", systems * paddedSites);
  const rows = statistics
    ? new Reducer(executor, {
        batch: layout.matrices,
        rows: sites,
        rowStride: paddedSites,
        columns: 4,
        columnStride: statistics.columns,
      })
    : undefined;
  try {
    sums.record(state, "sum");
    squares.record(state, "sumOfSquares");
    executor.run({
      kernel: "site-distance",
      arrays: { left: state, right: executor.unread, distance },
      params: { systems, sites, components, componentStride, radius },
      constants: { SUBTRACT: false },
    });
    norms.record(distance, "sum");
    if (rows && statistics) rows.record(statistics.slot, "sum");
    const sumOf = await executor.read(sums.results);
    const squareOf = await executor.read(squares.results);
    const normOf = await executor.read(norms.results);
    const rowOf = rows && (await executor.read(rows.results));
    return Array.from({ length: systems }, (_, system) => {
      const from = system * components;
      const row = 4 * Math.floor(system / systemsPerCoupling);
      return {
        sites,
        radius,
        componentSums: [...sumOf.subarray(from, from + components)],
        sumOfSquares: squareOf.subarray(from, from + components).reduce((sum, value) => sum + value, 0),
        sumOfNorms: normOf[system],
        ...(rowOf && {
          rows: {
            logSumExp: rowOf[row] / sites,
            entropy: rowOf[row + 1] / sites,
            participation: rowOf[row + 2] / sites,
          },
        }),
      };
    });
  } finally {
    for (const reducer of [sums, squares, norms, rows]) reducer?.dispose();
    executor.free(distance);
  }
}
