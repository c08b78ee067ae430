/**
 * The second order of sphere spins term by term: what kernels make of it against tables, in its two writings (equations 5.3),
 * and against formulas that are known to be wrong (equations 13).
 */
import { pad } from "../../reference/layout.js";
import { gaussianMatrix, STREAMS, unitDirections } from "../../reference/random.js";
import { responseFromMean, type SphereResponse } from "../../reference/responses.js";
import { dot, flat, mean, type Oracle, type OracleBench, packed, unpacked } from "./bench.js";
import { readCase } from "./case-files.js";
import {
  combined,
  CORRECTED_INDEX,
  fieldCovariance,
  generalForm,
  largeDimensionForm,
  localFields,
  type Problem,
  product,
  PUBLISHED,
  responseOf,
  size,
  solve,
  TAP,
  type Vectors,
} from "./second-order-forms.js";

interface Table {
  inputs: Problem & { m_prev: number[][] };
  expected: Record<"published" | "j" | "strict", Record<"step" | "ness" | "theta_step" | "d2m_at_step", number[][]>> & {
    leading: { theta_step: number[][] };
    "pieces_at_m1=phi(x+J m0)": Record<
      "m1" | "v" | "d2m_published" | "d2m_j" | "theta_published" | "theta_j" | "theta_leading",
      number[][]
    > &
      Record<"gamma0" | "gamma1", number[]>;
  };
}

interface Module {
  inputs: { heads: number; beta: number; R_head: number };
  expected: { x_normalised: number[][]; J_2023_code: number[][][]; module_2023_jvariant: number[][] };
}

const readTable = () => readCase<Table>("bal/07_vector_tap");

function correctedIndex(bench: OracleBench): Promise<void> {
  const { inputs, expected } = readTable();
  const h = localFields(inputs, inputs.m_prev);
  for (const [key, variant] of [
    ["j", CORRECTED_INDEX],
    ["strict", TAP],
    ["published", PUBLISHED],
  ] as const) {
    const thetas = solve(inputs, inputs.m_prev, variant, h);
    const means = thetas.map((theta) => responseOf(inputs, theta));
    bench.within(`step, ${key}`, means, expected[key].step, 1e-11);
    bench.within(`θ of the step, ${key}`, thetas, expected[key].theta_step, 1e-11);
    const curvatures = thetas.map((theta, i) => generalForm(inputs, i, inputs.m_prev, h[i], theta, variant).curvature);
    bench.within(`F''[W] at the step, ${key}`, curvatures, expected[key].d2m_at_step, 1e-11);
    const settled = solve(inputs, undefined, variant, h).map((theta) => responseOf(inputs, theta));
    bench.within(`steady state, ${key}`, settled, expected[key].ness, 1e-11);
  }
  // The same index in the 2023 module, head by head, from F(x + J m_0), m_0 = all ones / √D.
  const module = readCase<Module>("bal/08_softmax_module");
  const { heads, beta, R_head: R } = module.inputs;
  const features = module.expected.x_normalised;
  const D = features[0].length / heads;
  const outputs = Array.from({ length: heads }, (_, head) => {
    const columns = (row: readonly number[]) => row.slice(head * D, (head + 1) * D);
    const problem = { R, D, beta, x: features.map(columns), J: module.expected.J_2023_code[head] };
    const ones = features.map(() => new Array<number>(D).fill(1 / Math.sqrt(D)));
    return solve(problem, undefined, CORRECTED_INDEX, localFields(problem, ones)).map((theta) =>
      responseOf(problem, theta),
    );
  });
  const found = features.map((_, i) => outputs.flatMap((output) => output[i]));
  bench.within("2023 module with the corrected index", found, module.expected.module_2023_jvariant, 1e-11);
  return Promise.resolve();
}

const padded = (values: readonly number[]) => {
  const array = new Float64Array(pad(values.length));
  array.set(values);
  return array;
};

