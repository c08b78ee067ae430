/** Single sites and single rows: the responses of uncoupled spins, and softmax rows that break careless code. */
import { besselRatio } from "../../reference/bessel.js";
import { pad } from "../../reference/layout.js";
import { MASKED } from "../../reference/scores.js";
import {
  responseFromMean,
  responseGain,
  responseInverse,
  responseVariance,
  type SphereResponse,
} from "../../reference/responses.js";
import { SPHERE_CLOSURES } from "../../reference/sphere-update.js";
import { logSlope, mean, type Oracle, type OracleBench } from "./bench.js";
import { readCase } from "./case-files.js";

interface BesselRatio {
  expected: { rows: { nu: number; x: number; ratio: number }[] };
}

type Column = "exact" | "largeD";

interface Responses {
  expected: {
    rows: Record<"D" | "R" | "beta" | "h_norm" | `${"m" | "var_tan" | "var_rad"}_${Column}`, number>[];
  };
}

interface OnSphere {
  data: {
    single_site_response: Record<"D" | "beta" | "h" | "m" | "tau" | "rho" | `${"m" | "tau" | "rho"}_largeD`, number>[];
    largeD_relative_error: { D: number[]; error: number[]; slope: number };
  };
}

interface NastyRows {
  data: { nasty_softmax_rows: { name: string; logits: (number | "-inf")[]; softmax: number[] | null }[] };
}

interface Site {
  readonly dimension: number;
  readonly radius: number;
  readonly response: SphereResponse;
}

/** Of ρ in f32 (equations 2.6), relative. */
const RADIAL_TOLERANCE = 2e-6;

const RESPONSE = { "large-d": 0, exact: 1 } as const;

/** |F(h)| of sites in fields of these norms, all along one axis, by the kernel `sphere-update`. */
async function responses(
  bench: OracleBench,
  { dimension, radius, response }: Site,
  beta: number,
  fields: readonly number[],
): Promise<number[]> {
  const [sites, stride] = [pad(fields.length), pad(dimension)];
  const externalField = new Float64Array(sites * stride);
  fields.forEach((h, k) => (externalField[k * stride] = h));
  const zeros = () => new Float64Array(sites * stride);
  const { image } = await bench.kernel<"sphere-update">({
    kernel: "sphere-update",
    arrays: {
      externalField,
      field: zeros(),
      moments: new Float64Array(sites),
      betas: new Float64Array(sites).fill(beta),
      image: zeros(),
      solveResidual: new Float64Array(sites),
    },
    params: { systems: 1, sites: fields.length, dimension, radius },
    constants: { CLOSURE: SPHERE_CLOSURES.naive, RESPONSE: RESPONSE[response] },
  });
  return fields.map((_, k) => image[k * stride]);
}

/** β times the variances of sites in these fields, by the kernel `tangent-update`: along the field and across it. */
async function variances(
  bench: OracleBench,
  { dimension, radius, response }: { dimension: number; radius: number; response: SphereResponse | "binary" },
  beta: number,
  fields: readonly number[],
): Promise<{ radial: number[]; tangential: number[] }> {
  const binary = response === "binary";
  const [sites, stride] = [2 * fields.length, binary ? 1 : pad(dimension)];
  const length = pad(sites) * stride;
  const [externalField, product] = [new Float64Array(length), new Float64Array(length)];
  fields.forEach((h, k) => {
    // Binary spins have no direction across: both sites are the same.
    for (const [site, component] of [
      [2 * k, 0],
      [2 * k + 1, binary ? 0 : 1],
    ]) {
      externalField[site * stride] = h;
      product[site * stride + component] = 1;
    }
  });
  const { image } = await bench.kernel<"tangent-update">({
    kernel: "tangent-update",
    arrays: {
      externalField,
      field: new Float64Array(length),
      product,
      squares: new Float64Array(4).fill(1),
      betas: new Float64Array(pad(sites)).fill(beta),
      image: new Float64Array(length),
    },
    params: { systems: 1, sites, components: binary ? 1 : dimension, componentStride: stride, radius },
    constants: { BINARY: binary, RESPONSE: binary ? 0 : RESPONSE[response] },
  });
  return {
    radial: fields.map((_, k) => image[2 * k * stride]),
    tangential: fields.map((_, k) => image[(2 * k + 1) * stride + (binary ? 0 : 1)]),
  };
}

