/**
 * The theory curves that can be asked for by name: one row each, with its parameters and its results. What is printed,
 * what a sweep draws and what the manual lists all come from here.
 *
 * Units: energies (T, J0, dJ, fields) share one unit of the caller's choice, k_B = 1, and beta is its inverse; entropies
 * are in nats; everything else is a pure number.
 */
import { InputError } from "../input-error.js";
import { ampOverlap } from "./amp-state-evolution.js";
import {
  asymmetricSkCriticalBeta,
  asymmetricSkEntropyProduction,
  asymmetricSkMagnetization,
  asymmetricSkOverlap,
} from "./asymmetric-sk.js";
import { curieWeissMagnetization } from "./curie-weiss.js";
import { hopfieldMagnetization } from "./hopfield.js";
import { noisyAttentionOrder } from "./noisy-attention-order.js";
import { noisyAttentionThreshold, noisyAttentionTricritical } from "./noisy-attention.js";
import { almeidaThoulessField, replicaSymmetricFreeEnergy, replicaSymmetricOverlap } from "./sk-replica-symmetric.js";
import { type SoftmaxRowAverages, softmaxRowAverages } from "./softmax-rem.js";
import { exactSphereOrder } from "./sphere-order.js";
import { tanhChaosLyapunov, tanhChaosOverlap } from "./tanh-chaos.js";

export interface TheoryParameter {
  readonly name: string;
  readonly description: string;
  /** Absent where the parameter has to be given. */
  readonly default?: number;
  readonly range: Range;
}

interface Range {
  readonly from?: number;
  readonly to?: number;
  /** The lower end is left out. */
  readonly open?: boolean;
  readonly whole?: boolean;
}

/** Values by the names of parameters. */
export type Values = Readonly<Record<string, number>>;

export interface TheoryResult {
  readonly name: string;
  readonly description: string;
  readonly formula: string;
  /** Parameters it depends on; it is known where all of them are. */
  readonly needs: readonly string[];
  /** May be infinite: no transition at any temperature, ln 0. */
  readonly compute: (values: Values) => number;
}

export interface Theory {
  readonly summary: string;
  readonly reference: string;
  readonly parameters: readonly TheoryParameter[];
  readonly results: readonly TheoryResult[];
}

const nonnegative: Range = { from: 0 };
const positive: Range = { from: 0, open: true };
const any: Range = {};

const temperature = { name: "T", description: "temperature (energy)", range: nonnegative };
const inverseTemperature = { name: "beta", description: "inverse temperature (1/energy)", range: nonnegative };
const meanCoupling = { name: "J0", description: "N times the mean coupling (energy)", default: 1, range: any };
const field = { name: "field", description: "uniform field h (energy)", default: 0, range: any };
const disorder = {
  name: "J",
  description: "√N times the standard deviation of the couplings (energy)",
  default: 1,
  range: positive,
};

const ensemble = ({ J0, dJ, fieldHalfWidth }: Values) => ({
  couplingMean: J0,
  couplingDeviation: dJ,
  fieldHalfWidth,
});

/** The averages asked for last: all results of `rem` share them. */
let averages: (SoftmaxRowAverages & Record<"N" | "beta", number>) | undefined;

const rows = ({ N, beta }: Values) => {
  if (averages?.N !== N || averages.beta !== beta) averages = { ...softmaxRowAverages(N, beta), N, beta };
  return averages;
};

