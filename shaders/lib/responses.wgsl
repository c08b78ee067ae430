// Single-site response of a vector spin of radius R in D dimensions, law p(s) ~ exp(β s.h), in the field norm h.
//   F = f(h) n is its mean, Σ = τ (I - n nᵀ) + ρ n nᵀ = F'/β its covariance, n the direction of the field.
//   exact    (Bal 2023, eqs 33, 35, 48)   f = R A(k), k = βRh, A the Bessel ratio;   τ = R² A/k, ρ = R² A'
//   large-d  (Bal 2023, eqs 36-39, 64)    f = βh/(1 + γ), γ = sqrt(1 + u²), u = βh/R;   τ = 1/(1 + γ), ρ = τ/γ
// The mean vector is g(|h|) times the field, g = f/h: nothing divides by h, and at h = 0 every value is the finite limit.
// An importing kernel declares
//   const RESPONSE: u32 = 0u;   // 0 large-d, 1 exact
// Binary spins: binary_mean and binary_variance in hyperbolic.wgsl. Twins: src/reference/responses.ts.
// @import lib/bessel-ratio.wgsl

struct ResponseDerivatives {
  f: f32,   // |F|
  f1: f32,  // f'
  f2: f32,  // f''
  g: f32,   // f/h
  g1: f32,  // g'
}

struct SiteVariance {
  tangential: f32,  // τ
  radial: f32,      // ρ
  anisotropy: f32,  // (τ - ρ)/|m|²: Σ = τ I - anisotropy m mᵀ
}

/// sqrt(1 + u²) without overflow of u².
fn response_gamma(u: f32) -> f32 {
  let bounded = min(u, 1e18);
  return max(u, sqrt(1.0 + bounded * bounded));
}

/// g(h) = f(h)/h: the mean is g times the field.
fn response_gain(h: f32, beta: f32, radius: f32, dimension: f32) -> f32 {
  if (RESPONSE == 1u) { return beta * radius * radius * bessel_ratio_over_k(dimension, beta * radius * h); }
  return beta / (1.0 + response_gamma(beta * h / radius));
}

fn response_derivatives(h: f32, beta: f32, radius: f32, dimension: f32) -> ResponseDerivatives {
  if (RESPONSE == 1u) {
    let k = beta * radius * h;
    let at = bessel_ratio_derivatives(dimension, k);
    let first = beta * radius * radius;
    let second = beta * first * radius;
    let g1 = -second * k * at.a * at.a * at.anisotropy;
    return ResponseDerivatives(first * at.a * h, first * at.slope, -second * k * at.bend, first * at.a, g1);
  }
  let u = beta * h / radius;
  let gamma = response_gamma(u);
  let g = beta / (1.0 + gamma);
  let g1 = -g * g * (u / gamma) / radius;
  return ResponseDerivatives(g * h, g / gamma, g1 * (2.0 + 1.0 / gamma) / gamma, g, g1);
}

fn exact_variance(k: f32, radius: f32, dimension: f32) -> SiteVariance {
  let at = bessel_ratio_derivatives(dimension, k);
  return SiteVariance(radius * radius * at.a, radius * radius * at.slope, at.anisotropy);
}

/// The covariance in the field h.
fn response_variance(h: f32, beta: f32, radius: f32, dimension: f32) -> SiteVariance {
  if (RESPONSE == 1u) { return exact_variance(beta * radius * h, radius, dimension); }
  let gamma = response_gamma(beta * h / radius);
  let tangential = 1.0 / (1.0 + gamma);
  return SiteVariance(tangential, tangential / gamma, 1.0 / (radius * radius * gamma));
}

/// The covariance of a site whose mean has the norm mean_norm < R; it does not depend on β.
fn response_from_mean(mean_norm: f32, radius: f32, dimension: f32) -> SiteVariance {
  let y = mean_norm / radius;
  if (RESPONSE == 1u) { return exact_variance(bessel_ratio_inverse(dimension, y), radius, dimension); }
  // γ = (1 + y²)/(1 - y²), written so that y = 1 gives zeros.
  let deficit = max((1.0 - y) * (1.0 + y), 0.0);
  let inverse_gamma = deficit / (1.0 + y * y);
  return SiteVariance(0.5 * deficit, 0.5 * deficit * inverse_gamma, inverse_gamma / (radius * radius));
}

/// The field norm h with f(h) = mean_norm < R.
fn response_inverse(mean_norm: f32, beta: f32, radius: f32, dimension: f32) -> f32 {
  let y = mean_norm / radius;
  if (RESPONSE == 1u) { return bessel_ratio_inverse(dimension, y) / (beta * radius); }
  return 2.0 * mean_norm / (beta * (1.0 - y) * (1.0 + y));
}
