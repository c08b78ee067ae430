/**
 * The Curie-Weiss model at N -> infinity, J_ij = J0/N with binary spins: m = tanh((J0 m + h)/T).
 *
 * The same m solves naive mean field for every J whose rows sum to J0. Sources: Weiss, J. Phys. Theor. Appl. 6, 661
 * (1907); Peretto, Biol. Cybern. 50, 51 (1984) for synchronous updates.
 */
import { findRoot } from "./root.js";

/**
 * The stable magnetization of the sign of the field; without field the one >= 0.
 *
 * @param temperature T >= 0, in units of energy; Infinity gives 0
 * @param coupling J0; order without field takes J0 > T
 * @param field h
 * @returns m in [-1, 1]
 */
export function curieWeissMagnetization(temperature: number, coupling = 1, field = 0): number {
  if (field < 0) return -curieWeissMagnetization(temperature, coupling, -field);
  if (field === 0 && coupling <= temperature) return 0;
  if (temperature === Infinity) return 0;
  if (temperature === 0) return coupling < 0 ? Math.min(1, -field / coupling) : 1;
  if (Math.tanh((coupling + field) / temperature) === 1) return 1;
  // T atanh m = J0 m + h, with J0 - T taken first: near the transition the rest is of order m³, and nothing cancels.
  const excess = coupling - temperature;
  if (field > 0) return findRoot((m) => field + excess * m - temperature * m * cubicPart(m), 0, 1);
  // Divided by m, so that the trivial root is gone.
  return findRoot((m) => excess - temperature * cubicPart(m), 0, 1);
}

/** atanh(m)/m - 1 = m²/3 + m⁴/5 + ... */
function cubicPart(m: number): number {
  if (m > 0.25) return Math.atanh(m) / m - 1;
  let sum = 0;
  for (let k = 13; k >= 1; k--) sum = m * m * (1 / (2 * k + 1) + sum);
  return sum;
}
