/** What observables are made of: sums that the device has taken over sites, steps or chains. */

/** Observables that are sums over sites with weights of the system's own. */
export type ProfileName = "pattern-overlap" | `magnetization:${string}`;

/** What some observables need beside the state: extra work, done only where one of them is asked for. */
export interface Measurements {
  /** G_ab = Σ_i m_ia m_ib, D × D, and the unit roundoff of what summed it. */
  readonly gram: { readonly matrix: ArrayLike<number>; readonly roundoff: number };
  /** Σ_i m_i/|m_i| and the sites that have a mean. */
  readonly directions: { readonly sum: readonly number[]; readonly count: number };
  /** Sums over the sites of what `site-energies` gives; β where all have the same. */
  readonly energies: {
    readonly external: number;
    readonly coupling: number;
    readonly logPartition: number;
    readonly entropy: number;
    readonly reaction: number;
    readonly beta: number;
  };
  /** (β²/2) Σ_ij (J_ij - J_ji)² Tr(Σ_i Σ_j) */
  readonly housekeeping: number;
  /** Sum of the gaps between the two largest scores of a row, and the rows that have two. */
  readonly scoreGaps: { readonly sum: number; readonly rows: number };
  /** Σ_i |h_i| and min_i |h_i| of h = x + J m. */
  readonly localFields: { readonly sum: number; readonly smallest: number };
  /** max_i β_i Σ_j |J_ij| times the slope f'(0)/β of a site: 1, 1/2 or R²/D. */
  readonly rowNorm: number;
  /** ln of the growth of a perturbation, step by step: at the final state, along the trajectory, and by J off the ones. */
  readonly tangent: readonly number[];
  readonly tangentTrajectory: readonly number[];
  readonly deflated: readonly number[];
  /** Residuals of plain steps from the start, down to the rounding floor. */
  readonly plainResiduals: readonly number[];
  /** Σ_i KL(law in the field of the state || law in the field of the fixed point) */
  readonly mismatch: number;
}

export type Measurement = keyof Measurements;

/** Sums over the sites of one system, or means over the rows of its couplings. */
export interface RawMoments extends Partial<Measurements> {
  readonly sites: number;
  readonly radius: number;
  /** Σ_i m_i, one number a component. */
  readonly componentSums: readonly number[];
  /** Σ_i |m_i|². */
  readonly sumOfSquares: number;
  /** Σ_i |m_i| / R. */
  readonly sumOfNorms: number;
  /** Means over softmax rows. */
  readonly rows?: { readonly logSumExp: number; readonly entropy: number; readonly participation: number };
  /** Σ_i w_i m_i of the profiles of the system, one number a component. */
  readonly profiles?: Readonly<Partial<Record<ProfileName, readonly number[]>>>;
  /** [Σ_i m_i · n at field x + δ n, the same at x - δ n, δ], n the all-ones direction; only where asked for. */
  readonly response?: readonly [number, number, number];
}

/** Averages over the measured steps of chains, and over chains; lengths in units of R, everything else a site. */
export interface SampleMoments {
  readonly sites: number;
  readonly radius: number;
  /** β where all sites have the same. */
  readonly beta: number | undefined;
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
  /** <q²> and <q⁴> of disjoint pairs of chains. */
  readonly overlapSquare: number;
  readonly overlapFourth: number;
  /** Σ_i w_i m_i of the profiles of the system, one number a component, in units of R. */
  readonly profiles: Readonly<Partial<Record<ProfileName, readonly number[]>>>;
  /** Σ_k <S(t) ξ(t-k)>/N behind the susceptibility; NaN where it was not asked for, or the chains are too short. */
  readonly response: number;
  /** Mean over sites of |h_i|. */
  readonly fieldLength: number;
  readonly energy: number;
  /** Nats a step. */
  readonly entropyProduction: number;
  readonly entropyRate: number;
}

/** The moments that are averages. */
const AVERAGED = [
  "absolute",
  "square",
  "fourth",
  "overlap",
  "overlapSquare",
  "overlapFourth",
  "response",
  "fieldLength",
  "energy",
  "entropyProduction",
  "entropyRate",
] as const satisfies readonly (keyof SampleMoments)[];

/** Mean of n_i·n_j over the pairs i ≠ j of `count` unit vectors, of their sum, one number a component (equations 11.14). */
export function meanPairCosine(sum: ArrayLike<number>, count: number): number {
  let square = 0;
  for (let k = 0; k < sum.length; k++) square += sum[k] * sum[k];
  return (square - count) / (count * (count - 1));
}

/** Moments averaged over disorder samples; `beta` and the sizes are those of the first, profiles are left out. */
export function averageMoments(samples: readonly SampleMoments[]): SampleMoments {
  const mean = (of: (moments: SampleMoments) => number) =>
    samples.reduce((sum, moments) => sum + of(moments), 0) / samples.length;
  return mapMoments(samples[0], (of) => mean(of));
}

/** The average of `count` samples without one of them. */
export function withoutMoments(average: SampleMoments, left: SampleMoments, count: number): SampleMoments {
  return mapMoments(average, (of) => of(average) + (of(average) - of(left)) / (count - 1));
}

function mapMoments(like: SampleMoments, value: (of: (moments: SampleMoments) => number) => number): SampleMoments {
  const averaged = Object.fromEntries(AVERAGED.map((name) => [name, value((moments) => moments[name])]));
  return { ...like, profiles: {}, ...averaged, vector: like.vector.map((_, k) => value(({ vector }) => vector[k])) };
}

/** r = |(1/n) Σ_i n_i| of n unit vectors, from the mean cosine c of their pairs: r² = (1 + (n - 1) c)/n. */
export function orderOfCosine(cosine: number, count: number): number {
  return Math.sqrt(Math.max(0, (1 + (count - 1) * cosine) / count));
}
