/**
 * Exact results that belong over a sweep's points: one row each. A row applies where the sweep's system is the model the
 * theory is about; a sweep of anything else gets no curve.
 */
import type { MatrixInput } from "../physics/arrays.js";
import type { ObservableName } from "../physics/observables.js";
import { asymmetricSkCriticalBeta, asymmetricSkMagnetization } from "../physics/theory/asymmetric-sk.js";
import { softmaxCrossover, softmaxRowAverages } from "../physics/theory/softmax-rem.js";
import {
  binaryOrder,
  BINARY_THRESHOLD,
  exactSphereOrder,
  exactThreshold,
  largeDimensionSphereOrder,
  LARGE_DIMENSION_THRESHOLD,
} from "../physics/theory/sphere-order.js";
import type { SystemDescription } from "../physics/system.js";

/** A curve over the x axis, and the value of x where something happens. */
export interface Overlay {
  readonly name: string;
  readonly curve: (x: number) => number;
  readonly mark?: { readonly x: number; readonly label: string };
}

interface OverlayRule {
  /** Axis and observables it is drawn for. */
  readonly axis: string;
  readonly observables: readonly ObservableName[];
  readonly overlay: (system: SystemDescription, observable: ObservableName) => Overlay | undefined;
}

const magnetizations = ["magnetization", "absolute-magnetization"] as const;

const rules: readonly OverlayRule[] = [
  {
    // Equations 12.1: fully asymmetric SK, N → ∞. Sums of many independent J_ij are Gaussian whatever their law.
    axis: "beta",
    observables: magnetizations,
    overlay: ({ spins, couplings, field }) => {
      if (couplings.kind !== "gaussian" && couplings.kind !== "plus-minus") return undefined;
      if (spins.kind !== "binary" || couplings.symmetry !== 0) return undefined;
      const fieldHalfWidth = uniformHalfWidth(field);
      if (fieldHalfWidth === undefined || !(couplings.mean > 0)) return undefined;
      const model = { couplingMean: couplings.mean, couplingDeviation: couplings.std, fieldHalfWidth };
      const critical = asymmetricSkCriticalBeta(model);
      return {
        name: "exact, *N* → ∞",
        curve: (beta) => asymmetricSkMagnetization(beta, model),
        mark: { x: critical, label: `*β*_{c} = ${critical.toFixed(5)}` },
      };
    },
  },
  {
    // Equations 6.4: any row-stochastic J, no field, a start that all sites share.
    axis: "beta",
    observables: [...magnetizations, "site-norm"],
    overlay: ({ spins, couplings, field, initial }) => {
      if (couplings.kind !== "attention" && couplings.kind !== "curie-weiss") return undefined;
      if (couplings.kind === "curie-weiss" && couplings.mean !== 1) return undefined;
      if (!isKind(field, "zero") || !isKind(initial, "constant")) return undefined;
      if (spins.kind === "binary") {
        return { name: "exact", curve: binaryOrder, mark: thresholdMark(BINARY_THRESHOLD) };
      }
      const { components, radius, response } = spins;
      return response === "large-d"
        ? {
            name: "√(1 − 2/*β*), exact",
            curve: (beta) => largeDimensionSphereOrder(beta, radius) / radius,
            mark: thresholdMark(LARGE_DIMENSION_THRESHOLD),
          }
        : {
            name: "exact",
            curve: (beta) => exactSphereOrder(beta, components, radius) / radius,
            mark: thresholdMark(exactThreshold(components, radius)),
          };
    },
  },
  {
    // Equations 12.4: unit queries and Gaussian keys make every row N independent Gaussian scores, exactly.
    axis: "couplings.scale",
    observables: ["participation", "entropy", "log-sum-exp"],
    overlay: ({ couplings, count }, observable) => {
      if (couplings.kind !== "attention" || couplings.mask !== "none" || count === undefined) return undefined;
      const { queries, keys, qkNorm, rope } = couplings;
      if (qkNorm || rope !== false) return undefined;
      if (!isUnit(queries, "direction") || !isUnit(keys, "gaussian")) return undefined;
      const averages = { participation: "participation", entropy: "entropy", "log-sum-exp": "logPartition" } as const;
      return {
        name: "exact, finite *N*",
        curve: (scale) => softmaxRowAverages(count, scale)[averages[observable as keyof typeof averages]],
        mark: { x: softmaxCrossover(count), label: `√(2 ln ${count})` },
      };
    },
  },
];

function thresholdMark(x: number) {
  return { x, label: `*β* = ${Number(x.toPrecision(5))}` };
}

function isKind(input: SystemDescription["field"] | SystemDescription["initial"], kind: string): boolean {
  return typeof input === "object" && "kind" in input && input.kind === kind;
}

function uniformHalfWidth(field: SystemDescription["field"]): number | undefined {
  if (typeof field !== "object" || !("kind" in field)) return undefined;
  if (field.kind === "zero") return 0;
  return field.kind === "uniform" ? field.halfWidth : undefined;
}

/** Unit directions, or Gaussian entries of unit variance. */
function isUnit(input: MatrixInput | undefined, kind: "direction" | "gaussian"): boolean {
  if (typeof input !== "object" || !("kind" in input) || input.kind !== kind) return false;
  return (input.kind === "gaussian" ? input.std : input.norm) === 1;
}

/** The exact result for one series of points, if there is one. */
export function overlayFor(axis: string, observable: ObservableName, system: SystemDescription): Overlay | undefined {
  for (const rule of rules) {
    if (rule.axis !== axis || !rule.observables.includes(observable)) continue;
    const overlay = rule.overlay(system, observable);
    if (overlay !== undefined) return overlay;
  }
  return undefined;
}
