/** Large N: the asymmetric SK model by chains, enumeration, and theory curves. */
import { monteCarlo } from "../../engine/monte-carlo.js";
import { evaluateTheory, type TheoryName, type Values } from "../../physics/theory/theories.js";
import { ExactChain } from "../../reference/exact-chain.js";
import { flat, mean, type Oracle, type OracleBench, realised, sideBySide, standardError } from "./bench.js";
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

type SteadyState = Record<"beta" | "J0" | "dJ" | "H0" | "m" | "q" | "sigma_per_spin" | "entropy_rate_per_spin", number>;

interface AsymmetricSk {
  data: {
    steady_state: SteadyState[];
    critical_line: Record<"dJ" | "H0" | "beta_c", number>[];
    transients_from_all_up: Record<string, Record<"t" | "m" | "q_same_start", number>[]>;
  };
}

interface SymmetricSk {
  data: Record<"rs_curve" | "rs_in_field", Record<"T" | "h" | "q" | "free_energy", number>[]> & {
    AT_line: { T: number; h_AT: number }[];
  };
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

async function asymmetricSk(bench: OracleBench): Promise<void> {
  const { steady_state } = readCase<AsymmetricSk>("kinetic/asymmetric-sk-parallel").data;
  const sites = bench.sized(512, 1024);
  const samples = 10;
  // β = 2 is 1.5 β_c: near the line signs flip, but not within so few steps from all up.
  for (const beta of bench.allow([2, 4], [2, 3, 4])) {
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
        observe: ["absolute-magnetization", "overlap", "entropy-production", "entropy-rate"],
        identity: (group) => ({ seed: 31, point: 0, sample: group }),
      })
    ).flat();
    for (const [name, expected, floor] of [
      ["absolute-magnetization", row.m, 0.005],
      ["overlap", row.q, 0.005],
      ["entropy-production", row.sigma_per_spin, 0.01 * row.sigma_per_spin],
      ["entropy-rate", row.entropy_rate_per_spin, 0.01 * row.entropy_rate_per_spin],
    ] as const) {
      const found = results.map(({ observables }) => observables[name] ?? NaN);
      // Disorder samples give the error; the floor is what is left of 1/N.
      bench.within(`${name}, beta ${beta}, N ${sites}`, mean(found), expected, 4 * standardError(found) + floor);
    }
  }
}

/** m(t) and the overlap of two chains of one start, deterministic at N -> infinity. */
async function transients(bench: OracleBench): Promise<void> {
  const { transients_from_all_up } = readCase<AsymmetricSk>("kinetic/asymmetric-sk-parallel").data;
  const count = bench.sized(1024, 8192);
  const width = 5 / Math.sqrt(count);
  for (const [name, rows] of Object.entries(transients_from_all_up)) {
    const [, beta, deviation] = (/^beta(.*)_dJ(.*)$/.exec(name) ?? []).map(Number);
    const couplings = { kind: "gaussian", mean: 1, std: deviation };
    for (const t of [1, 3, 10]) {
      const { observables } = await bench.sample(
        { spins: { kind: "binary", count }, beta, couplings, seed: 37 },
        { chains: 4, burnIn: t - 1, steps: 1, start: "up", observe: ["magnetization", "overlap"] },
      );
      const row = rows.find((each) => each.t === t);
      const label = `at t ${t} from all up, beta ${beta}, dJ ${deviation}`;
      bench.within(`magnetization ${label}`, observables.magnetization ?? NaN, row?.m ?? NaN, width);
      bench.within(`overlap ${label}`, observables.overlap ?? NaN, row?.q_same_start ?? NaN, width);
    }
  }
}

/** Theory, parameters, result, number, tolerance. */
const CURVES: readonly (readonly [TheoryName, Values, string, number, number])[] = [
  ["noisy-attention", { d: 2 }, "betaStar", 2.446918, 1e-6],
  ["noisy-attention", { d: 64 }, "betaStar", 1.031494, 1e-6],
  ["noisy-attention", { d: 2, beta: 0.25 }, "kHash", 0.9922280054711948, 1e-12],
  ["curie-weiss", { T: 0.5 }, "magnetization", 0.9575040241, 1e-9],
  ["tanh-chaos", { g: 1.5 }, "overlap", 0.352602, 1e-6],
  ["tanh-chaos", { g: 2 }, "lyapunov", 0.154724, 1e-6],
];

function theoryCurves(bench: OracleBench): Promise<void> {
  const resultsOf = (name: TheoryName, parameters: Values) => evaluateTheory(name, parameters).results;
  const sk = readCase<SymmetricSk>("kinetic/sk-rs-and-amp").data;
  // The tables are good to 1e-9 from T = 0.05 on.
  for (const { T, h, q, free_energy } of [...sk.rs_curve, ...sk.rs_in_field].filter((row) => row.T >= 0.05)) {
    const { overlap, freeEnergy } = resultsOf("sk-rs", { T, field: h });
    bench.within(`overlap of sk-rs, T ${T}, field ${h}`, overlap, q, 1e-9);
    bench.within(`free energy of sk-rs, T ${T}, field ${h}`, freeEnergy, free_energy, 1e-9);
  }
  for (const { T, h_AT } of sk.AT_line) bench.within(`at-line, T ${T}`, resultsOf("at-line", { T }).field, h_AT, 1e-9);
  const asymmetric = readCase<AsymmetricSk>("kinetic/asymmetric-sk-parallel").data;
  for (const { dJ, H0, beta_c } of asymmetric.critical_line) {
    const { criticalBeta } = resultsOf("asymmetric-sk", { dJ, fieldHalfWidth: H0 });
    bench.within(`criticalBeta of asymmetric-sk, dJ ${dJ}, H0 ${H0}`, criticalBeta, beta_c, 1e-9);
  }
  for (const { beta, J0, dJ, H0, ...row } of asymmetric.steady_state.filter((each) =>
    [1.5, 2, 4].includes(each.beta),
  )) {
    const found = resultsOf("asymmetric-sk", { beta, J0, dJ, fieldHalfWidth: H0 });
    const [got, wanted] = [
      [found.magnetization, found.overlap, found.entropyProduction],
      [row.m, row.q, row.sigma_per_spin],
    ];
    bench.within(`m, q, sigma of asymmetric-sk, beta ${beta}, J0 ${J0}, dJ ${dJ}, H0 ${H0}`, got, wanted, 1e-7);
  }
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
  { id: "I3a", title: "asymmetric SK chains", reference: "12.1; asymmetric-sk-parallel", run: asymmetricSk },
  { id: "I3b", title: "asymmetric SK chains from all up", reference: "12.1; asymmetric-sk-parallel", run: transients },
  { id: "J2", title: "theory curves", reference: "12.1-12.9", float64Only: true, run: theoryCurves },
];
