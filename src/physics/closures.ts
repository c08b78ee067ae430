/**
 * Closures: how the mean of a site follows from the means one step earlier. One row each; kernels, twins, tests, the
 * command line and the documentation read this table.
 *
 * h̄ = x + J m'. Primes are times t-1. V_i = Σ_j J_ij² (1 - m'_j²), T_i = Σ_j J_ij² (R² - |m'_j|²).
 */
import type { Spins } from "./spins.js";

/** What has to be summed over a row of J beside the field: nothing, the variance, or the tensor sums of sphere TAP. */
export type MomentRule = "none" | "variance" | "tensor" | "tensor-published";

/** How m_i follows from h̄_i, V_i and what a step remembers; `pairwise` goes through a field for every pair of sites. */
type BinaryUpdate = "naive" | "tap" | "gaussian-field" | "amp" | "pairwise";

/**
 * Correlations of binary spins, C_ik = ⟨s_i s_k⟩ - m_i m_k and D_il = ⟨s_i s'_l⟩ - m_i m'_l. P = J X Jᵀ and Q = J X hold the
 * covariance X of time t-1: diag(1 - m'²) of a `product` law, or C' where it is `carried` on.
 *
 * C    diagonal     1 - m_i² alone
 *      first-order  β² a_i a_k P_ik
 *      gaussian     the double Gaussian average, up to `QUADRATURE_SITES` sites; first-order beyond
 *      pairwise     as plefka2-t
 * D    β a_i Q_il, times 1 + 2β J_il m_i m'_l at second order
 */
export interface CorrelationRule {
  readonly equalTime: "diagonal" | "first-order" | "gaussian" | "pairwise";
  /** X in P. */
  readonly spread: "product" | "carried";
  /** X in Q, or D as plefka2-t has it. */
  readonly delayed: "product" | "carried" | "pairwise";
  readonly secondOrder: boolean;
}

/** N up to which the equal-time correlations of `gaussian-field` are integrated, at n² points a pair. */
export const QUADRATURE_SITES = 64;

interface BinaryClosure {
  readonly moments: MomentRule;
  readonly update: BinaryUpdate;
  /** What a step takes over from the one before beside m(t-1): m(t-2), or C and D. */
  readonly memory: "none" | "echo" | "correlations";
  /** Absent where the steps are those of an algorithm, not of time. */
  readonly correlations?: CorrelationRule;
}

export interface Closure {
  readonly name: string;
  readonly formula: string;
  /** Sections of the specification this follows, and the publication. */
  readonly reference: string;
  /** Spins it is defined for, with the sums it needs. */
  readonly binary?: BinaryClosure;
  readonly sphere?: { readonly moments: MomentRule; readonly responses: readonly ("large-d" | "exact")[] };
  /** True if m(t) stands on both sides, so that an inner equation is solved at every site and step. */
  readonly implicit: boolean;
  /** True if it holds for J_ij = J_ji only. */
  readonly symmetric?: true;
}

const both = ["large-d", "exact"] as const;

/** Binary TAP, which is the Onsager term of binary spins too. */
const binaryTap = {
  moments: "variance",
  update: "tap",
  memory: "none",
  correlations: { equalTime: "first-order", spread: "product", delayed: "product", secondOrder: true },
} as const;

