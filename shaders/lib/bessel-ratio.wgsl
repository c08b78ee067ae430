// Ratio of modified Bessel functions A(k) = I_{D/2}(k) / I_{D/2-1}(k), its first two derivatives and its inverse.
// Never a quotient of two Bessel functions: at D = 512, k = 0.01 both underflow. The three-term recurrence of I
// (DLMF 10.29.1) and its derivatives are stable downwards in D (index 2: at D + 2):
//   a = A/k = 1/(D + k A₂)                   A' = a² (D - k² A₂')
//   (A/k - A')/A² = a₂ + A₂'                 E = -A''/k = a² (2A₂' - k² E₂) + 2a (a₂ + A₂') A'
//   C = k (1 - A) = k a (D - C₂)
// 1 - A² - (D - 1) A/k would give A' too, with an error of 1 % in f32 at k = 16 (D/2 - 1).
// Start, BESSEL_STEPS up, with its exact derivatives:
//   a = 1/(p + S),   S = sqrt(p (p + 1) + k²),   p = D/2 - 1/2 + BESSEL_STEPS
// It lies between the bounds of Amos (1974), which have p² and (p + 1)² under the root, and is right to second order in
// 1/k: 64 steps leave at most 4e-8 of A.
// Largest relative errors in f32, D = 2..512, u = k/(D/2 - 1):
//   A/k 3e-7 and the anisotropy 4e-7 for u <= 16, 2e-6 and 4e-6 for u <= 1e6
//   A' 6e-7 for u <= 4, 4e-6 for u <= 16, 2e-5 for u <= 64, 4e-3 for u <= 1e6; E and C no worse
// Twins: src/reference/bessel.ts.

const BESSEL_STEPS: u32 = 64u;
const BESSEL_NEWTON_STEPS: u32 = 6u;

struct BesselRatio {
  a: f32,           // A/k, 1/D at k = 0
  slope: f32,       // A'
  bend: f32,        // -A''/k
  anisotropy: f32,  // (A/k - A')/A², 2/(D + 2) at k = 0
  complement: f32,  // k (1 - A)
}

/// S of the start, without overflow of k².
fn bessel_start_root(p: f32, k: f32) -> f32 {
  let bounded = min(k, 1e18);
  return max(k, sqrt(p * (p + 1.0) + bounded * bounded));
}

/// A(k)/k, k >= 0.
fn bessel_ratio_over_k(dimension: f32, k: f32) -> f32 {
  let p = 0.5 * dimension - 0.5 + f32(BESSEL_STEPS);
  var ratio = k / (p + bessel_start_root(p, k));
  var d = dimension + 2.0 * f32(BESSEL_STEPS);
  for (var step = 1u; step < BESSEL_STEPS; step++) {
    d -= 2.0;
    ratio = k / (d + k * ratio);
  }
  return 1.0 / (dimension + k * ratio);
}

/// A(k), k >= 0.
fn bessel_ratio(dimension: f32, k: f32) -> f32 {
  return k * bessel_ratio_over_k(dimension, k);
}

fn bessel_ratio_derivatives(dimension: f32, k: f32) -> BesselRatio {
  let p = 0.5 * dimension - 0.5 + f32(BESSEL_STEPS);
  let root = bessel_start_root(p, k);
  let lean = p / root * (p + 1.0);
  var a = 1.0 / (p + root);
  var slope = a * a * (p + lean);
  var bend = (2.0 * slope + a * lean / root) * a / root;
  var anisotropy = 0.0;
  var complement = k * a * (p + p / (root + k) * (p + 1.0));
  var d = dimension + 2.0 * f32(BESSEL_STEPS);
  for (var step = 0u; step < BESSEL_STEPS; step++) {
    d -= 2.0;
    anisotropy = a + slope;
    let slope_above = slope;
    a = 1.0 / (d + k * (k * a));
    slope = a * a * (d - k * (k * slope_above));
    bend = a * a * (2.0 * slope_above - k * (k * bend)) + 2.0 * a * anisotropy * slope;
    complement = k * (d - complement) * a;
  }
  // Towards saturation 1 - A is the more accurate of the two.
  if (complement < 0.5 * k) { a = (1.0 - complement / k) / k; }
  return BesselRatio(a, slope, bend, anisotropy, complement);
}

/// The k with A(k) = y, 0 <= y < 1 (y >= 1 is taken as the largest f32 below 1). Newton from k = y (D - y²)/(1 - y²)
/// (Banerjee et al., JMLR 6, 2005). Above y = 1/2 the residual comes from 1 - A and 1 - y, or rounding of A would throw
/// k about by 10 % at y = 1 - 1e-5. Relative error 2e-7/(1 - y); a rounding of y itself makes 6e-8/(1 - y).
fn bessel_ratio_inverse(dimension: f32, y: f32) -> f32 {
  let mean = clamp(y, 0.0, 0.99999994);
  let complement = 1.0 - mean;
  var k = mean * (dimension - mean * mean) / (complement * (1.0 + mean));
  for (var step = 0u; step < BESSEL_NEWTON_STEPS; step++) {
    let at = bessel_ratio_derivatives(dimension, k);
    var excess = k * at.a - mean;
    if (mean > 0.5) { excess = complement - at.complement / k; }
    let change = excess / at.slope;
    k -= change;
    // Convergence is quadratic: what is left after a change of 1e-4 k is less than rounding.
    if (abs(change) <= 1e-4 * k) { break; }
  }
  return k;
}
