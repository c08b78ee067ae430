/**
 * Attention rows sum to one, so equal means m_i = a n stay equal and a follows the response of one site exactly, for any
 * queries, keys, mask, N and D (equations 6.4).
 */
import { responseGain } from "../../reference/responses.js";
import { norms, type Oracle, type OracleBench, realised, sharing, sideBySide } from "./bench.js";
import { readCase } from "./case-files.js";

type Response = "large-d" | "exact";

interface FixedPoints {
  data: {
    order_parameter: Record<"D" | "R" | "beta" | "m_largeD" | "m_vMF" | "radial_eigenvalue_largeD", number>[];
    uniform_field: { D: number; R: number; beta: number; h: number; m: number }[];
  };
}

interface Generic {
  checks: {
    N: number;
    D: number;
    score_scale: number;
    causal: boolean;
    beta: number;
    lambda2: number;
    target: number;
  }[];
}

interface CurieWeiss {
  data: { infinite_N: { T: number; m: number; relax_eigenvalue: number }[] };
}

interface Setting {
  sites: number;
  dimension: number;
  beta: number;
  response?: Response;
  mask?: "none" | "causal";
  source?: "field" | "state";
  headDimension?: number;
  scale?: number;
}

const FILE = "kinetic/attention-exact-fixed-points";
const radiusOf = (dimension: number) => Math.sqrt(dimension / 2 - 1);

/** Random queries and keys, or random weights that act on the state; no field. */
function attention(setting: Setting, initial: object) {
  const { sites, dimension, beta, response = "large-d", mask = "none", source = "field" } = setting;
  const { headDimension = 8, scale = 1 } = setting;
  const random = { kind: "gaussian" };
  const matrices = source === "state" ? { weights: { query: random, key: random } } : { queries: random, keys: random };
  return {
    spins: { kind: "sphere", dimension, response, count: sites },
    beta,
    couplings: { kind: "attention", ...matrices, dimension: headDimension, source, scale, mask },
    initial,
    seed: 11,
  };
}

/** The sphere step with unit row sums and no field: a <- F(a). */
const scalarMap = (a: number, beta: number, dimension: number, response: Response) =>
  a * responseGain(a, beta, radiusOf(dimension), dimension, response);

/** All betas of one setting in one batch; couplings that follow the state belong to one system each. */
async function batchOfBetas(setting: Omit<Setting, "beta">, betas: readonly number[], initial: object) {
  const systems = await Promise.all(betas.map((beta) => realised(attention({ ...setting, beta }, initial))));
  return setting.source === "state" ? sideBySide(systems) : sharing(systems);
}

/** Largest distance of the norms from their scalar, in units of R, over a trajectory from 0.6 R. */
function worstDeviation(trajectory: readonly Float64Array[], beta: number, dimension: number, response: Response) {
  const radius = radiusOf(dimension);
  let a = 0.6 * radius;
  let worst = 0;
  for (const state of trajectory) {
    a = scalarMap(a, beta, dimension, response);
    for (const norm of norms(state, dimension)) worst = Math.max(worst, Math.abs(norm - a) / radius);
  }
  return worst;
}

const settings: readonly (readonly [string, Omit<Setting, "beta">])[] = [
  ["N 16, D 8", { sites: 16, dimension: 8 }],
  ["N 64, D 32, peaked", { sites: 64, dimension: 32, scale: 2 }],
  ["N 128, D 64, causal, very peaked", { sites: 128, dimension: 64, scale: 30, mask: "causal" }],
  ["N 33, D 5, causal, exact", { sites: 33, dimension: 5, mask: "causal", response: "exact" }],
  ["N 21, D 8, couplings of the state", { sites: 21, dimension: 8, source: "state" }],
  ["N 21, D 8, causal, of the state", { sites: 21, dimension: 8, source: "state", mask: "causal", scale: 0.3 }],
];

async function uniformStarts(bench: OracleBench): Promise<void> {
  const betas = [1.5, 1.98, 2, 2.05, 4];
  for (const [label, setting] of settings) {
    const batch = await batchOfBetas(setting, betas, { kind: "constant", value: 0.6 });
    const steps = bench.allow(300, 50);
    const results = await bench.runBatch(batch, { closure: "naive", run: { steps }, trajectory: true });
    const { dimension, response = "large-d" } = setting;
    const worst = results
      .flat()
      .map(({ trajectory = [] }, k) => worstDeviation(trajectory, betas[k], dimension, response));
    bench.within(
      `distance from the map, ${label}`,
      worst,
      new Array<number>(betas.length).fill(0),
      bench.allow(2e-15, 1e-5),
    );
  }
}

