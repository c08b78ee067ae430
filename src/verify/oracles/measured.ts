/** Observables that take extra work, against exact numbers. */
import { symmetricEigenvalues } from "../../physics/symmetric-eigenvalues.js";
import { dot, mean, type Oracle, type OracleBench } from "./bench.js";
import { readCase } from "./case-files.js";

type Matrix = number[][];

interface Contraction {
  inputs: { beta: number; x: Matrix; J: Matrix };
  expected: Record<"bound_largeD" | "bound_exact" | "local_spectral_radius", number>;
}

interface Proxies {
  inputs: { beta: number; R: number; x: Matrix; J: Matrix };
  expected: Record<"m_star" | "h_star", Matrix> &
    Record<"sigma_hk_largeD" | "sigma_hk_exact", number> & { mismatch_largeD: number[] };
}

interface Spectrum {
  data: { explicit: { scores: Matrix; A: Matrix; abs_eigenvalues: number[]; singular_values: number[] } };
}

interface Chaos {
  data: { discrete: { g: number; lyapunov: number }[] };
}

const still = { closure: "naive", run: { steps: 0 } } as const;
const total = (values: readonly number[]) => values.length * mean(values);
const sphere = (dimension: number, response: string) => ({ kind: "sphere", dimension, response });

async function contraction(bench: OracleBench): Promise<void> {
  const { inputs, expected } = readCase<Contraction>("bal/09_contraction");
  for (const [response, bound] of [
    ["large-d", expected.bound_largeD],
    ["exact", expected.bound_exact],
  ] as const) {
    const system = {
      spins: sphere(32, response),
      beta: inputs.beta,
      couplings: { kind: "dense", matrix: inputs.J },
      field: inputs.x,
      initial: { kind: "zero" },
    };
    const observe = ["contraction-bound", "spectral-radius"] as const;
    const { observables } = await bench.run(system, { closure: "naive", run: { steady: {} }, observe });
    bench.within(
      `contraction bound, ${response}`,
      observables["contraction-bound"] ?? NaN,
      bound,
      bench.allow(1e-12, 1e-6),
    );
    if (response === "exact") continue;
    const radius = observables["spectral-radius"] ?? NaN;
    bench.within("local spectral radius", radius, expected.local_spectral_radius, 1e-3);
  }
}

async function dissipation(bench: OracleBench): Promise<void> {
  const { inputs, expected } = readCase<Proxies>("bal/12_nonequilibrium_proxies");
  const system = { beta: inputs.beta, couplings: { kind: "dense", matrix: inputs.J }, field: inputs.x };
  const relative = bench.allow(1e-10, 1e-5);
  const atFixedPoint = { ...system, spins: sphere(8, "large-d"), initial: expected.m_star };
  const { observables } = await bench.run(atFixedPoint, { ...still, observe: ["housekeeping"] });
  const { sigma_hk_largeD: largeD, sigma_hk_exact: exact } = expected;
  bench.within("housekeeping entropy production, large-d", observables.housekeeping ?? NaN, largeD, relative * largeD);
  // The exact covariances of the table are those in the fields of the large-d fixed point.
  const inFields = { ...system, spins: sphere(8, "exact"), field: expected.h_star, initial: { kind: "field" } };
  const exactly = await bench.run(inFields, { ...still, observe: ["housekeeping"] });
  bench.within(
    "housekeeping entropy production, exact",
    exactly.observables.housekeeping ?? NaN,
    exact,
    relative * exact,
  );
  const half = expected.m_star.map((row) => row.map((value) => value / 2));
  const quenched = await bench.run({ ...atFixedPoint, initial: half }, { ...still, observe: ["mismatch"] });
  const mismatch = total(expected.mismatch_largeD);
  bench.within(
    "mismatch of half the fixed point",
    quenched.observables.mismatch ?? NaN,
    mismatch,
    bench.allow(1e-10, 3e-6),
  );
}

async function explicitSpectrum(bench: OracleBench): Promise<void> {
  const { A, scores, abs_eigenvalues, singular_values } = readCase<Spectrum>("kinetic/softmax-spectrum").data.explicit;
  const spins = { kind: "binary" };
  const observe = ["second-eigenvalue", "participation"] as const;
  const identity = A.map((_, i) => A.map((_, j) => Number(i === j)));
  const attention = { kind: "attention", queries: scores, keys: identity };
  const { observables } = await bench.run({ spins, couplings: attention }, { ...still, observe });
  bench.within("|λ₂| of attention", observables["second-eigenvalue"] ?? NaN, abs_eigenvalues[1], 1e-6);
  const squares = total(singular_values.map((value) => value ** 2));
  bench.within("Σ s² = N mean Y₂", 5 * (observables.participation ?? NaN), squares, bench.allow(1e-12, 1e-6));
  const dense = { spins, couplings: { kind: "dense", matrix: A } };
  const found = await bench.run(dense, { ...still, observe: ["second-eigenvalue"] });
  bench.within("|λ₂| of the matrix", found.observables["second-eigenvalue"] ?? NaN, abs_eigenvalues[1], 1e-6);
  const perron = { spins, beta: 0.75, couplings: attention };
  const steady = await bench.run(perron, { closure: "naive", run: { steady: {} }, observe: ["spectral-radius"] });
  bench.within("Perron eigenvalue times β", steady.observables["spectral-radius"] ?? NaN, 0.75, 1e-6);
}

