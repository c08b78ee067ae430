/** Onsager itself: field, row statistics and Onsager sums, or the field alone, by the fused kernel. */
import type { Executor } from "../../src/engine/executor.js";
import { kernels } from "../../src/kernels/registry.js";
import {
  fusedStrategies,
  keySplits,
  kernelVariant,
  rowsPerDispatch,
  strategyOrder,
} from "../../src/kernels/strategies.js";
import { ROW_STATISTICS } from "../../src/reference/attention-rows.js";
import { pad } from "../../src/reference/layout.js";
import type { AttentionProblem } from "../problem.js";
import { type Contestant, milliseconds, type OpenContestant, type Settings, Unavailable } from "./contestant.js";

export const onsager: Contestant = {
  name: "onsager",
  onAdapter: true,
  open: (problem, { executor }, settings) => openFused(problem, executor, settings, true),
};

export const onsagerPlain: Contestant = {
  name: "onsager-plain",
  onAdapter: true,
  open: (problem, { executor }, settings) => openFused(problem, executor, settings, false),
};

const NO_MASK = 0;

/** `withSums`: also Σ_j J_ij² w_j, entropy and participation of every row. */
function openFused(
  problem: AttentionProblem,
  executor: Executor,
  { precision, strategy }: Settings,
  withSums: boolean,
): Promise<OpenContestant> {
  const { n, d, scale } = problem;
  if (precision !== "f32") throw new Unavailable(`the fused kernel runs in f32 here, not in ${precision}`);
  const kernel = "attention-field-sphere";
  const { traits } = executor;
  const chosen = fusedStrategies.find((name) => name === (strategy ?? strategyOrder(traits)[0]));
  if (chosen === undefined) throw new Unavailable(`no strategy ${strategy}`);
  const variant = kernelVariant(kernel, chosen, traits, { sites: n, dimension: d, components: d });
  if (typeof variant === "string") throw new Unavailable(variant);
  const splits = keySplits(traits, n, variant.tile.ROWS);

  const rows = pad(n);
  const moment = withSums ? 1 : 0;
  const matrix = (label: string, values: Float32Array) => executor.upload(label, padded(values, n, d));
  const queries = matrix(
    "queries",
    problem.queries.map((value) => scale * value),
  );
  const keys = matrix("keys", problem.keys);
  const state = matrix("state", problem.values);
  const weights = executor.upload("weights", padded(problem.weights, 1, n));
  const field = executor.allocate("field", rows * pad(d));
  const moments = executor.allocate("moments", rows);
  const statistics = executor.allocate("row statistics", ROW_STATISTICS * rows);
  const partial =
    splits === 1
      ? undefined
      : {
          partialField: executor.allocate("partial field", splits * rows * pad(d)),
          partialMoments: executor.allocate("partial moments", splits * rows),
          partialRows: executor.allocate("partial rows", 4 * splits * rows),
        };

  const constants = { MASK: NO_MASK, MOMENTS: moment, STATISTICS: withSums, FROZEN: false };
  const shape = { systems: 1, systemsPerCoupling: 1, rows: n, columns: n };
  const stretch = rowsPerDispatch(
    traits,
    kernels[kernel].flops({ ...shape, rowCount: 1, dimension: d, components: d }),
    variant.tile.ROWS,
  );
  const record = () => {
    for (let rowStart = 0; rowStart < n; rowStart += stretch) {
      const block = { ...shape, rowStart, rowCount: Math.min(stretch, n - rowStart) };
      executor.run({
        kernel,
        arrays: {
          queries,
          keys,
          available: executor.unread,
          state,
          weights,
          field: partial?.partialField ?? field,
          moments: partial?.partialMoments ?? moments,
          statistics: partial?.partialRows ?? statistics,
        },
        params: { ...block, dimension: d, components: d, weightKinds: 1, splits },
        constants,
        variant,
      });
      if (partial === undefined) continue;
      executor.run({
        kernel: "attention-merge",
        arrays: { ...partial, field, moments, statistics },
        params: { ...block, componentStride: pad(d), splits },
        constants,
      });
    }
  };
  return Promise.resolve({
    adapter: executor.device.name,
    note:
      `fused kernel, strategy ${chosen}, ${splits} split(s), ` +
      `${withSums ? "with" : "without"} Onsager sums and row statistics; inputs resident, ended by onSubmittedWorkDone`,
    run: () =>
      milliseconds(() => {
        record();
        return executor.flush(true);
      }),
    async result() {
      const all = await executor.read(field);
      const values = Float32Array.from({ length: n * d }, (_, k) => all[Math.floor(k / d) * pad(d) + (k % d)]);
      if (!withSums) return { field: values };
      return { field: values, moments: Float32Array.from(await executor.read(moments, 0, n)) };
    },
    dispose() {
      executor.free(queries, keys, state, weights, field, moments, statistics, ...Object.values(partial ?? {}));
      return Promise.resolve();
    },
  });
}

/** Rows and columns filled up with zeros to multiples of four. */
function padded(values: Float32Array, rows: number, columns: number): Float64Array {
  const wide = new Float64Array((rows === 1 ? 1 : pad(rows)) * pad(columns));
  for (let row = 0; row < rows; row++) {
    wide.set(values.subarray(row * columns, (row + 1) * columns), row * pad(columns));
  }
  return wide;
}
