/** Keys of a system that are missing, unknown, out of range or at odds with each other. */
import { describe } from "vitest";
import { attention, binary, dense, itNames, type Mistake, random, sphere } from "./mistakes.js";

const mistakes: Mistake[] = [
  ["text for a number", { spins: binary, couplings: dense, beta: "hot" }, "beta", '"hot"', "a number"],
  [
    "an unknown key",
    { spins: binary, couplings: dense, temperature: 1 },
    "temperature",
    "an unknown key",
    "one of spins, beta, couplings, species, field, initial, seed, sample",
  ],
  [
    "an unknown key inside",
    { spins: binary, couplings: { ...dense, scale: 2 } },
    "couplings.scale",
    "an unknown key",
    "one of kind, matrix",
  ],
  [
    "an unknown kind of couplings",
    { spins: binary, couplings: { kind: "ising" } },
    "couplings.kind",
    '"ising"',
    "one of dense, gaussian, plus-minus, diluted, mixed-signs, species, curie-weiss, ring, hopfield, attention, random-softmax",
  ],
  ["a negative β", { spins: binary, couplings: dense, beta: -1 }, "beta", "-1", "at least 0"],
  [
    "β beside species that have their own",
    { spins: binary, couplings: dense, beta: 1, species: [{ name: "a", count: 2, beta: 2 }] },
    "beta",
    "it beside species that all have their own",
    "beta of one of the two",
  ],
  ["a negative seed", { spins: binary, couplings: dense, seed: -4 }, "seed", "-4", "at least 0"],
  ["no spins", { couplings: dense }, "spins", "nothing", "an object"],
  [
    "one dimension",
    { spins: { kind: "sphere", dimension: 1 }, couplings: dense },
    "spins.dimension",
    "1",
    "at least 2",
  ],
  [
    "a symmetry out of range",
    { spins: { ...binary, count: 4 }, couplings: { kind: "gaussian", symmetry: 1.5 } },
    "couplings.symmetry",
    "1.5",
    "at most 1",
  ],
  [
    "large-d with another radius",
    { spins: { ...sphere, radius: 2 }, couplings: dense },
    "spins.radius",
    "2 with response large-d",
    "sqrt(dimension/2 - 1) = 1, or response: exact",
  ],
  [
    "no default radius in two dimensions",
    { spins: { kind: "sphere", dimension: 2, response: "exact" }, couplings: dense },
    "spins.radius",
    "no radius with dimension 2",
    "a radius > 0, because sqrt(dimension/2 - 1) is only positive from dimension 3 on",
  ],
  [
    "queries without keys",
    attention({ queries: random, dimension: 3 }),
    "couplings",
    "half of a pair",
    "queries and keys, or weights with query and key",
  ],
  [
    "no features at all",
    attention({}),
    "couplings",
    "neither queries and keys nor weights",
    "queries and keys, or weights with query and key",
  ],
  [
    "queries beside weights",
    attention({ queries: random, keys: random, weights: { query: random, key: random } }),
    "couplings",
    "queries or keys beside weights",
    "either queries and keys, or weights",
  ],
  [
    "the state behind given queries",
    attention({ queries: random, keys: random, source: "state" }),
    "couplings.source",
    "state with given queries and keys",
    "weights, which act on the state",
  ],
  [
    "weights without a key",
    attention({ weights: { query: random } }),
    "couplings.weights.key",
    "nothing",
    "W_K, or tied: true",
  ],
  ["no heads", attention({ queries: random, keys: random, heads: 0 }), "couplings.heads", "0", "at least 1"],
  [
    "a mask that is none",
    attention({ queries: random, keys: random, mask: "future" }),
    "couplings.mask",
    '"future"',
    "none, causal, or a path ending in .npy",
  ],
  [
    "a path to something else",
    { spins: binary, couplings: { kind: "dense", matrix: "J.csv" } },
    "couplings.matrix",
    '"J.csv"',
    "a path ending in .npy",
  ],
];

describe("a mistake in the keys of a system", () => itNames(mistakes));
