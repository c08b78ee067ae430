/**
 * Exact results that belong over a sweep's points: one row each. A row applies where the sweep's system is the model the
 * theory is about; a sweep of anything else gets no curve.
 */
import type { MethodName } from "../physics/closures.js";
import type { ObservableName } from "../physics/observables.js";
import type { SystemDescription } from "../physics/system.js";
import { asymmetricSkCriticalBeta } from "../physics/theory/asymmetric-sk.js";
import { hopfieldCapacity } from "../physics/theory/hopfield.js";
import { almeidaThoulessField, almeidaThoulessTemperature } from "../physics/theory/sk-replica-symmetric.js";
import { softmaxCrossover } from "../physics/theory/softmax-rem.js";
import {
  exactThreshold,
  largeDimensionSphereOrder,
  LARGE_DIMENSION_THRESHOLD,
} from "../physics/theory/sphere-order.js";
import { resultOf, type TheoryName, type Values } from "../physics/theory/theories.js";
import {
  independentCouplings,
  retrievalLoad,
  scoreDeviation,
  solvesEquilibrium,
  symmetricCouplings,
  uniformState,
  vectorOverlapOf,
} from "./known-models.js";
import type { Point } from "./spec.js";

interface Mark {
  readonly x: number;
  readonly label: string;
}

/** A curve over the x axis, and the value of x where something happens. */
export interface Overlay {
  /** In legends: what it is the limit of, the exact dynamics, the closure itself, or neither. */
  readonly name: string;
  /** The same in a sentence, for descriptions of columns. */
  readonly theory: string;
  readonly curve: (x: number) => number;
  readonly mark?: Mark;
  /** Known at whole numbers only. */
  readonly whole?: true;
}

/** What an overlay is about: a system, and what is done with it. */
interface Subject {
  readonly system: SystemDescription;
  readonly closure: MethodName;
  /** Absent for a steady state. */
  readonly steps?: number;
}

type Title = Pick<Overlay, "name" | "theory">;

interface OverlayRule {
  readonly title: Title | ((system: SystemDescription) => Title);
  /** Axes along which the theory is known. */
  readonly axes: readonly string[];
  /** The value at one subject, in the units of the observable; undefined where the theory is not about it. */
  readonly at: (subject: Subject, observable: ObservableName) => number | undefined;
  /** By axis. */
  readonly marks?: Readonly<Record<string, (system: SystemDescription) => Mark | undefined>>;
}

/** What the observables are called in the table of theories. */
const RESULTS: Partial<Record<ObservableName, string>> = {
  magnetization: "magnetization",
  "absolute-magnetization": "magnetization",
  "site-norm": "magnetization",
  "pattern-overlap": "magnetization",
  overlap: "overlap",
  participation: "participation",
  entropy: "entropy",
  "log-sum-exp": "logPartition",
};

const lookUp = (theory: TheoryName, observable: ObservableName, parameters: Values | undefined) =>
  parameters && resultOf(theory, RESULTS[observable] ?? "")?.compute(parameters);

/** Of rows that share their sum, while all sites are equal; `limit` is where fluctuations of spins vanish. */
const uniformTitle =
  (limit: string) =>
  ({ couplings }: SystemDescription): Title =>
    couplings.kind === "attention"
      ? {
          name: "naive, equal sites",
          theory:
            "naive mean field with all sites equal, at any N; other closures and the exact dynamics where rows spread over many keys",
        }
      : {
          name: `exact dynamics, ${limit}`,
          theory: `the exact dynamics, ${limit.replaceAll("*", "")}, whose means all closures share there`,
        };