/** Tangential variances of sites with these means, by the kernel `moment-weights`. */
async function variancesOfMeans(
  bench: OracleBench,
  { dimension, radius, response }: Site,
  means: readonly number[],
): Promise<number[]> {
  const [sites, stride] = [pad(means.length), pad(dimension)];
  const state = new Float64Array(sites * stride);
  means.forEach((m, k) => (state[k * stride] = m));
  const { weights } = await bench.kernel<"moment-weights">({
    kernel: "moment-weights",
    arrays: { state, weights: new Float64Array(3 * sites) },
    params: { systems: 1, sites: means.length, components: dimension, componentStride: stride, radius },
    constants: { KINDS: 3, PUBLISHED: false, RESPONSE: RESPONSE[response] },
  });
  return means.map((_, k) => weights[sites + k]);
}

/** Every number relative to its own: 1 within the tolerance. */
function relative(
  bench: OracleBench,
  what: string,
  got: readonly number[],
  wanted: readonly number[],
  allowed: number,
) {
  const ratios = got.map((value, k) => value / wanted[k]);
  bench.within(
    what,
    ratios,
    ratios.map(() => 1),
    allowed,
  );
}

async function besselRatios(bench: OracleBench): Promise<void> {
  const { rows } = readCase<BesselRatio>("bal/01_bessel_ratio").expected;
  for (const nu of new Set(rows.map((row) => row.nu))) {
    const own = rows.filter((row) => row.nu === nu);
    const dimension = 2 * nu + 2;
    const site = { dimension, radius: 1, response: "exact" } as const;
    const fields = own.map(({ x }) => x);
    // With R = β = 1 the mean is A_D(|h|), the ratio itself.
    const { m: found } = await inFields(bench, site, 1, fields);
    const exact = own.map(({ ratio }) => ratio);
    relative(bench, `A_D relative to the table, D ${dimension}`, found, exact, bench.allow(1e-12, 7e-7));
    if (bench.precision === "f32") continue;
    // The shaders take 64 steps of the recurrence.
    const truncated = own.map(({ x }) => besselRatio(dimension, x, 64));
    relative(bench, `64 steps of the recurrence, D ${dimension}`, truncated, exact, 2e-7);
  }
}

/** Rows of one dimension and β are the sites of one system. */
function grouped<Row extends { D: number; beta: number }>(rows: readonly Row[]): Row[][] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const name = `${row.D} ${row.beta}`;
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  return [...groups.values()];
}

/**
 * Means and variances of sites in these fields by kernels. What rounding h, β and R to f32 before they meet changes is taken
 * out, by the twins: 5e-7, and 2e-6 of ρ, are what the shaders may add.
 */
async function inFields(bench: OracleBench, site: Site, beta: number, fields: readonly number[]) {
  const { dimension, radius, response } = site;
  const load = bench.precision === "f64" ? (value: number) => value : Math.fround;
  const twins = (rounded: (value: number) => number) =>
    fields.map((field) => {
      const [h, b, R] = [field, beta, radius].map(rounded);
      const { tangential, radial } = responseVariance(h, b, R, dimension, response);
      return { m: h * responseGain(h, b, R, dimension, response), tau: b * tangential, rho: b * radial };
    });
  const [loaded, given] = [twins(load), twins((value) => value)];
  const m = await responses(bench, site, beta, fields);
  const { radial, tangential } = await variances(bench, site, beta, fields);
  const unrounded = (values: readonly number[], name: "m" | "tau" | "rho") =>
    values.map((value, k) => (value * given[k][name]) / loaded[k][name]);
  return {
    m: unrounded(m, "m"),
    rho: unrounded(radial, "rho").map((value) => value / beta),
    tau: unrounded(tangential, "tau").map((value) => value / beta),
  };
}

