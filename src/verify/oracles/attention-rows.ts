/** Attention row by row: an explicit QKᵀ, and one pass that stores nothing against a stored J (equations 3.5). */
import type { Stage } from "../../engine/executor.js";
import {
  denseVariant,
  fusedStrategies,
  type KernelVariant,
  kernelVariant,
  strategyOrder,
} from "../../kernels/strategies.js";
import { ROW_STATISTICS } from "../../reference/attention-rows.js";
import { pad } from "../../reference/layout.js";
import { gaussianMatrix, STREAMS, uniformMatrix } from "../../reference/random.js";
import { MASKED, MASKS } from "../../reference/scores.js";
import { dot, flat, mean, type Oracle, type OracleBench, packed, unpacked } from "./bench.js";
import { readCase } from "./case-files.js";

type Matrix = number[][];

interface ExplicitRows {
  data: {
    explicit_qk: Record<"X" | "Wq" | "Wk" | "QKt" | "softmax", Matrix> &
      Record<"Y2" | "entropy" | "logsumexp", number[]> & { scale: number };
  };
}

const UNUSED = () => new Float64Array(4);

/** Scores and stored rows of one matrix, by the kernels `scores` and `softmax`. */
async function storedRows(
  bench: OracleBench,
  queries: readonly ArrayLike<number>[],
  keys: readonly ArrayLike<number>[],
  scale: number,
  available?: Float64Array,
) {
  const [sites, dimension] = [keys.length, keys[0].length];
  const params = { couplings: 1, rows: sites, rowStart: 0, rowCount: sites, columns: sites };
  const square = () => new Float64Array(pad(sites) * pad(sites));
  const { scores } = await bench.kernel<"scores">({
    kernel: "scores",
    arrays: {
      queries: packed(queries),
      keys: packed(keys),
      scales: new Float64Array(4).fill(scale),
      available: available ?? UNUSED(),
      scores: square(),
    },
    params: { ...params, dimension, querySharing: 1 },
    constants: { MASK: available ? MASKS.user : MASKS.none },
  });
  const { couplings, statistics } = await bench.kernel<"softmax">({
    kernel: "softmax",
    arrays: { scores, couplings: square(), statistics: new Float64Array(4 * pad(sites)) },
    params,
    constants: {},
  });
  const statistic = (which: number) => Array.from({ length: sites }, (_, i) => statistics[4 * i + which]);
  return {
    scores: unpacked(scores, sites, sites),
    couplings,
    rows: unpacked(couplings, sites, sites),
    logSumExp: statistic(0),
    entropy: statistic(1),
    participation: statistic(2),
  };
}

async function explicitRows(bench: OracleBench): Promise<void> {
  const table = readCase<ExplicitRows>("kinetic/attention-exact-fixed-points").data.explicit_qk;
  const project = (weights: Matrix) =>
    table.X.map((row) => weights[0].map((_, a) => row.reduce((sum, value, k) => sum + value * weights[k][a], 0)));
  const [queries, keys] = [project(table.Wq), project(table.Wk)];
  const allowed = bench.allow(1e-13, 2e-6);
  const { scores, rows, ...statistics } = await storedRows(bench, queries, keys, table.scale);
  const scaled = table.QKt.map((row) => row.map((value) => table.scale * value));
  bench.within("scores, λ QKᵀ", scores, scaled, allowed);
  bench.within("softmax rows", rows, table.softmax, allowed);
  bench.within("participation of every row", statistics.participation, table.Y2, allowed);
  bench.within("entropy of every row", statistics.entropy, table.entropy, allowed);
  bench.within("log-sum-exp of every row", statistics.logSumExp, table.logsumexp, allowed);
  const system = { spins: { kind: "binary" }, couplings: { kind: "attention", queries, keys, scale: table.scale } };
  const observe = ["participation", "entropy", "log-sum-exp"] as const;
  const exact = [table.Y2, table.entropy, table.logsumexp].map(mean);
  for (const [label, options] of [
    ["fused", {}],
    ["stored", { couplings: true }],
  ] as const) {
    const result = await bench.run(system, { closure: "naive", run: { steps: 1 }, observe, ...options });
    if (result.couplings) bench.within("softmax rows of a run", result.couplings, flat(table.softmax), allowed);
    const found = observe.map((name) => result.observables[name] ?? NaN);
    bench.within(`means over rows, ${label}`, found, exact, allowed);
  }
}

