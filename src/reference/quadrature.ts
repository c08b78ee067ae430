/** Gauss-Legendre quadrature: the twin of shaders/lib/quadrature.wgsl. */

/** Points on [-1, 1] and their weights, halved: roots of the Legendre polynomial P_n by Newton. */
function gaussLegendre(points: number): readonly { readonly x: number; readonly weight: number }[] {
  return Array.from({ length: points }, (_, k) => {
    let x = Math.cos((Math.PI * (k + 0.75)) / (points + 0.5));
    let slope = 1;
    for (let step = 0; step < 8; step++) {
      let [previous, current] = [1, x];
      for (let n = 2; n <= points; n++)
        [previous, current] = [current, ((2 * n - 1) * x * current - (n - 1) * previous) / n];
      slope = (points * (x * current - previous)) / (x * x - 1);
      x -= current / slope;
    }
    return { x, weight: 1 / ((1 - x * x) * slope * slope) };
  });
}

const RULE = gaussLegendre(64);

/** ∫_0^1 f(t) dt with 64 points. */
export function integrateUnit(f: (t: number) => number): number {
  return RULE.reduce((sum, { x, weight }) => sum + weight * f((1 + x) / 2), 0);
}
