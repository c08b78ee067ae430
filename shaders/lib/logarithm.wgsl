// accurate_log1p: ln(1 + x), x > -1, with a small relative error near 0, where the built-in log(1 + x) has none to offer
// (WGSL allows it 2^-21 absolute on [0.5, 2]): ln((1 + s)/(1 - s)) = 2 s (1 + s²/3 + s⁴/5 + ...), s = x/(2 + x).
// Relative error 2e-7. Twin: Math.log1p.

fn accurate_log_ratio(s: f32) -> f32 {
  let square = s * s;
  let upper = fma(fma(fma(0.09090909, square, 0.11111111), square, 0.14285715), square, 0.2);
  return 2.0 * fma(s * square, fma(upper, square, 0.33333334), s);
}

/// ln x, 0 < x: the mantissa between sqrt(1/2) and sqrt(2), and the exponent.
fn accurate_log(x: f32) -> f32 {
  let parts = frexp(x);
  let low = parts.fract < 0.70710677;
  let mantissa = select(parts.fract, 2.0 * parts.fract, low);
  let exponent = f32(select(parts.exp, parts.exp - 1, low));
  return fma(exponent, 0.6931472, accurate_log_ratio((mantissa - 1.0) / (mantissa + 1.0)));
}

fn accurate_log1p(x: f32) -> f32 {
  if (x > -0.29 && x < 0.41) { return accurate_log_ratio(x / (2.0 + x)); }
  return accurate_log(1.0 + x);
}