export const theories = {
  "curie-weiss": {
    summary: "binary spins, J_ij = J0/N, N → ∞",
    reference: "Weiss 1907; Peretto, Biol. Cybern. 50, 51 (1984)",
    parameters: [temperature, meanCoupling, field],
    results: [
      {
        name: "magnetization",
        description: "m, the stable root; m ≥ 0 without field",
        formula: "m = tanh((J0 m + h)/T)",
        needs: ["T", "J0", "field"],
        compute: ({ T, J0, field }) => curieWeissMagnetization(T, J0, field),
      },
    ],
  },
  "o-n": {
    summary: "spins of n components and length R, rows of couplings that sum to J, N → ∞",
    reference: "Stanley, Phys. Rev. 176, 718 (1968)",
    parameters: [
      { name: "n", description: "components of a spin", range: { from: 1, whole: true } },
      inverseTemperature,
      { name: "R", description: "length of a spin", range: positive },
      { name: "J", description: "sum of a row of couplings (energy/R²)", default: 1, range: any },
      {
        name: "field",
        description: "field h along the order (energy/R)",
        default: 0,
        range: nonnegative,
      },
    ],
    results: [
      {
        name: "magnetization",
        description: "|m|, between 0 and R",
        formula: "m = R A_n(β R (h + J m)), A_n = I_{n/2}/I_{n/2-1}",
        needs: ["n", "beta", "R", "J", "field"],
        compute: ({ n, beta, R, J, field }) => exactSphereOrder(beta, n, R, field, J),
      },
    ],
  },
  "asymmetric-sk": {
    summary: "synchronous binary spins, independent J_ij ~ N(J0/N, dJ²/N), fields uniform on ±H0, N → ∞",
    reference:
      "Derrida, Gardner & Zippelius, Europhys. Lett. 4, 167 (1987); Crisanti & Sompolinsky, PRA 36, 4922 (1987); " +
      "Aguilera, Igarashi & Shimazaki, Nat. Commun. 14, 3685 (2023)",
    parameters: [
      inverseTemperature,
      meanCoupling,
      { name: "dJ", description: "√N times the deviation of the couplings (energy)", range: nonnegative },
      { name: "fieldHalfWidth", description: "H0 (energy)", default: 0, range: nonnegative },
    ],
    results: [
      {
        name: "magnetization",
        description: "m ≥ 0 of the steady state",
        formula: "m = ⟨∫Dz tanh u⟩, u = β(H + J0 m + dJ z)",
        needs: ["beta", "J0", "dJ", "fieldHalfWidth"],
        compute: (values) => asymmetricSkMagnetization(values.beta, ensemble(values)),
      },
      {
        name: "overlap",
        description: "q of two noise histories, (1/N) Σ_i ⟨s_i⟩²",
        formula: "q = ⟨∫Dx Dy tanh u(x) tanh u(q x + √(1-q²) y)⟩",
        needs: ["beta", "J0", "dJ", "fieldHalfWidth"],
        compute: (values) => asymmetricSkOverlap(values.beta, ensemble(values)),
      },
      {
        name: "entropyProduction",
        description: "nats per spin and step",
        formula: "σ = β² dJ² (1-q) ⟨∫Dz sech² u⟩",
        needs: ["beta", "J0", "dJ", "fieldHalfWidth"],
        compute: (values) => asymmetricSkEntropyProduction(values.beta, ensemble(values)),
      },
      {
        name: "criticalBeta",
        description: "β_c; infinite where disorder or fields win at every temperature",
        formula: "1 = β J0 ⟨∫Dz sech² β(H + dJ z)⟩",
        needs: ["J0", "dJ", "fieldHalfWidth"],
        compute: (values) => asymmetricSkCriticalBeta(ensemble(values)),
      },
    ],
  },
  "sk-rs": {
    summary: "Sherrington-Kirkpatrick model, symmetric J_ij ~ N(0, J²/N), replica symmetric, N → ∞",
    reference: "Sherrington & Kirkpatrick, PRL 35, 1792 (1975)",
    parameters: [temperature, disorder, field],
    results: [
      {
        name: "overlap",
        description: "q of Edwards and Anderson",
        formula: "q = ∫Dz tanh² β(h + J √q z)",
        needs: ["T", "J", "field"],
        compute: ({ T, J, field }) => replicaSymmetricOverlap(T, J, field),
      },
      {
        name: "freeEnergy",
        description: "f of a spin (energy)",
        formula: "f = -J²(1-q)²/(4T) - T ∫Dz ln 2cosh β(h + J √q z)",
        needs: ["T", "J", "field"],
        compute: ({ T, J, field }) => replicaSymmetricFreeEnergy(T, J, field),
      },
    ],
  },
  "at-line": {
    summary: "de Almeida-Thouless line of the Sherrington-Kirkpatrick model",
    reference: "de Almeida & Thouless, J. Phys. A 11, 983 (1978)",
    parameters: [temperature, disorder],
    results: [
      {
        name: "field",
        description: "h_AT (energy), below which replica symmetry breaks; 0 for T ≥ J, infinite at T = 0",
        formula: "1 = β² J² ∫Dz sech⁴ β(h + J √q z)",
        needs: ["T", "J"],
        compute: ({ T, J }) => almeidaThoulessField(T, J),
      },
    ],
  },
  amp: {
    summary: "state evolution of the amp iteration, symmetric J_ij ~ N(0, J²/N), N → ∞",
    reference: "Bolthausen, Commun. Math. Phys. 325, 333 (2014); Bayati & Montanari, IEEE TIT 57, 764 (2011)",
    parameters: [
      { ...temperature, range: positive },
      { name: "steps", description: "iterations k", range: { from: 0, to: 1e6, whole: true } },
      { name: "start", description: "q_0 of the start", default: 1, range: { from: 0, to: 1 } },
      disorder,
      field,
    ],
    results: [
      {
        name: "overlap",
        description: "q_k = (1/N) Σ_i m_i(k)²",
        formula: "q_{k+1} = ∫Dz tanh² β(h + J √q_k z)",
        needs: ["T", "steps", "start", "J", "field"],
        compute: ({ T, steps, start, J, field }) => ampOverlap(steps, start, T, J, field),
      },
    ],
  },
  hopfield: {
    summary: "retrieval in the Hopfield model with α N random patterns, replica symmetric, N → ∞",
    reference: "Amit, Gutfreund & Sompolinsky, PRL 55, 1530 (1985)",
    parameters: [{ name: "alpha", description: "patterns per spin", range: nonnegative }, temperature],
    results: [
      {
        name: "magnetization",
        description: "overlap with the retrieved pattern; 0 above the capacity",
        formula: "m = ∫Dz tanh β(m + √(α r) z), r = q/(1-β(1-q))², q = ∫Dz tanh²",
        needs: ["alpha", "T"],
        compute: ({ alpha, T }) => hopfieldMagnetization(alpha, T),
      },
    ],
  },
  rem: {
    summary: "softmax of N independent scores β x, x ~ N(0, 1): a random energy model, exact at finite N",
    reference: "Derrida, PRB 24, 2613 (1981); Giorlandino & Goldt, arXiv:2505.24333",
    parameters: [
      { name: "beta", description: "standard deviation of the scores", range: { from: 0, to: 1e5 } },
      { name: "N", description: "keys in a row", range: { from: 1, to: 2 ** 53, whole: true } },
    ],
    results: [
      {
        name: "logPartition",
        description: "mean of ln Z",
        formula: "E ln Z = ∫dt/t (e^{-t} - φ^N), φ = E exp(-t e^{βx})",
        needs: ["beta", "N"],
        compute: (values) => rows(values).logPartition,
      },
      {
        name: "participation",
        description: "mean of Y₂ = Σ_i α_i², from 1/N to 1",
        formula: "E Y₂ = N ∫dt t φ'' φ^{N-1}",
        needs: ["beta", "N"],
        compute: (values) => rows(values).participation,
      },
      {
        name: "entropy",
        description: "mean of -Σ_i α_i ln α_i, in nats",
        formula: "E S = E ln Z - β² (1 - E Y₂)",
        needs: ["beta", "N"],
        compute: (values) => rows(values).entropy,
      },
    ],
  },
  "tanh-chaos": {
    summary: "random map x ← tanh(g J x), independent J_ij ~ N(0, 1/N), N → ∞: naive mean field with g = β dJ",
    reference:
      "Sompolinsky, Crisanti & Sommers, PRL 61, 259 (1988); Molgedey, Schuchhardt & Schuster, PRL 69, 3717 (1992)",
    parameters: [{ name: "g", description: "gain", range: nonnegative }],
    results: [
      {
        name: "overlap",
        description: "q = (1/N) Σ_i x_i², 0 for g ≤ 1",
        formula: "q = ∫Dz tanh²(g √q z)",
        needs: ["g"],
        compute: ({ g }) => tanhChaosOverlap(g),
      },
      {
        name: "lyapunov",
        description: "largest Lyapunov exponent per step, positive for g > 1",
        formula: "λ = ½ ln(g² ∫Dz sech⁴(g √q z))",
        needs: ["g"],
        compute: ({ g }) => tanhChaosLyapunov(g),
      },
    ],
  },
  "noisy-attention": {
    summary: "noisy unnormalised self-attention of tokens on the sphere in d dimensions, n → ∞",
    reference: "Mun & Rosenzweig, arXiv:2604.16288, arXiv:2606.05140",
    parameters: [
      { name: "d", description: "dimension of a token", range: { from: 2, whole: true } },
      { name: "beta", description: "inverse temperature of attention", range: nonnegative },
      { name: "K", description: "strength of attention", range: nonnegative },
    ],
    results: [
      {
        name: "kHash",
        description: "K_#, strength above which the uniform law is unstable",
        formula: "K_# = β^{d/2} / (2^{d/2} Γ(d/2) I_{d/2}(β))",
        needs: ["d", "beta"],
        compute: ({ d, beta }) => noisyAttentionThreshold(d, beta),
      },
      {
        name: "betaStar",
        description: "β_*, up to which the transition is continuous",
        formula: "I_{d/2+1}(β_*) / I_{d/2}(β_*) = 1/d",
        needs: ["d"],
        compute: ({ d }) => noisyAttentionTricritical(d),
      },
      {
        name: "orderParameter",
        description: "r = |E x| of the stationary law of least free energy, 0 below the transition",
        formula: "p(x) ∝ exp((2K/β) ∫ e^{β x·y} p(dy))",
        needs: ["d", "beta", "K"],
        compute: ({ d, beta, K }) => noisyAttentionOrder(d, beta, K),
      },
    ],
  },
} as const satisfies Record<string, Theory>;

