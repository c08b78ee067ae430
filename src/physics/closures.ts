/**
 * Closures: how the mean of a site follows from the means one step earlier. One row each; kernels, twins, tests, the
 * command line and the documentation read this table.
 *
 * h̄ = x + J m'. Primes are times t-1. V_i = Σ_j J_ij² (1 - m'_j²), T_i = Σ_j J_ij² (R² - |m'_j|²).
 */
import type { Spins } from "./spins.js";

/** What has to be summed over a row of J beside the field: nothing, the variance, or the tensor sums of sphere TAP. */
export type MomentRule = "none" | "variance" | "tensor" | "tensor-published";

export interface Closure {
  readonly name: string;
  readonly formula: string;
  /** Sections of the specification this follows, and the publication. */
  readonly reference: string;
  /** Spins it is defined for, with the sums it needs. */
  readonly binary?: { readonly moments: MomentRule };
  readonly sphere?: { readonly moments: MomentRule; readonly responses: readonly ("large-d" | "exact")[] };
  /** True if m(t) stands on both sides, so that an inner equation is solved at every site and step. */
  readonly implicit: boolean;
}

const both = ["large-d", "exact"] as const;

export const closures = {
  naive: {
    name: "naive",
    formula: "m = F(h̄)",
    reference: "first order, Plefka[t-1,t]; Kappen & Spanjers 2000; Bal 2023 eqs 22, 47",
    binary: { moments: "none" },
    sphere: { moments: "none", responses: both },
    implicit: false,
  },
  tap: {
    name: "tap",
    formula: "binary m = tanh β(h̄ - β m V); sphere m = F(h̄ + second-order term), corrected index, nothing beyond J²",
    reference: "second order, Plefka[t-1,t]; Roudi & Hertz 2011; Bal 2023 eqs 26, 58-61",
    binary: { moments: "variance" },
    sphere: { moments: "tensor", responses: both },
    implicit: true,
  },
  onsager: {
    name: "onsager",
    formula: "m = F(h̄ - (c/R²) T m); c = β/2 (large-d), β R²/D (exact), β (binary, where it is tap)",
    reference: "leading Onsager term of the second order at large D",
    binary: { moments: "variance" },
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
    formula: "m = f(n) h̄/n, n² = |h̄|² + T",
    reference: "Plefka[t-1], Gaussian local field; Mézard & Sakellariou 2011",
    sphere: { moments: "variance", responses: both },
    implicit: false,
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
