/** Which observables a system and a run have. */
import type { ClosureName } from "./closures.js";
import type { Couplings } from "./couplings.js";
import { InputError } from "./input-error.js";
import { type Observable, type ObservableName, observables } from "./observables.js";
import type { Spins } from "./spins.js";
import type { SystemDescription } from "./system.js";

/** A system, described or realised, and what is done with it. */
export interface ObservedRun {
  readonly spins: Spins;
  readonly couplings: Couplings | SystemDescription["couplings"];
  readonly closure: ClosureName;
  /** Undefined for a steady state. */
  readonly steps: number | undefined;
}

/** @throws InputError at `key` for the first observable that is not defined there */
export function checkObservables(names: readonly ObservableName[], run: ObservedRun, key: string): void {
  for (const name of names) {
    const reason = inapplicable(name, run);
    if (reason) throw new InputError(key, `${name} of ${reason.found}`, reason.expected);
  }
}

/** Why an observable is not defined for a run, if it is not. */
export function inapplicable(
  name: ObservableName,
  { spins, couplings, closure, steps }: ObservedRun,
): { readonly found: string; readonly expected: string } | undefined {
  const { needs, scope = {} }: Observable = observables[name];
  const { kind } = couplings;
  if ((needs === "rows" || scope.couplings === "attention") && kind !== "attention") {
    return { found: `${kind} couplings`, expected: "attention, which has rows" };
  }
  if (scope.spins !== undefined && scope.spins !== spins.kind) {
    return { found: `${spins.kind} spins`, expected: `${scope.spins} spins` };
  }
  if (scope.couplings === "symmetric" && symmetry(couplings) === false) {
    return { found: `${kind} couplings that are not symmetric`, expected: "symmetric couplings, which have an energy" };
  }
  const uniform = kind === "curie-weiss" || ("std" in couplings && couplings.std === 0);
  if (scope.couplings === "unit-rows" && kind !== "attention" && kind !== "dense" && !uniform) {
    return { found: `${kind} couplings`, expected: "attention, or a matrix whose rows sum to 1" };
  }
  if (scope.frozen && followsState(couplings)) {
    return { found: "couplings that follow the state", expected: "couplings of source field" };
  }
  if (scope.closure !== undefined && scope.closure !== closure) {
    return { found: `the closure ${closure}`, expected: `${scope.closure}, which has this tangent map` };
  }
  if (scope.stepsAbove !== undefined && !(steps !== undefined && steps > scope.stepsAbove)) {
    const found = steps === undefined ? "a steady state" : `${steps} steps`;
    return { found, expected: `more than ${scope.stepsAbove} steps` };
  }
  return undefined;
}

/** J_ij and J_ji count as equal within this share of the largest entry. */
const ASYMMETRY = 1e-6;

/** Whether J = Jᵀ, by its law or its numbers; undefined for a matrix that is not loaded yet. */
function symmetry(couplings: ObservedRun["couplings"]): boolean | undefined {
  switch (couplings.kind) {
    case "dense":
      return couplings.matrix instanceof Float64Array ? isSymmetric(couplings.matrix) : undefined;
    case "attention":
      return false;
    case "curie-weiss":
      return true;
    default:
      return couplings.symmetry === 1 || (couplings.std === 0 && !("connectivity" in couplings));
  }
}

function isSymmetric(matrix: Float64Array): boolean {
  const n = Math.sqrt(matrix.length);
  const allowed = ASYMMETRY * matrix.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  return matrix.every((value, at) => Math.abs(value - matrix[(at % n) * n + Math.floor(at / n)]) <= allowed);
}

function followsState(couplings: ObservedRun["couplings"]): boolean {
  if (couplings.kind !== "attention") return false;
  return ("features" in couplings ? couplings.features.source : couplings.source) === "state";
}
