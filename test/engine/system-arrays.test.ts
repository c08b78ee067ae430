/** Arrays of a system that do not fit: shapes, numbers that are none, means outside the ball. */
import { describe, expect, it } from "vitest";
import type { NumericArray } from "../../src/physics/arrays.js";
import { realised } from "../oracles/engines.js";
import { attention, binary, dense, itNames, type Mistake, random, sphere } from "./mistakes.js";

const queries = [
  [1, 2, 3],
  [4, 5, 6],
];

const array = (shape: number[], values?: number[]): NumericArray => ({
  shape,
  values: Float64Array.from(values ?? Array<number>(shape.reduce((product, n) => product * n, 1)).fill(0.1)),
});

const mistakes: Mistake[] = [
  [
    "a matrix that is not square",
    {
      spins: binary,
      couplings: {
        kind: "dense",
        matrix: [
          [0, 1, 2],
          [1, 0, 2],
        ],
      },
    },
    "couplings.matrix",
    "shape 2 × 3",
    "2 × 2",
  ],
  [
    "rows of different lengths",
    { spins: binary, couplings: { kind: "dense", matrix: [[0, 1], [1]] } },
    "couplings.matrix",
    "rows of different lengths",
    "2 × 2",
  ],
  [
    "a ragged field",
    {
      spins: sphere,
      couplings: dense,
      field: [
        [1, 2, 3, 4],
        [1, 2],
      ],
    },
    "field",
    "rows of different lengths",
    "2 × 4",
  ],
  ["NaN in a list", { spins: binary, couplings: dense, field: [0, NaN] }, "field[1]", "NaN", "a number"],
  [
    "infinity in a list",
    {
      spins: binary,
      couplings: {
        kind: "dense",
        matrix: [
          [0, 1],
          [Infinity, 0],
        ],
      },
    },
    "couplings.matrix[1][0]",
    "Infinity",
    "a number",
  ],
  [
    "NaN in a file",
    { spins: binary, couplings: dense, field: "x.npy" },
    "field[1], x.npy",
    "NaN",
    "a finite number",
    { "x.npy": array([2], [1, NaN]) },
  ],
  [
    "infinity in a file",
    { spins: binary, couplings: { kind: "dense", matrix: "J.npy" } },
    "couplings.matrix[1][0], J.npy",
    "-Infinity",
    "a finite number",
    { "J.npy": array([2, 2], [0, 1, -Infinity, 0]) },
  ],
  [
    "three axes",
    { spins: binary, couplings: dense, field: "x.npy" },
    "field, x.npy",
    "shape 2 × 1 × 1",
    "2 numbers",
    { "x.npy": array([2, 1, 1]) },
  ],
  [
    "a scalar",
    { spins: binary, couplings: { kind: "dense", matrix: "J.npy" } },
    "couplings.matrix, J.npy",
    "a single number",
    "an array",
    { "J.npy": array([]) },
  ],
  [
    "an empty list",
    { spins: binary, couplings: { kind: "gaussian" }, field: [] },
    "field",
    "no rows",
    "at least one site",
  ],
  [
    "nothing that says N",
    { spins: binary, couplings: { kind: "gaussian" } },
    "spins.count",
    "nothing",
    "the number of sites, since no array fixes it",
  ],
  [
    "arrays of different N",
    { spins: binary, couplings: dense, field: [1, 2, 3] },
    "field",
    "3 rows",
    "2, as couplings.matrix has",
  ],
  [
    "a count against an array",
    { spins: { ...binary, count: 3 }, couplings: dense },
    "couplings.matrix",
    "2 rows",
    "3, as spins.count has",
  ],
  [
    "a field of the wrong width",
    {
      spins: sphere,
      couplings: dense,
      field: [
        [1, 2],
        [3, 4],
      ],
    },
    "field",
    "shape 2 × 2",
    "2 × 4",
  ],
  [
    "numbers where vectors are wanted",
    { spins: sphere, couplings: dense, initial: [0, 0] },
    "initial",
    "shape 2 × 1",
    "2 × 4",
  ],
  [
    "a mean outside the ball",
    { spins: binary, couplings: dense, initial: [0, 1.5] },
    "initial[1]",
    "a mean of norm 1.5",
    "at most the radius 1",
  ],
  [
    "a vector outside the ball",
    {
      spins: sphere,
      couplings: dense,
      initial: [
        [0, 0, 0, 0],
        [1, 1, 1, 1],
      ],
    },
    "initial[1]",
    "a mean of norm 2",
    "at most the radius 1",
  ],
  [
    "a drawn start outside the ball",
    { spins: { ...sphere, count: 3 }, couplings: { kind: "gaussian" }, initial: { kind: "constant", value: 1.2 } },
    "initial[0]",
    "a mean of norm 1.2",
    "at most the radius 1",
  ],
  [
    "no head dimension for random queries",
    attention({ queries: random, keys: random }),
    "couplings.dimension",
    "nothing",
    "the head dimension d of random queries",
  ],
  [
    "keys of another width",
    { spins: binary, couplings: { kind: "attention", queries, keys: [[1], [2]] } },
    "couplings.keys",
    "shape 2 × 1",
    "2 × 3",
  ],
  [
    "heads that do not divide the queries",
    { spins: binary, couplings: { kind: "attention", queries, keys: queries, heads: 2 } },
    "couplings.queries",
    "3 columns of all heads",
    "a multiple of heads = 2",
  ],
  [
    "heads that do not divide the weights",
    { ...attention({ heads: 2, weights: { query: [[1, 2]], key: [[1, 2]] } }) },
    "couplings.weights",
    "1 rows of all heads",
    "a multiple of heads = 2",
  ],
  [
    "weights of the wrong width",
    {
      spins: sphere,
      field: [[1, 2, 3, 4]],
      couplings: { kind: "attention", weights: { query: [[1, 2]], key: [[1, 2]] } },
    },
    "couplings.weights.query",
    "shape 1 × 2",
    "1 × 4",
  ],
  [
    "a mask of another size",
    attention({ queries: random, keys: random, dimension: 2, mask: "mask.npy" }),
    "couplings.mask, mask.npy",
    "shape 3 × 3",
    "4 × 4",
    { "mask.npy": array([3, 3]) },
  ],
  [
    "an additive mask, of which every nonzero entry would mean available",
    attention({ queries: random, keys: random, dimension: 2, mask: "mask.npy" }),
    "couplings.mask",
    "-1000000000",
    "1 (key available) or 0 (masked) everywhere",
    { "mask.npy": { shape: [4, 4], values: new Float64Array(16).fill(-1e9, 1, 2) } },
  ],
];

describe("a mistake in the arrays of a system", () => itNames(mistakes));

describe("a system that is right", () => {
  it.each([
    ["a list for binary spins", { spins: binary, couplings: dense, field: [1, 2], initial: [0.1, 1] }],
    ["a column for binary spins", { spins: binary, couplings: dense, field: [[1], [2]] }],
    [
      "a saturated start",
      {
        spins: sphere,
        couplings: dense,
        initial: [
          [1, 0, 0, 0],
          [0.5, 0.5, 0.5, 0.5],
        ],
      },
    ],
    [
      "another radius with the exact response",
      { spins: { ...sphere, radius: 2, response: "exact" }, couplings: dense },
    ],
    ["the circle", { spins: { kind: "sphere", dimension: 2, response: "exact", radius: 1 }, couplings: dense }],
    ["one site", { spins: { ...binary, count: 1 }, couplings: { kind: "curie-weiss" } }],
    ["β = 0", { spins: binary, couplings: dense, beta: 0 }],
  ])("%s", async (_, system) => {
    const { sites, field, initial } = await realised(system);
    expect(field.length % sites).toBe(0);
    expect(initial).toHaveLength(field.length);
  });
});
