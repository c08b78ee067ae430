/** Large N: closed forms of vector closures, the asymmetric SK model by chains, enumeration, and theory curves. */
import { monteCarlo } from "../../engine/monte-carlo.js";
import { evaluateTheory, type TheoryName, type Values } from "../../physics/theory/theories.js";
import { ExactChain } from "../../reference/exact-chain.js";
import { dot, flat, mean, type Oracle, type OracleBench, realised, sideBySide, standardError } from "./bench.js";
import { readCase } from "./case-files.js";

interface Moments {
  m: number[];
  C: number[][];
  D: number[][];
}

interface Kinetic {
  data: {
    cases: {
      tag: string;
      N: number;
      H: number[];
      J: number[][];
      s0: number[];
      exact: Moments[];
      exact_stationary: Moments & { entropy_production_path: number; entropy_rate: number };
    }[];
  };
}

interface AsymmetricSk {
  data: { steady_state: Record<"beta" | "J0" | "dJ" | "H0" | "m" | "q" | "sigma_per_spin", number>[] };
}

function enumeration(bench: OracleBench): Promise<void> {
  for (const { tag, N, H, J, s0, exact, exact_stationary } of readCase<Kinetic>("kinetic/kinetic-ising-exact-small-N")
    .data.cases) {
    const [name] = tag.split(" ");
    const chain = new ExactChain(N, Float64Array.from(flat(J)), Float64Array.from(H), 1);
    let law = chain.productLaw(s0);
    exact.forEach(({ m, C, D }, t) => {
      const next = chain.evolve(law);
      const found = chain.moments(law, next);
      bench.within(`means at t ${t + 1}, ${name}`, found.means, m, 1e-12);
      bench.within(`C at t ${t + 1}, ${name}`, found.equalTime, C, 1e-12);
      bench.within(`D at t ${t + 1}, ${name}`, found.delayed, D, 1e-12);
      law = next;
    });
    const { means, productionByPaths, entropyRate } = chain.stationary();
    bench.within(`stationary means, ${name}`, means, exact_stationary.m, 1e-10);
    const { entropy_production_path: production, entropy_rate: rate } = exact_stationary;
    bench.within(`entropy production, ${name}`, productionByPaths, production, 1e-10);
    bench.within(`entropy rate a spin, ${name}`, entropyRate, rate / N, 1e-10);
  }
  return Promise.resolve();
}

/** rms |m|/R of large-d closures for |x| = R and iid couplings of variance 1/N (equations 12.3). */
const LIMITS = [
  { beta: 1, naive: 7.0323, onsager: 6.1665, "gaussian-field": 6.2808 },
  { beta: 2, naive: 10.653, onsager: 8.563, "gaussian-field": 9.2195 },
] as const;
const LIMIT_RADIUS = Math.sqrt(512 / 2 - 1);

async function vectorSpins(bench: OracleBench): Promise<void> {
  const [sites, dimension] = bench.sized([384, 96], [1024, 512]);
  for (const { beta, ...limits } of LIMITS) {
    for (const [closure, limit] of Object.entries(limits) as [keyof typeof limits, number][]) {
      const system = {
        spins: { kind: "sphere", count: sites, dimension, response: "large-d" },
        beta,
        couplings: { kind: "gaussian", std: 1 },
        field: { kind: "direction", norm: 1 },
        seed: 8,
      };
      const { state, status } = await bench.run(system, { closure, run: { steady: {} } });
      const radius = Math.sqrt(dimension / 2 - 1);
      const found = status === "converged" ? Math.sqrt(dot(state, state) / sites) / radius : NaN;
      const expected = limit / LIMIT_RADIUS;
      // 0.5 % at N = 1024, D = 512; what one sample of J and x adds falls like 1/√N.
      const tolerance = 0.005 * expected * Math.sqrt(1024 / sites);
      bench.within(`rms |m|/R of ${closure}, beta ${beta}, N ${sites}, D ${dimension}`, found, expected, tolerance);
    }
  }
}

