/** Hopfield retrieval, softmax memories, and random softmax rows. */
import { memoryLogPartition, realiseMemory, retrieve } from "../../engine/retrieval.js";
import type { System } from "../../engine/realise.js";
import { parseMemory } from "../../physics/memory.js";
import { hopfieldMagnetization } from "../../physics/theory/hopfield.js";
import { dot, mean, type Oracle, type OracleBench, realised, sharing, sideBySide, standardError } from "./bench.js";
import { readCase } from "./case-files.js";

interface Retrieval {
  data: {
    first_step: { alpha: number; T: number; m0: number; m1: number }[];
    T0: { alpha: number; m: number }[];
    finite_T: { alpha: number; T: number; m: number | null }[];
    retrieval_spinodal: { alpha: number; T_M: number }[];
    alpha_c: number;
    m_at_alpha_c: number;
  };
}

interface SoftmaxMemory {
  inputs: { stored: number[][]; states: number[][]; scale: number };
  expected: { energy: number[]; grad: number[][]; step_gamma1: number[][]; logZ_scale1: number };
}

interface Rem {
  data: {
    fixed_beta: Record<"beta" | "N" | "N_EY2" | "lnN_minus_ES", number>[];
    rem_scaling: Record<"N" | "b" | "beta" | "ElnZ" | "EY2" | "ES" | "E_alpha_x", number>[];
  };
}

/** β at which every mean is saturated. */
const COLD = 1e6;

const betaOf = (T: number) => (T === 0 ? COLD : 1 / T);

const hopfield = (sites: number, alpha: number, T: number, overlap: number, sample = 0) => ({
  spins: { kind: "binary", count: sites },
  beta: betaOf(T),
  couplings: { kind: "hopfield", load: alpha },
  initial: { kind: "pattern", overlap },
  seed: 11,
  sample,
});

async function firstStep(bench: OracleBench): Promise<void> {
  const sites = bench.sized(1000, 4096);
  const { first_step } = readCase<Retrieval>("kinetic/hopfield-retrieval").data;
  const loads = new Set(first_step.map(({ alpha }) => alpha).filter((alpha) => alpha <= 0.3 || bench.size === "large"));
  for (const load of loads) {
    const rows = first_step.filter(({ alpha }) => alpha === load);
    // What is drawn depends on neither T nor β, so a start is realised once: patterns are most of the time.
    const starts = new Map<number, System>();
    for (const { m0 } of rows) if (!starts.has(m0)) starts.set(m0, await realised(hopfield(sites, load, 0, m0)));
    const systems = rows.map(({ T, m0 }) => ({ ...starts.get(m0)!, beta: betaOf(T) }));
    const options = { closure: "naive", run: { steps: 1 }, observe: ["pattern-overlap"] } as const;
    const [results] = await bench.runBatch(sharing(systems), options);
    rows.forEach(({ T, m0, m1 }, k) => {
      const width = 4 * Math.sqrt((1 - m1 ** 2) / sites) + 2 / sites;
      const label = `overlap after one step, alpha ${load}, T ${T}, m0 ${m0}`;
      bench.within(label, results[k].observables["pattern-overlap"] ?? NaN, m1, width);
    });
  }
}

async function retrieval(bench: OracleBench): Promise<void> {
  const { T0 } = readCase<Retrieval>("kinetic/hopfield-retrieval").data;
  const sites = bench.sized(1000, 2000);
  const samples = await Promise.all(
    Array.from({ length: 10 }, (_, sample) => realised(hopfield(sites, 0.1, 0, 1, sample))),
  );
  const options = { closure: "naive", run: { steps: 30 }, observe: ["pattern-overlap"] } as const;
  const results = (await bench.runBatch(sideBySide(samples), options)).flat();
  const overlap = mean(results.map(({ observables }) => observables["pattern-overlap"] ?? NaN));
  const expected = T0.find(({ alpha }) => alpha === 0.1)?.m ?? NaN;
  bench.within("retrieval overlap, alpha 0.1, T 0", overlap, expected, 0.006);
}

/** Chains that start from the pattern. The theory is that of sequential updates; synchronous ones agree to 1e-3. */
async function warmRetrieval(bench: OracleBench): Promise<void> {
  const { finite_T } = readCase<Retrieval>("kinetic/hopfield-retrieval").data;
  const sites = bench.sized(1000, 2000);
  const samples = await Promise.all(
    Array.from({ length: 10 }, (_, sample) => realised(hopfield(sites, 0.1, 0.2, 1, sample))),
  );
  const settings = { chains: 2, burnIn: 10, steps: bench.sized(20, 100), start: "given" } as const;
  const results = (await bench.sampleBatch(sideBySide(samples), settings)).flat();
  const overlap = mean(results.map(({ state }, k) => dot(state, samples[k].initial) / sites));
  const expected = finite_T.find(({ alpha, T }) => alpha === 0.1 && T === 0.2)?.m ?? NaN;
  bench.within("retrieval overlap of chains, alpha 0.1, T 0.2", overlap, expected, 0.006);
}

