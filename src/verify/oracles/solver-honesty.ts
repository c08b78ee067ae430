/** What a solver says of a state is true of that state, and what has not settled is not called settled (equations 6.1, 6.2). */
import { FixedPointIteration } from "../../engine/fixed-point-iteration.js";
import { STEADY_TOLERANCES, statusOf } from "../../engine/steady-state.js";
import { denseVariant } from "../../kernels/strategies.js";
import { pad } from "../../reference/layout.js";
import { gaussianMatrix, STREAMS, unitDirections } from "../../reference/random.js";
import { SPHERE_CLOSURES } from "../../reference/sphere-update.js";
import { dot, norms, type Oracle, type OracleBench } from "./bench.js";

const SITES = 128;
const DIMENSION = 64;
const BETA = 2;
const SEED = 6;

/** Random directions |x| = R in independent couplings of variance 1/N. */
const glass = (initial: object = { kind: "field" }) => ({
  spins: { kind: "sphere", dimension: DIMENSION, count: SITES, response: "large-d" },
  beta: BETA,
  couplings: { kind: "gaussian", std: 1 },
  field: { kind: "direction", norm: 1 },
  initial,
  seed: SEED,
});

/**
 * The flat map θ = x + J m - (β/2) T m, m <- F(θ), T_i = Σ_j J_ij² (1 - |m_j|²), with m_i on the right from the iterate before
 * instead of solved for. Lengths are in units of R, and β/2 = 1.
 */
async function flatIteration(bench: OracleBench, damping: number) {
  const { executor } = bench;
  const stride = pad(DIMENSION);
  const length = pad(SITES) * stride;
  const own = new Array<ReturnType<typeof executor.allocate>>();
  const kept = <S extends (typeof own)[number]>(slot: S) => {
    own.push(slot);
    return slot;
  };
  const source = { seed: SEED, sample: 0 };
  const drawn = gaussianMatrix(SITES, SITES, { ...source, stream: STREAMS.couplings }, 1 / Math.sqrt(SITES));
  const directions = unitDirections(SITES, DIMENSION, { ...source, stream: STREAMS.field });
  const product = { sites: SITES, dimension: 0, components: DIMENSION };
  const variant = executor.device.kind === "cpu" ? undefined : denseVariant("field-sphere", executor.traits, product);
  const systems = { systems: 1, systemsPerCoupling: 1 };
  const site = { systems: 1, sites: SITES, radius: 1 };
  try {
    // N and D are multiples of four: nothing is padded.
    const couplings = kept(executor.upload("couplings", drawn));
    const externalField = kept(executor.upload("external field", directions));
    const betas = kept(executor.upload("beta", new Float64Array(SITES).fill(BETA)));
    const weights = kept(executor.allocate("weights", SITES));
    const moments = kept(executor.allocate("moments", SITES));
    const field = kept(executor.allocate("field", length));
    const solveResidual = kept(executor.allocate("solve residual", SITES));
    const half = directions.map((value) => value / 2);
    const state = kept(executor.upload("state", half));
    const step = (from: typeof state, image: typeof state) => {
      executor.run({
        kernel: "moment-weights",
        arrays: { state: from, weights },
        params: { ...site, components: DIMENSION, componentStride: stride },
        constants: { KINDS: 1, PUBLISHED: false, RESPONSE: 0 },
      });
      executor.run({
        kernel: "field-sphere",
        arrays: { couplings, state: from, weights, field, moments },
        params: {
          ...systems,
          rows: SITES,
          rowStart: 0,
          rowCount: SITES,
          columns: SITES,
          dimension: DIMENSION,
          weightKinds: 1,
        },
        constants: { MOMENTS: 1 },
        ...(variant && { variant }),
      });
      executor.run({
        kernel: "subtract-diagonal",
        arrays: { diagonal: moments, state: from, field },
        params: { ...systems, sites: SITES, componentStride: stride },
        constants: {},
      });
      executor.run({
        kernel: "sphere-update",
        arrays: { externalField, field, moments, betas, image, solveResidual },
        params: { ...site, dimension: DIMENSION },
        constants: { CLOSURE: SPHERE_CLOSURES.naive, RESPONSE: 0 },
      });
    };
    const map = {
      systems: 1,
      systemsPerUnit: 1,
      systemLength: length,
      sites: { sites: SITES, components: DIMENSION, componentStride: stride, radius: 1 },
      record: step,
    };
    const iteration = new FixedPointIteration(executor, map, state, damping);
    try {
      const tolerances = STEADY_TOLERANCES[executor.device.precision];
      await iteration.start([0], 0);
      await iteration.iterate(200, false, tolerances);
      const [standing] = iteration.standings();
      const status = statusOf(standing, tolerances.accept, 1);
      const best = await executor.read(iteration.best);
      const image = kept(executor.allocate("image", length));
      step(iteration.best, image);
      const after = await executor.read(image);
      const changes = norms(
        after.map((value, k) => value - best[k]),
        DIMENSION,
      );
      const rms = (values: Float64Array) => Math.sqrt(dot(values, values) / SITES);
      const { best: residual, twoStep } = standing;
      return { status, residual, twoStep, recomputed: Math.max(...changes), best: rms(best) };
    } finally {
      iteration.dispose();
    }
  } finally {
    executor.free(...own);
  }
}

