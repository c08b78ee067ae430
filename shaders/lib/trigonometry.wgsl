// cosine_and_sine: (cos x, sin x) for |x| up to about 1e4, off by 1.2e-7 at most below 10. x is taken to [-π/4, π/4] with
// π/2 subtracted in three parts (Cody & Waite, 1980); polynomials of the Cephes library (Moshier, 1989). The built-in ones may be
// off by 2^-11. Their float64 twins are Math.cos and Math.sin.

fn cosine_and_sine(x: f32) -> vec2f {
  let turns = round(x * 0.63661977);
  let r = fma(turns, -7.549790e-8, fma(turns, -4.8375130e-4, x - turns * 1.5703125));
  let s = r * r;
  let sine = fma(r * s, fma(s, fma(s, -1.9515296e-4, 8.332161e-3), -0.16666655), r);
  let cosine = fma(s * s, fma(s, fma(s, 2.4433157e-5, -1.3887316e-3), 4.1666646e-2), 1.0 - 0.5 * s);
  let quadrant = i32(turns) & 3;
  let turned = select(vec2f(cosine, sine), vec2f(-sine, cosine), (quadrant & 1) == 1);
  return select(turned, -turned, quadrant >= 2);
}
