/**
 * Exact results that belong over a sweep's points: one row each. A row applies where the sweep's system is the model the
 * theory is about; a sweep of anything else gets no curve.
 */
import type { MatrixInput } from "../physics/arrays.js";
import type { MethodName } from "../physics/closures.js";
import type { ObservableName } from "../physics/observables.js";
import type { SystemDescription } from "../physics/system.js";
import { asymmetricSkCriticalBeta } from "../physics/theory/asymmetric-sk.js";
import { softmaxCrossover } from "../physics/theory/softmax-rem.js";
import {
  exactThreshold,
  largeDimensionSphereOrder,
  LARGE_DIMENSION_THRESHOLD,
} from "../physics/theory/sphere-order.js";
import { resultOf, type TheoryName, type Values } from "../physics/theory/theories.js";
import type { Point } from "./spec.js";

/** A curve over the x axis, and the value of x where something happens. */
export interface Overlay {
  readonly name: string;
  readonly curve: (x: number) => number;
  readonly mark?: { readonly x: number; readonly label: string };
}

interface OverlayRule {
  readonly name: string;
  /** Axes along which the theory is known. */
  readonly axes: readonly string[];
  /** The value at one system, in the units of the observable; undefined where the theory is not about it. */
  readonly at: (system: SystemDescription, observable: ObservableName, closure: MethodName) => number | undefined;
  /** Only along the first axis. */
  readonly mark: (system: SystemDescription) => { readonly x: number; readonly label: string } | undefined;
}

/** What the observables are called in the table of theories. */
const RESULTS: Partial<Record<ObservableName, string>> = {
  magnetization: "magnetization",
  "absolute-magnetization": "magnetization",
  "site-norm": "magnetization",
  overlap: "overlap",
  participation: "participation",
  entropy: "entropy",
  "log-sum-exp": "logPartition",
};

const lookUp = (theory: TheoryName, observable: ObservableName, parameters: Values | undefined) =>
  parameters && resultOf(theory, RESULTS[observable] ?? "")?.compute(parameters);

const rules: readonly OverlayRule[] = [
  {
    // Equations 12.6: naive mean field without mean coupling and field is the random tanh map.
    name: "chaos, *N* → ∞",
    axes: ["beta", "couplings.std"],
    at: (system, observable, closure) => {
      const model = independentCouplings(system);
      if (closure !== "naive" || model?.J0 !== 0 || model.fieldHalfWidth > 0) return undefined;
      return lookUp("tanh-chaos", observable, { g: model.beta * model.dJ });
    },
    mark: (system) => {
      const { dJ } = independentCouplings(system) ?? {};
      return dJ === undefined ? undefined : thresholdMark(1 / dJ);
    },
  },
  {
    // Equations 12.1: fully asymmetric SK, N → ∞.
    name: "exact, *N* → ∞",
    axes: ["beta", "couplings.mean", "couplings.std", "field.halfWidth"],
    at: (system, observable, closure) => {
      const model = independentCouplings(system);
      if (model === undefined || observable === "site-norm") return undefined;
      // Naive mean field without mean coupling has an order of its own (equations 12.6).
      if (!(model.J0 > 0) && (closure === "naive" || model.J0 < 0)) return undefined;
      return lookUp("asymmetric-sk", observable, model);
    },
    mark: (system) => {
      const { J0 = 0, dJ = 0, fieldHalfWidth = 0 } = independentCouplings(system) ?? {};
      const x = asymmetricSkCriticalBeta({ couplingMean: J0, couplingDeviation: dJ, fieldHalfWidth });
      return { x, label: `*β*_{c} = ${x.toFixed(5)}` };
    },
  },
  {
    // Equations 12.2: binary spins whose couplings sum to J0 in every row.
    name: "exact",
    axes: ["beta", "couplings.mean", "field.value"],
    at: (system, observable) => {
      const state = uniformState(system);
      if (state === undefined || system.spins.kind !== "binary") return undefined;
      const parameters = { T: 1 / system.beta, J0: state.rowSum, field: state.field };
      if (observable === "overlap") return lookUp("curie-weiss", "magnetization", parameters)! ** 2;
      return lookUp("curie-weiss", observable, parameters);
    },
    mark: (system) => orderingMark(system, 1),
  },
  {
    // Equations 6.4 and 12.10: spheres with the exact response, rows that share a sum.
    name: "exact",
    axes: ["beta", "couplings.mean", "field.value"],
    at: (system, observable) => {
      const state = uniformState(system);
      const { spins, beta } = system;
      if (state === undefined || spins.kind !== "sphere" || spins.response !== "exact") return undefined;
      const { components: n, radius: R } = spins;
      const parameters = { n, beta, R, J: state.rowSum, field: state.field * R };
      if (observable === "overlap") return (lookUp("o-n", "magnetization", parameters)! / R) ** 2;
      const length = lookUp("o-n", observable, parameters);
      return length === undefined ? undefined : length / R;
    },
    mark: (system) =>
      system.spins.kind === "sphere"
        ? orderingMark(system, exactThreshold(system.spins.components, system.spins.radius))
        : undefined,
  },
  {
    // Equations 6.4: the same with the large-D response.
    name: "exact",
    axes: ["beta", "couplings.mean", "field.value"],
    at: (system, observable) => {
      const state = uniformState(system);
      const { spins, beta } = system;
      if (state === undefined || spins.kind !== "sphere" || spins.response !== "large-d") return undefined;
      const { rowSum, field } = state;
      const order = largeDimensionSphereOrder(beta * rowSum, 1, field / rowSum);
      if (observable === "overlap") return order ** 2;
      return RESULTS[observable] === "magnetization" ? order : undefined;
    },
    mark: (system) => orderingMark(system, LARGE_DIMENSION_THRESHOLD),
  },
  {
    // Equations 12.4: unit queries and Gaussian keys make every row N independent Gaussian scores, exactly.
    name: "exact, finite *N*",
    axes: ["couplings.scale", "spins.count"],
    at: ({ couplings, count }, observable) => {
      if (couplings.kind !== "attention" || couplings.mask !== "none" || count === undefined) return undefined;
      const { queries, keys, qkNorm, rope } = couplings;
      if (qkNorm || rope !== false) return undefined;
      if (!isUnit(queries, "direction") || !isUnit(keys, "gaussian")) return undefined;
      return lookUp("rem", observable, { N: count, beta: couplings.scale ?? 1 });
    },
    mark: ({ count }) => (count === undefined ? undefined : { x: softmaxCrossover(count), label: `√(2 ln ${count})` }),
  },
];