async function asymmetricSk(bench: OracleBench): Promise<void> {
  const { steady_state } = readCase<AsymmetricSk>("kinetic/asymmetric-sk-parallel").data;
  const sites = bench.sized(512, 1024);
  const samples = 10;
  for (const beta of [3, 4]) {
    const row = steady_state.find((each) => each.beta === beta && each.J0 === 1 && each.dJ === 0.5 && each.H0 === 0);
    if (row === undefined) continue;
    const systems = Array.from({ length: samples }, (_, sample) =>
      realised({
        spins: { kind: "binary", count: sites },
        beta,
        couplings: { kind: "gaussian", mean: 1, std: 0.5 },
        seed: 31,
        sample,
      }),
    );
    const results = (
      await monteCarlo(bench.executor, sideBySide(await Promise.all(systems)), {
        chains: 4,
        burnIn: 30,
        steps: bench.sized(40, 200),
        thin: 1,
        start: "up",
        observe: ["absolute-magnetization", "overlap", "entropy-production"],
        identity: (group) => ({ seed: 31, point: 0, sample: group }),
      })
    ).flat();
    for (const [name, expected, floor] of [
      ["absolute-magnetization", row.m, 0.005],
      ["overlap", row.q, 0.005],
      ["entropy-production", row.sigma_per_spin, 0.01 * row.sigma_per_spin],
    ] as const) {
      const found = results.map(({ observables }) => observables[name] ?? NaN);
      // Disorder samples give the error; the floor is what is left of 1/N.
      bench.within(`${name}, beta ${beta}, N ${sites}`, mean(found), expected, 4 * standardError(found) + floor);
    }
  }
}

/** Theory, parameters, result, number, tolerance. */
const CURVES: readonly (readonly [TheoryName, Values, string, number, number])[] = [
  ["sk-rs", { T: 0.8 }, "overlap", 0.208937, 1e-7],
  ["sk-rs", { T: 0.5 }, "overlap", 0.5303684, 1e-7],
  ["sk-rs", { T: 0.2 }, "overlap", 0.8279747, 1e-7],
  ["at-line", { T: 0.5 }, "field", 0.5699338, 1e-7],
  ["noisy-attention", { d: 2 }, "betaStar", 2.446918, 1e-6],
  ["noisy-attention", { d: 64 }, "betaStar", 1.031494, 1e-6],
  ["noisy-attention", { d: 2, beta: 0.25 }, "kHash", 0.9922280054711948, 1e-12],
  ["curie-weiss", { T: 0.5 }, "magnetization", 0.9575040241, 1e-9],
  ["asymmetric-sk", { beta: 2, dJ: 0.5 }, "overlap", 0.603484, 1e-6],
  ["asymmetric-sk", { dJ: 0.1, fieldHalfWidth: 0.5 }, "criticalBeta", 1.110840041, 1e-9],
  ["hopfield", { alpha: 0.1, T: 0 }, "magnetization", 0.9979993, 1e-7],
  ["hopfield", { alpha: 0.1, T: 0.2 }, "magnetization", 0.9890852, 1e-7],
  ["tanh-chaos", { g: 2 }, "lyapunov", 0.154724, 1e-6],
];

function theoryCurves(bench: OracleBench): Promise<void> {
  for (const [name, parameters, result, expected, tolerance] of CURVES) {
    const words = Object.entries(parameters).map(([key, value]) => `${key} ${value}`);
    const { [result]: found = NaN } = evaluateTheory(name, parameters).results;
    bench.within(`${result} of ${name}, ${words.join(", ")}`, found, expected, tolerance);
  }
  return Promise.resolve();
}

export const largeSystemOracles: readonly Oracle[] = [
  {
    id: "F1",
    title: "enumeration of small binary systems",
    reference: "7.5; kinetic-ising-exact-small-N",
    float64Only: true,
    run: enumeration,
  },
  {
    id: "I1",
    title: "closures of vector spins in random couplings",
    reference: "12.3; mc_ground_truth",
    run: vectorSpins,
  },
  { id: "I3", title: "asymmetric SK chains", reference: "12.1; asymmetric-sk-parallel", run: asymmetricSk },
  { id: "J2", title: "theory curves", reference: "12.1-12.9", float64Only: true, run: theoryCurves },
];
