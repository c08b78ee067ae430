/**
 * Where curves of two sizes cross, and what that says about the critical point (equations 7.6).
 *
 * Source: Binder, Z. Phys. B 43, 119 (1981), who takes the cumulants of consecutive sizes.
 */
import { dot, pseudoInverse } from "../least-squares.js";
import { findRoot } from "../theory/root.js";
import {
  covarianceOf,
  type ErrorSource,
  type Estimate,
  type Gradient,
  type PreparedCurves,
  prepareCurves,
  type ScalingCurve,
} from "./curves.js";
import { isAcceptable, sizeTrend, type SizeTrend } from "./size-trend.js";

/** Two consecutive sizes: where their curves cross, or why no crossing is given. */
export type PairCrossing = { readonly sites: readonly [number, number] } & (
  | {
      readonly status: "crossing";
      readonly x: Estimate;
      /** The observable at the crossing. */
      readonly value: Estimate;
      /** χ² of the two local fits and its degrees of freedom, 0 where they interpolate. */
      readonly chiSquare: number;
      readonly degreesOfFreedom: number;
    }
  | { readonly status: "none"; readonly reason: string }
);

export interface CrossingAnalysis {
  readonly pairs: readonly PairCrossing[];
  /** Of the positions, and of the values, of all pairs that cross; absent where none does. */
  readonly criticalPoint?: SizeTrend;
  readonly criticalValue?: SizeTrend;
  readonly errors: ErrorSource;
  readonly pointsLeftOut: number;
}

/** How far curves must stand apart on both sides of a crossing, in standard errors. */
const SEPARATION = 3;

/** Degree of the local polynomials, where there are points for it. */
const DEGREE = 3;

/**
 * Powers of 1/N by which crossings approach their limits: x - x_c ~ N^{-(ω + 1/ν)} and value ~ N^{-ω} per site, ω = 1/ν = 1/2
 * in mean field. Source: Binder 1981.
 */
const POSITION_POWER = 1;
const VALUE_POWER = 1 / 2;

interface Found {
  readonly sites: readonly [number, number];
  readonly x: number;
  readonly value: number;
  readonly chiSquare: number;
  readonly degreesOfFreedom: number;
  /** Variances to second order over those to first. */
  readonly inflation: number;
  readonly xGradient: Gradient;
  readonly valueGradient: Gradient;
}

/**
 * The crossings of consecutive sizes and the critical point they give.
 *
 * A pair crosses where the difference of its curves changes sign with at least three standard errors on either side. Each
 * curve is fitted by a cubic about that place, over the widest range in which quadratics would do (χ² of each at most one
 * standard deviation above its mean), so that the bias of the fit stays below its error. The root of the difference d of
 * the fits is the crossing. Errors are propagated, δx = -δd/d', and enlarged by what the error ε of the slope d' adds to
 * second order, 1 + 3 (ε/d')² of the variance. On curves with known crossings 61 to 77 in 100 lie within one standard
 * error, where 68 should. Of the limits N -> infinity of Curie-Weiss from N = 32 to 512 it is 51 to 61 in 100, for a line in
 * 1/N is not exact; of their means, 0 to 13 (2026-11-29).
 *
 * @param curves two sizes at least, of an observable whose scaling has no prefactor of the size, as the Binder cumulant
 * @throws InputError as `prepareCurves` does
 */
export function crossings(curves: readonly ScalingCurve[]): CrossingAnalysis {
  const prepared = prepareCurves(curves);
  const found = prepared.curves.slice(1).map((_, lower) => crossingOf(prepared, lower));
  const crossed = found.filter((pair) => "x" in pair);
  const covariances = (gradient: (pair: Found) => Gradient) =>
    covarianceOf(prepared, crossed.map(gradient)).map((row, i) =>
      row.map((entry, j) => entry * Math.sqrt(crossed[i].inflation * crossed[j].inflation)),
    );
  const xCovariance = covariances(({ xGradient }) => xGradient);
  const valueCovariance = covariances(({ valueGradient }) => valueGradient);
  const pairs = found.map((pair): PairCrossing => {
    if (!("x" in pair)) return pair;
    const { sites, chiSquare, degreesOfFreedom } = pair;
    const place = crossed.indexOf(pair);
    const x = { value: pair.x, standardError: Math.sqrt(xCovariance[place][place]) };
    const value = { value: pair.value, standardError: Math.sqrt(valueCovariance[place][place]) };
    return { sites, status: "crossing", x, value, chiSquare, degreesOfFreedom };
  });
  const sizes = crossed.map(({ sites: [one, other] }) => Math.sqrt(one * other));
  const criticalPoint = sizeTrend(
    sizes,
    POSITION_POWER,
    crossed.map(({ x }) => x),
    xCovariance,
  );
  const criticalValue = sizeTrend(
    sizes,
    VALUE_POWER,
    crossed.map(({ value }) => value),
    valueCovariance,
  );
  return {
    pairs,
    ...(criticalPoint && { criticalPoint }),
    ...(criticalValue && { criticalValue }),
    errors: prepared.errors,
    pointsLeftOut: prepared.pointsLeftOut,
  };
}

