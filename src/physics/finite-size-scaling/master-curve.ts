/** The master curve of a data collapse as a cubic spline, fitted together with the exponents. */
import { dot, pseudoInverse } from "../least-squares.js";
import { quantile } from "../statistics.js";
import type { Gradient, ScalingCurve } from "./curves.js";
import { comparisonsOf, rescale, type ScalingForm, type ScalingParameter } from "./scaling-form.js";

export interface MasterFit {
  readonly form: ScalingForm;
  readonly chiSquarePerDegree: number;
  /** How every free parameter moves with the mean of every point. */
  readonly gradients: readonly Gradient[];
}

const MOST_KNOTS = 12;

/** Gauss-Newton steps; the fit has converged when one moves no parameter by more than a hundredth of its error. */
const MOST_STEPS = 50;
const SMALLEST_STEP = 0.01;

/** Standard deviations by which χ² of a constant f must exceed what parameters that mean nothing take off it. */
const VARIATION = 5;

/** One point that the fit takes in, with its place among the curves. */
interface Member {
  readonly curve: number;
  readonly point: number;
  readonly sites: number;
  readonly x: number;
  readonly mean: number;
  readonly standardError: number;
}

/** The frame of a spline, which stays as it is while the points move under it: u = (x' - centre)/half, and inner knots in u. */
interface Frame {
  readonly centre: number;
  readonly half: number;
  readonly knots: readonly number[];
}

/** @returns the fit, or in words why there is none; the second of two, the points and knots of which come from the first */
export function fitMasterCurve(
  curves: readonly ScalingCurve[],
  start: ScalingForm,
  free: readonly ScalingParameter[],
): MasterFit | string {
  const first = fitFrom(curves, start, free);
  return typeof first === "string" ? first : fitFrom(curves, first.form, free);
}

function fitFrom(
  curves: readonly ScalingCurve[],
  start: ScalingForm,
  free: readonly ScalingParameter[],
): MasterFit | string {
  const members = comparisonsOf(curves.map((curve) => rescale(curve, start))).map(({ own: { curve, point } }) => ({
    curve,
    point,
    sites: curves[curve].sites,
    ...curves[curve].points[point],
  }));
  const frame = bestFrame(members, start, free.length);
  if (frame === undefined) return "too few points for a master curve";
  let form = start;
  for (let step = 0; step < MOST_STEPS; step++) {
    const state = linearise(members, form, free, frame);

    if (state === undefined) return "the curves do not determine all parameters";
    const move = state.inverse.map((row) => -dot(row, state.residuals));
    const largest = Math.max(
      ...move.map((each, k) => Math.abs(each) / Math.sqrt(dot(state.inverse[k], state.inverse[k]))),
    );
    if (!Number.isFinite(largest)) return "the fit of the master curve diverged";
    if (largest <= SMALLEST_STEP) return finish(curves, members, form, state);
    // Towards the full step, as far as χ² falls.
    const moved = [1, 1 / 2, 1 / 4, 1 / 8, 1 / 16]
      .map((share) => ({ ...form, ...Object.fromEntries(free.map((name, k) => [name, form[name] + share * move[k]])) }))
      .find((next) => chiSquareOf(members, next, frame) < state.chiSquare);
    if (moved === undefined) {
      return "the fit of the master curve found no way down";
    }
    form = moved;
  }
  return `the fit of the master curve did not settle in ${MOST_STEPS} steps`;
}

function finish(
  curves: readonly ScalingCurve[],
  members: readonly Member[],
  form: ScalingForm,
  { inverse, chiSquare, parameters, flat }: NonNullable<ReturnType<typeof linearise>>,
): MasterFit | string {
  if (!(flat - chiSquare > parameters + VARIATION * Math.sqrt(2 * parameters))) {
    return "the curves do not vary beyond their errors";
  }
  const gradients = inverse.map((row) => {
    const gradient = curves.map(({ points }) => points.map(() => 0));
    members.forEach(({ curve, point, standardError }, k) => (gradient[curve][point] = -row[k] / standardError));
    return gradient;
  });
  return { form, chiSquarePerDegree: chiSquare / (members.length - parameters), gradients };
}

