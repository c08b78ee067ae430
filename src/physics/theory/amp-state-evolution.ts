/**
 * State evolution of `amp` on symmetric couplings N(0, J²/N), N → ∞ (equations 4.7):
 *
 *     q_{k+1} = ∫Dz tanh² β(h + J √q_k z),     q_k = (1/N) Σ_i m_i(k)²
 *
 * The echo makes the field of every step Gaussian, so this is exact at every k for a start that does not know J, on either
 * side of the de Almeida-Thouless line. Its fixed point is the replica-symmetric q. Sources: Bolthausen, Commun. Math.
 * Phys. 325, 333 (2014); Bayati & Montanari, IEEE Trans. Inf. Theory 57, 764 (2011).
 */
import { replicaSymmetricStep } from "./sk-replica-symmetric.js";

/**
 * @param steps k, >= 0
 * @param start q_0
 * @param temperature T > 0; Infinity gives 0 from the first step on
 * @param coupling J > 0
 * @param field h, uniform
 * @returns q_k
 */
export function ampOverlap(steps: number, start: number, temperature: number, coupling = 1, field = 0): number {
  let overlap = start;
  for (let k = 0; k < steps; k++) {
    const next = replicaSymmetricStep(overlap, temperature, coupling, field);
    if (next === overlap) break;
    overlap = next;
  }
  return overlap;
}
