/**
 * Steps of Brownian motion on the sphere S^(d-1), generator Δ/2, along great circles: the angle is θ = √τ |ξ| with ξ standard
 * normal in the d - 1 tangent directions.
 *
 * Harmonics of eigenvalue λ = k(k+d-2) have to shrink by exp(-λt/2). A walk of step θ shrinks them by the mean of
 *
 *     P_k(cos θ) = 1 - λ θ²/(2(d-1)) + λ (λ - 2(d-2)/3) θ⁴/(8(d-1)(d+1)) - ...
 *
 * With τ = t the t²-terms differ by λ (d-2) t²/12, the curvature of the sphere; τ = t - (d-2) t²/6 takes that away for every k at once.
 * One step is then off by O(t³), a path by O(t²): weak order 2. On the circle, d = 2, τ = t and steps of any length are exact.
 */

/**
 * τ = (3/(d-2)) (1 - exp(-(d-2) t/3)) = t - (d-2) t²/6 + ..., positive for any t.
 *
 * @param dimension d >= 2
 * @param time t >= 0
 */
export function brownianVariance(dimension: number, time: number): number {
  const rate = (dimension - 2) / 3;
  return rate === 0 ? time : -Math.expm1(-rate * time) / rate;
}

/**
 * E[X(t) · X(0)] = exp(-(d-1) t/2).
 *
 * @param dimension d >= 2
 */
export function brownianMemory(dimension: number, time: number): number {
  return Math.exp(-0.5 * (dimension - 1) * time);
}
