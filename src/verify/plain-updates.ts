/** The site updates in straightforward f32: every operation is rounded, roots are halved down to rounding. */
import { BINARY_CLOSURES, type binaryUpdate } from "../reference/binary-update.js";
import { pad } from "../reference/layout.js";
import { RESPONSES } from "../reference/moment-weights.js";
import type { SphereResponse } from "../reference/responses.js";
import { SPHERE_CLOSURES, type sphereUpdate } from "../reference/sphere-update.js";

const round = Math.fround;
const HALVINGS = 30;
const BESSEL_STEPS = 64;

export const plainBinaryUpdate: typeof binaryUpdate = (arrays, { systems, sites }, { CLOSURE }) => {
  const padded = pad(sites);
  for (let index = 0; index < systems * padded; index++) {
    if (index % padded >= sites) continue;
    const beta = arrays.betas[Math.floor(index / padded)];
    const a = round(beta * round(arrays.externalField[index] + arrays.field[index]));
    const b = CLOSURE === BINARY_CLOSURES.tap ? round(round(beta * beta) * arrays.moments[index]) : 0;
    const image = (m: number) => round(Math.tanh(round(a - round(b * m))));
    arrays.image[index] = b > 0 ? risingRoot(-1, 1, (m) => round(m - image(m))) : image(0);
  }
};

export const plainSphereUpdate: typeof sphereUpdate = (arrays, params, { CLOSURE, RESPONSE }) => {
  const { systems, sites, dimension, radius } = params;
  const response = RESPONSES[RESPONSE];
  const stride = pad(dimension);
  const padded = pad(sites);
  for (let index = 0; index < systems * padded; index++) {
    if (index % padded >= sites) continue;
    const beta = arrays.betas[Math.floor(index / padded)];
    const base = index * stride;
    const gainAt = (h: number) => plainGain(h, beta, radius, dimension, response);
    let square = 0;
    for (let k = 0; k < dimension; k++) {
      const h = round(arrays.externalField[base + k] + arrays.field[base + k]);
      arrays.image[base + k] = h;
      square = round(square + round(h * h));
    }
    const moment = arrays.moments[index];
    const norm = round(Math.sqrt(square));
    let gain: number;
    if (CLOSURE === SPHERE_CLOSURES.naive) gain = gainAt(norm);
    else if (CLOSURE === SPHERE_CLOSURES["gaussian-field"]) gain = gainAt(round(Math.sqrt(round(square + moment))));
    else {
      const c = response === "exact" ? round(beta / dimension) : round(round(beta / 2) / round(radius * radius));
      const s = round(c * moment);
      const theta = risingRoot(0, norm, (t) => round(round(t + round(s * round(gainAt(t) * t))) - norm));
      const g = gainAt(theta);
      gain = round(g / round(1 + round(s * g)));
    }
    for (let k = 0; k < dimension; k++) arrays.image[base + k] = round(gain * arrays.image[base + k]);
  }
};

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
