/** Onsager itself, by the fused kernel: field, row statistics and Onsager sums, or less of that. */
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
import { type AttentionProblem, withoutPadding } from "../problem.js";
import {
  type Contestant,
  type ContestantName,
  milliseconds,
  type OpenContestant,
  type Settings,
  Unavailable,
} from "./contestant.js";

interface Sums {
  /** Σ_j J_ij² w_j, entropy and participation of every row beside the field. */
  readonly sums: boolean;
  /** With the maxima and normalisers of a first step, which is not timed. */
  readonly frozen: boolean;
  readonly what: string;
}

export const onsager = fused("onsager", {
  sums: true,
  frozen: false,
  what: "first step, with Onsager sums and row statistics",
});
export const onsagerPlain = fused("onsager-plain", { sums: false, frozen: false, what: "the field alone" });
export const onsagerFrozen = fused("onsager-frozen", {
  sums: true,
  frozen: true,
  what: "frozen step, with Onsager sums",
});

function fused(name: ContestantName, sums: Sums): Contestant {
  return {
    name,
    onAdapter: true,
    open: (problem, { executor }, settings) => openFused(problem, executor, settings, sums),
  };
}

const KERNEL = "attention-field-sphere";
const NO_MASK = 0;

/** The way that is asked for, or the one that the engine takes by default. */
function variantOf({ traits }: Executor, { precision, strategy }: Settings, n: number, d: number) {
  const wanted = strategy ?? strategyOrder(traits)[0];
  const chosen = fusedStrategies.find((name) => name === wanted);
  if (chosen === undefined) throw new Unavailable(`the engine has no strategy ${wanted}`);
  if (precision === "f64") throw new Unavailable("the engine computes in f64 on the CPU only");
  const variant = kernelVariant(KERNEL, chosen, traits, { sites: n, dimension: d, components: d }, precision);
  if (typeof variant === "string") throw new Unavailable(variant);
  return variant;
}

async function openFused(
  problem: AttentionProblem,
  executor: Executor,
  settings: Settings,
  { sums, frozen, what }: Sums,
): Promise<OpenContestant> {
  const { n, d, inputs } = problem;
  const { traits } = executor;
  const variant = variantOf(executor, settings, n, d);
  const { ROWS = 1 } = variant.tile;
  const splits = keySplits(traits, n, ROWS);

  const rows = pad(n);
  const moment = sums ? 1 : 0;
  const [queries, keys, state, weights] = (["queries", "keys", "state", "weights"] as const).map((name) =>
    executor.upload(name, inputs[name]),
  );
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

  const shape = { systems: 1, systemsPerCoupling: 1, rows: n, columns: n };
  const stretch = rowsPerDispatch(
    traits,
    kernels[KERNEL].flops({ ...shape, rowCount: 1, dimension: d, components: d }),
    ROWS,
  );
  const record = (FROZEN: boolean) => {
    const constants = { MASK: NO_MASK, MOMENTS: moment, STATISTICS: sums, FROZEN };
    for (let rowStart = 0; rowStart < n; rowStart += stretch) {
      const block = { ...shape, rowStart, rowCount: Math.min(stretch, n - rowStart) };
      executor.run({
        kernel: KERNEL,
        arrays: {
          queries,
          keys,
          available: executor.unread,
          state,
          weights,
          field: partial?.partialField ?? field,
          moments: partial?.partialMoments ?? moments,
          statistics: FROZEN ? statistics : (partial?.partialRows ?? statistics),
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
  if (frozen) {
    record(false);
    await executor.flush(true);
  }
  return {
    adapter: executor.device.name,
    note:
      `fused kernel, ${settings.strategy === undefined ? `strategy ${variant.strategy}, ` : ""}${what}, ` +
      `${splits} split(s) of the keys; inputs resident, ended by onSubmittedWorkDone`,
    run: () =>
      milliseconds(() => {
        record(frozen);
        return executor.flush(true);
      }),
    async result() {
      const values = withoutPadding(await executor.read(field), n, d);
      if (!sums) return { field: values };
      return {
        field: values,
        sums: { moments: await executor.read(moments), statistics: await executor.read(statistics) },
      };
    },
    dispose() {
      executor.free(queries, keys, state, weights, field, moments, statistics, ...Object.values(partial ?? {}));
      return Promise.resolve();
    },
  };
}