/** One row of what both ways give. */
interface RowResult {
  /** (J m)_i, */
  readonly field: readonly number[];
  /** Σ_j J_ij² a_j, participation, entropy and log-sum-exp. */
  readonly sums: readonly number[];
}

/** Equations 3.5, word by word: a pass over the keys of one row in blocks of `size`; a row without keys is zero. */
function streamedRow(
  scores: readonly number[],
  means: readonly ArrayLike<number>[],
  weights: ArrayLike<number>,
  size: number,
): RowResult {
  let [M, Z, W, Y, E] = [MASKED, 0, 0, 0, 0];
  const P = new Array<number>(means[0].length).fill(0);
  for (let from = 0; from < scores.length; from += size) {
    const to = Math.min(from + size, scores.length);
    const largest = Math.max(...scores.slice(from, to));
    if (largest > M) {
      const e = Math.exp(M - largest);
      E = e * (E + (M - largest) * Z);
      Z *= e;
      W *= e * e;
      Y *= e * e;
      for (let k = 0; k < P.length; k++) P[k] *= e;
      M = largest;
    }
    for (let j = from; j < to; j++) {
      if (scores[j] <= MASKED) continue;
      const w = Math.exp(scores[j] - M);
      Z += w;
      W += w * w * weights[j];
      Y += w * w;
      E += w * (scores[j] - M);
      for (let k = 0; k < P.length; k++) P[k] += w * means[j][k];
    }
  }
  if (Z === 0) return { field: P, sums: [0, 0, 0, 0] };
  return { field: P.map((value) => value / Z), sums: [W / Z ** 2, Y / Z ** 2, Math.log(Z) - E / Z, M + Math.log(Z)] };
}

const SITES = 70;
const HEAD = 6;

/** Positive means and weights: sums of them lose nothing, and numbers compare relative to themselves. */
function inputs(sample: number, components: number) {
  const source = (stream: (typeof STREAMS)[keyof typeof STREAMS]) => ({ seed: 17, stream, sample });
  const cut = (array: Float64Array, width: number) =>
    Array.from({ length: SITES }, (_, i) => array.subarray(i * width, (i + 1) * width).map(Math.fround));
  const uniform = uniformMatrix(SITES, SITES, source(STREAMS.couplings));
  // A share of keys that differs from row to row, one row with a single key and two without any.
  const mask = uniform.map((u, index) => {
    const [row, key] = [Math.floor(index / SITES), index % SITES];
    if (row === 3 || row === SITES - 1) return 0;
    return row === 5 ? Number(key === 11) : Number(u < 0.1 + (0.9 * row) / SITES);
  });
  const positive = (array: Float64Array) => array.map((u) => 0.5 + u);
  return {
    mask,
    queries: cut(gaussianMatrix(SITES, HEAD, source(STREAMS.queries), 1.5), HEAD),
    keys: cut(gaussianMatrix(SITES, HEAD, source(STREAMS.keys)), HEAD),
    means: cut(positive(uniformMatrix(SITES, components, source(STREAMS.initial))), components),
    weights: Float64Array.from(uniformMatrix(1, SITES, source(STREAMS.field)), (u) => Math.fround(0.5 + u)),
  };
}

type Inputs = ReturnType<typeof inputs>;

