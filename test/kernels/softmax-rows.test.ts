/** Attention against numbers computed elsewhere: rows that break a careless softmax, and Q Kᵀ to entropy in full. */
import { afterAll, describe, expect, test } from "vitest";
import { CpuExecutor } from "../../src/engine/cpu-executor.js";
import type { Executor, Slot } from "../../src/engine/executor.js";
import { pad } from "../../src/reference/layout.js";
import { MASKED } from "../../src/reference/scores.js";
import { readCase } from "../cases.js";
import { useGpu } from "./compare.js";

interface AttentionFixedPoints {
  data: {
    nasty_softmax_rows: {
      name: string;
      logits: (number | "-inf")[];
      softmax: number[] | null;
      Y2?: number;
      S?: number;
    }[];
    explicit_qk: {
      X: number[][];
      Wq: number[][];
      Wk: number[][];
      scale: number;
      QKt: number[][];
      softmax: number[][];
      Y2: number[];
      entropy: number[];
      logsumexp: number[];
    };
  };
}

const { nasty_softmax_rows: rows, explicit_qk: explicit } = readCase<AttentionFixedPoints>(
  "kinetic/attention-exact-fixed-points",
).data;

const cpu = new CpuExecutor(Infinity, "float64 twins");
const gpu = useGpu();
afterAll(() => cpu.dispose());

/** Runs `use` with the slots that it makes, and frees them. */
async function withSlots<T>(
  executor: Executor,
  use: (make: (values: readonly number[]) => Slot) => Promise<T>,
): Promise<T> {
  const slots: Slot[] = [];
  const make = (values: readonly number[]) => {
    const slot = executor.upload("softmax rows", Float64Array.from(values));
    slots.push(slot);
    return slot;
  };
  try {
    return await use(make);
  } finally {
    executor.free(...slots);
  }
}

const empty = (length: number) => new Array<number>(length).fill(NaN);
const padded = (row: readonly number[]) => [...row, ...new Array<number>(pad(row.length) - row.length).fill(0)];
const transposed = (matrix: readonly number[][]) => matrix[0].map((_, column) => matrix.map((row) => row[column]));

/** Rows of a matrix padded in both directions. */
function paddedMatrix(matrix: readonly number[][]): number[] {
  const missing = Array.from({ length: pad(matrix.length) - matrix.length }, () => matrix[0].map(() => 0));
  return [...matrix, ...missing].flatMap(padded);
}

function expectClose(actual: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  expected.forEach((value, k) => {
    const allowed = tolerance * Math.max(1, Math.abs(value));
    expect(Math.abs(actual[k] - value), `element ${k}: ${actual[k]} for ${value}`).toBeLessThanOrEqual(allowed);
  });
}

describe.each([
  { on: "twin", rowTolerance: 1e-13, tolerance: 1e-13 },
  { on: "GPU", rowTolerance: 2e-7, tolerance: 2e-6 },
])("$on", ({ on, rowTolerance, tolerance }) => {
  const executor = () => (on === "GPU" ? gpu() : cpu);

  test.each(rows)("row: $name", async ({ logits, softmax, Y2, S }) => {
    const columns = logits.length;
    await withSlots(executor(), async (make) => {
      const couplings = make(empty(pad(columns)));
      const statistics = make(empty(16));
      const scores = make(padded(logits.map((logit) => (logit === "-inf" ? MASKED : logit))));
      const params = { couplings: 1, rows: 1, rowStart: 0, rowCount: 1, columns };
      executor().run({ kernel: "softmax", arrays: { scores, couplings, statistics }, params, constants: {} });
      const weights = await executor().read(couplings);
      const [logSumExp, entropy, participation, keys] = await executor().read(statistics, 0, 4);
      // A row without keys is all zeros, and its count of keys says so.
      expectClose(weights, softmax ?? logits.map(() => 0), rowTolerance);
      expect([...weights.subarray(columns)].every((weight) => weight === 0)).toBe(true);
      expect(keys).toBe(logits.filter((logit) => logit !== "-inf" && logit > MASKED).length);
      expect(Number.isFinite(logSumExp)).toBe(true);
      if (softmax === null) expect([logSumExp, entropy, participation]).toEqual([0, 0, 0]);
      if (Y2 !== undefined) expectClose([participation], [Y2], rowTolerance);
      if (S !== undefined) expectClose([entropy], [S], rowTolerance);
    });
  });

  test("features times weights, scores, softmax and its statistics", async () => {
    const { X, Wq, Wk, scale } = explicit;
    const [sites, features, dimension] = [X.length, X[0].length, Wq[0].length];
    await withSlots(executor(), async (make) => {
      const shape = { couplings: 1, rows: sites, rowStart: 0, querySharing: 1 };
      const product = (
        queries: Slot,
        keys: Slot,
        size: { rowCount: number; columns: number; dimension: number },
        by: number,
      ) => {
        const scores = make(empty(size.rowCount * pad(size.columns)));
        executor().run({
          kernel: "scores",
          arrays: { queries, keys, scales: make([by]), available: executor().unread, scores },
          params: { ...shape, ...size },
          constants: { MASK: 0 },
        });
        return scores;
      };
      // As the engine makes them: a product of the padded rows of X with the rows of Wᵀ.
      const toFeatures = { rowCount: pad(sites), columns: dimension, dimension: features };
      const x = make(paddedMatrix(X));
      const queries = product(x, make(paddedMatrix(transposed(Wq))), toFeatures, 1);
      const keys = product(x, make(paddedMatrix(transposed(Wk))), toFeatures, 1);
      const block = { rowCount: sites, columns: sites, dimension };
      const unscaled = product(queries, keys, block, 1);
      const scores = product(queries, keys, block, scale);
      const couplings = make(empty(sites * pad(sites)));
      const statistics = make(empty(4 * pad(sites)));
      const params = { couplings: 1, rows: sites, rowStart: 0, rowCount: sites, columns: sites };
      executor().run({ kernel: "softmax", arrays: { scores, couplings, statistics }, params, constants: {} });

      expectClose(await executor().read(unscaled), explicit.QKt.flatMap(padded), tolerance);
      expectClose(await executor().read(couplings), explicit.softmax.flatMap(padded), tolerance);
      const numbers = await executor().read(statistics);
      const expected = X.flatMap((_, row) => [explicit.logsumexp[row], explicit.entropy[row], explicit.Y2[row], sites]);
      expectClose(numbers, expected, tolerance);
    });
  });
});
