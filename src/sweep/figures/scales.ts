/** Ranges and ticks of axes. */
import type { Axis } from "./figure.js";

/** One axis, decided. Axis coordinates are values, or their decimal logarithms on a logarithmic axis. */
export interface Scale {
  /** Ends in axis coordinates. */
  readonly start: number;
  readonly end: number;
  /** Labelled ticks: axis coordinate and marked-up text. */
  readonly major: readonly { readonly at: number; readonly label: string }[];
  /** Short ticks in between, in axis coordinates. */
  readonly minor: readonly number[];
  /** Axis coordinate of a value; NaN if it has none. */
  readonly coordinate: (value: number) => number;
}

/**
 * Choose range and ticks.
 *
 * @param axis what the figure asks for
 * @param values everything to be shown along the axis
 * @throws Error for a range that is empty, or not positive on a logarithmic axis
 */
export function makeScale(axis: Axis, values: Iterable<number>): Scale {
  const log = axis.scale === "log";
  const coordinate = log
    ? (value: number): number => (value > 0 && value < Infinity ? Math.log10(value) : NaN)
    : (value: number): number => (Number.isFinite(value) ? value : NaN);
  const [start, end] = axis.range ? axis.range.map(coordinate) : paddedRange(values, coordinate, log);
  if (!(start < end)) throw new Error(`the range of axis ${axis.label} is not usable: ${axis.range?.join(" to ")}`);
  const ticks = log ? logarithmicTicks(start, end) : linearTicks(start, end);
  return { start, end, coordinate, ...ticks };
}

type Ticks = Pick<Scale, "major" | "minor">;

/** All values with a margin of 4 % on both sides. */
function paddedRange(values: Iterable<number>, coordinate: (value: number) => number, log: boolean): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    const at = coordinate(value);
    if (at < low) low = at;
    if (at > high) high = at;
  }
  if (low > high) return log ? [-1, 0] : [0, 1];
  const span = high - low;
  // A single value, or one that differs from the next by rounding alone, still gets an axis.
  const margin =
    span > 1e-9 * Math.max(Math.abs(low), Math.abs(high)) ? 0.04 * span : log ? 0.1 : 0.1 * Math.abs(low) || 1;
  return [low - margin, high + margin];
}

function linearTicks(start: number, end: number): Ticks {
  const { step, divisions } = niceStep((end - start) / 6);
  const largest = Math.max(Math.abs(start), Math.abs(end));
  const exponent = largest >= 1e5 || step < 9e-5 ? Math.floor(Math.log10(largest)) : 0;
  const digits = Math.max(0, exponent - Math.floor(Math.log10(step) + 1e-9));
  const label = (value: number): string => {
    if (exponent === 0 || value === 0) return signed(value.toFixed(value === 0 && exponent !== 0 ? 0 : digits));
    return `${signed((value / 10 ** exponent).toFixed(digits))}×10^{${signed(String(exponent))}}`;
  };
  const all = multiples(start, end, step / divisions);
  return {
    major: all
      .filter((k) => k % divisions === 0)
      .map((k) => (k / divisions) * step)
      .map((at) => ({ at, label: label(at) })),
    minor: all.filter((k) => k % divisions !== 0).map((k) => (k * step) / divisions),
  };
}

function logarithmicTicks(start: number, end: number): Ticks {
  const span = end - start;
  const values = (factors: readonly number[]): number[] =>
    multiples(Math.floor(start), Math.ceil(end), 1)
      .flatMap((decade) => factors.map((factor) => Math.log10(factor) + decade))
      .filter((at) => at >= start - 1e-9 && at <= end + 1e-9);
  if (span < 0.5) {
    // Too short for decades: ticks at round values, unevenly spaced.
    const linear = linearTicks(10 ** start, 10 ** end);
    return {
      major: linear.major.map(({ at, label }) => ({ at: Math.log10(at), label })),
      minor: linear.minor.map(Math.log10),
    };
  }
  const all = values([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  if (span < 2.2) {
    const labelled = values(span < 1.6 ? [1, 2, 5] : [1]);
    const exact = labelled.length >= 2 ? labelled : values([1, 2, 5]);
    return {
      major: exact.map((at) => ({ at, label: powerLabel(at, start, end) })),
      minor: all.filter((at) => !exact.includes(at)),
    };
  }
  const stride = Math.ceil(span / 8);
  const decades = values([1]);
  return {
    major: decades
      .filter((at) => Math.round(at) % stride === 0)
      .map((at) => ({ at, label: powerLabel(at, start, end) })),
    minor:
      stride === 1 ? all.filter((at) => !decades.includes(at)) : decades.filter((at) => Math.round(at) % stride !== 0),
  };
}

/** A plain number while the whole axis is near 1, else mantissa and power of ten. */
function powerLabel(at: number, start: number, end: number): string {
  if (start > -2.3 && end < 4) return signed(String(Number((10 ** at).toPrecision(3))));
  const exponent = Math.floor(at + 1e-9);
  const mantissa = Math.round(10 ** (at - exponent));
  const power = `10^{${signed(String(exponent))}}`;
  return mantissa === 1 ? power : `${mantissa}×${power}`;
}

/** The round step next above a wish, and into how many parts minor ticks divide it. */
function niceStep(wish: number): { step: number; divisions: number } {
  const unit = 10 ** Math.floor(Math.log10(wish));
  const mantissa = wish / unit;
  if (mantissa <= 1) return { step: unit, divisions: 5 };
  if (mantissa <= 2) return { step: 2 * unit, divisions: 4 };
  if (mantissa <= 5) return { step: 5 * unit, divisions: 5 };
  return { step: 10 * unit, divisions: 5 };
}

/** All integers k with start <= k step <= end. */
function multiples(start: number, end: number, step: number): number[] {
  const first = Math.ceil(start / step - 1e-9);
  const count = Math.floor(end / step + 1e-9) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, k) => first + k);
}

/** With a minus sign instead of a hyphen. */
function signed(number: string): string {
  return number.replace("-", "−");
}