/** θ = h, m = F(h) and γ(t-1) by the kernel `sphere-tap-start`. */
async function startOf(bench: OracleBench, problem: Problem, previous: Vectors, response: SphereResponse = "large-d") {
  const { J, x, D, R, beta } = problem;
  const zeros = () => packed(x.map((row) => row.map(() => 0)));
  const left = await bench.kernel<"sphere-tap-start">({
    kernel: "sphere-tap-start",
    arrays: {
      externalField: packed(x),
      field: packed(x.map((_, i) => product(J[i], previous))),
      previous: packed(previous),
      betas: padded(x.map(() => beta)),
      local: zeros(),
      effective: zeros(),
      mean: zeros(),
      sites: new Float64Array(2 * pad(x.length)),
    },
    params: { systems: 1, sites: x.length, dimension: D, radius: R },
    constants: { RESPONSE: response === "exact" ? 1 : 0 },
  });
  return {
    fields: unpacked(left.local, x.length, D),
    means: unpacked(left.mean, x.length, D),
    gammas: x.map((_, i) => left.sites[2 * i]),
  };
}

/**
 * The right-hand side at given θ by the kernel `sphere-tap`: it goes half of the way, θ <- (θ + right-hand side)/2. The sums
 * over j come from float64.
 */
async function rightHandSide(
  bench: OracleBench,
  problem: Problem,
  previous: Vectors,
  thetas: Vectors,
  published: boolean,
  response: SphereResponse = "large-d",
): Promise<number[][]> {
  const { J, x, D, R, beta } = problem;
  const sites = x.length;
  const h = localFields(problem, previous);
  const means = thetas.map((theta) => responseOf(problem, theta, response));
  const variances = previous.map((m) => responseFromMean(size(m), R, D, response));
  const gammas = previous.map((m) => (R * R + dot(m, m)) / (R * R - dot(m, m)));
  const sum = (site: number, term: (j: number) => number) =>
    J[site].reduce((total, coupling, j) => total + coupling ** 2 * term(j), 0);
  const traces = x.map((_, i) => sum(i, (j) => R * R - dot(previous[j], previous[j])));
  const tangentials = x.map((_, i) => sum(i, (j) => (published ? 1 : variances[j].tangential)));
  const reaction = x.map((row, i) =>
    row.map((_, k) =>
      sum(i, (j) => (published ? 1 : variances[j].anisotropy) * dot(means[i], previous[j]) * previous[j][k]),
    ),
  );
  const moments = new Float64Array(2 * pad(sites));
  moments.set(traces);
  moments.set(tangentials, pad(sites));
  const { effective } = await bench.kernel<"sphere-tap">({
    kernel: "sphere-tap",
    arrays: {
      local: packed(h),
      moments,
      reaction: packed(reaction),
      betas: padded(x.map(() => beta)),
      effective: packed(thetas),
      mean: packed(means),
      best: packed(means),
      sites: Float64Array.from({ length: 2 * pad(sites) }, (_, k) => (k % 2 === 0 ? (gammas[k / 2] ?? 1) : 1e30)),
    },
    params: { systems: 1, sites, dimension: D, radius: R, tolerance: 0 },
    constants: { PUBLISHED: published, RESPONSE: response === "exact" ? 1 : 0 },
  });
  return unpacked(effective, sites, D).map((row, i) => row.map((value, k) => 2 * value - thetas[i][k]));
}

