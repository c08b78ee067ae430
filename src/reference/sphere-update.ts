import { pad } from "./layout.js";
import { RESPONSES } from "./moment-weights.js";
import { type SphereResponse, responseDerivatives, responseGain } from "./responses.js";

/** CLOSURE of `shaders/sphere-update.wgsl`. */
export const SPHERE_CLOSURES = { naive: 0, onsager: 1, "gaussian-field": 2 } as const;

/** Twin of `shaders/sphere-update.wgsl`: the closures whose mean is parallel to the field. */
export function sphereUpdate(
  arrays: {
    externalField: Float64Array;
    field: Float64Array;
    moments: Float64Array;
    betas: Float64Array;
    image: Float64Array;
    solveResidual: Float64Array;
  },
  params: { systems: number; sites: number; dimension: number; radius: number },
  constants: { CLOSURE: number; RESPONSE: number },
): void {
  const { systems, sites, dimension, radius } = params;
  const response = RESPONSES[constants.RESPONSE];
  const stride = pad(dimension);
  const padded = pad(sites);
  for (let index = 0; index < systems * padded; index++) {
    const base = index * stride;
    arrays.image.fill(0, base, base + stride);
    arrays.solveResidual[index] = 0;
    if (index % padded >= sites) continue;
    const beta = arrays.betas[index];
    let square = 0;
    for (let k = 0; k < dimension; k++) square += (arrays.externalField[base + k] + arrays.field[base + k]) ** 2;
    const norm = Math.sqrt(square);
    let gain: number;
    if (constants.CLOSURE === SPHERE_CLOSURES.naive) {
      gain = responseGain(norm, beta, radius, dimension, response);
    } else if (constants.CLOSURE === SPHERE_CLOSURES["gaussian-field"]) {
      gain = responseGain(Math.sqrt(square + arrays.moments[index]), beta, radius, dimension, response);
    } else {
      const c = response === "exact" ? beta / dimension : (0.5 * beta) / (radius * radius);
      const s = c * arrays.moments[index];
      const root = onsagerRoot(norm, s, { beta, radius, dimension, response });
      const g = responseGain(root.theta, beta, radius, dimension, response);
      gain = g / (1 + s * g);
      arrays.solveResidual[index] = root.residual;
    }
    for (let k = 0; k < dimension; k++) {
      arrays.image[base + k] = gain * (arrays.externalField[base + k] + arrays.field[base + k]);
    }
  }
}

/** The unique root t = |θ| of t + s f(t) = h in [0, h], s >= 0, and its distance from the root relative to h. */
function onsagerRoot(
  h: number,
  s: number,
  site: { beta: number; radius: number; dimension: number; response: SphereResponse },
): { theta: number; residual: number } {
  let low = 0;
  let high = h;
  let t = h;
  const at = (field: number) => responseDerivatives(field, site.beta, site.radius, site.dimension, site.response);
  for (let k = 0; k < 80; k++) {
    const { f, f1 } = at(t);
    const excess = t + s * f - h;
    if (excess > 0) high = t;
    else low = t;
    let next = t - excess / (1 + s * f1);
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    const change = Math.abs(next - t);
    t = next;
    if (change <= 1e-16 * h) break;
  }
  const { f, f1 } = at(t);
  return { theta: t, residual: h > 0 ? Math.abs(t + s * f - h) / (1 + s * f1) / h : 0 };
}
