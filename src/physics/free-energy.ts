/** The Plefka free energy of binary spins with symmetric couplings: equations 10.5; Plefka, J. Phys. A 15, 1971 (1982). */

/**
 * F/N, in the units of x and J. It is stationary in m at the fixed points of `naive` (first order) and of `tap` and `amp`
 * (second order), whose m is then the thermal mean to that order.
 * @param order 1 leaves out the Onsager term
 * @param system J symmetric, [N][N] row-major; x and m, [N]; β
 */
export function plefkaFreeEnergy(
  order: 1 | 2,
  {
    couplings,
    field,
    means,
    beta,
  }: {
    readonly couplings: Float64Array;
    readonly field: Float64Array;
    readonly means: Float64Array;
    readonly beta: number;
  },
): number {
  const sites = means.length;
  let entropy = 0;
  let energy = 0;
  let onsager = 0;
  for (let i = 0; i < sites; i++) {
    const m = means[i];
    for (const share of [(1 + m) / 2, (1 - m) / 2]) if (share > 0) entropy -= share * Math.log(share);
    energy -= field[i] * m;
    for (let j = 0; j < sites; j++) {
      const coupling = couplings[i * sites + j];
      energy -= 0.5 * coupling * m * means[j];
      onsager -= 0.25 * beta * coupling ** 2 * (1 - m * m) * (1 - means[j] ** 2);
    }
  }
  return (energy - entropy / beta + (order === 2 ? onsager : 0)) / sites;
}