async function pieces(bench: OracleBench): Promise<void> {
  const { inputs, expected } = readTable();
  const table = expected["pieces_at_m1=phi(x+J m0)"];
  const { R, D, beta, J, m_prev } = inputs;
  // f32: a step is allowed 1e-6 R, and the doubled half step twice that.
  const tolerance = bench.allow(1e-13, 2e-6 * R);
  const { fields, means, gammas } = await startOf(bench, inputs, m_prev);
  bench.within("m at F(x + J m0)", means, table.m1, tolerance);
  // m = βh/(1 + γ); γ(t-1) carries what dividing by R² - |m'|² amplifies.
  const atFields = fields.map((h, i) => (beta * size(h)) / size(means[i]) - 1);
  bench.within("γ at F(x + J m0)", atFields, table.gamma1, bench.allow(1e-13, 2e-6));
  bench.within("γ(t-1)", gammas, table.gamma0, bench.allow(1e-13, 4e-6));
  const v = fields.map((h, i) => combined(h, -1, localFields(inputs, m_prev)[i]));
  bench.within("v = 0", v, table.v, tolerance);
  for (const [key, published, variant] of [
    ["j", false, CORRECTED_INDEX],
    ["published", true, PUBLISHED],
  ] as const) {
    const h = localFields(inputs, m_prev);
    const thetas = await rightHandSide(bench, inputs, m_prev, h, published);
    bench.within(`θ, ${key}`, thetas, table[`theta_${key}`], tolerance);
    const host = h.map((row, i) => generalForm(inputs, i, m_prev, row, row, variant));
    bench.within(
      `F''[W], ${key}`,
      host.map(({ curvature }) => curvature),
      table[`d2m_${key}`],
      1e-13,
    );
  }
  // θ of onsager at the mean m1 in place of its own: h - (β/2R²) T m1, T_i the first moment of the weights R² - |m'|².
  const { weights } = await bench.kernel<"moment-weights">({
    kernel: "moment-weights",
    arrays: { state: packed(m_prev), weights: new Float64Array(pad(m_prev.length)) },
    params: { systems: 1, sites: m_prev.length, components: D, componentStride: pad(D), radius: R },
    constants: { KINDS: 1, PUBLISHED: false, RESPONSE: 0 },
  });
  const leading = fields.map((h, i) => {
    const T = J[i].reduce((sum, coupling, j) => sum + coupling ** 2 * weights[j], 0);
    return combined(h, (-beta / (2 * R * R)) * T, means[i]);
  });
  bench.within("θ, leading", leading, table.theta_leading, tolerance);
}

async function identities(bench: OracleBench): Promise<void> {
  const { inputs, expected } = readTable();
  const { m_prev, R } = inputs;
  const tolerance = bench.allow(1e-13, 2e-6 * R);
  const h = localFields(inputs, m_prev);
  const thetas = expected.strict.theta_step;
  const general = h.map((row, i) => generalForm(inputs, i, m_prev, row, thetas[i], TAP).theta);
  const largeD = h.map((row, i) => largeDimensionForm(inputs, i, m_prev, row, thetas[i], TAP));
  bench.within("the two writings of tap", largeD, general, 1e-13);
  bench.within("θ of the step solves both", largeD, thetas, 1e-11);
  bench.within("kernel, large-d", await rightHandSide(bench, inputs, m_prev, thetas, false), general, tolerance);
  const exact = h.map((row, i) => generalForm(inputs, i, m_prev, row, thetas[i], TAP, "exact").theta);
  const found = await rightHandSide(bench, inputs, m_prev, thetas, false, "exact");
  bench.within("kernel, exact", found, exact, tolerance);
  // With the products v vᵀ the two writings agree as well, and away from the root.
  const elsewhere = thetas.map((row, i) => row.map((value, k) => 0.7 * value + 0.2 * Math.sin(i + 3 * k)));
  const published = h.map((row, i) => generalForm(inputs, i, m_prev, row, elsewhere[i], PUBLISHED).theta);
  bench.within(
    "the two writings of tap-published",
    h.map((row, i) => largeDimensionForm(inputs, i, m_prev, row, elsewhere[i], PUBLISHED)),
    published,
    1e-13,
  );
  const byKernel = await rightHandSide(bench, inputs, m_prev, elsewhere, true);
  bench.within("kernel, published", byKernel, published, tolerance);
  const traces = h.map((row, i) => {
    const W = fieldCovariance(inputs, i, m_prev, combined(row, -1, row), TAP, "exact");
    return W.trace - row.reduce((sum, _, k) => sum + W.times(row.map((__, l) => Number(l === k)))[k], 0);
  });
  bench.within(
    "tr V of the exact covariance is Σ J² (R² - |m|²)",
    traces,
    traces.map(() => 0),
    1e-13,
  );
  const wrong = h.map((row, i) => generalForm(inputs, i, m_prev, row, thetas[i], { ...TAP, trace: "large-d" }).theta);
  const moved = Math.max(...flat(wrong).map((value, k) => Math.abs(value - flat(thetas)[k])));
  // Wrong: tr V of the large-d covariance, D/(1 + γ) - |m|²/(R²γ) a sender.
  bench.within("what the trace of the large-d covariance changes in θ", moved, 2.3e-2, 5e-4);
  const device = await rightHandSide(bench, inputs, m_prev, thetas, false);
  const distance = Math.max(...flat(device).map((value, k) => Math.abs(value - flat(wrong)[k])));
  bench.between("distance of the kernel from that wrong formula", distance, 2.2e-2, 2.4e-2);
}