async function tokens(bench: OracleBench): Promise<void> {
  const observe = ["effective-rank", "participation-rank", "mean-token-cosine"] as const;
  for (const [what, initial, rank, cosine] of [
    ["equal tokens", Array.from({ length: 40 }, () => Array.from({ length: 33 }, (_, k) => 0.2 + 0.01 * k)), 1, 1],
    [
      "orthonormal tokens",
      Array.from({ length: 7 }, (_, i) => Array.from({ length: 9 }, (_, k) => Number(i === k))),
      7,
      0,
    ],
  ] as const) {
    const matrix = initial.map(() => initial.map(() => 0));
    const system = { spins: sphere(initial[0].length, "large-d"), couplings: { kind: "dense", matrix }, initial };
    const { observables } = await bench.run(system, { ...still, observe });
    bench.within(`effective rank, ${what}`, observables["effective-rank"] ?? NaN, rank, bench.allow(1e-10, 5e-5));
    bench.within(
      `participation rank, ${what}`,
      observables["participation-rank"] ?? NaN,
      rank,
      bench.allow(1e-12, 5e-6),
    );
    bench.within(`mean cosine, ${what}`, observables["mean-token-cosine"] ?? NaN, cosine, bench.allow(1e-12, 5e-6));
  }
}

async function lyapunov(bench: OracleBench): Promise<void> {
  const { discrete } = readCase<Chaos>("kinetic/tanh-network-chaos").data;
  const sites = bench.sized(512, 2048);
  for (const g of [1.5, 2, 3]) {
    const system = {
      spins: { kind: "binary", count: sites },
      couplings: { kind: "gaussian", std: g },
      initial: { kind: "uniform", halfWidth: 0.9 },
      seed: 12,
    };
    const options = { closure: "naive", run: { steps: 400 }, observe: ["lyapunov"] } as const;
    const { observables } = await bench.run(system, options);
    const expected = discrete.find((row) => row.g === g)?.lyapunov ?? NaN;
    // 0.03 at N = 2048; fluctuations of one sample grow like 1/√N.
    const tolerance = 0.03 * Math.sqrt(2048 / sites);
    bench.within(`Lyapunov exponent of the tangent map, g ${g}`, observables.lyapunov ?? NaN, expected, tolerance);
  }
}

async function bulkEdge(bench: OracleBench): Promise<void> {
  const sites = bench.sized(256, 1024);
  for (const scale of [0.3, 0.5, 0.75]) {
    const system = {
      spins: { kind: "binary", count: sites },
      couplings: { kind: "random-softmax", scale },
      seed: 4,
    };
    const options = { ...still, observe: ["second-eigenvalue"], couplings: true } as const;
    const { observables, couplings: J = new Float64Array() } = await bench.run(system, options);
    const kappa = Math.sqrt(Math.exp(scale ** 2) - 1);
    const ratio = (Math.sqrt(sites) * (observables["second-eigenvalue"] ?? NaN)) / kappa;
    bench.between(`√N |λ₂|/κ, N ${sites}, beta ${scale}`, ratio, 0.95, 1.25);
    // Larger scales get there slowly. Without the row normalisation s₂ would be N times that.
    if (scale > 0.5) continue;
    const gram = Float64Array.from({ length: sites * sites }, (_, at) => {
      const [i, k] = [Math.floor(at / sites), at % sites];
      return dot(J.subarray(i * sites, (i + 1) * sites), J.subarray(k * sites, (k + 1) * sites));
    });
    const [, second] = symmetricEigenvalues(gram, sites).sort((one, other) => other - one);
    bench.between(`s₂ √N/(2κ), N ${sites}, beta ${scale}`, Math.sqrt(second * sites) / (2 * kappa), 0.95, 1.05);
  }
}

export const measuredOracles: readonly Oracle[] = [
  {
    id: "A8",
    title: "spectrum of an explicit softmax matrix",
    reference: "11.11; softmax-spectrum",
    run: explicitSpectrum,
  },
  {
    id: "D4b",
    title: "contraction bounds and local spectral radius",
    reference: "6.3, 11.11; bal/09",
    run: contraction,
  },
  {
    id: "D5b",
    title: "housekeeping entropy production and mismatch",
    reference: "11.6, 11.8; bal/12",
    run: dissipation,
  },
  { id: "D10", title: "ranks and cosines of tokens", reference: "11.13, 11.14", run: tokens },
  {
    id: "I4c",
    title: "Lyapunov exponent of random tanh maps",
    reference: "11.10, 12.6; tanh-network-chaos",
    run: lyapunov,
  },
  {
    id: "I6",
    title: "second eigenvalue of random softmax matrices",
    reference: "12.8; softmax-spectrum",
    run: bulkEdge,
  },
];
