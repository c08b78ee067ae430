/** Which observables a system and a run have. */
import { type MethodName, MONTE_CARLO } from "./closures.js";
import { type Couplings, hasSoftmaxRows } from "./couplings.js";
import { InputError } from "./input-error.js";
import { isMeasuredBy, type ObservableName, observableOf, speciesObserved } from "./observables.js";
import type { Spins } from "./spins.js";
import type { SystemDescription } from "./system.js";

/** A system, described or realised, and what is done with it. */
export interface ObservedRun {
  readonly spins: Spins;
  readonly couplings: Couplings | SystemDescription["couplings"];
  readonly closure: MethodName;
  /** Undefined for a steady state. */
  readonly steps: number | undefined;
  /** Of monte-carlo. */
  readonly chains?: number | undefined;
  readonly thin?: number | undefined;
  /** By the names of their observables. */
  readonly profiles?: object;
  /** β of sites, or of groups of them, where they may differ. */
  readonly betas?: ArrayLike<number>;
}

/** A run of a system that is not realised yet. */
export function describedRun(
  { spins, couplings, species = [], beta }: SystemDescription,
  closure: MethodName,
  steps: number | undefined,
): ObservedRun {
  const names = [
    ...(couplings.kind === "hopfield" ? ["pattern-overlap"] : []),
    ...species.map(({ name }) => `magnetization:${name}`),
  ];
  const profiles = Object.fromEntries(names.map((name) => [name, true]));
  return { spins, couplings, closure, steps, profiles, betas: species.map((each) => each.beta ?? beta) };
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
  { spins, couplings, closure, steps, chains = 1, thin = 1, profiles = {}, betas = [] }: ObservedRun,
): { readonly found: string; readonly expected: string } | undefined {
  const { needs, scope = {} } = observableOf(name);
  const { kind } = couplings;
  if (!isMeasuredBy(closure, name)) {
    if (closure !== MONTE_CARLO) return { found: "a closure", expected: MONTE_CARLO };
    return { found: closure, expected: "a closure, or an observable that chains have" };
  }
  if (scope.pairs && closure === MONTE_CARLO && chains < 2) {
    return { found: "one chain", expected: "two or more, whose overlap it is" };
  }
  if (needs === "profile" && !(name in profiles)) {
    if (speciesObserved(name) === undefined) {
      return { found: `${kind} couplings`, expected: "hopfield, which has patterns" };
    }
    const own = Object.keys(profiles).flatMap((each) => speciesObserved(each) ?? []);
    const has = own.join(", ") || "none";
    return { found: "a system without that species", expected: `a species of the system, of which it has ${has}` };
  }
  if ((needs === "rows" || scope.couplings === "rows") && !hasSoftmaxRows(couplings)) {
    return { found: `${kind} couplings`, expected: "attention or random-softmax, which has rows" };
  }
  const everyStep = closure === MONTE_CARLO && scope.everyStep;
  if (everyStep && thin !== 1) return { found: `thin ${thin}`, expected: "thin 1, as it follows every step" };
  if ((scope.oneBeta || everyStep) && Array.from(betas).some((beta) => beta !== betas[0])) {
    return { found: "sites that differ in beta", expected: "one beta, for which it is defined" };
  }
  if (scope.spins !== undefined && scope.spins !== spins.kind) {
    return { found: `${spins.kind} spins`, expected: `${scope.spins} spins` };
  }
  if (scope.couplings === "symmetric" && symmetry(couplings) === false) {
    return { found: `${kind} couplings that are not symmetric`, expected: "symmetric couplings, which have an energy" };
  }
  if (scope.couplings === "unit-rows" && !mayHaveUnitRows(couplings)) {
    return { found: `${kind} couplings`, expected: "softmax rows, or a matrix whose rows sum to 1" };
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
    case "random-softmax":
    case "ring":
      return false;
    case "curie-weiss":
    case "hopfield":
      return true;
    case "species": {
      const [mean, std] =
        "means" in couplings
          ? [couplings.means, couplings.deviations]
          : [couplings.mean, couplings.std ?? []].map((matrix) => Float64Array.from(matrix.flat()));
      const fixed = std.every((value) => value === 0);
      return (couplings.symmetry === 1 || fixed) && isSymmetric(mean) && isSymmetric(std);
    }
    case "random":
      if (couplings.law === "ring") return false;
  }
  // Pairs that are all alike are symmetric however they are drawn.
  const alike = "fraction" in couplings ? couplings.fraction === 0 || couplings.fraction === 1 : isConstant(couplings);
  return couplings.symmetry === 1 || alike;
}

/** False if the rows of J cannot sum to one; the sums themselves are known to whoever has J. */
function mayHaveUnitRows(couplings: ObservedRun["couplings"]): boolean {
  const { kind } = couplings;
  if (hasSoftmaxRows(couplings) || ["dense", "species", "curie-weiss", "ring"].includes(kind)) return true;
  return (kind === "random" && couplings.law === "ring") || isConstant(couplings);
}

/** Whether all J_ij are the same. */
function isConstant(couplings: ObservedRun["couplings"]): boolean {
  const diluted = "connectivity" in couplings && couplings.connectivity !== undefined;
  return "std" in couplings && couplings.std === 0 && !diluted;
}

function isSymmetric(matrix: Float64Array): boolean {
  const n = Math.sqrt(matrix.length);
  const allowed = ASYMMETRY * matrix.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  return matrix.every((value, at) => Math.abs(value - matrix[(at % n) * n + Math.floor(at / n)]) <= allowed);
}

export function followsState(couplings: ObservedRun["couplings"]): boolean {
  if (couplings.kind !== "attention") return false;
  return ("features" in couplings ? couplings.features.source : couplings.source) === "state";
}