/**
 * At v = 0, for senders in random directions, W m = Σ J² τ' m to leading order, and Σ J² τ' = T/(2R²), so that the second
 * order differs from -(β/2R²) T m by 2/γ - 1 + 1/γ² over D, relative to it; γ that of the receiver.
 */
function largeDimensionLimit(bench: OracleBench): Promise<void> {
  const { expected } = readCase<{ expected: { rows: { D: number; rel_diff: number }[] } }>("bal/07b_tap_large_d_limit");
  const products = expected.rows.map(({ D, rel_diff }) => D * rel_diff);
  [0.744, 0.576, 0.559].forEach((published, k) => {
    const D = [8, 64, 1024][k];
    const found = products[expected.rows.findIndex((row) => row.D === D)];
    bench.within(`D × relative difference of the table, D ${D}`, found, published, 5e-4);
  });
  const sites = 24;
  for (const D of [512, 1024]) {
    const R = Math.sqrt(D / 2 - 1);
    const source = { seed: 7, sample: 0 };
    const couplings = gaussianMatrix(sites, sites, { ...source, stream: STREAMS.couplings }, 1 / Math.sqrt(sites));
    const directions = (stream: typeof STREAMS.field | typeof STREAMS.initial, norm: number) => {
      const drawn = unitDirections(sites, D, { ...source, stream });
      return Array.from({ length: sites }, (_, i) =>
        Array.from(drawn.subarray(i * D, (i + 1) * D), (value) => norm * value),
      );
    };
    // The inputs of the table are not stored. Fields of 1.27 R make γ = 1.67, where the limit is that of the table, 0.56.
    const problem: Problem = {
      R,
      D,
      beta: 1,
      x: directions(STREAMS.field, 1.27 * R),
      J: Array.from({ length: sites }, (_, i) => [...couplings.subarray(i * sites, (i + 1) * sites)]),
    };
    const previous = directions(STREAMS.initial, 0.44 * R);
    const h = localFields(problem, previous);
    const differences = h.map((row, i) => {
      const full = combined(largeDimensionForm(problem, i, previous, row, row, TAP), -1, row);
      const T = fieldCovariance(problem, i, previous, combined(row, -1, row), TAP).trace;
      const leading = responseOf(problem, row).map((m) => (-T * m) / (2 * R * R));
      return (D * size(combined(full, -1, leading))) / size(leading);
    });
    const limits = h.map((row) => {
      const gamma = Math.sqrt(1 + dot(row, row) / R ** 2);
      return 2 / gamma - 1 + 1 / gamma ** 2;
    });
    bench.between(`D × relative difference, mean over sites, D ${D}`, mean(differences), 0.5, 0.6);
    // Overlaps of random directions, 1/√D, are what is left.
    const left = mean(differences) - mean(limits);
    bench.within(`its distance from 2/γ - 1 + 1/γ², D ${D}`, left, 0, 0.5 / Math.sqrt(D));
  }
  return Promise.resolve();
}

export const sphereSecondOrderOracles: readonly Oracle[] = [
  {
    id: "B5",
    title: "second order with e = 1 and the corrected index, solved in float64",
    reference: "5.3, 9.1; bal/07, bal/08",
    float64Only: true,
    run: correctedIndex,
  },
  {
    id: "B10",
    title: "pieces of the second order at m = F(x + J m0), without a solver",
    reference: "5.3; bal/07 pieces",
    run: pieces,
  },
  {
    id: "B12",
    title: "tap in its two writings, and the wrong trace",
    reference: "5.3, 13; bal/07 strict",
    run: identities,
  },
  {
    id: "B13",
    title: "large-D limit of the second order",
    reference: "5.3, 5.5; bal/07b",
    float64Only: true,
    run: largeDimensionLimit,
  },
];