export type TheoryName = keyof typeof theories;
export const theoryNames = Object.keys(theories) as TheoryName[];

/** One result of one theory by its name, for callers whose parameters are known to be right. */
export function resultOf(theory: TheoryName, result: string): TheoryResult | undefined {
  const { results }: Theory = theories[theory];
  return results.find(({ name }) => name === result);
}

export interface TheoryEvaluation {
  /** All that are known, defaults too. */
  readonly parameters: Values;
  /** Every result whose parameters are known, in the order of the table. */
  readonly results: Values;
  /** Why a result could not be computed, by its name. */
  readonly failures: Readonly<Record<string, string>>;
}

/**
 * Every result of a theory that follows from what is given.
 *
 * @param name of the theory
 * @param given values by parameter; defaults fill in the rest
 * @throws InputError naming the parameter that is unknown or out of range, those without which nothing follows, or why
 *   nothing could be computed
 */
export function evaluateTheory(name: TheoryName, given: Values): TheoryEvaluation {
  const theory: Theory = theories[name];
  const unknown = Object.keys(given).find((key) => theory.parameters.every((parameter) => parameter.name !== key));
  if (unknown !== undefined) {
    const names = theory.parameters.map((parameter) => parameter.name).join(", ");
    throw new InputError(`${name}: ${unknown}`, "an unknown parameter", `one of ${names}`);
  }
  const parameters: Record<string, number> = {};
  for (const parameter of theory.parameters) {
    const value = given[parameter.name] ?? parameter.default;
    if (value === undefined) continue;
    if (!isWithin(value, parameter.range)) {
      throw new InputError(`${name}: ${parameter.name}`, String(value), describeRange(parameter.range));
    }
    parameters[parameter.name] = value;
  }
  const known = theory.results.filter(({ needs }) => needs.every((key) => key in parameters));
  if (known.length === 0) {
    const missing = theory.results.map(({ needs }) => needs.filter((key) => !(key in parameters)));
    const fewest = missing.reduce((best, list) => (list.length < best.length ? list : best));
    throw new InputError(name, `no ${fewest.join(" and no ")}`, fewest.map((key) => `${key}=number`).join(" "));
  }
  const results: Record<string, number> = {};
  const failures: Record<string, string> = {};
  for (const { name: result, compute } of known) {
    try {
      const value = compute(parameters);
      if (Number.isNaN(value)) throw new Error("numbers beyond the range of a double");
      results[result] = value;
    } catch (error) {
      failures[result] = (error as Error).message;
    }
  }
  const [failure] = Object.entries(failures);
  if (Object.keys(results).length === 0) {
    throw new InputError(`${name}: ${failure[0]}`, failure[1], "less extreme parameters");
  }
  return { parameters, results, failures };
}

function isWithin(value: number, { from = -Infinity, to = Infinity, open = false, whole = false }: Range): boolean {
  return (
    Number.isFinite(value) &&
    (open ? value > from : value >= from) &&
    value <= to &&
    (!whole || Number.isInteger(value))
  );
}

/** `a whole number from 1 to 10` */
export function describeRange({ from, to, open = false, whole = false }: Range): string {
  const kind = whole ? "a whole number" : "a number";
  const least = from === undefined ? "" : open ? ` above ${from}` : to === undefined ? ` of at least ${from}` : "";
  return to === undefined ? kind + least : `${kind} from ${from} to ${to}`;
}
