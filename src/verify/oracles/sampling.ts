/** The exact stochastic dynamics against exact results, at fixed seeds: nothing may be off by more than four standard errors. */
import { batchOf } from "../../engine/batch.js";
import type { MonteCarloResult } from "../../engine/chain-results.js";
import type { ObservableName } from "../../physics/observables.js";
import { besselRatio, besselRatioDerivatives } from "../../reference/bessel.js";
import { ExactChain } from "../../reference/exact-chain.js";
import { pad } from "../../reference/layout.js";
import { chainKey } from "../../reference/random.js";
import { type ChainSettings, flat, mean, type Oracle, type OracleBench, realised } from "./bench.js";
import { readCase } from "./case-files.js";

interface Kinetic {
  data: { cases: { tag: string; N: number; H: number[]; J: number[][]; s0: number[] }[] };
}

interface FiniteCurieWeiss {
  data: { finite_N: Record<"parallel" | "equilibrium", Record<"N" | "T" | "abs_m" | "m2" | "binder", number>[]> };
}

/** Standard deviation of (s_i - a)(s_k - b), whose mean is the covariance c. */
function covarianceError(c: number, a: number, b: number): number {
  const [a2, b2] = [a * a, b * b];
  const variance = (1 + a2) * (1 + b2) - 2 * b2 * (1 + a2) - 2 * a2 * (1 + b2) + 4 * a * b * (c + a * b) - c * c;
  return Math.sqrt(Math.max(variance, 0));
}

const meansOf = (law: Float64Array, sites: number) =>
  Float64Array.from({ length: sites }, (_, i) => law.reduce((sum, p, s) => sum + p * ((s >> i) & 1 ? 1 : -1), 0));

/** Means and covariances of chains in lots that share no random number; their covariances are low by one part in `chains`. */
async function sampleInLots(bench: OracleBench, input: object, lots: number, settings: ChainSettings) {
  const batch = batchOf(await realised(input));
  const results: MonteCarloResult[] = [];
  for (let lot = 0; lot < lots; lot++) {
    const identity = (_: number, point: number) => ({ seed: 11, point, sample: lot });
    const [[result]] = await bench.sampleBatch(batch, { ...settings, identity });
    results.push(result);
  }
  const average = (arrays: readonly Float64Array[]) => arrays[0].map((_, k) => mean(arrays.map((array) => array[k])));
  const correlations = results.flatMap((result) => result.correlations ?? []);
  return {
    means: average(results.map(({ state }) => state)),
    equalTime: average(correlations.map(({ equalTime }) => equalTime)),
    delayed: average(correlations.map(({ delayed }) => delayed)),
  };
}

async function glauber(bench: OracleBench): Promise<void> {
  // A million chains at once would take 3 GB of this process.
  const [lots, each] = bench.sized([1, bench.allow(1024, 4096)], [16, 62_500]);
  const chains = lots * each;
  for (const { tag, N, H, J, s0 } of readCase<Kinetic>("kinetic/kinetic-ising-exact-small-N").data.cases) {
    const [name] = tag.split(" ");
    const exact = new ExactChain(N, Float64Array.from(flat(J)), Float64Array.from(H), 1);
    const system = { spins: { kind: "binary" }, couplings: { kind: "dense", matrix: J }, field: H, initial: s0 };
    let law = exact.productLaw(s0);
    for (let t = 1; t <= 3; t++) {
      const next = exact.evolve(law);
      const { means, equalTime, delayed } = exact.moments(law, next);
      const settings = { chains: each, burnIn: t - 1, steps: 1, start: "given", correlations: true } as const;
      const found = await sampleInLots(bench, system, lots, settings);
      // Rao–Blackwell means spread less than the spins they stand for, whose errors these are.
      const before = meansOf(law, N);
      // Where less than one chain is expected to differ, one of them is no sign of an error.
      const perChain = (error: number) => Math.max(error / Math.sqrt(chains), 1 / chains);
      const errors = (covariances: Float64Array, others: Float64Array) =>
        covariances.map((c, at) => perChain(covarianceError(c, means[Math.floor(at / N)], others[at % N])));
      bench.agree(
        `means at t ${t}, ${name}`,
        found.means,
        means,
        means.map((m) => perChain(Math.sqrt(1 - m * m))),
      );
      bench.agree(`C at t ${t}, ${name}`, found.equalTime, equalTime, errors(equalTime, means));
      bench.agree(`D at t ${t}, ${name}`, found.delayed, delayed, errors(delayed, before));
      law = next;
    }
  }
}