const rules: readonly OverlayRule[] = [
  {
    // Equations 12.6: naive mean field without mean coupling and field is the random tanh map.
    title: {
      name: "naive, *N* → ∞ (chaos)",
      theory: "the limit N → ∞ of naive mean field itself, a random tanh map; the exact dynamics has no order there",
    },
    axes: ["beta", "couplings.std"],
    at: ({ system, closure }, observable) => {
      const model = independentCouplings(system);
      if (closure !== "naive" || model?.J0 !== 0 || model.fieldHalfWidth > 0) return undefined;
      return lookUp("tanh-chaos", observable, { g: model.beta * model.dJ });
    },
    marks: {
      beta: (system) => {
        const { dJ } = independentCouplings(system) ?? {};
        return dJ === undefined ? undefined : thresholdMark(1 / dJ);
      },
    },
  },
  {
    // Equations 12.1: fully asymmetric SK, N → ∞.
    title: {
      name: "exact dynamics, *N* → ∞",
      theory: "the exact synchronous dynamics, N → ∞, which closures approximate",
    },
    axes: ["beta", "couplings.mean", "couplings.std", "field.halfWidth"],
    at: ({ system, closure }, observable) => {
      const model = independentCouplings(system);
      if (model === undefined || observable === "site-norm") return undefined;
      // Naive mean field without mean coupling has an order of its own (equations 12.6).
      if (!(model.J0 > 0) && (closure === "naive" || model.J0 < 0)) return undefined;
      return lookUp("asymmetric-sk", observable, model);
    },
    marks: {
      beta: (system) => {
        const { J0 = 0, dJ = 0, fieldHalfWidth = 0 } = independentCouplings(system) ?? {};
        const x = asymmetricSkCriticalBeta({ couplingMean: J0, couplingDeviation: dJ, fieldHalfWidth });
        return { x, label: `*β*_{c} = ${x.toFixed(5)}` };
      },
    },
  },
  {
    // Equations 12.2: binary spins whose couplings sum to J0 in every row.
    title: uniformTitle("*N* → ∞"),
    axes: ["beta", "couplings.mean", "field.value"],
    at: ({ system }, observable) => {
      const state = uniformState(system);
      if (state === undefined || system.spins.kind !== "binary") return undefined;
      const parameters = { T: 1 / system.beta, J0: state.rowSum, field: state.field };
      if (observable === "overlap") return lookUp("curie-weiss", "magnetization", parameters)! ** 2;
      return lookUp("curie-weiss", observable, parameters);
    },
    marks: { beta: (system) => orderingMark(system, 1) },
  },
  {
    // Equations 6.4 and 12.10: spheres with the exact response, rows that share a sum.
    title: uniformTitle("*N* → ∞"),
    axes: ["beta", "couplings.mean", "field.value"],
    at: ({ system }, observable) => {
      const state = uniformState(system);
      const { spins, beta } = system;
      if (state === undefined || spins.kind !== "sphere" || spins.response !== "exact") return undefined;
      const { components: n, radius: R } = spins;
      const parameters = { n, beta, R, J: state.rowSum, field: state.field * R };
      if (observable === "overlap") return (lookUp("o-n", "magnetization", parameters)! / R) ** 2;
      const length = lookUp("o-n", observable, parameters);
      return length === undefined ? undefined : length / R;
    },
    marks: {
      beta: (system) =>
        system.spins.kind === "sphere"
          ? orderingMark(system, exactThreshold(system.spins.components, system.spins.radius))
          : undefined,
    },
  },
  {
    // Equations 6.4: the same with the large-D response.
    title: uniformTitle("*N*, *D* → ∞"),
    axes: ["beta", "couplings.mean", "field.value"],
    at: ({ system }, observable) => {
      const state = uniformState(system);
      const { spins, beta } = system;
      if (state === undefined || spins.kind !== "sphere" || spins.response !== "large-d") return undefined;
      const { rowSum, field } = state;
      const order = largeDimensionSphereOrder(beta * rowSum, 1, field / rowSum);
      if (observable === "overlap") return order ** 2;
      return RESULTS[observable] === "magnetization" ? order : undefined;
    },
    marks: { beta: (system) => orderingMark(system, LARGE_DIMENSION_THRESHOLD) },
  },
  {
    // Equations 12.4: rows of independent Gaussian scores, exactly.
    title: {
      name: "random energy model",
      theory: "rows of the softmax of independent Gaussian scores at this N, exactly; no dynamics enters",
    },
    axes: ["couplings.scale", "spins.count"],
    at: ({ system }, observable) => {
      const { count } = system;
      const scale = scoreDeviation(system);
      return scale === undefined || count === undefined
        ? undefined
        : lookUp("rem", observable, { N: count, beta: scale });
    },
    marks: {
      "couplings.scale": ({ count }) =>
        count === undefined ? undefined : { x: softmaxCrossover(count), label: `√(2 ln ${count})` },
    },
  },
  {
    // Equations 4.7: amp after any number of steps.
    title: {
      name: "state evolution, *N* → ∞",
      theory: "the limit N → ∞ of the closure amp itself, state evolution",
    },
    axes: ["steps", "beta", "couplings.std", "field.value"],
    at: ({ system, closure, steps }, observable) => {
      const model = symmetricCouplings(system);
      if (model === undefined || closure !== "amp" || steps === undefined) return undefined;
      return lookUp("amp", observable, { ...model, steps });
    },
  },
  {
    // Equations 12.5: with J_ij = J_ji the fixed points of binary tap (onsager) and amp are those of the equilibrium.
    // Synchronous dynamics has another stationary law, which monte-carlo samples, and another field in every other closure.
    title: {
      name: "replica symmetric, *N* → ∞",
      theory: "the replica-symmetric equilibrium, N → ∞, of which the closure solves the TAP equations",
    },
    axes: ["beta", "couplings.std", "field.value"],
    at: ({ system, closure, steps }, observable) => {
      const model = symmetricCouplings(system);
      if (model === undefined || steps !== undefined || !solvesEquilibrium(closure)) return undefined;
      // Without a field 0 is a fixed point, and the zero start stays there.
      return model.start === 0 && model.field === 0 ? undefined : lookUp("sk-rs", observable, model);
    },
    marks: {
      beta: (system) => {
        const { J = 1, field = 0 } = symmetricCouplings(system) ?? {};
        return thresholdMark(1 / almeidaThoulessTemperature(field, J), "*β*_{AT}");
      },
      "field.value": (system) => {
        const { T = 1, J = 1 } = symmetricCouplings(system) ?? {};
        return T < J ? thresholdMark(almeidaThoulessField(T, J), "*h*_{AT}") : undefined;
      },
    },
  },
  {
    // Equations 12.7, an equilibrium. The fixed points of tap and amp are close: their V_i leaves the self-interaction
    // α U²/(1-U), U = β(1-q), of Hebb's J (m high by 0.005 at α = 0.05, T = 0.5, and less at lower T). naive leaves all of it.
    title: {
      name: "equilibrium, *N* → ∞",
      theory: "the replica-symmetric equilibrium, N → ∞, to which the closure comes close",
    },
    axes: ["couplings.load", "beta"],
    at: ({ system, closure }, observable) => {
      const alpha = retrievalLoad(system);
      if (alpha === undefined || observable !== "pattern-overlap" || !solvesEquilibrium(closure)) return undefined;
      return lookUp("hopfield", observable, { alpha, T: 1 / system.beta });
    },
    marks: {
      "couplings.load": ({ beta }) => thresholdMark(hopfieldCapacity(1 / beta), "*α*_{c}"),
    },
  },
  {
    // Equations 12.3: every closure has a curve of its own.
    title: {
      name: "own limit, *N*, *D* → ∞",
      theory: "the limit N, D → ∞ of each closure itself; that of monte-carlo is the exact dynamics",
    },
    axes: ["beta", "couplings.std", "field.norm", "steps"],
    at: ({ system, closure, steps }, observable) => {
      const q = vectorOverlapOf(system, closure, steps);
      if (observable === "overlap") return q;
      return observable === "site-norm" && q !== undefined ? Math.sqrt(q) : undefined;
    },
  },
];

