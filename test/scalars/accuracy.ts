/** The largest error of a list of numbers. */

/** max |actual - expected| / |expected|; where 0 is expected, anything else counts as infinitely wrong. */
export function largestRelativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  return largest(actual, expected, (difference, size) => (difference === 0 ? 0 : difference / size));
}

/** max |actual - expected| */
export function largestError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  return largest(actual, expected, (difference) => difference);
}

function largest(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  measure: (difference: number, size: number) => number,
): number {
  if (actual.length !== expected.length) return Infinity;
  let worst = 0;
  for (let index = 0; index < expected.length; index++) {
    const error = measure(Math.abs(actual[index] - expected[index]), Math.abs(expected[index]));
    // NaN compares as false, so it would pass a plain maximum.
    if (!(error <= worst)) worst = Number.isNaN(error) ? Infinity : error;
  }
  return worst;
}

/** `count` numbers from `low` to `high` in equal ratios, rounded to f32. */
export function geometricGrid(low: number, high: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => Math.fround(low * (high / low) ** (index / (count - 1))));
}
