// The root of m = tanh(a - b m), b >= 0: binary tap, and the pairwise fields of plefka2-t, of which it is tanh θ.
// Equations 4.3, 4.6. Twin: src/reference/tap-mean.ts
// @import lib/hyperbolic.wgsl

/// r(m) = m - tanh(a - b m) rises with slope 1 + b sech² >= 1, so the root is unique and lies in [-1, 1]: 26 halvings and
/// two Newton steps leave 6e-8.
fn tap_mean(a: f32, b: f32) -> f32 {
  var low = -1.0;
  var high = 1.0;
  for (var k = 0u; k < 26u; k++) {
    let middle = 0.5 * (low + high);
    if (middle < binary_mean(a - b * middle)) { low = middle; } else { high = middle; }
  }
  var m = 0.5 * (low + high);
  for (var k = 0u; k < 2u; k++) {
    let argument = a - b * m;
    m -= (m - binary_mean(argument)) / (1.0 + b * binary_variance(argument));
  }
  return clamp(m, -1.0, 1.0);
}
