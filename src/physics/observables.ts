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
  /** [Σ_i m_i · n at field x + δ n, the same at x - δ n, δ], n the all-ones direction; only where asked for. */
  readonly response?: readonly [number, number, number];
}

/** Averages over the measured steps of chains, and over chains; lengths in units of R, everything else a site. */
export interface SampleMoments {
  /** Numbers of one spin: 1 binary, D sphere. */
  readonly components: number;
  /** <M>, M = Σ_i s_i / (N R), one number a component. */
  readonly vector: readonly number[];
  /** <|M|>, <|M|²> and <|M|⁴>. */
  readonly absolute: number;
  readonly square: number;
  readonly fourth: number;
  /** Mean overlap of two chains with the same couplings. */
  readonly overlap: number;
  readonly energy: number;
  /** Nats a step. */
  readonly entropyProduction: number;
  readonly entropyRate: number;
}

export interface Observable {
  readonly name: string;
  /** Symbol and unit as they stand on an axis. */
  readonly symbol: string;
  readonly description: string;
  /**
   * `state`: any system; `rows`: needs attention; `response`: needs the shifted fields, two more systems a point; `samples`:
   * monte-carlo only.
   */
  readonly needs: "state" | "rows" | "response" | "samples";
  readonly compute: (raw: RawMoments) => number;
  /** The same of monte-carlo; absent where it has none. */
  readonly sampled?: (samples: SampleMoments) => number;
}

const norm = (values: readonly number[]) => Math.hypot(...values);

export const observables = {
  magnetization: {
    name: "magnetization",
    symbol: "m",
    description: "binary: (1/N) Σ_i m_i with its sign; sphere: |Σ_i m_i| / (N R)",
    needs: "state",
    compute: ({ componentSums, sites, radius }) =>
      (componentSums.length === 1 ? componentSums[0] : norm(componentSums)) / (sites * radius),
    sampled: ({ vector }) => (vector.length === 1 ? vector[0] : norm(vector)),
  },
  "absolute-magnetization": {
    name: "absolute-magnetization",
    symbol: "|m|",
    description: "|Σ_i m_i| / (N R): the sign or direction of an ordered state is free",
    needs: "state",
    compute: ({ componentSums, sites, radius }) => norm(componentSums) / (sites * radius),
    sampled: ({ absolute }) => absolute,
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
    sampled: ({ overlap }) => overlap,
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
  binder: {
    name: "binder",
    symbol: "U₄",
    description: "1 - n ⟨|M|⁴⟩/((n+2) ⟨|M|²⟩²), n components: 0 in the disordered phase; monte-carlo only",
    needs: "samples",
    compute: () => NaN,
    sampled: ({ components: n, square, fourth }) => 1 - (n * fourth) / ((n + 2) * square * square),
  },
  energy: {
    name: "energy",
    symbol: "E/N",
    description: "-(1/N) Σ_i s_i·(x_i + Σ_j J_ij s_j / 2) of symmetric couplings; monte-carlo only",
    needs: "samples",
    compute: () => NaN,
    sampled: ({ energy }) => energy,
  },
  "entropy-production": {
    name: "entropy-production",
    symbol: "σ/N (nats)",
    description: "(β/N) Σ_ij (J_ij - J_ji) F(h_i)·s_j, nats a step and site, of frozen couplings; monte-carlo only",
    needs: "samples",
    compute: () => NaN,
    sampled: ({ entropyProduction }) => entropyProduction,
  },
  "entropy-rate": {
    name: "entropy-rate",
    symbol: "S (nats)",
    description: "⟨ln 2cosh βh_i - βh_i tanh βh_i⟩ of binary spins, nats a step and site; monte-carlo only",
    needs: "samples",
    compute: () => NaN,
    sampled: ({ entropyRate }) => entropyRate,
  },
} as const satisfies Record<string, Observable>;

export type ObservableName = keyof typeof observables;
export const observableNames = Object.keys(observables) as ObservableName[];
