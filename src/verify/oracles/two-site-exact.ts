/**
 * The exact mean of one sphere spin in front of another, by quadrature over angles: no closure, no Bessel function.
 *
 * Site 1 has the field x along e1; site 2 was drawn in the field h2 along e1 and acts on site 1 with J.
 */

/** Nodes and weights of Gauss-Legendre quadrature on [0, π], by Newton on the Legendre polynomials. */
export function angles(count: number): { angle: number; weight: number }[] {
  return Array.from({ length: count }, (_, k) => {
    let x = Math.cos((Math.PI * (k + 0.75)) / (count + 0.5));
    let slope = 1;
    for (let iteration = 0; iteration < 100; iteration++) {
      let [previous, value] = [1, x];
      for (let n = 2; n <= count; n++) [previous, value] = [value, ((2 * n - 1) * x * value - (n - 1) * previous) / n];
      slope = (count * (previous - x * value)) / (1 - x * x);
      const change = value / slope;
      x -= change;
      if (Math.abs(change) < 1e-15) break;
    }
    return { angle: (Math.PI * (x + 1)) / 2, weight: Math.PI / ((1 - x * x) * slope * slope) };
  });
}

const nodes = angles(240);

/** ⟨f(c)⟩ over the cosine c of a spin to its field: p(c) ~ exp(κ c) (1 - c²)^((D-3)/2). */
function average(kappa: number, dimension: number, f: (cosine: number) => number): number {
  let total = 0;
  let sum = 0;
  for (const { angle, weight } of nodes) {
    const p = weight * Math.exp(kappa * (Math.cos(angle) - 1)) * Math.sin(angle) ** (dimension - 2);
    total += p;
    sum += p * f(Math.cos(angle));
  }
  return sum / total;
}

/** |⟨s⟩|/R of one spin, κ = β R |h|. */
export function meanCosine(kappa: number, dimension: number): number {
  return average(kappa, dimension, (cosine) => cosine);
}

export interface TwoSites {
  dimension: number;
  radius: number;
  beta: number;
  coupling: number;
  /** |x_1| and |h_2|. */
  x: number;
  h2: number;
}

/** ⟨s_1⟩ along e1 after one step (equations 7.5). */
export function exactMean({ dimension, radius, beta, coupling, x, h2 }: TwoSites): number {
  return average(beta * radius * h2, dimension, (cosine) => {
    const along = x + coupling * radius * cosine;
    const across = coupling * radius * Math.sqrt(1 - cosine * cosine);
    const norm = Math.hypot(along, across);
    return norm === 0 ? 0 : (radius * meanCosine(beta * radius * norm, dimension) * along) / norm;
  });
}