type None = Extract<PairCrossing, { status: "none" }>;

function crossingOf(prepared: PreparedCurves, lower: number): Found | None {
  const [one, other] = prepared.curves.slice(lower, lower + 2);
  const sites = [one.sites, other.sites] as const;
  const none = (reason: string): None => ({ sites, status: "none", reason });
  const place = signChange(one, other);
  if (typeof place === "string") return none(place);
  const fits = localFits(one, other, place.x);
  if (fits === undefined) return none("too few points on both sides of the sign change");
  const { first, second, halfWidth } = fits;
  const difference = (u: number) => polynomial(second.coefficients, u) - polynomial(first.coefficients, u);
  const u = rootNearest(difference, place.direction);
  if (u === undefined) return none("smooth fits of the two curves do not cross where the points do");
  const slopes = [first, second].map(({ coefficients }) => derivative(coefficients, u) / halfWidth);
  const slope = slopes[1] - slopes[0];
  const along = (firstWeights: readonly number[], secondWeights: readonly number[]): Gradient => {
    const gradient: number[][] = prepared.curves.map(({ points }) => points.map(() => 0));
    gradient[lower] = [...firstWeights];
    gradient[lower + 1] = [...secondWeights];
    return gradient;
  };
  const scaled = (weights: readonly number[], factor: number) => weights.map((weight) => factor * weight);
  const [atFirst, atSecond] = [first, second].map(({ weightsOf }) => weightsOf(powers(u)));
  const xGradient = along(scaled(atFirst, 1 / slope), scaled(atSecond, -1 / slope));
  // The value of the first fit, which itself moves and is taken at an x that moves.
  const valueGradient = along(scaled(atFirst, slopes[1] / slope), scaled(atSecond, -slopes[0] / slope));
  const [slopeOfFirst, slopeOfSecond] = [first, second].map(({ weightsOf }) => weightsOf(powerSlopes(u)));
  const slopeGradient = along(scaled(slopeOfFirst, -1 / halfWidth), scaled(slopeOfSecond, 1 / halfWidth));
  const [[variance], [, slopeVariance]] = covarianceOf(prepared, [xGradient, slopeGradient]);
  const inflation = 1 + (3 * slopeVariance) / slope ** 2;
  if (!(slopeVariance < slope ** 2 && Math.sqrt(inflation * variance) < halfWidth)) {
    return none("the curves cross at too small an angle for their errors");
  }
  return {
    sites,
    x: place.x + halfWidth * u,
    value: polynomial(first.coefficients, u),
    chiSquare: first.chiSquare + second.chiSquare,
    degreesOfFreedom: first.degreesOfFreedom + second.degreesOfFreedom,
    inflation,
    xGradient,
    valueGradient,
  };
}

/**
 * The sign change that parts the differences best, Σ_left z - Σ_right z, z the difference in standard errors. Noise about
 * zero far from it, where cumulants of all sizes agree, makes sign changes that part nothing.
 */
function signChange(one: ScalingCurve, other: ScalingCurve): { x: number; direction: 1 | -1 } | string {
  if (one.points.length < 2 || other.points.length < 2) return "a curve with fewer than two points with an error";
  const low = Math.max(one.points[0].x, other.points[0].x);
  const high = Math.min(one.points[one.points.length - 1].x, other.points[other.points.length - 1].x);
  const grid = [...new Set([...one.points, ...other.points].map(({ x }) => x))]
    .filter((x) => x >= low && x <= high)
    .sort((a, b) => a - b);
  if (grid.length < 2) return "the two curves have no range in common";
  const differences = grid.map((x) => {
    const [first, second] = [interpolate(one, x), interpolate(other, x)];
    const value = second.value - first.value;
    return { x, value, z: value / Math.hypot(first.standardError, second.standardError) };
  });
  const total = differences.reduce((sum, { z }) => sum + z, 0);
  let best = { contrast: 0, after: 0 };
  let left = 0;
  for (let k = 0; k < grid.length - 1; k++) {
    left += differences[k].z;
    if (Math.abs(2 * left - total) > Math.abs(best.contrast)) best = { contrast: 2 * left - total, after: k };
  }
  const sign = Math.sign(best.contrast);
  const before = separation(differences.slice(0, best.after + 1).reverse(), sign);
  const behind = separation(differences.slice(best.after + 1), -sign);
  const sides = [before, behind].map((z) => z.toFixed(1)).join(" and ");
  if (!(before >= SEPARATION && behind >= SEPARATION)) {
    return `no change of sign beyond the errors in ${low} to ${high}: at best ${sides} standard errors on its sides`;
  }
  const [from, to] = differences.slice(best.after, best.after + 2);
  const x = from.value === to.value ? from.x : from.x + ((to.x - from.x) * from.value) / (from.value - to.value);
  return { x: Math.min(Math.max(x, from.x), to.x), direction: sign > 0 ? -1 : 1 };
}

