/** Observables of one system: how each follows from raw moments that the device has summed. Ratios are taken in float64. */

/** Sums over the sites of one system, or means over the rows of its couplings. */
export interface RawMoments {
  readonly sites: number;
  readonly radius: number;
  /** Σ_i m_i, one number a component. */
  readonly componentSums: readonly number[];
  /** Σ_i |m_i|². */
  readonly sumOfSquares: number;
  /** Σ_i |m_i| / R. */
  readonly sumOfNorms: number;
  /** Means over rows; attention only. */
  readonly rows?: { readonly logSumExp: number; readonly entropy: number; readonly participation: number };
  /** Σ_i w_i m_i of the profiles of the system, one number a component. */
  readonly profiles?: Readonly<Partial<Record<ProfileName, readonly number[]>>>;
  /** [Σ_i m_i · n at field x + δ n, the same at x - δ n, δ], n the all-ones direction; only where asked for. */
  readonly response?: readonly [number, number, number];
}

export interface Observable {
  readonly name: string;
  /** Symbol and unit as they stand on an axis. */
  readonly symbol: string;
  readonly description: string;
  /** `state`: any system; `rows`: needs attention; `response`: needs the shifted fields, two more systems a point;
   * `profile`: needs the profile of its name. */
  readonly needs: "state" | "rows" | "response" | "profile";
  readonly compute: (raw: RawMoments) => number;
}

/** Observables that are sums over sites with weights of the system's own. */
export type ProfileName = "pattern-overlap" | `magnetization:${string}`;

const norm = (values: readonly number[]) => Math.hypot(...values);

/** One component with its sign, several as a norm. */
function along(sums: readonly number[] | undefined, radius: number): number {
  if (sums === undefined) return NaN;
  return (sums.length === 1 ? sums[0] : norm(sums)) / radius;
}

export const observables = {
  magnetization: {
    name: "magnetization",
    symbol: "m",
    description: "binary: (1/N) Σ_i m_i with its sign; sphere: |Σ_i m_i| / (N R)",
    needs: "state",
    compute: ({ componentSums, sites, radius }) =>
      (componentSums.length === 1 ? componentSums[0] : norm(componentSums)) / (sites * radius),
  },
  "absolute-magnetization": {
    name: "absolute-magnetization",
    symbol: "|m|",
    description: "|Σ_i m_i| / (N R): the sign or direction of an ordered state is free",
    needs: "state",
    compute: ({ componentSums, sites, radius }) => norm(componentSums) / (sites * radius),
  },
  "site-norm": {
    name: "site-norm",
    symbol: "⟨|m_i|⟩/R",
    description: "(1/N) Σ_i |m_i| / R, the order of single sites",
    needs: "state",
    compute: ({ sumOfNorms, sites }) => sumOfNorms / sites,
  },
  overlap: {
    name: "overlap",
    symbol: "q",
    description: "(1/N) Σ_i |m_i|² / R²",
    needs: "state",
    compute: ({ sumOfSquares, sites, radius }) => sumOfSquares / (sites * radius * radius),
  },
  "pattern-overlap": {
    name: "pattern-overlap",
    symbol: "m_μ",
    description: "(1/N) Σ_i ξ_i m_i with the pattern that the start is near, or the first; hopfield couplings only",
    needs: "profile",
    compute: ({ profiles, radius }) => along(profiles?.["pattern-overlap"], radius),
  },
  susceptibility: {
    name: "susceptibility",
    symbol: "χ",
    description:
      "response ∂(Σ_i m_i·n)/(N ∂h) to a uniform field h along the all-ones direction n, by central differences " +
      "(relative error about 2e-3 in f32, more where χ exceeds 100); empty where a shifted run did not converge",
    needs: "response",
    compute: ({ response, sites }) =>
      response === undefined ? NaN : (response[0] - response[1]) / (2 * response[2] * sites),
  },
  entropy: {
    name: "entropy",
    symbol: "S (nats)",
    description: "mean over rows of -Σ_j J_ij ln J_ij, in nats",
    needs: "rows",
    compute: ({ rows }) => rows?.entropy ?? NaN,
  },
  participation: {
    name: "participation",
    symbol: "Y₂",
    description: "mean over rows of Σ_j J_ij²: 1/N for uniform attention, 1 when one key has it all",
    needs: "rows",
    compute: ({ rows }) => rows?.participation ?? NaN,
  },
  "log-sum-exp": {
    name: "log-sum-exp",
    symbol: "ln Z",
    description: "mean over rows of ln Σ_j exp(S_ij)",
    needs: "rows",
    compute: ({ rows }) => rows?.logSumExp ?? NaN,
  },
} as const satisfies Record<string, Observable>;

export type ObservableName = keyof typeof observables | ProfileName;
export const observableNames = Object.keys(observables) as (keyof typeof observables)[];

const OF_SPECIES = /^magnetization:(.+)$/;

/** The species behind an observable such as `magnetization:excitatory`; undefined for any other. */
export function speciesObserved(name: string): string | undefined {
  return OF_SPECIES.exec(name)?.[1];
}

/** An observable by its name, those of species too. */
export function observableOf(name: ObservableName): Observable {
  const species = speciesObserved(name);
  if (species === undefined) return observables[name as keyof typeof observables];
  return {
    name,
    symbol: `m (${species})`,
    description: `the magnetization of the sites of the species ${species}`,
    needs: "profile",
    compute: ({ profiles, radius }) => along(profiles?.[name as ProfileName], radius),
  };
}