function capacity(bench: OracleBench): Promise<void> {
  const { data } = readCase<Retrieval>("kinetic/hopfield-retrieval");
  const { alpha_c, m_at_alpha_c } = data;
  bench.within("overlap at the capacity, T 0", hopfieldMagnetization(alpha_c - 1e-12, 0), m_at_alpha_c, 1e-4);
  bench.within("overlap above the capacity, T 0", hopfieldMagnetization(alpha_c + 1e-6, 0), 0, 0);
  for (const { alpha, m } of data.T0.filter((row) => row.alpha < alpha_c)) {
    bench.within(`overlap, alpha ${alpha}, T 0`, hopfieldMagnetization(alpha, 0), m, 1e-9);
  }
  for (const { alpha, T, m } of data.finite_T) {
    bench.within(`overlap, alpha ${alpha}, T ${T}`, hopfieldMagnetization(alpha, T), m ?? 0, 1e-9);
  }
  // Below alpha = 0.1 the tabulated ends lie up to 0.04 above those of the same equations, which plain iteration confirms.
  for (const { alpha, T_M } of data.retrieval_spinodal.filter((row) => row.alpha >= 0.1)) {
    const sides = [T_M - 1e-3, T_M + 1e-3].map((T) => hopfieldMagnetization(alpha, T));
    bench.holds(`retrieval ends at T ${T_M.toFixed(3)}, alpha ${alpha}`, sides[0] > 0.1 && sides[1] === 0);
  }
  return Promise.resolve();
}

async function softmaxMemory(bench: OracleBench): Promise<void> {
  const { inputs, expected } = readCase<SoftmaxMemory>("bal/14_hopfield_energy");
  const { stored: patterns, states, scale } = inputs;
  const noFiles = () => Promise.reject(new Error("no files here"));
  const memory = await realiseMemory(parseMemory({ patterns, states, scale }, "memory"), noFiles, "memory");
  const { states: after, history } = await retrieve(bench.executor, memory, { steps: 1 });
  const tolerance = bench.allow(1e-13, 2e-6);
  bench.within("one step", after, expected.step_gamma1, tolerance);
  const energies = history[0].map(({ energy }) => energy);
  bench.within("energy", energies, expected.energy, tolerance);
  const gradient = memory.states.map((xi, k) => xi - after[k]);
  bench.within("gradient", gradient, expected.grad, tolerance);
  bench.within("ln Z", memoryLogPartition(memory), expected.logZ_scale1, 1e-12);
}

async function randomRows(bench: OracleBench): Promise<void> {
  const { rem_scaling, fixed_beta } = readCase<Rem>("kinetic/softmax-rem").data;
  const sites = bench.sized(64, 1024);
  const samples = bench.sized(48, 64);
  const rows = [
    ...rem_scaling
      .filter(({ N, b }) => N === sites && [0.5, 1, 1.5, 2].includes(b))
      .map((row) => ({ ...row, label: `b ${row.b}` })),
    // The table has no ln Z here: E S = E ln Z - β² (1 - E Y₂).
    ...fixed_beta
      .filter(({ N }) => N === sites)
      .map(({ beta, N, N_EY2, lnN_minus_ES }) => {
        const [EY2, ES, E_alpha_x] = [N_EY2 / N, Math.log(N) - lnN_minus_ES, beta * (1 - N_EY2 / N)];
        return { beta, EY2, ES, E_alpha_x, ElnZ: ES + beta * E_alpha_x, label: `beta ${beta}` };
      }),
  ];
  for (const row of rows) {
    const systems = Array.from({ length: samples }, (_, sample) =>
      realised({
        spins: { kind: "binary", count: sites },
        couplings: { kind: "random-softmax", scale: row.beta },
        seed: 21,
        sample,
      }),
    );
    const observe = ["participation", "entropy", "log-sum-exp"] as const;
    const options = { closure: "naive", run: { steps: 1 }, observe } as const;
    const results = (await bench.runBatch(sideBySide(await Promise.all(systems)), options)).flat();
    const [Y2, S, lnZ] = observe.map((name) => results.map(({ observables }) => observables[name] ?? NaN));
    // S = ln Z - β Σ_j α_j x_j in every row.
    const alphaX = lnZ.map((value, k) => (value - S[k]) / row.beta);
    for (const [name, values, exact] of [
      ["Y₂", Y2, row.EY2],
      ["S", S, row.ES],
      ["ln Z", lnZ, row.ElnZ],
      ["Σ α x", alphaX, row.E_alpha_x],
    ] as const) {
      bench.within(`mean ${name}, N ${sites}, ${row.label}`, mean(values), exact, 4 * standardError(values));
    }
  }
}

const HOPFIELD = "12.7; hopfield-retrieval";

export const memoryOracles: readonly Oracle[] = [
  { id: "D9", title: "softmax memory: energy, gradient, step, ln Z", reference: "10.4; bal/14", run: softmaxMemory },
  { id: "H1b", title: "random softmax couplings at finite N", reference: "12.4; softmax-rem", run: randomRows },
  { id: "I5a", title: "first synchronous step of Hopfield retrieval", reference: HOPFIELD, run: firstStep },
  { id: "I5b", title: "Hopfield retrieval at T = 0", reference: HOPFIELD, run: retrieval },
  { id: "I5c", title: "Hopfield retrieval of chains at T = 0.2", reference: HOPFIELD, run: warmRetrieval },
  { id: "I5d", title: "capacity of Hopfield retrieval", reference: HOPFIELD, float64Only: true, run: capacity },
];