/** The best Σ z/√k of the k points next to a sign change, with the sign they should have. */
function separation(outwards: readonly { readonly z: number }[], sign: number): number {
  let sum = 0;
  return outwards.reduce((best, { z }, k) => {
    sum += sign * z;
    return Math.max(best, sum / Math.sqrt(k + 1));
  }, -Infinity);
}

function interpolate({ points }: ScalingCurve, x: number): Estimate {
  const above = Math.max(
    1,
    points.findIndex((point) => point.x >= x),
  );
  const [from, to] = points.slice(above - 1, above + 1);
  const share = (x - from.x) / (to.x - from.x);
  return {
    value: (1 - share) * from.mean + share * to.mean,
    standardError: Math.hypot((1 - share) * from.standardError, share * to.standardError),
  };
}

interface LocalFit {
  readonly coefficients: readonly number[];
  readonly chiSquare: number;
  readonly degreesOfFreedom: number;
  /** How Σ_k basis_k c_k moves with the mean of every point of the curve. */
  readonly weightsOf: (basis: readonly number[]) => number[];
}

/** Cubics of both curves about x0 in u = (x - x0)/halfWidth, over the widest range that quadratics describe. */
function localFits(one: ScalingCurve, other: ScalingCurve, x0: number) {
  const distances = [...one.points, ...other.points].map(({ x }) => Math.abs(x - x0));
  let narrowest: { first: LocalFit; second: LocalFit; halfWidth: number } | undefined;
  for (const distance of [...new Set(distances)].sort((a, b) => b - a)) {
    // The outermost points belong to the range whatever their distance rounds to.
    const halfWidth = distance * (1 + 1e-12);
    const first = localFit(one, x0, halfWidth, DEGREE);
    const second = localFit(other, x0, halfWidth, DEGREE);
    if (first === undefined || second === undefined) break;
    const few = [first, second].some(({ coefficients }) => coefficients.length <= DEGREE);
    if (few && narrowest !== undefined) break;
    narrowest = { first, second, halfWidth };
    const simpler = [one, other].map((curve) => localFit(curve, x0, halfWidth, DEGREE - 1));
    if (simpler.every((fit) => fit !== undefined && isAcceptable(fit))) break;
  }
  return narrowest;
}

/** Weighted least squares of the points within halfWidth of x0, which must lie on both sides of it. */
function localFit({ points }: ScalingCurve, x0: number, halfWidth: number, highest: number): LocalFit | undefined {
  const inside = points.flatMap(({ x }, k) => (Math.abs(x - x0) <= halfWidth ? [k] : []));
  const chosen = inside.map((k) => points[k]);
  if (!chosen.some(({ x }) => x <= x0) || !chosen.some(({ x }) => x >= x0)) return undefined;
  const terms = Math.min(highest + 1, chosen.length);
  const place = (x: number) => powers((x - x0) / halfWidth).slice(0, terms);
  const inverse = pseudoInverse(chosen.map(({ x, standardError }) => place(x).map((power) => power / standardError)));
  if (terms < 2 || inverse === undefined) return undefined;
  const maps = inverse.map((row) => row.map((entry, k) => entry / chosen[k].standardError));
  const means = chosen.map(({ mean }) => mean);
  const coefficients = maps.map((row) => dot(row, means));
  const residuals = chosen.map(({ x, mean, standardError }) => (mean - dot(coefficients, place(x))) / standardError);
  const weightsOf = (basis: readonly number[]) => {
    const weights = points.map(() => 0);
    inside.forEach((point, k) => (weights[point] = maps.reduce((sum, row, power) => sum + basis[power] * row[k], 0)));
    return weights;
  };
  return { coefficients, chiSquare: dot(residuals, residuals), degreesOfFreedom: chosen.length - terms, weightsOf };
}

const powers = (u: number) => Array.from({ length: DEGREE + 1 }, (_, power) => u ** power);
const powerSlopes = (u: number) =>
  Array.from({ length: DEGREE + 1 }, (_, power) => (power === 0 ? 0 : power * u ** (power - 1)));

const polynomial = (coefficients: readonly number[], u: number) => dot(coefficients, powers(u));
const derivative = (coefficients: readonly number[], u: number) => dot(coefficients, powerSlopes(u));

/** The root in [-1, 1] nearest to 0 at which the function goes in a direction. */
function rootNearest(of: (u: number) => number, direction: 1 | -1): number | undefined {
  const steps = 200;
  const grid = Array.from({ length: steps + 1 }, (_, k) => -1 + (2 * k) / steps);
  const roots = grid.slice(1).flatMap((to, k) => {
    const from = grid[k];
    if (!(direction * of(from) < 0 && direction * of(to) >= 0)) return [];
    return [findRoot(of, from, to)];
  });
  return roots.sort((one, other) => Math.abs(one) - Math.abs(other)).at(0);
}
