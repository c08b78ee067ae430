/** Self-attention clustering of tokens on the unit sphere: layer map, flow, and growth around the uniform law. */
import { cluster, type ClusteringDynamics } from "../../engine/clustering.js";
import { dot, type Oracle, type OracleBench } from "./bench.js";
import { readCase } from "./case-files.js";

interface Clustering {
  data: {
    layer_map: { n: number; beta: number; eta: number | null; cosine_per_layer: number[] }[];
    continuous_time: {
      n: number;
      beta: number;
      t: number[];
      gamma_SA: number[];
      gamma_USA?: number[];
      "time_to_gamma_0.99_SA": number;
    }[];
    growth_rates: { d: number; beta: number; rates_SA: number[]; rates_USA: number[] }[];
  };
}

const readTable = () => readCase<Clustering>("kinetic/attention-clustering").data;

/** n orthonormal tokens: every pair keeps one cosine, which the scalar maps of equations 9.4 follow. */
function orthonormal(n: number): Float64Array {
  const tokens = new Float64Array(n * n);
  for (let k = 0; k < n; k++) tokens[k * n + k] = 1;
  return tokens;
}

async function layerMap(bench: OracleBench): Promise<void> {
  for (const { n, beta, eta, cosine_per_layer } of readTable().layer_map) {
    const dynamics: ClusteringDynamics = { kind: "map", step: eta ?? 1, residual: eta !== null };
    const steps = cosine_per_layer.length - 1;
    const cloud = { beta, initial: orthonormal(n) };
    const [{ cosines, state }] = await cluster(bench.executor, [cloud], { dimension: n, dynamics, steps });
    const label = `cosine a layer, n ${n}, beta ${beta}, ${eta === null ? "no residual" : `eta ${eta}`}`;
    // The mean cosine divides by n (n - 1) what is summed over n tokens; f32 is allowed 2e-6 a layer.
    const tolerance = bench.allow(1e-13, 2e-6 * Math.min(steps, 10));
    bench.within(label, cosines, cosine_per_layer, tolerance);
    const rows = Array.from({ length: n }, (_, i) => state.subarray(i * n, (i + 1) * n));
    const pairs = rows.flatMap((row, i) => rows.slice(0, i).map((other) => dot(row, other)));
    const last = pairs.map(() => cosine_per_layer[steps]);
    const allowed = bench.allow(2e-15, 2e-6 * Math.min(steps, 10));
    bench.within(`every pair after the last layer, ${label.slice(label.indexOf(",") + 2)}`, pairs, last, allowed);
  }
}

async function flow(bench: OracleBench): Promise<void> {
  for (const row of readTable().continuous_time) {
    const { n, beta, t, gamma_SA, gamma_USA } = row;
    const time = row["time_to_gamma_0.99_SA"];
    if (time > 20 && bench.size === "small") continue;
    for (const [weights, expected] of [
      ["SA", gamma_SA],
      ["USA", gamma_USA],
    ] as const) {
      if (expected === undefined) continue;
      const unnormalised = weights === "USA";
      // Clustered tokens of USA relax at the rate e^β.
      const timeStep = unnormalised && beta > 1 ? 0.01 : 0.05;
      const steps = Math.ceil((1.1 * time) / timeStep);
      const dynamics: ClusteringDynamics = { kind: "flow", timeStep, rate: 1, unnormalised };
      const cloud = { beta, initial: orthonormal(n) };
      const [{ cosines }] = await cluster(bench.executor, [cloud], { dimension: n, dynamics, steps });
      // Times of the table that are times of a step.
      const shared = t.map((at, k) => [Math.round(at / timeStep), expected[k], at] as const);
      const seen = shared.filter(([step, , at]) => Math.abs(step * timeStep - at) < 1e-9 && step <= steps);
      const found = seen.map(([step]) => cosines[step]);
      const exact = seen.map(([, cosine]) => cosine);
      bench.within(`cosine of ${weights}, n ${n}, beta ${beta}`, found, exact, 1e-5);
      if (unnormalised) continue;
      const after = cosines.findIndex((cosine) => cosine >= 0.99);
      const share = (0.99 - cosines[after - 1]) / (cosines[after] - cosines[after - 1]);
      bench.within(`time to cosine 0.99, n ${n}, beta ${beta}`, (after - 1 + share) * timeStep, time, 1e-3 * time);
    }
  }
}

/** Equispaced tokens on the circle, pushed along a harmonic of degree k. */
async function growth(bench: OracleBench): Promise<void> {
  const row = readTable().growth_rates.find(({ d, beta }) => d === 2 && beta === 5);
  if (row === undefined) throw new Error("growth_rates has no row d 2, beta 5");
  const degree = 3;
  const tokens = bench.sized(2048, 16384);
  const amplitude = 1e-3;
  const initial = new Float64Array(2 * tokens);
  for (let i = 0; i < tokens; i++) {
    const angle = (2 * Math.PI * i) / tokens;
    const pushed = angle + (amplitude / degree) * Math.sin(degree * angle);
    initial.set([Math.cos(pushed), Math.sin(pushed)], 2 * i);
  }
  const [timeStep, steps] = [0.05, 10];
  const dynamics: ClusteringDynamics = { kind: "flow", timeStep, rate: 1, unnormalised: false };
  const options = { dimension: 2, dynamics, steps, every: steps };
  const [{ state }] = await cluster(bench.executor, [{ beta: row.beta, initial }], options);
  /** |Σ_i exp(i k angle_i)|/N, which the harmonic drives. */
  const mode = (points: Float64Array) => {
    let [real, imaginary] = [0, 0];
    for (let i = 0; i < tokens; i++) {
      const angle = degree * Math.atan2(points[2 * i + 1], points[2 * i]);
      real += Math.cos(angle);
      imaginary += Math.sin(angle);
    }
    return Math.hypot(real, imaginary) / tokens;
  };
  const rate = Math.log(mode(state) / mode(initial)) / (steps * timeStep);
  const expected = row.rates_SA[degree - 1];
  bench.within(`growth rate of degree ${degree} on the circle, beta 5`, rate, expected, 0.01 * expected);
}

const FILE = "9.4; attention-clustering";

export const clusteringOracles: readonly Oracle[] = [
  { id: "D6", title: "equiangular layer map of self-attention", reference: FILE, run: layerMap },
  { id: "D7", title: "self-attention as a flow: times to cluster", reference: FILE, run: flow },
  { id: "D8", title: "linear growth of a harmonic on the circle", reference: FILE, run: growth },
];