/** The frame with inner knots at the quantiles of the points, as many as give the least AIC, χ² + 2 per parameter. */
function bestFrame(members: readonly Member[], form: ScalingForm, free: number): Frame | undefined {
  const places = members.map(({ sites, x }) => (x - form.criticalPoint) * sites ** form.a);
  const [low, high] = [Math.min(...places), Math.max(...places)];
  const [centre, half] = [(low + high) / 2, (high - low) / 2];
  const frame = (count: number): Frame => {
    const inner = Array.from({ length: count }, (_, k) => quantile(places, (k + 1) / (count + 1)));
    return { centre, half, knots: inner.map((knot) => (knot - centre) / half) };
  };
  const most = Math.min(MOST_KNOTS, members.length - free - 5);
  if (most < 0) return undefined;
  const scores = Array.from({ length: most + 1 }, (_, count) => chiSquareOf(members, form, frame(count)) + 2 * count);
  return frame(scores.indexOf(Math.min(...scores)));
}

const chiSquareOf = (members: readonly Member[], form: ScalingForm, frame: Frame) =>
  splineFit(members, form, frame)?.chiSquare ?? Infinity;

/** Residuals r = (y - N^-b f(x'))/σ and the spline's basis, each row divided by N^b σ. */
function splineFit(members: readonly Member[], form: ScalingForm, { centre, half, knots }: Frame) {
  const places = members.map(({ sites, x }) => (x - form.criticalPoint) * sites ** form.a);
  const basis = (place: number) => {
    const u = (place - centre) / half;
    return [1, u, u * u, u ** 3, ...knots.map((knot) => Math.max(0, u - knot) ** 3)];
  };
  const slope = (place: number) => {
    const u = (place - centre) / half;
    return [0, 1, 2 * u, 3 * u * u, ...knots.map((knot) => 3 * Math.max(0, u - knot) ** 2)].map((each) => each / half);
  };
  const scales = members.map(({ sites, standardError }) => 1 / (sites ** form.b * standardError));
  const rows = places.map((place, k) => basis(place).map((each) => each * scales[k]));
  const inverse = pseudoInverse(rows);
  if (inverse === undefined) return undefined;
  const values = members.map(({ mean, standardError }) => mean / standardError);
  const coefficients = inverse.map((row) => dot(row, values));
  const residuals = values.map((value, k) => value - dot(rows[k], coefficients));
  return { rows, scales, values, places, coefficients, slope, residuals, chiSquare: dot(residuals, residuals) };
}

/** Rows of the pseudo-inverse of ∂r/∂(parameters, spline) that belong to the parameters. */
function linearise(members: readonly Member[], form: ScalingForm, free: readonly ScalingParameter[], frame: Frame) {
  const fit = splineFit(members, form, frame);
  if (fit === undefined) return undefined;
  const { rows, scales, values, places, coefficients, slope, residuals, chiSquare } = fit;
  const jacobian = members.map(({ sites }, k) => {
    const steepness = scales[k] * dot(coefficients, slope(places[k]));
    const derivatives = {
      criticalPoint: steepness * sites ** form.a,
      a: -steepness * places[k] * Math.log(sites),
      b: Math.log(sites) * dot(rows[k], coefficients),
    };
    return [...free.map((name) => derivatives[name]), ...rows[k].map((entry) => -entry)];
  });
  const inverse = pseudoInverse(jacobian)?.slice(0, free.length);
  // χ² of the best constant f.
  const flat = dot(values, values) - dot(scales, values) ** 2 / dot(scales, scales);
  return inverse && { inverse, residuals, chiSquare, parameters: jacobian[0].length, flat };
}