/** D, κ, and the share of proposals that Wood's method accepts, by quadrature; D = 3 needs no proposals. */
const SPHERES: readonly (readonly [number, number, number])[] = [
  [3, 0.5, 1],
  [3, 50, 1],
  [8, 5, 0.8882],
  [64, 30, 0.9288],
  [64, 600, 0.7245],
  [512, 250, 0.926],
];

async function vonMisesFisher(bench: OracleBench): Promise<void> {
  const { executor } = bench;
  for (const [dimension, kappa, acceptance] of SPHERES) {
    const stride = pad(dimension);
    // 64 MiB of f32: half of what some adapters bind.
    const sites = bench.sized(4096, Math.min(262_144, 2 ** 24 / stride));
    const length = sites * stride;
    // The field lies along the first axis, R = 1 and β = 1.
    const field = new Float64Array(length);
    for (let site = 0; site < sites; site++) field[site * stride] = kappa;
    const slots = {
      externalField: executor.upload("external field", new Float64Array(length)),
      field: executor.upload("field", field),
      betas: executor.upload("beta", new Float64Array(sites).fill(1)),
      chainKeys: executor.upload("keys", chainKey({ seed: 5, point: dimension, sample: 0, chain: 0, head: 0 })),
      spins: executor.allocate("spins", length),
      means: executor.allocate("means", length),
      tallies: executor.upload("tallies", new Float64Array(2 * sites)),
    };
    const params = { systems: 1, sites, dimension, radius: 1, step: 1 };
    executor.run({ kernel: "sphere-sample", arrays: slots, params, constants: {} });
    const spins = await executor.read(slots.spins);
    const tallies = await executor.read(slots.tallies);
    executor.free(...Object.values(slots));
    const cosines = Array.from({ length: sites }, (_, site) => spins[site * stride]);
    const { a, slope } = besselRatioDerivatives(dimension, kappa);
    const place = `D ${dimension}, kappa ${kappa}`;
    bench.within(`mean cosine, A_D, ${place}`, mean(cosines), kappa * a, 4 * Math.sqrt(slope / sites));
    const squares = cosines.map((w) => (w - kappa * a) ** 2);
    const spread = Math.sqrt(mean(squares.map((value) => (value - slope) ** 2)) / sites);
    bench.within(`variance of the cosine, A', ${place}`, mean(squares), slope, 4 * spread);
    // Across the field no direction is preferred.
    const across = mean(cosines.map((_, site) => spins[site * stride + 1]));
    bench.within(`mean across the field, ${place}`, across, 0, 4 / Math.sqrt(sites * dimension));
    let [proposals, failures] = [0, 0];
    for (let site = 0; site < sites; site++) {
      proposals += tallies[2 * site];
      failures += tallies[2 * site + 1];
    }
    const error = acceptance * Math.sqrt((1 - acceptance) / sites);
    bench.within(`accepted share, ${place}`, sites / proposals, acceptance, 4 * error + 1e-4);
    bench.within(`draws that failed, ${place}`, failures, 0, 0);
  }
}

const ring = (sites: number, K: number) =>
  Array.from({ length: sites }, (_, i) =>
    Array.from({ length: sites }, (_, j) => ((i + sites - 1) % sites === j ? K : 0)),
  );

/** Holds one sampled observable to four of its standard errors. */
function held(bench: OracleBench, what: string, result: MonteCarloResult, name: ObservableName, exact: number): void {
  const { [name]: found = NaN } = result.observables;
  const { [name]: error = NaN } = result.standardErrors;
  bench.within(what, found, exact, 4 * error + 1e-5);
}

async function ringProduction(bench: OracleBench): Promise<void> {
  const settings = { chains: bench.sized(32, 1024), burnIn: 10, steps: 20, observe: ["entropy-production"] as const };
  const binary = { spins: { kind: "binary" }, couplings: { kind: "dense", matrix: ring(4, 0.7) }, field: [0, 0, 0, 0] };
  const found = await bench.sample(binary, settings);
  held(bench, "binary, K tanh K a spin", found, "entropy-production", 0.7 * Math.tanh(0.7));
  for (const [dimension, beta, radius] of [
    [8, 0.5, Math.sqrt(3)],
    [3, 2, 1],
  ]) {
    const spins = { kind: "sphere", count: 5, dimension, response: "exact", radius };
    const system = { spins, beta, couplings: { kind: "dense", matrix: ring(5, 1) } };
    const k = beta * radius ** 2;
    const expected = k * besselRatio(dimension, k);
    held(bench, `spheres, D ${dimension}`, await bench.sample(system, settings), "entropy-production", expected);
  }
}

