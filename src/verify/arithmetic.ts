/** The two ways in which the rows of one step are evaluated on the CPU: float64, and straightforward f32. */
import { INNER_ITERATIONS, INNER_TOLERANCE } from "../engine/time-step.js";
import { twins } from "../reference/twins.js";
import { plainKernels } from "./plain-kernels.js";

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
  /** A number of the system as it enters the sums. */
  readonly load: (value: number) => number;
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
export const FLOAT64: Arithmetic = { kernels: twins, load: (value) => value, inner: innerSolve("f64") };

/** The twins on inputs rounded to f32: what a GPU without rounding errors would compute. */
export const FLOAT64_OF_F32: Arithmetic = { ...FLOAT64, load: Math.fround };

/** One sum after the other in f32, as a plain loop on a CPU computes it. */
export const PLAIN_F32: Arithmetic = { kernels: plainKernels, load: Math.fround, inner: innerSolve("f32") };
