import { pad } from "./layout.js";
import { RESPONSES } from "./moment-weights.js";
import { integrateUnit } from "./quadrature.js";
import { binaryMean, binaryVariance, responseDerivatives, responseGain } from "./responses.js";

/** Twin of `shaders/site-mismatch.wgsl`: KL of the law of a site in its field x + J m from that in x + J m of the target. */
export function siteMismatch(
  arrays: {
    externalField: Float64Array;
    field: Float64Array;
    targetField: Float64Array;
    betas: Float64Array;
    mismatch: Float64Array;
  },
  params: { systems: number; sites: number; components: number; componentStride: number; radius: number },
  constants: { BINARY: boolean; RESPONSE: number },
): void {
  const { systems, sites, components, componentStride, radius } = params;
  const response = RESPONSES[constants.RESPONSE];
  const padded = pad(sites);
  for (let index = 0; index < systems * padded; index++) {
    arrays.mismatch[index] = 0;
    if (index % padded >= sites) continue;
    const beta = arrays.betas[index];
    const slope = (h: number) =>
      constants.BINARY
        ? beta * binaryVariance(beta * h)
        : responseDerivatives(h, beta, radius, components, response).f1;
    const at = (array: Float64Array) =>
      Array.from({ length: components }, (_, k) => {
        const entry = index * componentStride + k;
        return arrays.externalField[entry] + array[entry];
      });
    const [a, b] = [at(arrays.field), at(arrays.targetField)];
    const [sizeA, sizeB] = [Math.hypot(...a), Math.hypot(...b)];
    const parallel = sizeA === 0 || sizeB === 0;
    const turned = parallel ? 0 : a.reduce((sum, value, k) => sum + (value / sizeA - b[k] / sizeB) ** 2, 0);
    const change = sizeB - sizeA;
    const stretched = change ** 2 * integrateUnit((t) => (1 - t) * slope(sizeA + t * change));
    const mean = constants.BINARY
      ? binaryMean(beta * sizeA)
      : sizeA * responseGain(sizeA, beta, radius, components, response);
    arrays.mismatch[index] = beta * (stretched + 0.5 * mean * sizeB * turned);
  }
}
