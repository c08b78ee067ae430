/**
 * Sphere spins with independent couplings N(0, g²/N) and fields |x_i| = ξ R in random directions, closure by closure, for
 * N → ∞ and then D → ∞ (equations 12.3). Lengths in units of R: the response is φ(H) = F(H R)/R, and q = |m|²/R².
 *
 *     naive            √q = φ(H),       H² = ξ² + g² q, the norm of the mean field
 *     onsager, tap     √q = φ(θ),       θ + c g² (1-q) φ(θ) = H,   c = β/2 (large-d), β R²/D (exact)
 *     gaussian-field   √q = a H/n,      n² = ξ² + g²,  a = φ(n):   q = a² ξ² / (ξ² + g² (1 - a²))
 *
 * `gaussian-field` is the exact dynamics in this limit; at finite D its |m| comes out high by about 0.15/D. Without fields
 * its q is 0 at every β, while `naive` orders by itself, q = 1 - 2/(βg) with the large-d response: that order is spurious.
 */
import { besselRatio } from "./bessel-ratio.js";
import { findRoot } from "./root.js";

export interface VectorCouplings {
  /** β >= 0. */
  readonly beta: number;
  /** g >= 0: √N times the deviation of the couplings. */
  readonly deviation: number;
  /** ξ >= 0: the norm of the fields in units of R. */
  readonly fieldNorm: number;
  /** D and R of the exact response; absent for the large-d response, which knows neither. */
  readonly exact?: { readonly dimension: number; readonly radius: number };
}

/** `tap` is `onsager` in this limit. */
export type VectorClosure = "naive" | "onsager" | "gaussian-field";

/**
 * q after a number of steps from q_0; it follows from q one step before, since fields of independent couplings forget.
 *
 * @param steps >= 0
 * @param start q_0 of a start that does not know J, in [0, 1]
 */
export function vectorOverlapAfter(
  steps: number,
  start: number,
  closure: VectorClosure,
  model: VectorCouplings,
): number {
  let q = start;
  for (let k = 0; k < steps; k++) {
    const next = step(q, closure, model);
    if (Math.abs(next - q) <= 2 * Number.EPSILON * q) return next;
    q = next;
  }
  return q;
}

/**
 * q of the steady state. The Onsager equation may have three roots at large β: its map rises, so that a start leads to the
 * nearest one on its way.
 *
 * @param start q_0, in (0, 1]
 */
export function vectorOverlap(start: number, closure: VectorClosure, model: VectorCouplings): number {
  const { deviation: g, fieldNorm: xi } = model;
  const a = response(Math.hypot(xi, g), model);
  if (closure === "gaussian-field") return xi === 0 ? 0 : (a * xi) ** 2 / (xi ** 2 + g ** 2 * (1 - a) * (1 + a));
  if (closure === "onsager") return xi === 0 ? 0 : vectorOverlapAfter(LONGEST, start, closure, model);
  if (a === 0) return 0;
  const excess = (theta: number): number => theta - Math.hypot(xi, g * response(theta, model));
  if (xi > 0) return response(findRoot(excess, 0, Math.hypot(xi, g)), model) ** 2;
  // θ = g φ(θ), divided by φ so that the trivial root is gone.
  const gain = slopeAtZero(model);
  if (!(g * gain > 1)) return 0;
  const threshold = (theta: number): number => (theta === 0 ? 1 / gain : theta / response(theta, model));
  return (
    response(
      findRoot((theta) => threshold(theta) - g, 0, g),
      model,
    ) ** 2
  );
}

/** Steps to a steady state at most: where two roots meet they come close as 1/t. */
const LONGEST = 10_000;

function step(q: number, closure: VectorClosure, model: VectorCouplings): number {
  const { deviation: g, fieldNorm: xi } = model;
  const field = Math.hypot(xi, g * Math.sqrt(q));
  const variance = g * g * (1 - q);
  if (field === 0) return 0;
  if (closure === "naive") return response(field, model) ** 2;
  if (closure === "gaussian-field") {
    const norm = Math.sqrt(field ** 2 + variance);
    return ((response(norm, model) * field) / norm) ** 2;
  }
  const reaction = slopeAtZero(model) * variance;
  const theta = findRoot((x) => x + reaction * response(x, model) - field, 0, field);
  return response(theta, model) ** 2;
}

/** φ(H): the mean of a spin in units of R, in a field of norm H R. */
function response(field: number, { beta, exact }: VectorCouplings): number {
  if (exact) return besselRatio(exact.dimension, beta * exact.radius ** 2 * field);
  const u = beta * field;
  return u / (1 + Math.hypot(1, u));
}

/** φ'(0), which is the c of the Onsager term too. */
function slopeAtZero({ beta, exact }: VectorCouplings): number {
  return exact ? (beta * exact.radius ** 2) / exact.dimension : beta / 2;
}