/** J m and Σ J² a by a stored J and the kernels of one number, or of a vector, a site. */
async function storedProducts(bench: OracleBench, { means, weights }: Inputs, couplings: Float64Array) {
  const components = means[0].length;
  const params = { systems: 1, systemsPerCoupling: 1, rows: SITES, rowStart: 0, rowCount: SITES, columns: SITES };
  const padded = new Float64Array(pad(SITES));
  padded.set(weights);
  const arrays = { couplings, weights: padded, moments: new Float64Array(pad(SITES)) };
  if (components === 1) {
    const state = padded.map((_, i) => means[i]?.[0] ?? 0);
    const left = await bench.kernel<"field-binary">({
      kernel: "field-binary",
      arrays: { ...arrays, state, field: new Float64Array(pad(SITES)) },
      params,
      constants: { MOMENTS: 1 },
    });
    return { fields: Array.from(left.field.subarray(0, SITES), (value) => [value]), moments: left.moments };
  }
  const { executor } = bench;
  const shape = { sites: SITES, dimension: 0, components };
  const variant = executor.device.kind === "cpu" ? undefined : denseVariant("field-sphere", executor.traits, shape);
  const left = await bench.kernel<"field-sphere">({
    kernel: "field-sphere",
    arrays: { ...arrays, state: packed(means), field: packed(means) },
    params: { ...params, dimension: components, weightKinds: 1 },
    constants: { MOMENTS: 1 },
    ...(variant && { variant }),
  });
  return { fields: unpacked(left.field, SITES, components), moments: left.moments };
}

/** The same by one fused kernel, in blocks of `rows` rows and with the keys in `splits` parts. */
async function fusedRows(
  bench: OracleBench,
  { queries, keys, mask, means, weights }: Inputs,
  MASK: number,
  variant: KernelVariant | undefined,
  rows: number,
  splits: number,
): Promise<RowResult[]> {
  const components = means[0].length;
  const stride = components === 1 ? 1 : pad(components);
  const shape = { systems: 1, systemsPerCoupling: 1, rows: SITES, columns: SITES };
  const scalars = (count: number) => new Float64Array(count * pad(SITES));
  const padded = scalars(1);
  padded.set(weights);
  let left: Record<"field" | "moments" | "statistics", Float64Array> = {
    field: scalars(splits * stride),
    moments: scalars(splits),
    statistics: scalars(ROW_STATISTICS * splits),
  };
  const constants = { MASK, MOMENTS: 1, STATISTICS: true, FROZEN: false };
  for (let rowStart = 0; rowStart < SITES; rowStart += rows) {
    const params = {
      ...shape,
      rowStart,
      rowCount: Math.min(rows, SITES - rowStart),
      dimension: HEAD,
      weightKinds: 1,
      splits,
    };
    const state = components === 1 ? scalars(1).map((_, i) => means[i]?.[0] ?? 0) : packed(means);
    const arrays = { queries: packed(queries), keys: packed(keys), available: mask, state, weights: padded, ...left };
    const common = { arrays, constants, ...(variant && { variant }) };
    left =
      components === 1
        ? await bench.kernel<"attention-field-binary">({ kernel: "attention-field-binary", params, ...common })
        : await bench.kernel<"attention-field-sphere">({
            kernel: "attention-field-sphere",
            params: { ...params, components },
            ...common,
          });
  }
  if (splits > 1) {
    const stage: Pick<Stage<"attention-merge">, "params" | "constants"> = {
      params: { ...shape, rowStart: 0, rowCount: SITES, componentStride: stride, splits },
      constants,
    };
    left = await bench.kernel<"attention-merge">({
      kernel: "attention-merge",
      arrays: {
        partialField: left.field,
        partialMoments: left.moments,
        partialRows: left.statistics,
        field: scalars(stride),
        moments: scalars(1),
        statistics: scalars(ROW_STATISTICS),
      },
      ...stage,
    });
  }
  const { field, moments, statistics } = left;
  return means.map((_, i) => {
    const [logSumExp, entropy, participation] = statistics.subarray(ROW_STATISTICS * i);
    return {
      field: [...field.subarray(i * stride, i * stride + components)],
      sums: [moments[i], participation, entropy, logSumExp],
    };
  });
}