/** Many sites, few steps: the error grows like the number of steps at worst, so fewer are held to their share of 1e-5 R. */
async function uniformStartsAtScale(bench: OracleBench): Promise<void> {
  const shapes = bench.sized(
    [
      [512, 16, "none", 50],
      [512, 8, "causal", 50],
      [4096, 8, "none", 4],
    ] as const,
    [
      [4096, 8, "none", 50],
      [4096, 16, "causal", 50],
      [65536, 64, "none", 4],
    ] as const,
  );
  for (const [sites, dimension, mask, steps] of shapes) {
    const betas = sites > 2000 ? [2] : [2, 4];
    const setting = { sites, dimension, mask, headDimension: dimension, scale: 0.5 };
    const batch = await batchOfBetas(setting, betas, { kind: "constant", value: 0.6 });
    const [results] = await bench.runBatch(batch, { closure: "naive", run: { steps }, trajectory: true });
    const worst = results.map(({ trajectory = [] }, k) => worstDeviation(trajectory, betas[k], dimension, "large-d"));
    const label = `distance from the map, N ${sites}, D ${dimension}, mask ${mask}`;
    const zeros = betas.map(() => 0);
    // In f32 1e-6 a step, the budget of one step, and 1e-5 over fifty.
    bench.within(label, worst, zeros, bench.allow(2e-15 * (1 + sites / 512), Math.min(1e-5, 1e-6 * steps)));
  }
}

async function growth(bench: OracleBench): Promise<void> {
  for (const response of ["large-d", "exact"] as const) {
    for (const dimension of [8, 16, 64]) {
      const threshold = response === "exact" ? (2 * dimension) / (dimension - 2) : 2;
      const betas = [1.5, threshold, 2.5];
      const batch = await batchOfBetas({ sites: 16, dimension, response }, betas, { kind: "constant", value: 1e-3 });
      const [results] = await bench.runBatch(batch, { closure: "naive", run: { steps: 1 } });
      results.forEach(({ state }, k) => {
        const found = norms(state, dimension).map((norm) => norm / (1e-3 * radiusOf(dimension)));
        const at = betas[k] === threshold ? " (threshold)" : "";
        const label = `growth of a small start, D ${dimension}, beta ${betas[k].toPrecision(5)}${at}, ${response}`;
        bench.within(
          label,
          found,
          found.map(() => betas[k] / threshold),
          1e-4,
        );
      });
    }
  }
}

/** Slope of the map along the mean, by a central difference of one step beside the fixed point. */
async function radialSlopes(bench: OracleBench): Promise<void> {
  const rows = readCase<FixedPoints>(FILE).data.order_parameter.filter(({ D }) => D === 16 || D === 64);
  // The error is of order δ²; what rounding leaves is 1e-7/δ.
  const shift = 3e-3;
  for (const dimension of [16, 64]) {
    const own = rows.filter(({ D }) => D === dimension);
    const systems = own.flatMap(({ R, beta, m_largeD }) =>
      [-1, 1].map((side) => {
        const initial = { kind: "constant", value: m_largeD / R + side * shift };
        return realised(attention({ sites: 12, dimension, beta }, initial));
      }),
    );
    const [results] = await bench.runBatch(sharing(await Promise.all(systems)), {
      closure: "naive",
      run: { steps: 1 },
    });
    own.forEach(({ R, beta, m_largeD, radial_eigenvalue_largeD: expected }, k) => {
      const [below, above] = [0, 1].map((side) => norms(results[2 * k + side].state, dimension)[0]);
      // Below the threshold the two starts, and their images, lie on two sides of zero.
      const slope = (above - (m_largeD === 0 ? -below : below)) / (2 * shift * R);
      bench.within(`radial slope, D ${dimension}, beta ${beta}`, slope, expected, 1e-4);
      if (beta > 2) bench.within(`1/(β - 1), D ${dimension}, beta ${beta}`, expected, 1 / (beta - 1), 1e-12);
    });
  }
}

async function thresholds(bench: OracleBench): Promise<void> {
  for (const [response, threshold] of [
    ["large-d", 2],
    ["exact", 16 / 6],
  ] as const) {
    const betas = [0.99 * threshold, 1.02 * threshold];
    const batch = await batchOfBetas({ sites: 12, dimension: 8, response }, betas, { kind: "constant", value: 0.3 });
    const [[below, above]] = await bench.runBatch(batch, { closure: "naive", run: { steady: {} } });
    bench.holds(
      `both sides converge, ${response}`,
      [below, above].every(({ status }) => status === "converged"),
    );
    bench.within(`norm below the threshold, ${response}`, norms(below.state, 8)[0], 0, 1e-4);
    const [norm] = norms(above.state, 8);
    if (response === "large-d") {
      bench.within("norm above the threshold, large-d", norm, Math.sqrt(3 * (1 - 2 / betas[1])), 5e-5);
    } else bench.between("norm above the threshold, exact", norm, 0.1, radiusOf(8));
  }
}

