import { pad } from "./layout.js";

/**
 * Twin of `shaders/query-key-transform.wgsl`: v <- λ Rot_p(v/|v|) of every row v at position p, in place. A zero vector,
 * which has no direction, stays zero. `rotations` are those of `rotaryAngles`, read if ROTATE.
 */
export function queryKeyTransform(
  arrays: { rotations: Float64Array; scales: Float64Array; vectors: Float64Array },
  params: { couplings: number; rows: number; dimension: number },
  constants: { NORMALISE: boolean; ROTATE: boolean },
): void {
  const { couplings, rows, dimension } = params;
  const stride = pad(dimension);
  for (let index = 0; index < couplings * pad(rows); index++) {
    const position = index % pad(rows);
    const vector = arrays.vectors.subarray(index * stride, (index + 1) * stride);
    let factor = arrays.scales[Math.floor(index / pad(rows))];
    if (constants.NORMALISE) {
      const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
      factor = norm > 0 ? factor / norm : 0;
    }
    for (let k = 0; k < stride; k += 2) {
      const [x, y] = [factor * vector[k], factor * vector[k + 1]];
      const [cosine, sine] = constants.ROTATE ? arrays.rotations.subarray(position * stride + k) : [1, 0];
      vector[k] = x * cosine - y * sine;
      vector[k + 1] = x * sine + y * cosine;
    }
  }
}

/**
 * cos and sin of the angles p base^(-2r/d) by which the pair (2r, 2r + 1) of a vector at position p turns, interleaved,
 * [pad(positions)][pad(d)]. In float64, since f32 has lost a large angle before its cosine is taken.
 */
export function rotaryAngles(positions: ArrayLike<number>, dimension: number, base: number): Float64Array {
  const stride = pad(dimension);
  const table = new Float64Array(pad(positions.length) * stride);
  for (let row = 0; row < positions.length; row++) {
    for (let k = 0; k < dimension; k += 2) {
      const angle = positions[row] * base ** (-k / dimension);
      table[row * stride + k] = Math.cos(angle);
      table[row * stride + k + 1] = Math.sin(angle);
    }
  }
  return table;
}
