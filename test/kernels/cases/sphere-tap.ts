/** Cases of the second-order equation of sphere spins. */
import { RESPONSES } from "../../../src/reference/moment-weights.js";
import { responseGain } from "../../../src/reference/responses.js";
import { pad } from "../../../src/reference/layout.js";
import type { CaseArray, KernelCase } from "../../kernel-cases.js";
import {
  budget,
  Draws,
  exact,
  input,
  lengthOf,
  makeCase,
  output,
  siteScalars,
  siteVectors,
  valuesIn,
} from "./inputs.js";
import { betas, EXACT, LARGE_D, radiusOf } from "./updates.js";

type Start = KernelCase<"sphere-tap-start">;
type Tap = KernelCase<"sphere-tap">;

/** One correctly rounded addition, with room for a unit in the last place. */
const rounded = budget(1.2e-7, (_, value) => Math.abs(value));

export function sphereTapStartCase(params: Start["params"], constants: Start["constants"], size = 1): Start {
  const { systems, sites, dimension, radius } = params;
  const note = size === 1 ? "" : `fields of ${size} R`;
  return makeCase<"sphere-tap-start">(params, constants, note, () => {
    const draws = new Draws(16);
    const shape = siteVectors(systems, sites, dimension);
    const component = radius / Math.sqrt(dimension);
    return {
      externalField: input(draws.normal(shape, size * component)),
      field: input(draws.normal(shape, size * component)),
      // |m'| below R, up to twenty standard deviations.
      previous: input(draws.uniform(shape, -component, component)),
      betas: input(betas(draws, systems, sites)),
      local: output(shape, rounded),
      effective: output(shape, rounded),
      // f32 error budget: one sphere step 1e-6 R.
      mean: output(
        shape,
        budget(1e-6, () => radius),
      ),
      sites: {
        role: "output",
        length: 2 * systems * pad(sites),
        content: () => "value",
        // γ = (1 + y²)/(1 - y²) has the slope 4y/(1 - y²)² < (1 + γ)² in y = |m'|/R.
        tolerance: budget(1e-6, (index, value) => (index % 2 === 0 ? (1 + value) ** 2 : value)),
      },
    };
  });
}

const startAt = (sites: number, D: number, systems = 2) => ({ systems, sites, dimension: D, radius: radiusOf(D) });

export const sphereTapStartCases: readonly Start[] = [LARGE_D, EXACT].flatMap((RESPONSE) => [
  ...[3, 4, 5, 13, 64, 65, 130].map((D) => sphereTapStartCase(startAt(7, D), { RESPONSE })),
  ...[1, 3, 4, 5, 31, 65].map((sites) => sphereTapStartCase(startAt(sites, 8, 3), { RESPONSE })),
  ...[0, 1e-6, 40].map((size) => sphereTapStartCase(startAt(13, 6), { RESPONSE }, size)),
]);

/** Residuals of the best iterate so far, in turn: none yet, one that cannot be beaten, one at tolerance. */
const BEST_RESIDUALS = [1e30, 1e-5, 0];

