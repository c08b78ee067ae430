/** The ways in which the rows of one step are evaluated on the CPU: float64, and straightforwardly in a precision. */
import { INNER_ITERATIONS, INNER_TOLERANCE } from "../engine/sphere-tap-step.js";
import type { FusedPrecision } from "../kernels/strategies.js";
import { twins } from "../reference/twins.js";
import { plainFieldSphere, plainKernels, plainScores } from "./plain-kernels.js";

/** What a step is made of once its inputs are packed. */
type RowKernels = Pick<
  typeof twins,
  | "scores"
  | "softmax"
  | "query-key-transform"
  | "random-couplings"
  | "species-couplings"
  | "moment-weights"
  | "field-binary"
  | "field-sphere"
  | "binary-update"
  | "sphere-update"
  | "sphere-tap-start"
  | "sphere-tap"
  | "reaction-weights"
>;

export interface Arithmetic {
  readonly kernels: RowKernels;
  /** Q Kᵀ of attention and J m of spheres: what a precision may take of rounded operands. */
  readonly products: { readonly scores: RowKernels["scores"]; readonly field: RowKernels["field-sphere"] };
  /** A number of the system as it enters the sums. */
  readonly load: (value: number) => number;
  /** The result of an operation. */
  readonly round: (value: number) => number;
  /** How often the inner equation of sphere TAP is iterated, and to which residual. */
  readonly inner: {
    readonly iterations: { readonly corrected: number; readonly published: number };
    readonly tolerance: number;
  };
}

function innerSolve(precision: "f32" | "f64"): Arithmetic["inner"] {
  const { corrected, published } = INNER_ITERATIONS;
  return {
    iterations: { corrected: corrected[precision], published: published[precision] },
    tolerance: INNER_TOLERANCE[precision],
  };
}

/** The twins on the numbers as they stand. */
export const FLOAT64: Arithmetic = {
  kernels: twins,
  products: { scores: twins.scores, field: twins["field-sphere"] },
  load: (value) => value,
  round: (value) => value,
  inner: innerSolve("f64"),
};

/** The twins on inputs rounded to f32: what a GPU without rounding errors would compute. */
export const FLOAT64_OF_F32: Arithmetic = { ...FLOAT64, load: Math.fround };

/** One sum after the other in f32, as a plain loop on a CPU computes it. */
const PLAIN_F32: Arithmetic = {
  kernels: plainKernels,
  products: { scores: plainKernels.scores, field: plainKernels["field-sphere"] },
  load: Math.fround,
  round: Math.fround,
  inner: innerSolve("f32"),
};

/** The nearest numbers of 11 bits, of any size: f16 for those who choose their units, as the shader does. */
function highParts(values: Float64Array): Float64Array {
  const singles = Float32Array.from(values);
  const words = new Uint32Array(singles.buffer);
  for (let index = 0; index < words.length; index++) words[index] = (words[index] + 0x1000) & 0xffffe000;
  return Float64Array.from(singles);
}

/** What rounding leaves of each number, rounded itself. */
const lowParts = (values: Float64Array, high: Float64Array) =>
  highParts(values.map((value, index) => value - high[index]));

/** The same loops, the operands of products in the precision that they have on the device. */
export const PLAIN: Readonly<Record<FusedPrecision, Arithmetic>> = {
  f32: PLAIN_F32,
  f16: withTerms((left, right) => [[highParts(left), highParts(right)]]),
  "split-f16": withTerms((left, right) => {
    const high = [highParts(left), highParts(right)] as const;
    return [[lowParts(left, high[0]), high[1]], [high[0], lowParts(right, high[1])], high];
  }),
};

function withTerms(terms: NonNullable<Parameters<typeof plainScores>[0]>): Arithmetic {
  return { ...PLAIN_F32, products: { scores: plainScores(terms), field: plainFieldSphere(terms) } };
}
