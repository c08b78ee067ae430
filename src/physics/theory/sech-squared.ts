/** sech^2(a) = 1 - tanh^2(a), with its relative accuracy for large |a| too. */
export function sech2(a: number): number {
  const e = Math.exp(-2 * Math.abs(a));
  return (4 * e) / ((1 + e) * (1 + e));
}
