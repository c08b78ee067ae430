/** Measurements of J: what its antisymmetric part dissipates, its largest row, and the gaps between its scores. */
import { RESPONSES } from "../reference/moment-weights.js";
import { pad } from "../reference/layout.js";
import { hasSoftmaxRows } from "../physics/couplings.js";
import type { Measurements } from "../physics/moments.js";
import { betasOf } from "./batch.js";
import { CapacityError } from "./couplings.js";
import type { Slot } from "./executor.js";
import type { MeasurementContext } from "./measurement-context.js";
import { Reducer } from "./reductions.js";
import { columnSums } from "./state-measurements.js";

/** @throws CapacityError if J does not fit whole */
export async function measureHousekeeping({
  executor,
  layout,
  step,
  state,
}: MeasurementContext): Promise<Measurements["housekeeping"][]> {
  const { systems, systemsPerCoupling, sites, components, componentStride, radius, paddedSites } = layout;
  const { blocks, report } = step.couplings;
  if (report.name !== "stored" || blocks.length !== 1) {
    throw new CapacityError("housekeeping reads J and its transpose, which do not fit on the device in one piece");
  }
  const { spins } = layout.batch;
  const KINDS = spins.kind === "binary" ? 1 : 3;
  const RESPONSE = spins.kind === "binary" ? 0 : RESPONSES.indexOf(spins.response);
  const weights = executor.allocate("covariances", KINDS * systems * paddedSites);
  const production = executor.allocate("entropy production", systems * paddedSites);
  executor.run({
    kernel: "moment-weights",
    arrays: { state, weights },
    params: { systems, sites, components, componentStride, radius },
    constants: { KINDS, PUBLISHED: false, RESPONSE },
  });
  executor.run({
    kernel: "housekeeping",
    arrays: { couplings: blocks[0].couplings, state: KINDS === 3 ? state : executor.unread, weights, production },
    params: { systems, systemsPerCoupling, sites, components, componentStride },
    constants: { KINDS },
  });
  const sums = await columnSums(executor, layout, production, 1);
  const betas = layout.packSites(betasOf);
  return Array.from(sums, (sum, system) => (betas[system * paddedSites] ** 2 / 2) * sum);
}

/** Scores of a block of rows at most (16 MiB of f32). */
export const SCORE_ELEMENTS = 2 ** 22;

export async function measureScoreGaps({
  executor,
  layout,
  step,
}: MeasurementContext): Promise<(Measurements["scoreGaps"] | undefined)[]> {
  const { systems, systemsPerCoupling, matrices, sites, paddedSites } = layout;
  const { recordScores } = step.couplings;
  if (recordScores === undefined) return [];
  const fitting = Math.floor(Math.min(SCORE_ELEMENTS, executor.maxArrayLength) / (matrices * pad(sites)));
  const rows = Math.min(sites, Math.max(4, 4 * Math.floor(fitting / 4)));
  const scores = executor.allocate("scores", matrices * rows * pad(sites));
  const gaps = executor.allocate("score gaps", 2 * matrices * paddedSites);
  for (let rowStart = 0; rowStart < sites; rowStart += rows) {
    const rowCount = Math.min(rows, sites - rowStart);
    recordScores({ rowStart, rowCount, couplings: scores });
    executor.run({
      kernel: "score-gaps",
      arrays: { scores, gaps },
      params: { couplings: matrices, rows: sites, rowStart, rowCount, columns: sites },
      constants: {},
    });
  }
  const shape = { batch: matrices, rows: sites, rowStride: paddedSites, columns: 2, columnStride: 2 };
  const reducer = new Reducer(executor, shape);
  reducer.record(gaps, "sum");
  const sums = await executor.read(reducer.results);
  return Array.from({ length: systems }, (_, system) => {
    const [sum, counted] = sums.subarray(2 * Math.floor(system / systemsPerCoupling));
    return { sum, rows: counted };
  });
}

export async function measureRowNorm({
  executor,
  layout,
  step,
  state,
}: MeasurementContext): Promise<Measurements["rowNorm"][]> {
  const { systems, systemsPerCoupling, matrices, sites, paddedSites, components, radius, batch } = layout;
  const { spins } = batch;
  const rowSums = new Float64Array(matrices * sites);
  if (hasSoftmaxRows(batch.couplings[0])) rowSums.fill(1);
  else {
    const blocks: { rowStart: number; rowCount: number; sums: Slot }[] = [];
    step.couplings.forEachBlock(
      state,
      ({ rowStart, rowCount, couplings }) => {
        // The columns of J are the rows that are reduced.
        const shape = { rows: sites, rowStride: pad(sites), columns: 1, columnStride: 1 };
        const reducer = new Reducer(executor, { ...shape, batch: matrices * rowCount });
        reducer.record(couplings, "sumOfMagnitudes");
        blocks.push({ rowStart, rowCount, sums: reducer.results });
      },
      true,
    );
    for (const { rowStart, rowCount, sums } of blocks) {
      const values = await executor.read(sums);
      for (let matrix = 0; matrix < matrices; matrix++) {
        rowSums.set(values.subarray(matrix * rowCount, (matrix + 1) * rowCount), matrix * sites + rowStart);
      }
    }
  }
  // The largest slope of F, which it has at zero field, over β.
  const slope = spins.kind === "binary" ? 1 : spins.response === "large-d" ? 0.5 : radius ** 2 / components;
  const betas = layout.packSites(betasOf);
  return Array.from({ length: systems }, (_, system) => {
    const from = Math.floor(system / systemsPerCoupling) * sites;
    let largest = 0;
    for (let i = 0; i < sites; i++) {
      largest = Math.max(largest, betas[system * paddedSites + i] * rowSums[from + i]);
    }
    return largest * slope;
  });
}
