/** Which systems are the models that theories are about, and with which parameters; undefined for all others. */
import type { ArrayInput, MatrixInput } from "../physics/arrays.js";
import type { MethodName } from "../physics/closures.js";
import type { Spins } from "../physics/spins.js";
import type { SystemDescription } from "../physics/system.js";
import { type VectorClosure, vectorOverlap, vectorOverlapAfter } from "../physics/theory/vector-couplings.js";

/** Closures of binary spins whose fixed points, for symmetric J, are those of the TAP equations. */
export const solvesEquilibrium = (closure: MethodName) =>
  closure === "tap" || closure === "onsager" || closure === "amp";

/** The asymmetric SK ensemble. Sums of many independent J_ij are Gaussian whatever their law. */
export function independentCouplings({ spins, couplings, field, beta }: SystemDescription) {
  if (couplings.kind !== "gaussian" && couplings.kind !== "plus-minus") return undefined;
  if (spins.kind !== "binary" || couplings.symmetry !== 0) return undefined;
  if (typeof field !== "object" || !("kind" in field)) return undefined;
  if (field.kind !== "zero" && field.kind !== "uniform") return undefined;
  const fieldHalfWidth = field.kind === "zero" ? 0 : field.halfWidth;
  return { beta, J0: couplings.mean, dJ: couplings.std, fieldHalfWidth };
}

/** The symmetric SK ensemble in a uniform field, with q of a start that does not know J. */
export function symmetricCouplings({ spins, couplings, field, initial, beta }: SystemDescription) {
  if (couplings.kind !== "gaussian" && couplings.kind !== "plus-minus") return undefined;
  const { mean, std, symmetry } = couplings;
  if (spins.kind !== "binary" || symmetry !== 1 || mean !== 0 || !(std > 0)) return undefined;
  const uniform = uniformField(field);
  const start = uniform === undefined ? undefined : meanSquare(initial, spins, Math.tanh(beta * uniform) ** 2);
  if (uniform === undefined || start === undefined || !(start <= 1)) return undefined;
  return { T: 1 / beta, J: std, field: uniform, start };
}

/**
 * (1/N) Σ_i |m_i|²/R² of a start that does not know J, N → ∞; undefined for arrays and patterns.
 *
 * @param ofField the same of the response to the external field
 */
function meanSquare(initial: ArrayInput, { components, radius }: Spins, ofField: number): number | undefined {
  if (typeof initial !== "object" || !("kind" in initial)) return undefined;
  switch (initial.kind) {
    case "zero":
      return 0;
    case "constant":
      return initial.value ** 2;
    case "direction":
      return initial.norm ** 2;
    case "uniform":
      return ((initial.halfWidth ** 2 / 3) * components) / radius ** 2;
    case "gaussian":
      return (initial.std ** 2 * components) / radius ** 2;
    case "field":
      return ofField;
    case "pattern":
      return undefined;
  }
}

/** The field that all binary sites share. */
function uniformField(field: ArrayInput): number | undefined {
  if (typeof field !== "object" || !("kind" in field)) return undefined;
  if (field.kind === "zero") return 0;
  return field.kind === "constant" ? field.value : undefined;
}

/** α of random patterns, from a start at one of them and without a field. */
export function retrievalLoad({ spins, couplings, field, initial, count }: SystemDescription): number | undefined {
  if (couplings.kind !== "hopfield" || couplings.patterns !== undefined || spins.kind !== "binary") return undefined;
  if (typeof initial !== "object" || !("kind" in initial) || initial.kind !== "pattern") return undefined;
  if (!(initial.overlap > 0) || uniformField(field) !== 0) return undefined;
  return couplings.load ?? (count === undefined ? undefined : couplings.count! / count);
}

/** The deviation of scores that are independent and Gaussian in every row: drawn as such, or unit queries and Gaussian keys. */
export function scoreDeviation({ couplings }: SystemDescription): number | undefined {
  if (couplings.kind === "random-softmax") return couplings.mask === "none" ? Math.abs(couplings.scale) : undefined;
  if (couplings.kind !== "attention" || couplings.mask !== "none") return undefined;
  const { queries, keys, qkNorm, rope, scale = 1 } = couplings;
  if (qkNorm || rope !== false || !isUnit(queries, "direction") || !isUnit(keys, "gaussian")) return undefined;
  return Math.abs(scale);
}

/** q of sphere spins with independent couplings and fields of one norm, as the closure has it at large D. */
export function vectorOverlapOf(
  { spins, couplings, field, initial, beta }: SystemDescription,
  closure: MethodName,
  steps: number | undefined,
): number | undefined {
  if (spins.kind !== "sphere" || couplings.kind !== "gaussian") return undefined;
  if (couplings.symmetry !== 0 || couplings.mean !== 0 || typeof field !== "object" || !("kind" in field))
    return undefined;
  const kind = VECTOR_CLOSURES[closure];
  const fieldNorm = field.kind === "direction" ? field.norm : field.kind === "zero" ? 0 : undefined;
  if (kind === undefined || fieldNorm === undefined) return undefined;
  const { components: dimension, radius, response } = spins;
  const exact = { dimension, radius };
  const model = { beta, deviation: couplings.std, fieldNorm, ...(response === "exact" && { exact }) };
  const start = meanSquare(initial, spins, vectorOverlapAfter(1, 0, "naive", model));
  if (start === undefined || !(start <= 1)) return undefined;
  // Chains have no start of their own, and count the steps that are measured.
  if (steps !== undefined && closure !== "monte-carlo") return vectorOverlapAfter(steps, start, kind, model);
  // Without fields 0 is a fixed point, and what starts there stays.
  return start === 0 && fieldNorm === 0 ? undefined : vectorOverlap(start, kind, model);
}

/** The exact dynamics has Gaussian fields in this limit. */
const VECTOR_CLOSURES: Partial<Record<MethodName, VectorClosure>> = {
  naive: "naive",
  onsager: "onsager",
  tap: "onsager",
  "gaussian-field": "gaussian-field",
  "monte-carlo": "gaussian-field",
};

/**
 * Rows of J that share their sum, a field that all sites share, in units of R, and a start along it: all sites stay equal.
 */
export function uniformState({ couplings, field, initial }: SystemDescription) {
  const rowSum = couplings.kind === "curie-weiss" ? couplings.mean : couplings.kind === "attention" ? 1 : 0;
  if (!(rowSum > 0)) return undefined;
  if (typeof initial !== "object" || !("kind" in initial) || initial.kind !== "constant") return undefined;
  if (typeof field !== "object" || !("kind" in field) || !(initial.value > 0)) return undefined;
  if (field.kind === "zero") return { rowSum, field: 0 };
  return field.kind === "constant" && field.value >= 0 ? { rowSum, field: field.value } : undefined;
}

/** Unit directions, or Gaussian entries of unit variance. */
function isUnit(input: MatrixInput | undefined, kind: "direction" | "gaussian"): boolean {
  if (typeof input !== "object" || !("kind" in input) || input.kind !== kind) return false;
  return (input.kind === "gaussian" ? input.std : input.norm) === 1;
}