async function responseTable(bench: OracleBench): Promise<void> {
  const { rows } = readCase<Responses>("bal/02_phi_response").expected;
  for (const response of ["exact", "large-d"] as const) {
    const column = response === "exact" ? "exact" : "largeD";
    for (const dimension of new Set(rows.map(({ D }) => D))) {
      const own = rows.filter(({ D }) => D === dimension);
      const found = { m: [] as number[], rho: [] as number[], tau: [] as number[], ofMeans: [] as number[] };
      const traces: number[] = [];
      const inverse: number[] = [];
      for (const group of grouped(own)) {
        const [{ R: radius, beta }] = group;
        const site = { dimension, radius, response };
        const fields = group.map(({ h_norm }) => h_norm);
        const { m, rho, tau } = await inFields(bench, site, beta, fields);
        found.m.push(...m);
        found.rho.push(...rho);
        found.tau.push(...tau);
        const means = group.map((row) => row[`m_${column}`]);
        found.ofMeans.push(...(await variancesOfMeans(bench, site, means)));
        traces.push(...m.map((value, k) => ((dimension - 1) * tau[k] + rho[k] + value ** 2) / radius ** 2));
        inverse.push(...means.map((value) => responseInverse(value, beta, radius, dimension, response)));
      }
      // Sites are in the order of the groups.
      const sorted = grouped(own).flat();
      const of = (what: "m" | "var_tan" | "var_rad") => sorted.map((row) => row[`${what}_${column}`]);
      const place = `D ${dimension}, ${response}`;
      const allowed = bench.allow(1e-11, 5e-7);
      relative(bench, `mean relative to the table, ${place}`, found.m, of("m"), allowed);
      relative(bench, `τ in a field, ${place}`, found.tau, of("var_tan"), allowed);
      relative(bench, `ρ in a field, ${place}`, found.rho, of("var_rad"), bench.allow(1e-11, RADIAL_TOLERANCE));
      // A mean y R in f32 has lost ε y/(1 - y) of 1 - y, on which τ rests.
      const saturation = Math.max(...sorted.map((row) => 1 / (1 - row[`m_${column}`] / row.R)));
      const ofMeans = bench.allow(1e-11, 5e-7 * saturation);
      relative(bench, `τ of a mean, ${place}`, found.ofMeans, of("var_tan"), ofMeans);
      if (bench.precision === "f64") {
        const fields = sorted.map(({ h_norm }) => h_norm);
        relative(bench, `inverse, ${place}`, inverse, fields, 1e-11);
        const radial = sorted.map((row) => responseFromMean(row[`m_${column}`], row.R, dimension, response).radial);
        relative(bench, `ρ of a mean, ${place}`, radial, of("var_rad"), 1e-11);
      }
      if (response === "large-d") continue;
      const ones = traces.map(() => 1);
      relative(bench, `trace (D - 1) τ + ρ + m² over R², ${place}`, traces, ones, bench.allow(1e-11, 1e-6));
    }
  }
  const losses = rows.map(({ D, R, beta, h_norm, m_exact, var_rad_exact }) => {
    const [A, k] = [Math.fround(m_exact / R), Math.fround(beta * R * h_norm)];
    const difference = Math.fround(Math.fround(1 - Math.fround(A * A)) - Math.fround(Math.fround((D - 1) * A) / k));
    return Math.abs((R * R * difference) / var_rad_exact - 1);
  });
  const told = Math.max(...losses) > 10 * RADIAL_TOLERANCE;
  bench.holds("the check of ρ tells 1 - A² - (D - 1) A/κ in f32 apart, ten times over", told);
}

async function secondTable(bench: OracleBench): Promise<void> {
  const { single_site_response: rows, largeD_relative_error: error } =
    readCase<OnSphere>("kinetic/on-sphere-meanfield").data;
  for (const response of ["exact", "large-d"] as const) {
    const suffix = response === "exact" ? "" : "_largeD";
    for (const dimension of new Set(rows.map(({ D }) => D))) {
      const radius = Math.sqrt(dimension / 2 - 1);
      const groups = grouped(rows.filter(({ D }) => D === dimension));
      const found = [];
      for (const group of groups) {
        const fields = group.map(({ h }) => h);
        found.push(await inFields(bench, { dimension, radius, response }, group[0].beta, fields));
      }
      for (const name of ["m", "tau", "rho"] as const) {
        const got = found.flatMap((group) => group[name]);
        const wanted = groups.flat().map((row) => row[`${name}${suffix}` as const]);
        // τ and ρ are at most R²/D or 1/2.
        const allowed = bench.allow(1e-11, 1e-5 * (name === "m" ? radius : 1));
        bench.within(`${name}, D ${dimension}, ${response}`, got, wanted, allowed);
      }
    }
  }
  const errors: number[] = [];
  for (const dimension of error.D) {
    const radius = Math.sqrt(dimension / 2 - 1);
    const means = [];
    for (const response of ["large-d", "exact"] as const) {
      means.push(...(await inFields(bench, { dimension, radius, response }, 1, [radius])).m);
    }
    errors.push(means[0] / means[1] - 1);
  }
  // Two means that are right to 5e-7.
  bench.within("relative error of the large-d mean, D 16 to 1024", errors, error.error, bench.allow(1e-11, 1e-6));
  const slopeTolerance = bench.allow(1e-6, 1e-3);
  bench.within("its slope in D, 16 to 1024", logSlope(error.D, errors), error.slope, slopeTolerance);
  bench.within("its slope in D, 64 to 1024", logSlope(error.D.slice(2), errors.slice(2)), -1, 0.05);
}