/** The asymmetric SK ensemble. Sums of many independent J_ij are Gaussian whatever their law. */
function independentCouplings({ spins, couplings, field, beta }: SystemDescription) {
  if (couplings.kind !== "gaussian" && couplings.kind !== "plus-minus") return undefined;
  if (spins.kind !== "binary" || couplings.symmetry !== 0) return undefined;
  if (typeof field !== "object" || !("kind" in field)) return undefined;
  if (field.kind !== "zero" && field.kind !== "uniform") return undefined;
  const fieldHalfWidth = field.kind === "zero" ? 0 : field.halfWidth;
  return { beta, J0: couplings.mean, dJ: couplings.std, fieldHalfWidth };
}

/**
 * Rows of J that share their sum, a field that all sites share, in units of R, and a start along it: all sites stay equal.
 */
function uniformState({ couplings, field, initial }: SystemDescription) {
  const rowSum = couplings.kind === "curie-weiss" ? couplings.mean : couplings.kind === "attention" ? 1 : 0;
  if (!(rowSum > 0)) return undefined;
  if (typeof initial !== "object" || !("kind" in initial) || initial.kind !== "constant") return undefined;
  if (typeof field !== "object" || !("kind" in field) || !(initial.value > 0)) return undefined;
  if (field.kind === "zero") return { rowSum, field: 0 };
  return field.kind === "constant" && field.value >= 0 ? { rowSum, field: field.value } : undefined;
}

/** Where order appears without field, for rows that sum to one: at beta = threshold. */
function orderingMark(system: SystemDescription, threshold: number) {
  const state = uniformState(system);
  return state?.field === 0 ? thresholdMark(threshold / state.rowSum) : undefined;
}

function thresholdMark(x: number) {
  return { x, label: `*β* = ${Number(x.toPrecision(5))}` };
}

/** Unit directions, or Gaussian entries of unit variance. */
function isUnit(input: MatrixInput | undefined, kind: "direction" | "gaussian"): boolean {
  if (typeof input !== "object" || !("kind" in input) || input.kind !== kind) return false;
  return (input.kind === "gaussian" ? input.std : input.norm) === 1;
}

/**
 * The exact result for one series of points, if there is one.
 *
 * @param axis the path along which the series runs
 * @param point one of its points
 */
export function overlayFor(
  axis: string,
  observable: ObservableName,
  { system: sampleOf, closure }: Pick<Point, "system" | "closure">,
): Overlay | undefined {
  const system = sampleOf(0);
  for (const { name, axes, at, mark } of rules) {
    if (!axes.includes(axis) || at(system, observable, closure) === undefined) continue;
    const found = axis === axes[0] ? mark(system) : undefined;
    return {
      name,
      curve: (x) => at(movedTo(system, axis, x), observable, closure) ?? NaN,
      ...(found && Number.isFinite(found.x) && { mark: found }),
    };
  }
  return undefined;
}

/** The system with one number replaced, `spins.count` by any real number. */
function movedTo(system: SystemDescription, axis: string, value: number): SystemDescription {
  if (axis === "spins.count") return { ...system, count: value };
  const [key, inner] = axis.split(".") as ["beta" | "couplings" | "field", string | undefined];
  return { ...system, [key]: inner === undefined ? value : { ...(system[key] as object), [inner]: value } };
}
