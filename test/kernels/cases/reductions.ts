/** Cases of the kernels that turn states into numbers. */
import { REDUCE_CHUNK, REDUCTIONS } from "../../../src/reference/reduce.js";
import { pad } from "../../../src/reference/layout.js";
import type { KernelCase } from "../../kernel-cases.js";
import { asNaive, budget, Draws, exact, input, makeCase, ODD_SIZES, output, siteScalars, unread } from "./inputs.js";

type Reduce = KernelCase<"reduce">;
type Distance = KernelCase<"site-distance">;

/** What does not round. */
const EXTREMES: readonly number[] = [REDUCTIONS.maximum, REDUCTIONS.minimum];

export function reduceCase(
  params: Reduce["params"],
  constants: Reduce["constants"],
  note = "",
  spoil: (values: Float64Array) => void = () => undefined,
): Reduce {
  const { batch, columns, chunks } = params;
  return makeCase<"reduce">(params, constants, note, () => {
    // Rows and columns beyond the counts are not read.
    const values = new Draws(7).normal(params, 1, NaN);
    spoil(values);
    return {
      values: input(values),
      results: {
        role: "output",
        length: batch * columns * chunks,
        content: () => "value",
        tolerance: EXTREMES.includes(constants.OPERATION) ? exact : asNaive,
      },
    };
  });
}

const rowsOf = (rows: number, rest: Partial<Reduce["params"]> = {}) => ({
  batch: 1,
  rows,
  rowStride: pad(rows),
  columns: 1,
  columnStride: 1,
  chunks: Math.ceil(rows / REDUCE_CHUNK),
  ...rest,
});
const OPERATION = REDUCTIONS.maximum;
const minimum = { OPERATION: REDUCTIONS.minimum };

export const reduceCases: readonly Reduce[] = [
  ...Object.values(REDUCTIONS).flatMap((operation) => [
    ...[1, 65, 1023, 1024, 1025].map((rows) => reduceCase(rowsOf(rows), { OPERATION: operation })),
    reduceCase(rowsOf(13, { batch: 3, columns: 5, columnStride: 8 }), { OPERATION: operation }),
  ]),
  ...[2, 3, 4, 5, 13, 63, 64, 3 * REDUCE_CHUNK + 7].map((rows) => reduceCase(rowsOf(rows), { OPERATION: 0 })),
  reduceCase(rowsOf(7, { batch: 2, columns: 4, columnStride: 4 }), { OPERATION: 0 }),
  reduceCase(rowsOf(2 * REDUCE_CHUNK + 3, { batch: 2, columns: 3, columnStride: 4 }), { OPERATION: 0 }),
  reduceCase(rowsOf(2, { batch: 65_537 }), { OPERATION: 0 }, "more workgroups than one dimension holds"),
  reduceCase(rowsOf(70), { OPERATION }, "all negative", (values) => values.forEach((v, k) => (values[k] = -1 - v * v))),
  reduceCase(rowsOf(70), { OPERATION }, "a NaN", (values) => values.fill(NaN, 66, 67)),
  reduceCase(rowsOf(70), { OPERATION }, "an infinity", (values) => values.fill(Infinity, 3, 4)),
  reduceCase(rowsOf(70), { OPERATION }, "a negative infinity", (values) => values.fill(-Infinity, 3, 4)),
  reduceCase(rowsOf(70), minimum, "all positive", (values) => values.forEach((v, k) => (values[k] = 1 + v * v))),
  reduceCase(rowsOf(70), minimum, "a NaN", (values) => values.fill(NaN, 66, 67)),
  reduceCase(rowsOf(70), minimum, "an infinity", (values) => values.fill(Infinity, 3, 4)),
];

export function siteDistanceCase(params: Distance["params"], constants: Distance["constants"]): Distance {
  const { systems, sites, components, componentStride } = params;
  const shape = {
    batch: systems,
    rows: sites,
    rowStride: pad(sites),
    columns: components,
    columnStride: componentStride,
  };
  return makeCase<"site-distance">(params, constants, "", () => {
    const draws = new Draws(8);
    return {
      // Padding is not read.
      left: input(draws.normal(shape, 1, NaN)),
      right: constants.SUBTRACT ? input(draws.normal(shape, 1, NaN)) : unread(),
      // A sum of D squares carries 3e-7 √D relative, of which the root keeps half; WGSL's square root and division may add 2.5
      // units in the last place each.
      distance: output(
        siteScalars(systems, sites),
        budget(1.5e-7 * Math.sqrt(components) + 6e-7, (_, value) => value),
      ),
    };
  });
}

const sitesOf = (sites: number, rest: Partial<Distance["params"]> = {}) => ({
  systems: 2,
  sites,
  components: 3,
  componentStride: 4,
  radius: 1.5,
  ...rest,
});

export const siteDistanceCases: readonly Distance[] = [
  ...ODD_SIZES.map((n) => siteDistanceCase(sitesOf(n), { SUBTRACT: true })),
  ...[1, 2, 4, 5, 13, 64, 65, 130].flatMap((components) =>
    [true, false].map((SUBTRACT) =>
      siteDistanceCase(sitesOf(5, { components, componentStride: pad(components) }), { SUBTRACT }),
    ),
  ),
  siteDistanceCase(sitesOf(7, { components: 1, componentStride: 1, radius: 1, systems: 3 }), { SUBTRACT: true }),
  // More workgroups than one dimension holds.
  siteDistanceCase(sitesOf(64, { systems: 65_537, components: 1, componentStride: 1 }), { SUBTRACT: false }),
];