/** 1e-5 R in f32, and what a step error of 3e-7 R leaves where the map contracts slowly (the f32 budget). */
const fixedPointTolerance = (bench: OracleBench, radius: number, slope: number) =>
  bench.allow(1e-12, radius * Math.max(1e-5, 3e-7 / (1 - slope)));

async function orderedNorms(bench: OracleBench): Promise<void> {
  const { order_parameter } = readCase<FixedPoints>(FILE).data;
  const dimensions = new Set(order_parameter.map(({ D }) => D));
  for (const response of ["large-d", "exact"] as const) {
    for (const dimension of bench.precision === "f64" ? dimensions : [8, 16, 64, 512]) {
      // β = 2 is the critical point of the large-d response: convergence is algebraic there.
      const rows = order_parameter.filter(({ D, beta }) => D === dimension && beta !== 2);
      const start = { kind: "constant", value: 0.5 };
      const batch = await batchOfBetas(
        { sites: 12, dimension, response },
        rows.map(({ beta }) => beta),
        start,
      );
      const [results] = await bench.runBatch(batch, { closure: "naive", run: { steady: {} } });
      rows.forEach(({ R, beta, m_largeD, m_vMF }, k) => {
        const expected = response === "exact" ? m_vMF : m_largeD;
        const slope = (scalarMap(expected + 1e-6, beta, dimension, response) - expected) / 1e-6;
        const found = results[k].status === "converged" ? norms(results[k].state, dimension) : [NaN];
        const label = `ordered norm, D ${dimension}, beta ${beta}, ${response}`;
        bench.within(
          label,
          found,
          found.map(() => expected),
          fixedPointTolerance(bench, R, slope),
        );
      });
    }
  }
}

async function uniformFields(bench: OracleBench): Promise<void> {
  for (const { D, R, beta, h, m } of readCase<FixedPoints>(FILE).data.uniform_field) {
    const system = attention({ sites: 12, dimension: D, beta }, { kind: "field" });
    const input = { ...system, field: { kind: "constant", value: h / R } };
    const { state, status } = await bench.run(input, { closure: "naive", run: { steady: {} } });
    const found = status === "converged" ? norms(state, D) : [NaN];
    const label = `mean in a uniform field, D ${D}, beta ${beta}, h ${h}`;
    bench.within(
      label,
      found,
      found.map(() => m),
      bench.allow(1e-13, 1e-5 * R),
    );
  }
}

/** Rows so peaked that tokens attend to themselves alone align their directions over thousands of steps or never. */
async function genericStarts(bench: OracleBench): Promise<void> {
  for (const [label, setting] of settings.filter(([, { scale = 1 }]) => scale < 30)) {
    const { dimension, response = "large-d" } = setting;
    const betas = response === "exact" ? [4] : [2.5, 4];
    const batch = await batchOfBetas(setting, betas, { kind: "direction", norm: 0.5 });
    const results = await bench.runBatch(batch, { closure: "naive", run: { steady: {} } });
    results.flat().forEach(({ state, status }, k) => {
      let target = radiusOf(dimension) / 2;
      for (let step = 0; step < 1000; step++) target = scalarMap(target, betas[k], dimension, response);
      const found = status === "converged" ? norms(state, dimension) : [NaN];
      const name = `norm from random directions, beta ${betas[k]}, ${label}`;
      bench.within(
        name,
        found,
        found.map(() => target),
        1e-4 * radiusOf(dimension),
      );
    });
  }
}