async function hyperbolicTangent(bench: OracleBench): Promise<void> {
  const fields = Array.from({ length: 200 }, (_, k) => Math.fround(1e-8 * 2e9 ** (k / 199)));
  const couplings = { kind: "curie-weiss", mean: 0 };
  const system = { spins: { kind: "binary" }, couplings, field: fields, initial: { kind: "zero" } };
  const { state } = await bench.run(system, { closure: "naive", run: { steps: 1 } });
  const allowed = bench.allow(1e-14, 5e-7);
  relative(bench, "tanh relative to float64 over [1e-8, 20]", [...state], fields.map(Math.tanh), allowed);
  const { radial } = await variances(bench, { dimension: 1, radius: 1, response: "binary" }, 1, fields);
  const squares = fields.map((h) => 1 / Math.cosh(h) ** 2);
  relative(bench, "sech² relative to float64 over [1e-8, 20]", radial, squares, allowed);
  // Wrong: 1 - tanh² in f32.
  const losses = fields.filter((h) => h < 8).map((h) => 1 - Math.fround(Math.tanh(h)) ** 2);
  const worst = Math.max(...losses.map((value, k) => Math.abs(value / squares[k] - 1)));
  bench.between("what 1 - tanh² loses in f32 below 8", worst, 0.01, 1);
}

/** The keys that the kernel `softmax` counts in a row: its flag of a row that is masked throughout. */
async function availableKeys(bench: OracleBench, scores: readonly number[], available: readonly number[]) {
  const columns = scores.length;
  const row = new Float64Array(pad(columns)).fill(MASKED);
  available.forEach((each, j) => each === 1 && (row[j] = scores[j]));
  const { statistics } = await bench.kernel<"softmax">({
    kernel: "softmax",
    arrays: { scores: row, couplings: new Float64Array(row.length), statistics: new Float64Array(16).fill(NaN) },
    params: { couplings: 1, rows: 1, rowStart: 0, rowCount: 1, columns },
    constants: {},
  });
  return statistics[3];
}

async function softmaxRows(bench: OracleBench): Promise<void> {
  const rows = readCase<NastyRows>("kinetic/attention-exact-fixed-points").data.nasty_softmax_rows;
  for (const { name, logits, softmax } of rows) {
    const sites = logits.length;
    const available = logits.map((logit) => Number(logit !== "-inf"));
    const scores = logits.map((logit) => (logit === "-inf" ? 0 : logit));
    const identity = logits.map((_, i) => logits.map((__, j) => Number(i === j)));
    const mask = { shape: [sites, sites], values: Float64Array.from(logits.flatMap(() => available)) };
    const queries = logits.map(() => scores);
    const couplings = { kind: "attention", queries, keys: identity, mask: "mask.npy" };
    const system = { spins: { kind: "binary", count: sites }, couplings };
    // A row without keys is zero.
    const expected = softmax ?? logits.map(() => 0);
    const options = { closure: "naive", run: { steps: 1 } } as const;
    const stored = await bench.run(system, { ...options, couplings: true }, { "mask.npy": mask });
    const found = stored.couplings?.subarray(0, sites) ?? [];
    const flagged = await availableKeys(bench, scores, available);
    // A score of -1e30 is how kernels mask.
    const keys = scores.filter((score, j) => available[j] === 1 && score > MASKED).length;
    bench.within(`available keys, 0 flags a row without any, ${name}`, flagged, keys, 0);
    bench.within(`stored row, ${name}`, found, expected, bench.allow(1e-15, 2e-7));
    // Every site holds 1/2: the fused row gives their mean, or nothing.
    const halves = { ...system, initial: { kind: "constant", value: 0.5 } };
    const fused = await bench.run(halves, options, { "mask.npy": mask });
    const field = Math.atanh(mean([...fused.state]));
    bench.within(`fused row of means 1/2, ${name}`, field, softmax === null ? 0 : 0.5, bench.allow(1e-14, 1e-6));
  }
}

export const scalarOracles: readonly Oracle[] = [
  { id: "A1", title: "ratios of Bessel functions", reference: "2.2, 2.3; bal/01", run: besselRatios },
  { id: "A2", title: "single-site means, variances and inverse", reference: "2.2-2.7; bal/02", run: responseTable },
  {
    id: "A3",
    title: "54 further points of both responses, and the 1/D error of the large-D one",
    reference: "2.2, 2.4, 2.5; on-sphere-meanfield",
    run: secondTable,
  },
  { id: "A4", title: "tanh and sech² over nine decades", reference: "2.1", run: hyperbolicTangent },
  {
    id: "A5",
    title: "softmax rows with masks, shifts and gaps",
    reference: "3.2; attention-exact-fixed-points",
    run: softmaxRows,
  },
];
