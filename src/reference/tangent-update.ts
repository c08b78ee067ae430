import { pad } from "./layout.js";
import { RESPONSES } from "./moment-weights.js";
import { binaryVariance, responseVariance } from "./responses.js";

/** Twin of `shaders/tangent-update.wgsl`: β_i Σ_i (J w)_i / |w|, Σ_i the covariance of a site in its field x + J m. */
export function tangentUpdate(
  arrays: {
    externalField: Float64Array;
    field: Float64Array;
    product: Float64Array;
    squares: Float64Array;
    betas: Float64Array;
    image: Float64Array;
  },
  params: { systems: number; sites: number; components: number; componentStride: number; radius: number },
  constants: { BINARY: boolean; RESPONSE: number },
): void {
  const { systems, sites, components, componentStride, radius } = params;
  const response = RESPONSES[constants.RESPONSE];
  const padded = pad(sites);
  arrays.image.fill(0, 0, systems * padded * componentStride);
  for (let index = 0; index < systems * padded; index++) {
    const square = arrays.squares[Math.floor(index / padded)];
    if (index % padded >= sites || square === 0) continue;
    const beta = arrays.betas[index];
    const scale = beta / Math.sqrt(square);
    const base = index * componentStride;
    const fieldAt = (k: number) => arrays.externalField[base + k] + arrays.field[base + k];
    if (constants.BINARY) {
      arrays.image[base] = scale * binaryVariance(beta * fieldAt(0)) * arrays.product[base];
      continue;
    }
    let squareNorm = 0;
    let along = 0;
    for (let k = 0; k < components; k++) {
      squareNorm += fieldAt(k) ** 2;
      along += fieldAt(k) * arrays.product[base + k];
    }
    const { tangential, radial } = responseVariance(Math.sqrt(squareNorm), beta, radius, components, response);
    const share = squareNorm === 0 ? 0 : along / squareNorm;
    for (let k = 0; k < components; k++) {
      const parallel = share * fieldAt(k);
      arrays.image[base + k] = scale * (tangential * (arrays.product[base + k] - parallel) + radial * parallel);
    }
  }
}
