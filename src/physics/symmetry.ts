/** Closures that hold for symmetric couplings only refuse all others. */
import { type Closure, type ClosureName, closures } from "./closures.js";
import type { Couplings } from "./couplings.js";

/** |J_ij - J_ji| up to this share of the largest |J_ij| is the rounding of a matrix that was made symmetric in f32. */
const ROUNDING = 1e-6;

/** What is not symmetric about couplings that have to be for this closure; undefined if nothing is. */
export function asymmetryFor(closure: ClosureName, couplings: Couplings, sites: number): string | undefined {
  const row: Closure = closures[closure];
  if (!row.symmetric) return undefined;
  if (couplings.kind === "hopfield") return undefined;
  if (couplings.kind === "attention" || couplings.kind === "random-softmax") {
    return `${couplings.kind}, where J_ij and J_ji differ`;
  }
  if (couplings.kind === "random") {
    const { law, symmetry, std, connectivity } = couplings;
    if (law === "ring") return "a ring, where J_ij and J_ji differ";
    const uniform = law !== "mixed-signs" && std === 0 && connectivity === undefined;
    return symmetry === 1 || uniform ? undefined : `random couplings with symmetry ${symmetry}`;
  }
  if (couplings.kind === "species") {
    const { means, deviations, symmetry } = couplings;
    const kinds = Math.sqrt(means.length);
    const isSymmetric = (values: Float64Array) =>
      values.every((value, k) => value === values[(k % kinds) * kinds + Math.floor(k / kinds)]);
    const spread = deviations.some((value) => value !== 0);
    const same = isSymmetric(means) && isSymmetric(deviations) && (symmetry === 1 || !spread);
    return same ? undefined : "couplings of species that differ between (a, b) and (b, a)";
  }
  const { matrix } = couplings;
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < sites; i++) {
    for (let j = 0; j < i; j++) {
      const [one, other] = [matrix[i * sites + j], matrix[j * sites + i]];
      difference = Math.max(difference, Math.abs(one - other));
      largest = Math.max(largest, Math.abs(one), Math.abs(other));
    }
  }
  return difference <= ROUNDING * largest ? undefined : `|J_ij - J_ji| up to ${difference.toPrecision(3)}`;
}
