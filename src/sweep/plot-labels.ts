/** What axes, series and observables are called in figures. */
import { type ObservableName, speciesObserved } from "../physics/observables.js";
import type { Spins } from "../physics/spins.js";
import { DIRECTION_AXIS } from "./axes.js";

/** Labels of axes with a symbol of their own; other paths stand as they are. */
const AXIS_LABELS: Readonly<Record<string, string>> = {
  beta: "inverse temperature *β*",
  steps: "time *t* (steps)",
  "spins.count": "sites *N*",
  "spins.dimension": "spin dimension *D*",
  "couplings.scale": "softmax scale *λ*",
  "couplings.mean": "mean coupling *J*_{0}",
  "couplings.std": "coupling disorder *g*",
  "couplings.symmetry": "symmetry *η*",
  "couplings.fraction": "fraction *f* of ferromagnetic couplings",
  "couplings.load": "load *α* = *P*/*N*",
  "initial.overlap": "initial overlap *m*_{0}",
  "field.halfWidth": "field half width *H*_{0}",
  "field.value": "field *h*",
  "field.norm": "field norm |*x*| / *R*",
};

const SERIES_NAMES: Readonly<Record<string, (value: string) => string>> = {
  closure: (value) => value,
  [DIRECTION_AXIS]: (value) => value,
  beta: (value) => `*β* = ${value}`,
  steps: (value) => `*t* = ${value}`,
  "spins.count": (value) => `*N* = ${value}`,
  "spins.dimension": (value) => `*D* = ${value}`,
  "couplings.scale": (value) => `*λ* = ${value}`,
  "couplings.std": (value) => `*g* = ${value}`,
  "couplings.load": (value) => `*α* = ${value}`,
};

const OBSERVABLE_LABELS: Readonly<Partial<Record<ObservableName, string>>> = {
  magnetization: "magnetization *m*",
  "absolute-magnetization": "magnetization |*m*|",
  "site-norm": "⟨|*m*_{i}|⟩ / *R*",
  overlap: "overlap *q*",
  "pattern-overlap": "pattern overlap *m*",
  susceptibility: "susceptibility *χ*",
  entropy: "row entropy *S* (nats)",
  participation: "row participation *Y*_{2}",
  "log-sum-exp": "ln *Z*",
  binder: "Binder cumulant *U*_{4}",
  "entropy-production": "entropy production *σ* / *N* (nats)",
  "entropy-rate": "entropy rate (nats)",
  "logit-gap": "logit gap Δ*S*",
  variance: "*βN* var |*M*|",
  "binder-overlap": "Binder cumulant of *q*",
  "energy-gap": "energy gap ⟨2*R*|*h*_{i}|⟩",
  "smallest-energy-gap": "smallest energy gap",
  "effective-rank": "effective rank",
  "participation-rank": "participation rank",
  "mean-token-cosine": "mean token cosine",
  "zero-norm-sites": "sites without a mean",
  energy: "energy *E* / *N*",
  "free-energy": "free energy *F* / *N*",
  "log-partition": "single-site log-partition",
  housekeeping: "housekeeping entropy production *σ*_{hk} (nats / step)",
  mismatch: "mismatch KL (nats)",
  "spectral-radius": "spectral radius *ρ*",
  lyapunov: "Lyapunov exponent *λ*_{1}",
  "second-eigenvalue": "second eigenvalue |*λ*_{2}|",
  "contraction-bound": "contraction bound",
  "convergence-rate": "convergence rate *ρ*",
  "relaxation-time": "relaxation time *τ* (steps)",
};

/** The symbol at the end of an axis label, or the last key of the path. */
export const axisSymbol = (path: string): string =>
  AXIS_LABELS[path]?.split(" ").find((word) => word.startsWith("*")) ?? `*${path.split(".").at(-1)}*`;

export function axisLabel(path: string): string {
  const species = SPECIES_BETA.exec(path)?.[1];
  return species === undefined ? (AXIS_LABELS[path] ?? path) : `inverse temperature *β* of species ${species}`;
}

/** The temperature of one of several species, by its place in the list. */
const SPECIES_BETA = /^species\.(\d+)\.beta$/;

/** The magnetization of sphere spins is a length in units of R. */
export function observableLabel(name: ObservableName, spins: Spins): string {
  const length = name === "magnetization" || name === "absolute-magnetization";
  return length && spins.kind === "sphere"
    ? "order parameter |*m*| / *R*"
    : (OBSERVABLE_LABELS[name] ?? `magnetization *m* of ${speciesObserved(name) ?? name}`);
}

export function seriesPart(path: string, value: string): string {
  const species = SPECIES_BETA.exec(path)?.[1];
  if (species !== undefined) return `*β*_{${species}} = ${value}`;
  return SERIES_NAMES[path]?.(value) ?? `${path} = ${value}`;
}