export function sphereTapCase(params: Tap["params"], constants: Tap["constants"], size = 1): Tap {
  const { systems, sites, dimension, radius } = params;
  const note = size === 1 ? "" : `fields of ${size} R`;
  return makeCase<"sphere-tap">(params, constants, note, () => {
    const draws = new Draws(17);
    const shape = siteVectors(systems, sites, dimension);
    const scalars = siteScalars(systems, sites);
    const component = (size * radius) / Math.sqrt(dimension);
    const local = draws.normal(shape, 1.5 * component);
    const shift = draws.normal(shape, 0.2 * component);
    const effective = local.map((h, k) => Math.fround(h + shift[k]));
    const beta = betas(draws, systems, sites).map(Math.fround);
    const response = RESPONSES[constants.RESPONSE];
    const mean = new Float64Array(lengthOf(shape));
    const reaction = draws.normal(shape, 0.02 * component);
    const inner = new Float64Array(2 * systems * pad(sites));
    const gammas = draws.uniform(scalars, 1, 3);
    const stride = pad(dimension);
    for (let index = 0; index < systems * pad(sites); index++) {
      const theta = effective.subarray(index * stride, (index + 1) * stride);
      const gain = responseGain(Math.hypot(...theta), beta[index], radius, dimension, response);
      for (let k = 0; k < stride; k++) {
        mean[index * stride + k] = gain * theta[k];
        reaction[index * stride + k] += 0.05 * gain * theta[k];
      }
      inner.set([gammas[index], BEST_RESIDUALS[index % BEST_RESIDUALS.length]], 2 * index);
    }
    // Variances of a tensor with D - 1 tangential directions: its trace, and the sum that the tangential one takes.
    const tangential = draws.uniform(scalars, 0.1, 0.3);
    const moments = new Float64Array(2 * tangential.length);
    for (let system = 0; system < systems; system++) {
      const sums = tangential.subarray(system * pad(sites), (system + 1) * pad(sites));
      moments.set(
        sums.map((sum) => 0.9 * dimension * sum),
        2 * system * pad(sites),
      );
      moments.set(sums, (2 * system + 1) * pad(sites));
    }
    return {
      local: input(local),
      moments: input(moments),
      reaction: input(reaction),
      betas: input(beta),
      ...outputs(params, { effective, mean, sites: inner }, size),
    };
  });
}

/** A site at tolerance stands still; `best` takes the old mean where the residual falls. */
function outputs(
  { sites, dimension, radius, tolerance }: Tap["params"],
  values: Record<"effective" | "mean" | "sites", Float64Array>,
  size: number,
): Record<"effective" | "mean" | "best" | "sites", CaseArray> {
  const stride = pad(dimension);
  const isPadding = (index: number) => Math.floor(index / stride) % pad(sites) >= sites;
  const stands = (site: number) => values.sites[2 * site + 1] <= tolerance;
  const inside = valuesIn(siteVectors(1, sites, dimension));
  const moving = (index: number) =>
    isPadding(index) || stands(Math.floor(index / stride)) ? "untouched" : inside(index);
  const improves = (index: number) => {
    const keeps = values.sites[2 * Math.floor(index / stride) + 1] !== BEST_RESIDUALS[0];
    return keeps && !isPadding(index) ? "untouched" : inside(index);
  };
  // f32 error budget: a sphere step 1e-6 R; the residual is a difference of two means in units of R, and θ is as large as
  // the fields are.
  const step = budget(1e-6, () => radius);
  const field = budget(1e-6, () => radius * Math.max(1, size));
  return {
    effective: { role: "in-out", values: values.effective, content: moving, tolerance: field },
    mean: { role: "in-out", values: values.mean, content: moving, tolerance: step },
    best: { role: "output", length: values.mean.length, content: improves, tolerance: exact },
    sites: {
      role: "in-out",
      values: values.sites,
      content: (index) =>
        index % 2 === 1 && values.sites[index] === BEST_RESIDUALS[0] && Math.floor(index / 2) % pad(sites) < sites
          ? "value"
          : "untouched",
      tolerance: budget(1e-6),
    },
  };
}

const tapAt = (sites: number, D: number, systems = 2) => ({ ...startAt(sites, D, systems), tolerance: 1e-7 });

export const sphereTapCases: readonly Tap[] = (
  [
    { PUBLISHED: false, RESPONSE: LARGE_D },
    { PUBLISHED: false, RESPONSE: EXACT },
    { PUBLISHED: true, RESPONSE: LARGE_D },
  ] as const
).flatMap((constants) => [
  ...[3, 4, 5, 13, 64, 65, 130].map((D) => sphereTapCase(tapAt(7, D), constants)),
  ...[1, 3, 4, 5, 31, 65].map((sites) => sphereTapCase(tapAt(sites, 8, 3), constants)),
  ...[1e-3, 10].map((size) => sphereTapCase(tapAt(13, 6), constants, size)),
]);
