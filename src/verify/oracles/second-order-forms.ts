/** The second order of sphere spins in float64, term by term and in its two writings: no kernel and no twin (equations 5.3). */
import { responseDerivatives, responseFromMean, type SphereResponse } from "../../reference/responses.js";
import { dot } from "./bench.js";

export type Vectors = readonly (readonly number[])[];

export interface Problem {
  readonly R: number;
  readonly D: number;
  readonly beta: number;
  readonly x: Vectors;
  readonly J: Vectors;
}

/** Which second order: `tap` is { products: false, gammaOf: "sender" }, `tap-published` { products: true, gammaOf: "receiver" }. */
export interface Variant {
  /** v vᵀ kept in W (e = 1). */
  readonly products: boolean;
  /** Whose γ(t-1) stands in the covariance of s_j(t-1). */
  readonly gammaOf: "sender" | "receiver";
  /** The trace of V_i: of R² - |m'|², which is right, or of the large-d covariance. */
  readonly trace?: "R² - |m|²" | "large-d";
}

export const TAP: Variant = { products: false, gammaOf: "sender" };
export const PUBLISHED: Variant = { products: true, gammaOf: "receiver" };
export const CORRECTED_INDEX: Variant = { products: true, gammaOf: "sender" };

export const combined = (a: readonly number[], s: number, b: readonly number[]) =>
  a.map((value, k) => value + s * b[k]);
export const product = (weights: readonly number[], vectors: Vectors) =>
  vectors[0].map((_, k) => weights.reduce((sum, weight, j) => sum + weight * vectors[j][k], 0));
export const localFields = ({ x, J }: Problem, means: Vectors) =>
  x.map((row, i) => combined(row, 1, product(J[i], means)));
export const size = (v: readonly number[]) => Math.hypot(...v);

export function responseOf(
  { beta, R, D }: Problem,
  theta: readonly number[],
  response: SphereResponse = "large-d",
): number[] {
  const { g } = responseDerivatives(size(theta), beta, R, D, response);
  return theta.map((value) => g * value);
}

/** tr W_i, and W_i on a vector; nothing D × D is formed. */
export function fieldCovariance(
  { J, R, D }: Problem,
  site: number,
  previous: Vectors,
  v: readonly number[],
  { products, gammaOf, trace = "R² - |m|²" }: Variant,
  response: SphereResponse = "large-d",
) {
  const terms = previous.map((m, j) => {
    const { tangential, anisotropy } = responseFromMean(
      size(gammaOf === "sender" ? m : previous[site]),
      R,
      D,
      response,
    );
    return { m, tangential, anisotropy, square: J[site][j] ** 2 };
  });
  const totals = terms.map(({ m, tangential, anisotropy, square }) => {
    const exact = R * R - dot(m, m);
    return square * (trace === "large-d" ? D * tangential - anisotropy * dot(m, m) : exact);
  });
  const kept = products ? 1 : 0;
  return {
    trace: totals.reduce((sum, value) => sum + value, 0) + kept * dot(v, v),
    times: (w: readonly number[]) => {
      const result = v.map((value) => kept * dot(v, w) * value);
      for (const { m, tangential, anisotropy, square } of terms) {
        const along = anisotropy * dot(w, m);
        for (let k = 0; k < result.length; k++) result[k] += square * (tangential * w[k] - along * m[k]);
      }
      return result;
    },
  };
}

/** F''[W] and the right-hand side of θ = h + ½ F''[W]/F' at one site, for any response: the general form. */
export function generalForm(
  problem: Problem,
  site: number,
  previous: Vectors,
  h: readonly number[],
  theta: readonly number[],
  variant: Variant,
  response: SphereResponse = "large-d",
) {
  const { beta, R, D } = problem;
  const { f1, f2, g, g1 } = responseDerivatives(size(theta), beta, R, D, response);
  const n = theta.map((value) => value / size(theta));
  const W = fieldCovariance(problem, site, previous, combined(h, -1, theta), variant, response);
  const Wn = W.times(n);
  const along = dot(n, Wn);
  const parallel = f2 * along + g1 * (W.trace - along);
  const across = combined(Wn, -along, n).map((value) => 2 * g1 * value);
  return {
    curvature: combined(across, parallel, n),
    theta: h.map((value, k) => value + 0.5 * ((parallel / f1) * n[k] + across[k] / g)),
  };
}

/** The same for the large-d response as products with m, without a division by |m| (Bal 2023, eqs 58, 61). */
export function largeDimensionForm(
  problem: Problem,
  site: number,
  previous: Vectors,
  h: readonly number[],
  theta: readonly number[],
  variant: Variant,
): number[] {
  const { beta, R } = problem;
  const gamma = Math.sqrt(1 + (beta * size(theta)) ** 2 / R ** 2);
  const m = theta.map((value) => (beta * value) / (1 + gamma));
  const W = fieldCovariance(problem, site, previous, combined(h, -1, theta), variant);
  const Wm = W.times(m);
  const share = W.trace - ((1 + gamma) / (R * gamma)) ** 2 * dot(m, Wm);
  return h.map((value, k) => value - (beta / (2 * R * R)) * (share * m[k] + (2 / gamma) * Wm[k]));
}

/** θ of all sites by θ <- (θ + right-hand side)/2 at fixed m', or of the steady state, where m' follows. */
export function solve(problem: Problem, previous: Vectors | undefined, variant: Variant, start: Vectors): number[][] {
  let thetas = start.map((row) => [...row]);
  for (let iteration = 0; iteration < 300; iteration++) {
    const before = previous ?? thetas.map((theta) => responseOf(problem, theta));
    const h = localFields(problem, before);
    thetas = thetas.map((theta, i) => {
      const right = generalForm(problem, i, before, h[i], theta, variant).theta;
      return theta.map((value, k) => 0.5 * (value + right[k]));
    });
  }
  return thetas;
}
