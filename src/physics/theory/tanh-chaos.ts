/**
 * Chaos in random tanh maps, x(t+1) = tanh(g J x(t)) with J_ij independent N(0, 1/N), N -> infinity:
 *
 *     q = int Dz tanh^2(g sqrt(q) z),     Lyapunov exponent = (1/2) ln[ g^2 int Dz sech^4(g sqrt(q) z) ]
 *
 * Naive mean field of the fully asymmetric SK model is this map with g = beta dJ. Both averages are those of the
 * replica-symmetric SK model at T = 1/g without field. Sources: Sompolinsky, Crisanti & Sommers, PRL 61, 259 (1988);
 * Molgedey, Schuchhardt & Schuster, PRL 69, 3717 (1992).
 */
import { logAlmeidaThoulessRatio, replicaSymmetricOverlap } from "./sk-replica-symmetric.js";

/**
 * (1/N) sum_i x_i^2 on the attractor.
 *
 * @param gain g >= 0
 * @returns q in [0, 1); 0 for g <= 1
 */
export function tanhChaosOverlap(gain: number): number {
  return replicaSymmetricOverlap(1 / gain);
}

/**
 * Largest Lyapunov exponent, per step.
 *
 * @param gain g >= 0
 * @returns ln g for g <= 1 (-Infinity at 0), positive above
 */
export function tanhChaosLyapunov(gain: number): number {
  if (gain <= 1) return Math.log(gain);
  return logAlmeidaThoulessRatio(1 / gain) / 2;
}
