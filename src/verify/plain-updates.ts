/** The site updates in straightforward f32: every operation is rounded, roots are halved down to rounding. */
import { BINARY_RULES, type binaryUpdate } from "../reference/binary-update.js";
import { pad } from "../reference/layout.js";
import { RESPONSES } from "../reference/moment-weights.js";
import { responseDerivatives, type SphereResponse } from "../reference/responses.js";
import type { sphereTap } from "../reference/sphere-tap.js";
import { SPHERE_CLOSURES, type sphereUpdate } from "../reference/sphere-update.js";

const round = Math.fround;
const HALVINGS = 30;
const BESSEL_STEPS = 64;

export const plainBinaryUpdate: typeof binaryUpdate = (arrays, { systems, sites }, { RULE }) => {
  const padded = pad(sites);
  for (let index = 0; index < systems * padded; index++) {
    if (index % padded >= sites) continue;
    const beta = arrays.betas[index];
    const a = round(beta * round(arrays.externalField[index] + arrays.field[index]));
    const b = RULE === BINARY_RULES.naive ? 0 : round(round(beta * beta) * arrays.moments[index]);
    const image = (m: number) => round(Math.tanh(round(a - round(b * m))));
    if (RULE === BINARY_RULES["gaussian-field"]) arrays.image[index] = plainGaussianMean(a, round(Math.sqrt(b)));
    else if (RULE === BINARY_RULES.amp) arrays.image[index] = image(arrays.echo[index]);
    else arrays.image[index] = b > 0 ? risingRoot(-1, 1, (m) => round(m - image(m))) : image(0);
  }
};

/** ∫Dz tanh(a + slope z), by the points that equations 4.5 ask for. */
function plainGaussianMean(a: number, slope: number): number {
  const half = Math.ceil(10 * Math.max(slope, 1.6));
  let sum = 0;
  let total = 0;
  for (let k = -half; k <= half; k++) {
    const z = round((6 * k) / half);
    const weight = round((Math.abs(k) === half ? 0.5 : 1) * round(Math.exp(round(-0.5 * round(z * z)))));
    sum = round(sum + round(weight * round(Math.tanh(round(a + round(slope * z))))));
    total = round(total + weight);
  }
  return round(sum / total);
}

export const plainSphereUpdate: typeof sphereUpdate = (arrays, params, { CLOSURE, RESPONSE }) => {
  const { systems, sites, dimension, radius } = params;
  const response = RESPONSES[RESPONSE];
  const stride = pad(dimension);
  const padded = pad(sites);
  for (let index = 0; index < systems * padded; index++) {
    if (index % padded >= sites) continue;
    const beta = arrays.betas[index];
    const base = index * stride;
    const gainAt = (h: number) => plainGain(h, beta, radius, dimension, response);
    let square = 0;
    for (let k = 0; k < dimension; k++) {
      const h = round(arrays.externalField[base + k] + arrays.field[base + k]);
      arrays.image[base + k] = h;
      square = round(square + round(h * h));
    }
    const moment = arrays.moments[index];
    const size = round(Math.sqrt(square));
    let gain: number;
    if (CLOSURE === SPHERE_CLOSURES.naive) gain = gainAt(size);
    else if (CLOSURE === SPHERE_CLOSURES["gaussian-field"]) gain = gainAt(round(Math.sqrt(round(square + moment))));
    else {
      const c = response === "exact" ? round(beta / dimension) : round(round(beta / 2) / round(radius * radius));
      const s = round(c * moment);
      const theta = risingRoot(0, size, (t) => round(round(t + round(s * round(gainAt(t) * t))) - size));
      const g = gainAt(theta);
      gain = round(g / round(1 + round(s * g)));
    }
    for (let k = 0; k < dimension; k++) arrays.image[base + k] = round(gain * arrays.image[base + k]);
  }
};

