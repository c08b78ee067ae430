/**
 * Data collapse y N^b = f((x - x_c) N^a) (equations 7.6): the quality S of a collapse, and the exponents that minimise it.
 *
 * Sources: Houdayer & Hartmann, PRB 70, 014418 (2004), appendix, after Kawashima & Ito, J. Phys. Soc. Jpn. 62, 435 (1993).
 */
import { InputError } from "../input-error.js";
import { covarianceOf, type ErrorSource, type Estimate, prepareCurves, type ScalingCurve } from "./curves.js";
import { fitMasterCurve } from "./master-curve.js";
import { nelderMead } from "./nelder-mead.js";
import {
  type Comparison,
  comparisonsOf,
  type Points,
  rescale,
  type ScalingForm,
  type ScalingParameter,
} from "./scaling-form.js";

export interface CollapseOptions {
  /** Where the search starts: x_c from `crossings`, say. */
  readonly start: ScalingForm;
  /** What stays as it is: b = 0 of a Binder cumulant, for one. */
  readonly fixed?: readonly ScalingParameter[];
}

export type CollapseResult = {
  /** Points without an error, which carry no weight. */
  readonly pointsLeftOut: number;
} & (
  | ({
      readonly status: "converged";
      /**
       * S: about 1 for a good collapse. Far above, errors of the parameters mean nothing, unless χ² is good: S also counts
       * the curvature of f between neighbours, which shows where errors are small and points far apart.
       */
      readonly quality: number;
      /** Points that another size has neighbours for, of all. */
      readonly compared: number;
      readonly points: number;
      /** χ² per degree of freedom of the master curve. */
      readonly chiSquarePerDegree: number;
      readonly errors: ErrorSource;
    } & Readonly<Record<ScalingParameter, Estimate>>)
  | { readonly status: "not-converged"; readonly reason: string }
);

/** Share of the points that must be compared: a collapse is no good for having nothing left to compare. */
const LEAST_COMPARED = 1 / 3;

const PARAMETERS = ["criticalPoint", "a", "b"] as const;

/** (y - Y)²/(δy² + δY²) of one point, Y the line through its neighbours. */
function squaredDeviation(scaled: Points, { own, others }: Comparison): number {
  const { x, mean, standardError } = scaled[own.curve][own.point];
  let [k, kx, ky, kxx, kxy] = [0, 0, 0, 0, 0];
  for (const { curve, point } of others) {
    const neighbour = scaled[curve][point];
    const weight = neighbour.standardError ** -2;
    const [u, v] = [neighbour.x - x, neighbour.mean - mean];
    k += weight;
    kx += weight * u;
    ky += weight * v;
    kxx += weight * u * u;
    kxy += weight * u * v;
  }
  // The line at u = 0: (kxx ky - kx kxy)/Δ with the variance kxx/Δ.
  const determinant = k * kxx - kx * kx;
  return ((kxx * ky - kx * kxy) / determinant) ** 2 / (standardError ** 2 + kxx / determinant);
}

/**
 * S = (1/n) Σ (y - Y)²/(δy² + δY²), over the n points that another size has neighbours for. Y ± δY is the weighted linear
 * regression, at the point, of the two nearest points, left and right, of every other size.
 */
export function collapseQuality(curves: readonly ScalingCurve[], form: ScalingForm): number {
  return qualityOf(prepareCurves(curves).curves, form).quality;
}

function qualityOf(curves: readonly ScalingCurve[], form: ScalingForm): { quality: number; compared: number } {
  const scaled = curves.map((curve) => rescale(curve, form));
  const comparisons = comparisonsOf(scaled);
  const sum = comparisons.reduce((total, each) => total + squaredDeviation(scaled, each), 0);
  return { quality: sum / comparisons.length, compared: comparisons.length };
}

/**
 * x_c and exponents with their errors.
 *
 * The search is a downhill simplex on S. S is rough, for its terms jump where points pass each other, and no error follows
 * from it: those of its curvature came out 4.4 times too small at 41 points a size, and S_min + 1 does not know the number
 * of points (2026-11-29). So the master curve f takes over from its minimum: a cubic spline through the points that S
 * compares, its knots at their quantiles and as many as AIC asks for, fitted together with x_c, a and b by Gauss-Newton.
 * Errors are the first-order moves of that fit with the means, so that they hold for points that share disorder samples
 * where `withoutSample` says so. Of synthetic curves of known exponents 58 to 73 in 100 results lie within one standard
 * error, where 68 should; 52 to 68 where the error of an exponent reaches a tenth of it, and a few lie far out (2026-11-29).
 *
 * Errors assume that the form is exact. Corrections to scaling at small N shift the result by more, and need not show in χ²:
 * |m| of Curie-Weiss with 1 % errors at N = 64 to 1024 gives a = 0.52(1), not 1/2. Leave out small sizes and points far from
 * x_c until nothing moves.
 *
 * @param curves two sizes at least
 * @throws InputError if no parameter is free, and as `prepareCurves` does
 */
export function collapse(curves: readonly ScalingCurve[], { start, fixed = [] }: CollapseOptions): CollapseResult {
  const prepared = prepareCurves(curves);
  const { errors, pointsLeftOut } = prepared;
  const failed = (reason: string): CollapseResult => ({ status: "not-converged", reason, pointsLeftOut });
  const free = PARAMETERS.filter((name) => !fixed.includes(name));
  if (free.length === 0) throw new InputError("fixed", "all parameters of the collapse", "one at least that is free");
  const points = prepared.curves.reduce((sum, curve) => sum + curve.points.length, 0);
  const xs = prepared.curves.flatMap((curve) => curve.points.map(({ x }) => x));
  const steps = { criticalPoint: 0.1 * (Math.max(...xs) - Math.min(...xs)), a: 0.1, b: 0.1 };
  const formOf = (at: readonly number[]): ScalingForm => ({
    ...start,
    ...Object.fromEntries(free.map((name, k) => [name, at[k]])),
  });
  const objective = (form: ScalingForm) => {
    const { quality, compared } = qualityOf(prepared.curves, form);
    return form.a > 0 && compared >= LEAST_COMPARED * points ? quality : Infinity;
  };
  if (!Number.isFinite(objective(start))) {
    return failed(
      `at the start ${qualityOf(prepared.curves, start).compared} of ${points} points have neighbours of another size`,
    );
  }
  const search = nelderMead(
    (at) => objective(formOf(at)),
    free.map((name) => start[name]),
    free.map((name) => steps[name]),
  );
  if (!search.converged) return failed("the search for the minimum of S did not settle");
  const fit = fitMasterCurve(prepared.curves, formOf(search.at), free);
  if (typeof fit === "string") return failed(fit);
  const covariance = covarianceOf(prepared, fit.gradients);
  const limits = { criticalPoint: Math.max(...xs) - Math.min(...xs), a: fit.form.a, b: Infinity };
  const undetermined = free.filter((name, k) => !(Math.sqrt(covariance[k][k]) < limits[name]));
  if (undetermined.length > 0) return failed(`the curves do not determine ${undetermined.join(" and ")}`);
  const estimates = PARAMETERS.map((name) => {
    const place = free.indexOf(name);
    return [
      name,
      { value: fit.form[name], standardError: place < 0 ? 0 : Math.sqrt(covariance[place][place]) },
    ] as const;
  });
  return {
    status: "converged",
    ...(Object.fromEntries(estimates) as Record<ScalingParameter, Estimate>),
    ...qualityOf(prepared.curves, fit.form),
    chiSquarePerDegree: fit.chiSquarePerDegree,
    points,
    errors,
    pointsLeftOut,
  };
}