/** Where order appears without field, for rows that sum to one: at beta = threshold. */
function orderingMark(system: SystemDescription, threshold: number) {
  const state = uniformState(system);
  return state?.field === 0 ? thresholdMark(threshold / state.rowSum) : undefined;
}

function thresholdMark(x: number, symbol = "*β*"): Mark {
  return { x, label: `${symbol} = ${Number(x.toPrecision(5))}` };
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
  { system: sampleOf, closure, run }: Pick<Point, "system" | "closure" | "run">,
): Overlay | undefined {
  const system = sampleOf(0);
  const subject: Subject = { system, closure, ...("steps" in run && { steps: run.steps }) };
  for (const { title, axes, at, marks } of rules) {
    if (!axes.includes(axis) || at(subject, observable) === undefined) continue;
    const mark = marks?.[axis]?.(system);
    return {
      ...(typeof title === "function" ? title(system) : title),
      curve: (x) => at(movedTo(subject, axis, x), observable) ?? NaN,
      ...(mark && Number.isFinite(mark.x) && { mark }),
      ...(axis === "steps" && { whole: true }),
    };
  }
  return undefined;
}

/**
 * Where the theory of a point says that something happens along `axis`, with the number at another path of its system replaced:
 * a point of the critical line of a map.
 */
export function markWith(
  axis: string,
  observable: ObservableName,
  point: Pick<Point, "system" | "closure" | "run">,
  [path, value]: readonly [string, number],
): Overlay["mark"] {
  const system = movedTo({ system: point.system(0), closure: point.closure }, path, value).system;
  return overlayFor(axis, observable, { ...point, system: () => system })?.mark;
}

/** The subject with one number replaced, `spins.count` by any real number. */
function movedTo(subject: Subject, axis: string, value: number): Subject {
  if (axis === "steps") return { ...subject, steps: value };
  const { system } = subject;
  if (axis === "spins.count") return { ...subject, system: { ...system, count: value } };
  const [key, inner] = axis.split(".") as ["beta" | "couplings" | "field", string | undefined];
  const moved = inner === undefined ? value : { ...(system[key] as object), [inner]: value };
  return { ...subject, system: { ...system, [key]: moved } };
}
