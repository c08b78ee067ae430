/** Small systems of every kind of couplings and spins, with arrays drawn from a seed. */
import { realise, type System } from "../../src/engine/realise.js";
import { parseSystem } from "../../src/physics/system.js";
import { gaussianMatrix, STREAMS } from "../../src/reference/random.js";

const random = { kind: "gaussian", std: 1 };
const weights = { query: { kind: "gaussian", std: 0.5 }, key: { kind: "gaussian", std: 0.5 } };

export const COUPLINGS = {
  dense: { kind: "dense", matrix: "matrix.npy" },
  gaussian: { kind: "gaussian", mean: 0.5, std: 0.7, symmetry: 0.5 },
  "independent gaussian": { kind: "gaussian", mean: 0.5, std: 0.7 },
  "plus-minus": { kind: "plus-minus", mean: 0.5, std: 0.7, symmetry: -0.5 },
  diluted: { kind: "diluted", connectivity: 9, mean: 0.5, std: 0.7, symmetry: 1 },
  "mixed signs": { kind: "mixed-signs", fraction: 0.7, symmetry: 1 },
  ring: { kind: "ring", strength: 0.8 },
  hopfield: { kind: "hopfield", count: 4 },
  "loaded hopfield": { kind: "hopfield", load: 0.8 },
  "random softmax": { kind: "random-softmax", scale: 2, mask: "causal" },
  "between species": {
    kind: "species",
    mean: [
      [1, -2],
      [3, 0],
    ],
    std: [
      [0.5, 0],
      [0, 1],
    ],
  },
  "curie-weiss": { kind: "curie-weiss", mean: 1.3 },
  "causal attention": { kind: "attention", queries: random, keys: random, dimension: 5, mask: "causal" },
  "masked attention": { kind: "attention", queries: random, keys: random, dimension: 3, mask: "mask.npy", scale: 0.7 },
  "attention to the field": { kind: "attention", weights, heads: 2, dimension: 3, source: "field", mask: "causal" },
  "normalised attention": { kind: "attention", queries: random, tied: true, dimension: 5, qkNorm: true },
  "rotary attention to the state": {
    kind: "attention",
    weights: { query: weights.query },
    tied: true,
    heads: 2,
    dimension: 6,
    source: "state",
    qkNorm: true,
    rope: true,
    mask: "causal",
  },
  "attention to the state": { kind: "attention", weights, heads: 3, dimension: 6, source: "state" },
} as const;

export const SPINS = {
  binary: { kind: "binary" },
  "large-d sphere": { kind: "sphere", dimension: 5 },
  "exact sphere": { kind: "sphere", dimension: 3, response: "exact" },
} as const;

export async function systemOf(
  spins: keyof typeof SPINS,
  couplings: keyof typeof COUPLINGS,
  { count = 37, beta = 1.5 } = {},
): Promise<System> {
  const description = {
    spins: { ...SPINS[spins], count },
    beta,
    couplings: COUPLINGS[couplings],
    ...(couplings === "between species" && { species: [{ name: "one", fraction: 0.3, beta: 2 }, { name: "other" }] }),
    field: { kind: "gaussian", std: 0.5 },
    initial: spins === "binary" ? { kind: "uniform", halfWidth: 0.9 } : { kind: "direction", norm: 0.8 },
    seed: 3,
  };
  const normal = gaussianMatrix(count, count, { seed: 5, stream: STREAMS.couplings, sample: 0 }, 1 / Math.sqrt(count));
  const load = (path: string) => {
    // One row of the mask is empty; the rest leave about half of the keys.
    const values = path === "mask.npy" ? normal.map((value, k) => (k >= count && value > 0 ? 1 : 0)) : normal;
    return Promise.resolve({ shape: [count, count], values });
  };
  return realise(parseSystem(description, "test"), load, "test");
}
