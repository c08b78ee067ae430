import { besselRatioOverK } from "./bessel.js";
import { inverseNormal } from "./inverse-normal.js";
import { pad } from "./layout.js";
import { openUniform, philox4x32 } from "./philox.js";

/** Proposals of one draw at most; more is a failure, and counted. */
export const VON_MISES_FISHER_TRIES = 64;

/** κ below which the law of w is that of no field: SMALL of the shader. */
const SMALL_CONCENTRATION = 1e-6;

/**
 * Twin of `shaders/sphere-sample.wgsl`: one synchronous von Mises–Fisher step s = R (w μ + sqrt(1 - w²) e) with the law exp(β s.h),
 * and the means R A_D(κ) μ (equations 7.2; Ulrich 1984, Wood 1994).
 */
export function sphereSample(
  arrays: {
    externalField: Float64Array;
    field: Float64Array;
    betas: Float64Array;
    chainKeys: Float64Array;
    spins: Float64Array;
    means: Float64Array;
    tallies: Float64Array;
  },
  params: { systems: number; sites: number; dimension: number; radius: number; step: number },
): void {
  const { systems, sites, dimension, radius, step } = params;
  const stride = pad(dimension);
  const padded = pad(sites);
  const h = new Float64Array(dimension);
  for (let index = 0; index < systems * padded; index++) {
    const base = index * stride;
    arrays.spins.fill(0, base, base + stride);
    arrays.means.fill(0, base, base + stride);
    const site = index % padded;
    if (site >= sites) continue;
    const system = Math.floor(index / padded);
    const chainKey = arrays.chainKeys.subarray(4 * system, 4 * system + 4);
    for (let k = 0; k < dimension; k++) h[k] = arrays.externalField[base + k] + arrays.field[base + k];
    const draw = vonMisesFisherSpin(h, { beta: arrays.betas[index], radius, site, step, chainKey });
    arrays.spins.set(draw.spin, base);
    arrays.means.set(draw.mean, base);
    arrays.tallies[2 * index] += draw.tries;
    arrays.tallies[2 * index + 1] += draw.failed ? 1 : 0;
  }
}

interface Draw {
  readonly spin: Float64Array;
  readonly mean: Float64Array;
  readonly tries: number;
  /** True if no proposal was accepted. */
  readonly failed: boolean;
}

/** One spin in the field `h`, drawn by the counters of a site at one step of a chain. */
export function vonMisesFisherSpin(
  h: Float64Array,
  at: { beta: number; radius: number; site: number; step: number; chainKey: ArrayLike<number> },
): Draw {
  const { beta, radius, site, step, chainKey } = at;
  const dimension = h.length;
  const quads = pad(dimension) / 4;
  const key = Uint32Array.of(chainKey[0], chainKey[1]);
  const counter = Uint32Array.of(0, site, step, chainKey[2]);
  const words = new Uint32Array(4);
  const wordsOf = (block: number) => {
    counter[0] = block;
    philox4x32(counter, key, words);
    return words;
  };
  // Loops and one array, here and below: most of the time of a chain in float64 is spent on these draws.
  const drawn = new Float64Array(dimension);
  const normals = (block: number) => {
    for (let k = 0; k < dimension; k++) {
      if (k % 4 === 0) wordsOf(block + k / 4);
      drawn[k] = inverseNormal(words[k % 4]);
    }
    return drawn;
  };
  const norm = Math.sqrt(dot(h, h));
  const kappa = beta * radius * norm;
  const gain = beta * radius ** 2 * besselRatioOverK(dimension, kappa);
  const { v, tries, failed } = drawComplement(dimension, kappa, normals, (block) => wordsOf(block)[0], quads);
  // Without a field the first axis stands for μ.
  const mu = new Float64Array(dimension);
  if (norm > 0) for (let k = 0; k < dimension; k++) mu[k] = h[k] / norm;
  else mu[0] = 1;
  const e = normals(VON_MISES_FISHER_TRIES * (quads + 1));
  const along = dot(e, mu);
  for (let k = 0; k < dimension; k++) e[k] -= along * mu[k];
  const left = dot(e, mu);
  const across = radius * Math.sqrt(Math.max(v * (2 - v), 0) / dot(e, e));
  const spin = new Float64Array(dimension);
  const mean = new Float64Array(dimension);
  for (let k = 0; k < dimension; k++) {
    spin[k] = radius * (1 - v) * mu[k] + across * (e[k] - left * mu[k]);
    mean[k] = gain * h[k];
  }
  return { spin, mean, tries, failed };
}

/** 1 - w, by the formulas at the head of the shader. */
function drawComplement(
  dimension: number,
  kappa: number,
  normals: (block: number) => Float64Array,
  wordOf: (block: number) => number,
  quads: number,
): { v: number; tries: number; failed: boolean } {
  if (dimension === 3) {
    const rest = openUniform(~wordOf(quads));
    if (kappa < SMALL_CONCENTRATION) return { v: 2 * rest, tries: 1, failed: false };
    const v = -Math.log1p(rest * Math.expm1(-2 * kappa)) / kappa;
    return { v: Math.min(v, 2), tries: 1, failed: false };
  }
  const degree = dimension - 1;
  const b = degree / (2 * kappa + Math.sqrt(4 * kappa * kappa + degree * degree));
  const v0 = (2 * b) / (1 + b);
  let v = v0;
  for (let k = 0; k < VON_MISES_FISHER_TRIES; k++) {
    const block = k * (quads + 1);
    const g = normals(block);
    const square = dot(g, g);
    const rest = square - g[0] * g[0];
    const norm = Math.sqrt(square);
    const small = (0.5 * rest) / (norm * (norm + Math.abs(g[0])));
    const [z, complement] = g[0] > 0 ? [1 - small, small] : [small, 1 - small];
    v = (2 * b * z) / (complement + b * z);
    const ratio = ((v - v0) * (1 - v0)) / (v0 * (2 - v0));
    const uniform = openUniform(wordOf(block + quads));
    if (kappa * (v0 - v) + degree * Math.log1p(ratio) >= Math.log(uniform)) {
      return { v, tries: k + 1, failed: false };
    }
  }
  return { v, tries: VON_MISES_FISHER_TRIES, failed: true };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}
