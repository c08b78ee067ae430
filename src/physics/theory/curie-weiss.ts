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
  if (temperature === 0) return coupling < 0 ? Math.min(1, -field / coupling) : 1;
  const map = (m: number): number => Math.tanh((coupling * m + field) / temperature);
  if (map(1) === 1) return 1;
  if (field > 0) return findRoot((m) => map(m) - m, 0, 1);
  // Divided by m, so that the trivial root is gone: the ratio falls from J0/T at m = 0 to less than 1 at m = 1.
  return findRoot((m) => (m === 0 ? coupling / temperature : map(m) / m) - 1, 0, 1);
}
