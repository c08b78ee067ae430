/** A binary spin in the field a = βh: what tanh a needs beside it, in forms that keep their digits for large |a|. */

/** sech² a = 1 - tanh² a, the variance. */
export function sech2(a: number): number {
  const e = Math.exp(-2 * Math.abs(a));
  return (4 * e) / ((1 + e) * (1 + e));
}

/** ln 2 cosh a, the log-partition. */
export function logTwoCosh(a: number): number {
  return Math.abs(a) + Math.log1p(Math.exp(-2 * Math.abs(a)));
}

/** ln 2 cosh a - a tanh a, the entropy in nats. */
export function fieldEntropy(a: number): number {
  const e = Math.exp(-2 * Math.abs(a));
  return Math.log1p(e) + (2 * Math.abs(a) * e) / (1 + e);
}
