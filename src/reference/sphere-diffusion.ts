import { inverseNormal } from "./inverse-normal.js";
import { pad } from "./layout.js";
import { philox4x32 } from "./philox.js";

/**
 * Twin of `shaders/sphere-diffusion.wgsl`: a step of Brownian motion on the unit sphere along great circles,
 * x' = cos θ n + sin θ v/|v| with θ = √τ |v|, v the part of a standard normal vector across n = x/|x|; τ is `variance`.
 */
export function sphereDiffusion(
  arrays: { state: Float64Array; chainKeys: Float64Array; image: Float64Array },
  params: { systems: number; sites: number; dimension: number; step: number; variance: number },
): void {
  const { systems, sites, dimension, step, variance } = params;
  const { state, chainKeys, image } = arrays;
  const stride = pad(dimension);
  const padded = pad(sites);
  const counter = new Uint32Array(4);
  const words = new Uint32Array(4);
  const v = new Float64Array(dimension);
  for (let index = 0; index < systems * padded; index++) {
    const base = index * stride;
    const site = index % padded;
    image.fill(0, base, base + stride);
    if (site >= sites) continue;
    const chain = 4 * Math.floor(index / padded);
    const key = Uint32Array.of(chainKeys[chain], chainKeys[chain + 1]);
    counter.set([0, site, step, chainKeys[chain + 2]]);
    let square = 0;
    let along = 0;
    for (let k = 0; k < dimension; k++) {
      if (k % 4 === 0) {
        counter[0] = k / 4;
        philox4x32(counter, key, words);
      }
      v[k] = inverseNormal(words[k % 4]);
      square += state[base + k] ** 2;
      along += v[k] * state[base + k];
    }
    let length = 0;
    for (let k = 0; k < dimension; k++) {
      v[k] -= (along / square) * state[base + k];
      length += v[k] ** 2;
    }
    const size = Math.sqrt(length);
    const angle = Math.sqrt(variance) * size;
    const across = size > 0 ? Math.sin(angle) / size : 0;
    const kept = Math.cos(angle) / Math.sqrt(square);
    for (let k = 0; k < dimension; k++) image[base + k] = kept * state[base + k] + across * v[k];
  }
}