async function enumeratedProduction(bench: OracleBench): Promise<void> {
  const K = 0.7;
  const chain = new ExactChain(4, Float64Array.from(flat(ring(4, K))), new Float64Array(4), 1).stationary();
  bench.within("one-way ring by paths", chain.productionByPaths, 4 * K * Math.tanh(K), 1e-12);
  bench.within("one-way ring by currents", chain.productionByCurrents, 4 * K * Math.tanh(K), 1e-12);
  for (const { tag, N, H, J } of readCase<Kinetic>("kinetic/kinetic-ising-exact-small-N").data.cases) {
    const [name] = tag.split(" ");
    const expected = { asymmetric_N5: 0.5463826, asymmetric_N8_zero_diagonal: 1.0426702174, symmetric_N5: 0 }[name];
    if (expected === undefined) continue;
    const found = new ExactChain(N, Float64Array.from(flat(J)), Float64Array.from(H), 1).stationary();
    bench.within(`${name} by paths`, found.productionByPaths, expected, 1e-9);
    bench.within(`${name}, paths less currents`, found.productionByPaths - found.productionByCurrents, 0, 1e-10);
  }
  return Promise.resolve();
}

async function curieWeiss(bench: OracleBench): Promise<void> {
  const { parallel, equilibrium } = readCase<FiniteCurieWeiss>("kinetic/curie-weiss").data.finite_N;
  const sites = bench.sized(64, 1024);
  for (const temperature of bench.sized([1], [0.9, 1, 1.2])) {
    const [row, still] = [parallel, equilibrium].map((rows) =>
      rows.find(({ N, T }) => N === sites && T === temperature),
    );
    if (row === undefined || still === undefined)
      throw new Error(`curie-weiss has no row N ${sites}, T ${temperature}`);
    const found = await bench.sample(
      { spins: { kind: "binary", count: sites }, beta: 1 / temperature, couplings: { kind: "curie-weiss" } },
      {
        chains: bench.allow(32, bench.sized(256, 64)),
        burnIn: bench.sized(100, 300),
        steps: bench.allow(600, bench.sized(200, 1600)),
        thin: bench.sized(4, 8),
        observe: ["absolute-magnetization", "binder", "energy", "entropy-production"],
      },
    );
    const at = `N ${sites}, T ${temperature}`;
    held(bench, `⟨|m|⟩ of the synchronous chain, ${at}`, found, "absolute-magnetization", row.abs_m);
    held(bench, `Binder cumulant, ${at}`, found, "binder", row.binder);
    // The energy is -m²/2: ⟨m²⟩ at T_c tells the two dynamics apart at every N.
    held(bench, `energy, -⟨m²⟩/2, ${at}`, found, "energy", -row.m2 / 2);
    held(bench, `entropy production of symmetric couplings, ${at}`, found, "entropy-production", 0);
    bench.holds(`chains from two starts agree, ${at}`, found.thermalisation.verdict === "passed");
    if (temperature !== 1) continue;
    const { "absolute-magnetization": error = NaN } = found.standardErrors;
    bench.holds(`four standard errors tell it from equilibrium, ${at}`, 4 * error < Math.abs(row.abs_m - still.abs_m));
  }
}

const SMALL_CHAINS = "7.5; kinetic-ising-exact-small-N";

export const samplingOracles: readonly Oracle[] = [
  { id: "F3", title: "synchronous Glauber chains against enumeration", reference: SMALL_CHAINS, run: glauber },
  { id: "F7", title: "von Mises-Fisher spins: moments and accepted shares", reference: "7.2", run: vonMisesFisher },
  {
    id: "G2",
    title: "entropy production by enumeration: paths and currents",
    reference: "11.6; kinetic-ising-exact-small-N",
    float64Only: true,
    run: enumeratedProduction,
  },
  {
    id: "G3",
    title: "sampled entropy production of one-way rings",
    reference: "11.6; entropy-production",
    run: ringProduction,
  },
  { id: "H2c", title: "synchronous Curie-Weiss chain at finite N", reference: "12.2; curie-weiss", run: curieWeiss },
];
