/**
 * Single-site responses: the twin of shaders/lib/responses.wgsl and hyperbolic.wgsl.
 *
 * A vector spin of radius R in D dimensions in a field of norm h, law p(s) ~ exp(β s.h), has the mean F = f(h) n and
 * the covariance Σ = τ (I - n nᵀ) + ρ n nᵀ = F'/β, n the direction of the field:
 *
 *   exact    (Bal 2023, eqs 33, 35, 48)   f = R A(k), k = βRh, A the Bessel ratio;   τ = R² A/k, ρ = R² A'
 *   large-d  (Bal 2023, eqs 36-39, 64)    f = βh/(1 + γ), γ = sqrt(1 + u²), u = βh/R;   τ = 1/(1 + γ), ρ = τ/γ
 *
 * The mean vector is g(|h|) times the field, g = f/h, so nothing divides by h; at h = 0 all values are finite.
 */
import { besselRatioDerivatives, besselRatioInverse, besselRatioOverK } from "./bessel.js";

export type SphereResponse = "large-d" | "exact";

export interface ResponseDerivatives {
  /** |F| */
  readonly f: number;
  /** f' */
  readonly f1: number;
  /** f'' */
  readonly f2: number;
  /** f/h */
  readonly g: number;
  /** g' */
  readonly g1: number;
}

export interface SiteVariance {
  /** τ */
  readonly tangential: number;
  /** ρ */
  readonly radial: number;
  /** (τ - ρ)/|m|²: Σ = τ I - anisotropy m mᵀ. */
  readonly anisotropy: number;
}

/** Mean of a binary spin, a = βh. */
export function binaryMean(a: number): number {
  return Math.tanh(a);
}

/** Variance of a binary spin, a = βh. */
export { sech2 as binaryVariance } from "../physics/hyperbolic.js";

/** g(h) = f(h)/h: the mean is g times the field. */
export function responseGain(
  h: number,
  beta: number,
  radius: number,
  dimension: number,
  response: SphereResponse,
): number {
  if (response === "exact") return beta * radius ** 2 * besselRatioOverK(dimension, beta * radius * h);
  return beta / (1 + gammaOf((beta * h) / radius));
}

export function responseDerivatives(
  h: number,
  beta: number,
  radius: number,
  dimension: number,
  response: SphereResponse,
): ResponseDerivatives {
  if (response === "exact") {
    const k = beta * radius * h;
    const at = besselRatioDerivatives(dimension, k);
    const first = beta * radius ** 2;
    const second = beta ** 2 * radius ** 3;
    return {
      f: first * at.a * h,
      f1: first * at.slope,
      f2: -second * k * at.bend,
      g: first * at.a,
      g1: -second * k * at.a ** 2 * at.anisotropy,
    };
  }
  const u = (beta * h) / radius;
  const gamma = gammaOf(u);
  const g = beta / (1 + gamma);
  const g1 = (-g * g * (u / gamma)) / radius;
  return { f: g * h, f1: g / gamma, f2: (g1 * (2 + 1 / gamma)) / gamma, g, g1 };
}

/** The covariance in the field h. */
export function responseVariance(
  h: number,
  beta: number,
  radius: number,
  dimension: number,
  response: SphereResponse,
): SiteVariance {
  if (response === "exact") return exactVariance(beta * radius * h, radius, dimension);
  const gamma = gammaOf((beta * h) / radius);
  const tangential = 1 / (1 + gamma);
  return { tangential, radial: tangential / gamma, anisotropy: 1 / (radius ** 2 * gamma) };
}

/**
 * The covariance of a site whose mean has the norm `meanNorm` < R; it does not depend on β. A saturated mean, equal to
 * R in rounding, has variances of 0 or nearly 0.
 */
export function responseFromMean(
  meanNorm: number,
  radius: number,
  dimension: number,
  response: SphereResponse,
): SiteVariance {
  const y = Math.min(meanNorm / radius, 1 - 2 ** -53);
  if (response === "exact") return exactVariance(besselRatioInverse(dimension, y), radius, dimension);
  const deficit = (1 - y) * (1 + y);
  const inverseGamma = deficit / (1 + y * y);
  return {
    tangential: deficit / 2,
    radial: (deficit / 2) * inverseGamma,
    anisotropy: inverseGamma / radius ** 2,
  };
}

/** The field norm h with f(h) = meanNorm. A norm of R or more is the mean of no field and is refused. */
export function responseInverse(
  meanNorm: number,
  beta: number,
  radius: number,
  dimension: number,
  response: SphereResponse,
): number {
  const y = meanNorm / radius;
  if (!(y >= 0 && y < 1)) throw new RangeError(`a mean has a norm below the radius ${radius}, not ${meanNorm}`);
  if (response === "exact") return besselRatioInverse(dimension, y) / (beta * radius);
  return (2 * meanNorm) / (beta * (1 - y) * (1 + y));
}

function exactVariance(k: number, radius: number, dimension: number): SiteVariance {
  const at = besselRatioDerivatives(dimension, k);
  return { tangential: radius ** 2 * at.a, radial: radius ** 2 * at.slope, anisotropy: at.anisotropy };
}

function gammaOf(u: number): number {
  return Math.sqrt(1 + u * u);
}