/** The settings that the table was made in; Q and K are our own. */
async function tabulatedStarts(bench: OracleBench): Promise<void> {
  const { checks } = readCase<Generic>(FILE);
  for (const sites of new Set(checks.map(({ N }) => N))) {
    const own = checks.filter(({ N }) => N === sites);
    const [{ D: dimension, score_scale, causal, lambda2 }] = own;
    const scale = score_scale / Math.sqrt(dimension);
    const mask = causal ? "causal" : "none";
    const setting = { sites, dimension, scale, headDimension: dimension, mask } as const;
    const betas = own.map(({ beta }) => beta);
    const batch = await batchOfBetas(setting, betas, { kind: "direction", norm: 0.5 });
    const [results] = await bench.runBatch(batch, { closure: "naive", run: { steps: 60 } });
    own.forEach(({ beta, target }, k) => {
      const found = norms(results[k].state, dimension);
      const label = `scale ${score_scale}, beta ${beta}, N ${sites}, D ${dimension}`;
      // Where λ₂ = 1, under a causal mask and with scores so peaked, directions never align: some tokens do, and no norm is larger.
      const seen = lambda2 < 0.9 ? found : [Math.max(...found)];
      bench.within(
        `${lambda2 < 0.9 ? "norms" : "largest norm"} after 60 steps, ${label}`,
        seen,
        seen.map(() => target),
        1e-4 * radiusOf(dimension),
      );
    });
  }
}

async function binarySpins(bench: OracleBench): Promise<void> {
  for (const source of ["field", "state"] as const) {
    for (const beta of [0.8, 1.25, 2]) {
      const spheres = attention({ sites: 16, dimension: 8, beta, source }, { kind: "constant", value: 0.4 });
      const system = { ...spheres, spins: { kind: "binary", count: 16 } };
      const options = { closure: "naive", run: { steps: 40 }, trajectory: true } as const;
      const { trajectory = [] } = await bench.run(system, options);
      let a = 0.4;
      const worst = trajectory.map((state) => {
        a = Math.tanh(beta * a);
        return Math.max(...state.map((m) => Math.abs(m - a)));
      });
      const label = `binary distance from the map, beta ${beta}, couplings of the ${source}`;
      bench.within(
        label,
        worst,
        worst.map(() => 0),
        bench.allow(1e-14, 1e-6),
      );
    }
  }
  const rows = readCase<CurieWeiss>("kinetic/curie-weiss").data.infinite_N;
  // Inside (0.98, 1.02) the map contracts too slowly for f32.
  const away = rows.filter(({ T }) => Math.abs(T - 1) > 0.0201);
  const binary = async (betas: readonly number[], value: number) => {
    const setting = { sites: 16, dimension: 8 };
    const systems = betas.map((beta) => ({
      ...attention({ ...setting, beta }, { kind: "constant", value }),
      spins: { kind: "binary", count: 16 },
    }));
    return sharing(await Promise.all(systems.map((system) => realised(system))));
  };
  const atRows = await binary(
    away.map(({ T }) => 1 / T),
    0.4,
  );
  const [settled] = await bench.runBatch(atRows, { closure: "naive", run: { steady: {} } });
  away.forEach(({ T, m }, k) => {
    const { state, status } = settled[k];
    const found = status === "converged" ? [...state] : [NaN];
    const expected = found.map(() => m);
    bench.within(`a = tanh(a/T), T ${T}`, found, expected, bench.allow(1e-12, 5e-6));
  });
  const betas = [0.5, 1, 1.5];
  const [grown] = await bench.runBatch(await binary(betas, 1e-4), { closure: "naive", run: { steps: 1 } });
  grown.forEach(({ state }, k) => {
    const found = [...state].map((m) => m / 1e-4);
    const expected = found.map(() => betas[k]);
    bench.within(`growth of a small start, threshold 1, beta ${betas[k]}`, found, expected, 1e-6);
  });
}

const REFERENCE = "6.4; attention-exact-fixed-points";

export const rowStochasticOracles: readonly Oracle[] = [
  { id: "C1", title: "a uniform start follows the scalar map at every step", reference: REFERENCE, run: uniformStarts },
  { id: "C2", title: "the scalar map at large N", reference: REFERENCE, run: uniformStartsAtScale },
  { id: "C3a", title: "growth β/2 (large-d), β (D-2)/2D (exact) of a small start", reference: REFERENCE, run: growth },
  { id: "C3b", title: "radial slope 1/(β - 1) at the ordered norm", reference: REFERENCE, run: radialSlopes },
  { id: "C4", title: "order above the threshold only", reference: REFERENCE, run: thresholds },
  { id: "C5", title: "ordered norms", reference: REFERENCE, run: orderedNorms },
  { id: "C6", title: "means in a uniform field", reference: REFERENCE, run: uniformFields },
  { id: "C7a", title: "any start in the ordered phase reaches that norm", reference: REFERENCE, run: genericStarts },
  { id: "C7b", title: "starts in the settings of the table", reference: REFERENCE, run: tabulatedStarts },
  { id: "C8", title: "binary spins: a <- tanh βa", reference: REFERENCE, run: binarySpins },
];