/** Of all rows and numbers the largest distance, relative to what is stored or, for entropy and log-sum-exp, to 1 at least. */
function distance(found: readonly RowResult[], stored: readonly RowResult[]): number {
  const apart = (a: number, b: number, floor: number) => (a === b ? 0 : Math.abs(a - b) / Math.max(Math.abs(b), floor));
  return Math.max(
    ...stored.flatMap(({ field, sums }, i) => [
      ...field.map((value, k) => apart(found[i].field[k], value, 0)),
      ...sums.map((value, k) => apart(found[i].sums[k], value, k < 2 ? 0 : 1)),
    ]),
  );
}

async function fusedEqualsStored(bench: OracleBench): Promise<void> {
  const allowed = bench.allow(1e-13, 3e-6);
  const { device, traits } = bench.executor;
  // A software adapter compiles a variant for seconds: it is held to the one that it takes.
  const strategies = strategyOrder(traits).slice(0, bench.sized(1, fusedStrategies.length));
  for (const [kernel, components, masks] of [
    ["attention-field-sphere", 5, [MASKS.user, MASKS.none]],
    ["attention-field-binary", 1, [MASKS.user]],
  ] as const) {
    for (const MASK of masks) {
      const all = inputs(MASK, components);
      const available = MASK === MASKS.user ? all.mask : undefined;
      const stored = await storedRows(bench, all.queries, all.keys, 1, available);
      const { fields, moments } = await storedProducts(bench, all, stored.couplings);
      const expected = fields.map((field, i) => ({
        field,
        sums: [moments[i], stored.participation[i], stored.entropy[i], stored.logSumExp[i]],
      }));
      const label = MASK === MASKS.user ? "random mask" : "no mask";
      const place = `${components === 1 ? "binary" : `D ${components}`}, ${label}`;
      // The formulas themselves, in float64, on scores that float64 has made.
      const scores = all.queries.map((query, i) =>
        all.keys.map((key, j) => (available && available[i * SITES + j] === 0 ? MASKED : dot(query, key))),
      );
      const streamed = Array.from({ length: SITES }, (_, k) =>
        distance(
          scores.map((row) => streamedRow(row, all.means, all.weights, k + 1)),
          expected,
        ),
      );
      bench.within(`blocks of 1 to N keys, ${place}`, Math.max(...streamed), 0, allowed);
      const shape = { sites: SITES, dimension: HEAD, components };
      for (const strategy of strategies) {
        const variant = device.kind === "cpu" ? undefined : kernelVariant(kernel, strategy, traits, shape);
        if (typeof variant === "string") continue;
        const name = variant?.strategy ?? "twin";
        const rows = variant?.tile.ROWS ?? 4;
        const blocks = Array.from({ length: Math.ceil(SITES / rows) }, (_, k) => (k + 1) * rows);
        const byBlocks = [];
        for (const block of blocks) {
          byBlocks.push(distance(await fusedRows(bench, all, MASK, variant, block, 1), expected));
        }
        bench.within(`${name}, blocks of ${rows} rows to all, ${place}`, Math.max(...byBlocks), 0, allowed);
        if (MASK === MASKS.user) continue;
        const bySplits = [];
        for (const splits of [2, 3, 5]) {
          bySplits.push(distance(await fusedRows(bench, all, MASK, variant, SITES, splits), expected));
        }
        bench.within(`${name}, keys in 2, 3 and 5 parts, ${place}`, Math.max(...bySplits), 0, allowed);
      }
    }
  }
}

export const attentionRowOracles: readonly Oracle[] = [
  {
    id: "A6",
    title: "attention rows of an explicit QKᵀ, 3 × 5 × 4",
    reference: "3.2, 3.4; attention-exact-fixed-points",
    run: explicitRows,
  },
  {
    id: "A7",
    title: "one pass over the keys of a row against a stored J",
    reference: "3.5",
    run: fusedEqualsStored,
  },
];
