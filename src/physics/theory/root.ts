/**
 * The root of a continuous function between two points where it has opposite signs, to the last bits of a double.
 *
 * Chandrupatla's method: inverse quadratic interpolation where it is safe, bisection where it is not, so the bracket
 * never fails to shrink. Source: T. R. Chandrupatla, Adv. Eng. Softw. 28, 145 (1997).
 *
 * @param f the function
 * @param lower one end of the bracket
 * @param upper the other end
 * @returns x between the ends, with f(x) = 0 or a sign change within 4 units in the last place of the larger end met
 * @throws Error when f has the same sign at both ends, or is not a number there
 */
export function findRoot(f: (x: number) => number, lower: number, upper: number): number {
  let [a, b] = [upper, lower];
  let [fa, fb] = [f(a), f(b)];
  if (fa === 0) return a;
  if (fb === 0) return b;
  if (!(fa * fb < 0)) throw new Error(`no sign change between ${lower} (${fb}) and ${upper} (${fa})`);
  let fraction = 0.5;
  // Bisection alone takes 1100 steps to the smallest double.
  for (let step = 0; step < 1200; step++) {
    const x = a + fraction * (b - a);
    const fx = f(x);
    const [c, fc] = Math.sign(fx) === Math.sign(fa) ? [a, fa] : [b, fb];
    if (Math.sign(fx) !== Math.sign(fa)) [b, fb] = [a, fa];
    [a, fa] = [x, fx];

    const best = Math.abs(fa) < Math.abs(fb) ? a : b;
    const tolerance = (2 * Number.EPSILON * Math.abs(best) + Number.MIN_VALUE) / Math.abs(b - a);
    if (fx === 0 || tolerance > 0.5) return best;

    const xi = (a - b) / (c - b);
    const phi = (fa - fb) / (fc - fb);
    const interpolate = phi * phi < xi && (1 - phi) * (1 - phi) < 1 - xi;
    fraction = interpolate
      ? (fa / (fb - fa)) * (fc / (fb - fc)) + ((c - a) / (b - a)) * (fa / (fc - fa)) * (fb / (fc - fb))
      : 0.5;
    fraction = Math.min(1 - tolerance, Math.max(tolerance, fraction));
  }
  return Math.abs(fa) < Math.abs(fb) ? a : b;
}

/**
 * The positive fixed point of a concave map of [0, 1] into itself with map(0) = 0 and a slope above 1 there.
 *
 * @returns m in (0, 1]; 0 where it lies below 1e-9
 */
export function positiveFixedPoint(map: (m: number) => number): number {
  // Divided by m, so that the trivial root is gone.
  const excess = (m: number): number => map(m) / m - 1;
  if (!(excess(1) < 0)) return 1;
  let lower = 0.5;
  while (!(excess(lower) > 0)) {
    lower /= 2;
    if (lower < 1e-9) return 0;
  }
  return findRoot(excess, lower, 1);
}
