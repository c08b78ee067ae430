/**
 * The Sherrington-Kirkpatrick model with symmetric couplings N(0, J^2/N), replica symmetric, N -> infinity:
 *
 *     q = int Dz tanh^2 beta (h + J sqrt(q) z),     stable iff beta^2 J^2 int Dz sech^4 beta (h + J sqrt(q) z) < 1
 *
 * Sources: Sherrington & Kirkpatrick, PRL 35, 1792 (1975); de Almeida & Thouless, J. Phys. A 11, 983 (1978). The root is
 * unique: Guerra, CMP 233, 1 (2003).
 */
import { erf } from "./error-function.js";
import { gaussianAverage } from "./quadrature.js";
import { findRoot } from "./root.js";
import { logTwoCosh, sech2 } from "../hyperbolic.js";

/**
 * Edwards-Anderson overlap q.
 *
 * @param temperature T >= 0
 * @param coupling J > 0
 * @param field h, uniform; its sign does not matter
 * @returns q in [0, 1]; 0 for T >= J without field
 */
export function replicaSymmetricOverlap(temperature: number, coupling = 1, field = 0): number {
  if (field === 0 && temperature >= coupling) return 0;
  if (temperature === 0) return 1;
  const squared = (q: number): number => replicaSymmetricStep(q, temperature, coupling, field);
  // q over its map grows with q, from the value at q = 0 to more than 1 at q = 1.
  const atZero = field === 0 ? (temperature / coupling) ** 2 : 0;
  const excess = (q: number): number => (q === 0 ? atZero : q / squared(q)) - 1;
  return excess(1) > 0 ? findRoot(excess, 0, 1) : 1;
}

/**
 * int Dz tanh^2 beta (h + J sqrt(q) z), whose fixed point is q.
 *
 * @param overlap q in [0, 1]
 * @param temperature T > 0
 * @param coupling J > 0
 * @param field h
 */
export function replicaSymmetricStep(overlap: number, temperature: number, coupling = 1, field = 0): number {
  return averageOverField((a) => Math.tanh(a) ** 2, overlap, temperature, coupling, field);
}

/**
 * Free energy a site, f = -beta J^2 (1-q)^2 / 4 - T int Dz ln 2 cosh beta (h + J sqrt(q) z).
 *
 * @param temperature T >= 0
 * @param coupling J > 0
 * @param field h
 */
export function replicaSymmetricFreeEnergy(temperature: number, coupling = 1, field = 0): number {
  // -int Dz |h + J z| of the frozen state; what a temperature this low changes is of order T^2.
  if (temperature < 1e-9 * coupling) {
    const gaussian = Math.sqrt(2 / Math.PI) * Math.exp(-0.5 * (field / coupling) ** 2);
    return -coupling * gaussian - field * erf(field / (coupling * Math.SQRT2));
  }
  const q = replicaSymmetricOverlap(temperature, coupling, field);
  const average = averageOverField(logTwoCosh, q, temperature, coupling, field);
  return -((coupling * (1 - q)) ** 2) / (4 * temperature) - temperature * average;
}

/**
 * Logarithm of beta^2 J^2 int Dz sech^4: the replica-symmetric state is stable where it is negative.
 *
 * @param temperature T > 0
 * @param coupling J > 0
 * @param field h
 */
export function logAlmeidaThoulessRatio(temperature: number, coupling = 1, field = 0): number {
  const below = 1 - temperature / coupling;
  // Just below the transition 1 - 2 q + int Dz tanh^4 cancels: its series in 1 - T/J, next term -21692/405.
  if (field === 0 && below > 0 && below < NEAR) return below ** 2 * (4 / 3 + below * (-16 / 9 + (below * 1312) / 135));
  const q = replicaSymmetricOverlap(temperature, coupling, field);
  const average = averageOverField((a) => sech2(a) ** 2, q, temperature, coupling, field);
  return 2 * (Math.log(coupling) - Math.log(temperature)) + Math.log(average);
}

/**
 * Field of the de Almeida-Thouless line: replica symmetry is broken below it.
 *
 * @param temperature T >= 0
 * @param coupling J > 0
 * @returns h >= 0; 0 for T >= J, Infinity at T = 0
 */
export function almeidaThoulessField(temperature: number, coupling = 1): number {
  if (temperature >= coupling) return 0;
  // As T -> 0, sech^4 is a peak of area 4T/3 at zero field and q = 1; what this leaves out is of order T^2.
  if (temperature < 1e-9 * coupling) {
    const logHeight = Math.log(4 / (3 * Math.sqrt(2 * Math.PI))) + Math.log(coupling) - Math.log(temperature);
    return coupling * Math.sqrt(2 * logHeight);
  }
  const below = 1 - temperature / coupling;
  // Series of h^2 in 1 - T/J, next term -1994/135.
  if (below < NEAR) return coupling * Math.sqrt(below ** 3 * (4 / 3 + below * (4 / 3 + (below * 68) / 15)));
  const excess = (field: number): number => logAlmeidaThoulessRatio(temperature, coupling, field);
  let upper = coupling;
  while (excess(upper) > 0) upper *= 2;
  return findRoot(excess, 0, upper);
}

/**
 * Temperature of the de Almeida-Thouless line in a given field: replica symmetry is broken below it.
 *
 * @param field h; its sign does not matter
 * @param coupling J > 0
 * @returns T in (0, J]; 0 where it is below 1e-9 J, from h near 6 J on
 */
export function almeidaThoulessTemperature(field: number, coupling = 1): number {
  if (field === 0) return coupling;
  const excess = (temperature: number): number => logAlmeidaThoulessRatio(temperature, coupling, field);
  let lower = coupling;
  while (!(excess(lower) > 0)) {
    lower /= 2;
    if (lower < 1e-9 * coupling) return 0;
  }
  return findRoot(excess, lower, 2 * lower);
}

/** Distance 1 - T/J from the transition below which series are better than averages: both are good to 1e-7 here. */
const NEAR = 1e-4;

/** int Dz f(beta (h + J sqrt(q) z)). */
function averageOverField(
  f: (a: number) => number,
  q: number,
  temperature: number,
  coupling: number,
  field: number,
): number {
  return gaussianAverage(f, field / temperature, (coupling * Math.sqrt(q)) / temperature);
}