export const closures = {
  naive: {
    name: "naive",
    formula: "m = F(h̄)",
    reference: "first order, Plefka[t-1,t]; Kappen & Spanjers 2000; Bal 2023 eqs 22, 47",
    binary: {
      moments: "none",
      update: "naive",
      memory: "none",
      correlations: { equalTime: "diagonal", spread: "product", delayed: "product", secondOrder: false },
    },
    sphere: { moments: "none", responses: both },
    implicit: false,
  },
  tap: {
    name: "tap",
    formula: "binary m = tanh β(h̄ - β m V); sphere m = F(h̄ + second-order term), corrected index, nothing beyond J²",
    reference: "second order, Plefka[t-1,t]; Roudi & Hertz 2011; Bal 2023 eqs 26, 58-61",
    binary: binaryTap,
    sphere: { moments: "tensor", responses: both },
    implicit: true,
  },
  onsager: {
    name: "onsager",
    formula: "m = F(h̄ - (c/R²) T m); c = β/2 (large-d), β R²/D (exact), β (binary, where it is tap)",
    reference: "leading Onsager term of the second order at large D",
    binary: binaryTap,
    sphere: { moments: "variance", responses: both },
    implicit: true,
  },
  "tap-published": {
    name: "tap-published",
    formula: "sphere tap with the v vᵀ terms and γ_i(t-1) outside the sum, as printed",
    reference: "Bal 2023 eqs 58, 61, 65; kept to reproduce published numbers",
    sphere: { moments: "tensor-published", responses: ["large-d"] },
    implicit: true,
  },
  "gaussian-field": {
    name: "gaussian-field",
    formula: "binary m = ∫Dz tanh β(h̄ + z √V); sphere m = f(n) h̄/n, n² = |h̄|² + T",
    reference: "Plefka[t-1], Gaussian local field; Mézard & Sakellariou 2011",
    binary: {
      moments: "variance",
      update: "gaussian-field",
      memory: "none",
      correlations: { equalTime: "gaussian", spread: "product", delayed: "carried", secondOrder: false },
    },
    sphere: { moments: "variance", responses: both },
    implicit: false,
  },
  "plefka-t": {
    name: "plefka-t",
    formula: "m = tanh β(h̄ - β m V), V = (J C' Jᵀ)_ii",
    reference: "second order, Plefka[t]; Aguilera, Moosavi & Shimazaki 2021",
    binary: {
      moments: "none",
      update: "tap",
      memory: "correlations",
      correlations: { equalTime: "first-order", spread: "carried", delayed: "carried", secondOrder: true },
    },
    implicit: true,
  },
  "plefka2-t": {
    name: "plefka2-t",
    formula:
      "m_i = (1/N) Σ_l Σ_s (1 + s m'_l)/2 tanh θ_il(s), θ_il(s) = h̄_i + (J_il + W_il)(s - m'_l) - V_il tanh θ_il(s)",
    reference: "pairwise, Plefka2[t]; Aguilera, Moosavi & Shimazaki 2021",
    binary: {
      moments: "none",
      update: "pairwise",
      memory: "correlations",
      correlations: { equalTime: "pairwise", spread: "carried", delayed: "pairwise", secondOrder: false },
    },
    implicit: false,
  },
  amp: {
    name: "amp",
    formula: "m(k+1) = tanh β(h̄ - β V m(k-1)), m(-1) = 0",
    reference: "equilibrium TAP; Thouless, Anderson & Palmer 1977; time index of Bolthausen 2014",
    binary: { moments: "variance", update: "amp", memory: "echo" },
    implicit: false,
    symmetric: true,
  },
} as const satisfies Record<string, Closure>;

/** Stands where a closure may: the exact stochastic dynamics, sampled. It has no row, because means do not follow from means. */
export const MONTE_CARLO = "monte-carlo";

export type ClosureName = keyof typeof closures;
export type MethodName = ClosureName | typeof MONTE_CARLO;
export const closureNames = Object.keys(closures) as ClosureName[];
export const methodNames: readonly MethodName[] = [...closureNames, MONTE_CARLO];

/** The sums a closure needs for these spins, or a sentence saying why it does not apply. */
export function momentRule(name: ClosureName, spins: Spins): MomentRule | { found: string; expected: string } {
  const closure: Closure = closures[name];
  const entry = spins.kind === "binary" ? closure.binary : closure.sphere;
  const offered = closureNames.filter((other) => {
    const row: Closure = closures[other];
    return spins.kind === "binary" ? row.binary : row.sphere?.responses.includes(spins.response);
  });
  if (!entry || (spins.kind === "sphere" && !closure.sphere?.responses.includes(spins.response))) {
    const kind = spins.kind === "binary" ? "binary spins" : `sphere spins with response ${spins.response}`;
    return { found: `${name} for ${kind}`, expected: `one of ${offered.join(", ")}` };
  }
  return entry.moments;
}

/** True if the steps of this closure hand on the correlations of all pairs, for which J has to be stored. */
export function carriesCorrelations(name: ClosureName): boolean {
  const { binary }: Closure = closures[name];
  return binary?.memory === "correlations";
}