/** One iteration of the second-order equation; line by line as in the twin. */
export const plainSphereTap: typeof sphereTap = (arrays, params, { PUBLISHED, RESPONSE }) => {
  const { systems, sites, dimension, radius, tolerance } = params;
  const response = RESPONSES[RESPONSE];
  const stride = pad(dimension);
  const padded = pad(sites);
  for (let index = 0; index < systems * padded; index++) {
    const site = index % padded;
    if (site >= sites || arrays.sites[2 * index + 1] <= tolerance) continue;
    const base = index * stride;
    const [theta, mean, local, reaction] = [arrays.effective, arrays.mean, arrays.local, arrays.reaction].map((array) =>
      array.subarray(base, base + dimension),
    );
    const system = Math.floor(index / padded);
    const beta = arrays.betas[index];
    const gamma = arrays.sites[2 * index];
    const gainOf = (field: Float64Array) => plainGain(norm(field), beta, radius, dimension, response);
    const tangential = arrays.moments[(2 * system + 1) * padded + site];
    const tangentialSum = PUBLISHED ? round(tangential / round(1 + gamma)) : tangential;
    const reactionScale = PUBLISHED ? round(1 / round(round(radius * radius) * gamma)) : 1;
    const size = norm(theta);
    const meanNorm = norm(mean);
    const n = theta.map((value) => (size > 0 ? round(value / size) : 0));
    const v = local.map((value, k) => (PUBLISHED ? round(value - theta[k]) : 0));
    const alongV = dot(n, v);
    const w = n.map((value, k) => {
      const back = meanNorm > 0 ? round(round(reactionScale * reaction[k]) / meanNorm) : 0;
      return round(round(round(tangentialSum * value) - back) + round(v[k] * alongV));
    });
    const along = dot(n, w);
    const trace = round(arrays.moments[2 * system * padded + site] + dot(v, v));
    const at = responseDerivatives(size, beta, radius, dimension, response);
    const bend = round(round(round(at.f2) * along) + round(round(at.g1) * round(trace - along)));
    const parallel = round(round(0.5 * bend) / round(at.f1));
    const transverse = round(round(at.g1) / round(at.g));
    const right = local.map((value, k) => {
      const across = round(transverse * round(w[k] - round(along * n[k])));
      return round(round(value + round(parallel * n[k])) + across);
    });
    const rightGain = gainOf(right);
    const residual = round(norm(right.map((value, k) => round(round(rightGain * value) - mean[k]))) / radius);
    if (residual < arrays.sites[2 * index + 1]) {
      arrays.sites[2 * index + 1] = residual;
      arrays.best.set(mean, base);
    }
    theta.forEach((value, k) => (theta[k] = round(0.5 * round(value + right[k]))));
    const gain = gainOf(theta);
    theta.forEach((value, k) => (mean[k] = round(gain * value)));
  }
};

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, k) => round(sum + round(value * b[k])), 0);
}

function norm(values: Float64Array): number {
  return round(Math.sqrt(dot(values, values)));
}

/** f(h)/h, as `responseGain`. */
function plainGain(h: number, beta: number, radius: number, dimension: number, response: SphereResponse): number {
  if (response === "large-d") {
    const u = round(round(beta * h) / radius);
    return round(beta / round(1 + round(Math.hypot(1, u))));
  }
  const scale = round(beta * radius);
  return round(round(scale * radius) * plainBesselRatioOverK(dimension, round(scale * h)));
}

/** A(k)/k by downward recurrence, as `besselRatioOverK`. */
function plainBesselRatioOverK(dimension: number, k: number): number {
  const p = dimension / 2 - 0.5 + BESSEL_STEPS;
  let a = round(1 / round(p + Math.hypot(Math.sqrt(p * (p + 1)), k)));
  for (let step = BESSEL_STEPS - 1; step >= 0; step--) {
    a = round(1 / round(dimension + 2 * step + round(k * round(k * a))));
  }
  return a;
}

/** The root of a function that rises from `low` to `high`. */
function risingRoot(low: number, high: number, excess: (t: number) => number): number {
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = round(0.5 * round(low + high));
    if (excess(middle) > 0) high = middle;
    else low = middle;
  }
  return round(0.5 * round(low + high));
}
