import { pad } from "./layout.js";
import { RESPONSES } from "./moment-weights.js";
import { responseDerivatives, responseGain } from "./responses.js";

/**
 * Twin of `shaders/sphere-tap.wgsl`: one damped iteration θ <- (θ + right-hand side)/2 of the second-order equation at
 * every site that is not yet at tolerance, keeping the iterate of smallest residual |F(right-hand side) - m| / R.
 */
export function sphereTap(
  arrays: {
    local: Float64Array;
    moments: Float64Array;
    reaction: Float64Array;
    betas: Float64Array;
    effective: Float64Array;
    mean: Float64Array;
    best: Float64Array;
    sites: Float64Array;
  },
  params: { systems: number; sites: number; dimension: number; radius: number; tolerance: number },
  constants: { PUBLISHED: boolean; RESPONSE: number },
): void {
  const { systems, sites, dimension, radius, tolerance } = params;
  const { PUBLISHED } = constants;
  const response = RESPONSES[constants.RESPONSE];
  const stride = pad(dimension);
  const padded = pad(sites);
  const right = new Float64Array(dimension);
  for (let index = 0; index < systems * padded; index++) {
    const base = index * stride;
    const site = index % padded;
    if (site >= sites) {
      arrays.best.fill(0, base, base + stride);
      continue;
    }
    if (arrays.sites[2 * index + 1] <= tolerance) continue;
    const system = Math.floor(index / padded);
    const beta = arrays.betas[index];
    const gamma = arrays.sites[2 * index];
    const tangentialSum = arrays.moments[(2 * system + 1) * padded + site] / (PUBLISHED ? 1 + gamma : 1);
    const reactionScale = PUBLISHED ? 1 / (radius * radius * gamma) : 1;

    const theta = arrays.effective.subarray(base, base + dimension);
    const mean = arrays.mean.subarray(base, base + dimension);
    const local = arrays.local.subarray(base, base + dimension);
    const reaction = arrays.reaction.subarray(base, base + dimension);
    const norm = Math.sqrt(dot(theta, theta));
    const meanNorm = Math.sqrt(dot(mean, mean));
    const n = theta.map((value) => (norm > 0 ? value / norm : 0));
    const v = local.map((value, k) => (PUBLISHED ? value - theta[k] : 0));
    const alongV = dot(n, v);
    // W n = (Σ J² τ') n - Σ J² c' (n·m') m' + v (v·n); the sum over j was taken with m = |m| n.
    const w = n.map(
      (value, k) =>
        tangentialSum * value - (meanNorm > 0 ? (reactionScale * reaction[k]) / meanNorm : 0) + v[k] * alongV,
    );
    const along = dot(n, w);
    const trace = arrays.moments[2 * system * padded + site] + dot(v, v);
    const at = responseDerivatives(norm, beta, radius, dimension, response);
    const parallel = (0.5 * (at.f2 * along + at.g1 * (trace - along))) / at.f1;
    for (let k = 0; k < dimension; k++) {
      right[k] = local[k] + parallel * n[k] + (at.g1 / at.g) * (w[k] - along * n[k]);
    }
    const rightGain = responseGain(Math.sqrt(dot(right, right)), beta, radius, dimension, response);
    const difference = right.map((value, k) => rightGain * value - mean[k]);
    const residual = Math.sqrt(dot(difference, difference)) / radius;
    if (residual < arrays.sites[2 * index + 1]) {
      arrays.sites[2 * index + 1] = residual;
      arrays.best.set(arrays.mean.subarray(base, base + stride), base);
    }
    for (let k = 0; k < dimension; k++) theta[k] = 0.5 * (theta[k] + right[k]);
    const gain = responseGain(Math.sqrt(dot(theta, theta)), beta, radius, dimension, response);
    for (let k = 0; k < dimension; k++) mean[k] = gain * theta[k];
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}
