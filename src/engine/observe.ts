/** Sums the raw moments of every system on the device and reads them back once. */
import type { ProfileName, RawMoments } from "../physics/moments.js";
import { pad } from "../reference/layout.js";
import type { BatchLayout } from "./batch.js";
import type { Executor, Slot } from "./executor.js";
import { productArrays, recordRows } from "./field-product.js";
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
  const profiles = await observeProfiles(executor, layout, state);
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
        profiles: profiles[system],
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

/** Σ_i w_i m_i of every profile and system: a field product with a few rows. */
async function observeProfiles(
  executor: Executor,
  layout: BatchLayout,
  state: Slot,
): Promise<NonNullable<RawMoments["profiles"]>[]> {
  const { systems, sites, components, componentStride, paddedSites, batch } = layout;
  const names = Object.keys(batch.points[0][0].profiles ?? {}) as ProfileName[];
  const rows = names.length;
  if (rows === 0) return Array.from({ length: systems }, () => ({}));
  const weights = new Float64Array(systems * rows * paddedSites);
  names.forEach((name, row) => {
    const ofAll = layout.packSites(({ profiles }) => profiles?.[name] ?? 0);
    for (let system = 0; system < systems; system++) {
      const from = system * paddedSites;
      weights.set(ofAll.subarray(from, from + paddedSites), (system * rows + row) * paddedSites);
    }
  });
  const couplings = executor.upload("profiles", weights);
  const field = executor.allocate("profile sums", systems * pad(rows) * componentStride);
  try {
    const shape = { systemsPerCoupling: 1, rows, rowStart: 0, rowCount: rows, columns: sites };
    recordRows(executor, layout, couplings, productArrays(executor, state, field), shape);
    const sums = await executor.read(field);
    return Array.from({ length: systems }, (_, system) =>
      Object.fromEntries(
        names.map((name, row) => {
          const from = (system * pad(rows) + row) * componentStride;
          return [name, [...sums.subarray(from, from + components)]];
        }),
      ),
    );
  } finally {
    executor.free(couplings, field);
  }
}