async function honesty(bench: OracleBench): Promise<void> {
  const rounding = bench.allow(1e-14, 3e-7);
  const undamped = await flatIteration(bench, 1);
  bench.holds("flat onsager without damping is not called converged", undamped.status !== "converged");
  bench.within("its residual, recomputed", undamped.residual, undamped.recomputed, rounding);
  // It hops to and fro by 1.1 R between two states that wander themselves: in float64 the largest |m_i(k) - m_i(k-2)| is 0.13 to
  // 0.17 R from step 100 to 20 000, no earlier state within 40 steps is nearer, and the Lyapunov exponent is -0.001 ± 0.002: neither
  // a cycle nor chaos. From β = 1.6 to 1.75 the two states come to rest, like a power of 1/k (2026-11-29).
  bench.holds("nor a cycle", undamped.status === "max-iter");
  bench.between("its residual", undamped.residual, 0.1, 2);
  bench.between("its largest component of m(k) - m(k-2)", undamped.twoStep, 0.01, 0.2);
  // A clean orbit of period two: m <- -tanh 2m.
  const hopping = {
    spins: { kind: "binary", count: 16 },
    beta: 2,
    couplings: { kind: "curie-weiss", mean: -1 },
    initial: { kind: "constant", value: 1 },
  };
  const orbit = await bench.run(hopping, { closure: "naive", run: { steady: { maxIterations: 120 } } });
  bench.holds("m <- -tanh 2m is called a cycle", orbit.status === "cycle");
  bench.within("residual of that cycle", orbit.residual, 2 * 0.9575040241, bench.allow(1e-9, 1e-6));
  const damped = await flatIteration(bench, 0.5);
  bench.holds("damping 0.5 converges", damped.status === "converged");
  bench.within("residual with damping 0.5, recomputed", damped.residual, damped.recomputed, rounding);
  bench.within("rms |m|/R with damping 0.5", damped.best, 0.536, 0.01);
  const radius = Math.sqrt(DIMENSION / 2 - 1);
  for (const [closure, steady] of [
    ["onsager", {}],
    ["onsager", { damping: 0.5 }],
    ["naive", { maxIterations: 3 }],
    ["gaussian-field", {}],
  ] as const) {
    const label = `${closure} ${Object.entries(steady).flat().join(" ")}`.trim();
    const { state, status, residual } = await bench.run(glass(), { closure, run: { steady } });
    const finishes = !("maxIterations" in steady);
    bench.holds(`${label}: ${finishes ? "converged" : "max-iter"}`, status === (finishes ? "converged" : "max-iter"));
    const rows = Array.from({ length: SITES }, (_, i) => [...state.subarray(DIMENSION * i, DIMENSION * (i + 1))]);
    const next = await bench.run(glass(rows), { closure, run: { steps: 1 } });
    const change = norms(
      next.state.map((value, k) => value - state[k]),
      DIMENSION,
    );
    bench.within(`residual of the state returned, ${label}`, residual, Math.max(...change) / radius, rounding);
    if (closure !== "onsager") continue;
    // Solved for m_i inside every step, the same equation needs no damping.
    bench.within(`rms |m|/R, ${label}`, Math.sqrt(dot(state, state) / SITES) / radius, 0.536, 0.01);
  }
}

export const solverHonestyOracles: readonly Oracle[] = [
  {
    id: "D11",
    title: "what solvers report, and flat onsager, which needs damping",
    reference: "6.1, 6.2",
    run: honesty,
  },
];
