/** Observables of one system: how each follows from raw moments that the device has summed. Ratios are taken in float64. */
import { type MethodName, MONTE_CARLO } from "./closures.js";
import { type Measurement, meanPairCosine, type ProfileName } from "./moments.js";
import { BASIC, type Observable } from "./observable.js";
import { effectiveRank, growthRate, participationRank, relaxationRate } from "./spectra.js";

/** Steps of a tangent trajectory that are discarded (equations 11.10). */
export const LYAPUNOV_DISCARDED = 100;

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
    reference: "11.1",
    needs: "state",
    compute: ({ componentSums, sites, radius }) =>
      (componentSums.length === 1 ? componentSums[0] : norm(componentSums)) / (sites * radius),
    sampled: ({ vector }) => (vector.length === 1 ? vector[0] : norm(vector)),
  },
  "absolute-magnetization": {
    name: "absolute-magnetization",
    symbol: "|m|",
    description: "|Σ_i m_i| / (N R): the sign or direction of an ordered state is free",
    reference: "11.1",
    needs: "state",
    compute: ({ componentSums, sites, radius }) => norm(componentSums) / (sites * radius),
    sampled: ({ absolute }) => absolute,
  },
  "site-norm": {
    name: "site-norm",
    symbol: "⟨|m_i|⟩/R",
    description: "(1/N) Σ_i |m_i| / R, the order of single sites",
    reference: "11.1",
    needs: "state",
    compute: ({ sumOfNorms, sites }) => sumOfNorms / sites,
  },
  overlap: {
    name: "overlap",
    symbol: "q",
    description: "(1/N) Σ_i |m_i|² / R², the spin-glass order parameter",
    reference: "11.2; Edwards & Anderson 1975",
    needs: "state",
    scope: { pairs: true },
    compute: ({ sumOfSquares, sites, radius }) => sumOfSquares / (sites * radius * radius),
    sampled: ({ overlap }) => overlap,
  },
  "pattern-overlap": {
    name: "pattern-overlap",
    symbol: "m_μ",
    description: "(1/N) Σ_i ξ_i m_i with the pattern that the start is near, or the first; hopfield couplings only",
    reference: "3.7, 12.7",
    needs: "profile",
    compute: ({ profiles, radius }) => along(profiles?.["pattern-overlap"], radius),
    sampled: ({ profiles }) => along(profiles["pattern-overlap"], 1),
  },
  susceptibility: {
    name: "susceptibility",
    symbol: "χ",
    description:
      "response ∂(Σ_i m_i·n)/(N ∂h) to a uniform field h along the all-ones direction n, by central differences " +
      "(relative error about 2e-3 in f32, more where χ exceeds 100); empty where a shifted run did not converge; of " +
      "monte-carlo β Σ_k ⟨S(t) ξ(t-k)⟩/N, S = Σ_i s_i·n, ξ = Σ_i (s_i - F_i)·n: exact out of equilibrium too, for one β and " +
      "thin 1; empty where the chains are shorter than 16 autocorrelation times",
    reference: "11.3; Glynn 1990 (the likelihood ratio behind the second form)",
    needs: "response",
    scope: { everyStep: true },
    compute: ({ response, sites }) =>
      response === undefined ? NaN : (response[0] - response[1]) / (2 * response[2] * sites),
    sampled: ({ response, beta }) => (beta === undefined ? NaN : beta * response),
  },
  variance: {
    name: "variance",
    symbol: "βN var |M|",
    description:
      "β N R² (⟨|M|²⟩ - ⟨|M|⟩²), what finite-size scaling calls the susceptibility: the response χ in equilibrium only, a " +
      "fluctuation in synchronous dynamics; one β, monte-carlo only",
    reference: "11.3; Binder & Heermann 1988",
    needs: "samples",
    scope: { oneBeta: true },
    compute: () => NaN,
    sampled: ({ absolute, square, sites, radius, beta }) =>
      beta === undefined ? NaN : beta * sites * radius ** 2 * (square - absolute ** 2),
  },
  entropy: {
    name: "entropy",
    symbol: "S (nats)",
    description: "mean over rows of -Σ_j J_ij ln J_ij, in nats",
    reference: "3.4, 11.5",
    needs: "rows",
    compute: ({ rows }) => rows?.entropy ?? NaN,
  },
  participation: {
    name: "participation",
    symbol: "Y₂",
    description: "mean over rows of Σ_j J_ij²: 1/N for uniform attention, 1 when one key has it all",
    reference: "3.4, 11.5",
    needs: "rows",
    compute: ({ rows }) => rows?.participation ?? NaN,
  },
  "log-sum-exp": {
    name: "log-sum-exp",
    symbol: "ln Z",
    description: "mean over rows of ln Σ_j exp(S_ij), minus the free energy of a row",
    reference: "3.4, 11.9",
    needs: "rows",
    compute: ({ rows }) => rows?.logSumExp ?? NaN,
  },
  "logit-gap": {
    name: "logit-gap",
    symbol: "ΔS",
    description: "largest minus second largest score, mean over the rows with two keys or more",
    reference: "3.4; Derrida 1981 (the gap of a random energy model)",
    needs: "scoreGaps",
    scope: { couplings: "rows" },
    compute: ({ scoreGaps }) => (scoreGaps ? scoreGaps.sum / scoreGaps.rows : NaN),
  },
  "energy-gap": {
    name: "energy-gap",
    symbol: "⟨2R|h_i|⟩",
    description:
      "mean over sites of 2 R |h_i|, h = x + J m (of monte-carlo J s): the energy between a spin along its field and one " +
      "against it, whose multiple by β is the logit of a binary spin; in units of h R",
    reference: "2.2, 7.1; Thouless, Anderson & Palmer 1977 (the law of local fields)",
    needs: "localFields",
    compute: ({ localFields, sites, radius }) => (localFields ? (2 * radius * localFields.sum) / sites : NaN),
    sampled: ({ fieldLength, radius }) => 2 * radius * fieldLength,
  },
  "smallest-energy-gap": {
    name: "smallest-energy-gap",
    symbol: "min 2R|h_i|",
    description: "min_i 2 R |h_i|: the cheapest reversal of one spin in the field h = x + J m; in units of h R",
    reference: "2.2; Thouless, Anderson & Palmer 1977",
    needs: "localFields",
    compute: ({ localFields, radius }) => (localFields ? 2 * radius * localFields.smallest : NaN),
  },
  "effective-rank": {
    name: "effective-rank",
    symbol: "r_eff",
    description:
      "exp(-Σ_k p_k ln p_k), p_k the singular values of the N × D state over their sum; those below sqrt(D u) of the " +
      "largest, u = 6e-8 in f32, are rounding and count as zero",
    reference: "11.13; Roy & Vetterli 2007",
    needs: "gram",
    scope: { spins: "sphere" },
    compute: ({ gram, componentSums }) =>
      gram ? effectiveRank(gram.matrix, componentSums.length, gram.roundoff) : NaN,
  },
  "participation-rank": {
    name: "participation-rank",
    symbol: "r_part",
    description: "(Σ_k s_k²)² / Σ_k s_k⁴, s_k the singular values of the N × D state",
    reference: "11.13",
    needs: "gram",
    scope: { spins: "sphere" },
    compute: ({ gram, componentSums }) => (gram ? participationRank(gram.matrix, componentSums.length) : NaN),
  },
  "mean-token-cosine": {
    name: "mean-token-cosine",
    symbol: "⟨cos⟩",
    description: "mean of n_i·n_j over pairs i ≠ j, n_i = m_i/|m_i|; sites without a mean are left out",
    reference: "11.14; Geshkovski et al. 2023",
    needs: "directions",
    compute: ({ directions }) => (directions ? meanPairCosine(directions.sum, directions.count) : NaN),
    sampled: ({ square, sites }) => meanPairCosine([sites * Math.sqrt(square)], sites),
  },
  "zero-norm-sites": {
    name: "zero-norm-sites",
    symbol: "N_0",
    description: "sites with m_i = 0, which mean-token-cosine leaves out",
    reference: "11.14",
    needs: "directions",
    compute: ({ directions, sites }) => (directions ? sites - directions.count : NaN),
  },
  binder: {
    name: "binder",
    symbol: "U₄",
    description: "1 - n ⟨|M|⁴⟩/((n+2) ⟨|M|²⟩²), n components: 0 in the disordered phase; monte-carlo only",
    reference: "7.4, 11.1; Binder 1981",
    needs: "samples",
    compute: () => NaN,
    ratio: true,
    sampled: ({ components: n, square, fourth }) => 1 - (n * fourth) / ((n + 2) * square * square),
  },
  "binder-overlap": {
    name: "binder-overlap",
    symbol: "U₄(q)",
    description:
      "1 - ⟨q⁴⟩/(3 ⟨q²⟩²) of the overlap q = (1/N) Σ_i s_i^a s_i^b of pairs of chains with the same couplings: 0 where q is " +
      "Gaussian, 2/3 where |q| is sharp; monte-carlo of binary spins only",
    reference: "11.2, 11.4; Bhatt & Young 1985",
    needs: "samples",
    scope: { spins: "binary", pairs: true },
    units: "pairs",
    ratio: true,
    compute: () => NaN,
    sampled: ({ overlapSquare, overlapFourth }) => 1 - overlapFourth / (3 * overlapSquare ** 2),
  },
  energy: {
    name: "energy",
    symbol: "E/N",
    description: "(1/N) [-Σ_i x_i·m_i - ½ Σ_ij J_ij m_i·m_j], for symmetric J; of monte-carlo with s for m, averaged",
    reference: "10.5, 12.2",
    needs: "energies",
    scope: { couplings: "symmetric" },
    compute: ({ energies, sites }) => (energies ? -(energies.external + energies.coupling / 2) / sites : NaN),
    sampled: ({ energy }) => energy,
  },
  "free-energy": {
    name: "free-energy",
    symbol: "F/N",
    description:
      "Plefka free energy to second order (TAP) of the means, a site, for binary spins of one β and symmetric J",
    reference: "10.5; Thouless, Anderson & Palmer 1977",
    needs: "energies",
    scope: { spins: "binary", couplings: "symmetric", oneBeta: true },
    compute: ({ energies, sites }) => {
      if (energies === undefined) return NaN;
      const { external, coupling, entropy, reaction, beta } = energies;
      return -(entropy / beta + external + coupling / 2 + (beta / 4) * reaction) / sites;
    },
  },
  "log-partition": {
    name: "log-partition",
    symbol: "⟨ln z(h_i)/z(0)⟩",
    description: "mean over sites of the single-site log-partition in the field h = x + J m, relative to zero field",
    reference: "2.8, 11.9",
    needs: "energies",
    compute: ({ energies, sites }) => (energies ? energies.logPartition / sites : NaN),
  },
  housekeeping: {
    name: "housekeeping",
    symbol: "σ_hk (nats/step)",
    description:
      "housekeeping entropy production (β²/2) Σ_ij (J_ij - J_ji)² Tr(Σ_i Σ_j) of all sites, Σ_i the covariance of a site " +
      "with mean m_i: the leading order in J, for one β; stores J",
    reference: "8, 11.6; Bal 2026 eqs 6, 10, 22",
    needs: "housekeeping",
    scope: { frozen: true, oneBeta: true },
    compute: ({ housekeeping }) => housekeeping ?? NaN,
  },
  mismatch: {
    name: "mismatch",
    symbol: "KL (nats)",
    description:
      "Σ_i KL of the law of a site in the field of the state from that in the field of the fixed point it settles on; " +
      "solves for the fixed point, empty where that does not converge",
    reference: "11.8; Bal 2026 eqs 24, 33, 36, 39",
    needs: "mismatch",
    compute: ({ mismatch }) => mismatch ?? NaN,
  },
  "spectral-radius": {
    name: "spectral-radius",
    symbol: "ρ",
    description:
      "modulus of the leading eigenvalue of the tangent map β_i Σ_i J at the state, from 300 power iterations; empty where " +
      "the residual exceeds 1e-5",
    reference: "11.11; Bal 2026, fixed-point regime",
    needs: "tangent",
    scope: { closure: "naive", frozen: true },
    compute: ({ tangent }) => (tangent ? Math.exp(growthRate(tangent)) : NaN),
  },
  lyapunov: {
    name: "lyapunov",
    symbol: "λ₁",
    description: "largest Lyapunov exponent a step: mean ln growth of a perturbation after 100 discarded steps",
    reference: "11.10, 12.6; Molgedey et al. 1992",
    needs: "tangentTrajectory",
    scope: { closure: "naive", frozen: true, stepsAbove: LYAPUNOV_DISCARDED },
    compute: ({ tangentTrajectory: logs }) => (logs ? logs.reduce((sum, value) => sum + value, 0) / logs.length : NaN),
  },
  "second-eigenvalue": {
    name: "second-eigenvalue",
    symbol: "|λ₂|",
    description: "modulus of the second eigenvalue of J with unit row sums, from 300 power iterations off the ones",
    reference: "11.11, 12.8; Bordenave, Caputo & Chafaï 2012",
    needs: "deflated",
    scope: { couplings: "unit-rows" },
    compute: ({ deflated }) => (deflated ? Math.exp(growthRate(deflated)) : NaN),
  },
  "contraction-bound": {
    name: "contraction-bound",
    symbol: "ρ bound",
    description:
      "max_i β_i Σ_j |J_ij| times 1 (binary), 1/2 (large-d) or R²/D (exact): below 1 the fixed point is unique; stores J " +
      "unless its rows are softmax",
    reference: "6.3; Bal 2026, fixed-point regime",
    needs: "rowNorm",
    scope: { closure: "naive", frozen: true },
    compute: ({ rowNorm }) => rowNorm ?? NaN,
  },
  "convergence-rate": {
    name: "convergence-rate",
    symbol: "ρ measured",
    description:
      "ratio of successive residuals of plain steps from the start, fitted over the last 16 above rounding: the steps of " +
      "the run, or 256 for a steady state; empty where fewer than two stand above",
    reference: "6.3, 11.12",
    needs: "plainResiduals",
    compute: ({ plainResiduals }) => (plainResiduals ? relaxationRate(plainResiduals) : NaN),
  },
  "relaxation-time": {
    name: "relaxation-time",
    symbol: "τ (steps)",
    description: "-1/ln of the convergence rate; empty where that is not below 1",
    reference: "6.3, 12.8",
    needs: "plainResiduals",
    compute: ({ plainResiduals }) => {
      const rate = plainResiduals ? relaxationRate(plainResiduals) : NaN;
      return rate < 1 ? -1 / Math.log(rate) : NaN;
    },
  },
  "entropy-production": {
    name: "entropy-production",
    symbol: "σ/N (nats)",
    description:
      "(1/N) Σ_ij (β_i J_ij - β_j J_ji) F(h_i)·s_j, nats a step and site, of frozen couplings; monte-carlo only",
    reference: "8, 11.6",
    needs: "samples",
    scope: { frozen: true },
    compute: () => NaN,
    sampled: ({ entropyProduction }) => entropyProduction,
  },
  "entropy-rate": {
    name: "entropy-rate",
    symbol: "S (nats)",
    description: "⟨ln 2cosh β_i h_i - β_i h_i tanh β_i h_i⟩ of binary spins, nats a step and site; monte-carlo only",
    reference: "11.15",
    needs: "samples",
    scope: { spins: "binary" },
    compute: () => NaN,
    sampled: ({ entropyRate }) => entropyRate,
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
    reference: "11.1",
    needs: "profile",
    compute: ({ profiles, radius }) => along(profiles?.[name as ProfileName], radius),
    sampled: ({ profiles }) => along(profiles[name as ProfileName], 1),
  };
}

/** True if an observable takes nothing beyond what every run sums. */
export function isFree({ needs }: Observable): boolean {
  return needs === "state" || needs === "rows" || needs === "profile";
}

/** Of chains, the observables with an estimator; of closures, those that need no samples. */
export function isMeasuredBy(method: MethodName, name: ObservableName): boolean {
  const { sampled, needs } = observableOf(name);
  return method === MONTE_CARLO ? sampled !== undefined : needs !== "samples";
}

/** The extra work behind these observables. */
export function measurementsFor(names: readonly ObservableName[]): Set<Measurement> {
  const basic: readonly string[] = BASIC;
  const needs = names.map((name) => observableOf(name).needs);
  return new Set(needs.filter((need): need is Measurement => !basic.includes(need)));
}
