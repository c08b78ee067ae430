/** One step, trajectories and steady states of binary closures, and their order of accuracy. β is absorbed into x and J. */
import type { ClosureName } from "../../physics/closures.js";
import { largestError, logSlope, type Oracle, type OracleBench } from "./bench.js";
import { readCase } from "./case-files.js";

interface BinaryStep {
  inputs: { x: number[]; J: number[][]; m_prev: number[] };
  expected: Record<"naive" | "tap" | "tap_explicit_first_iterate" | "ness_naive" | "ness_tap", number[]>;
}

interface ExactMaster {
  inputs: { x: number[]; J: number[][]; m_init: number[]; steps: number };
  expected: Record<"m_exact" | "m_naive" | "m_tap", number[][]> & Record<"max_err_naive" | "max_err_tap", number[]>;
}

interface Orders {
  eps: number[];
  max_error: number[];
  slope: number;
}

type TableName = "nMF" | "TAP";

interface KineticIsing {
  data: {
    cases: {
      tag: string;
      H: number[];
      J: number[][];
      s0: number[];
      exact: { m: number[] }[];
      closures: Record<TableName, { m: number[] }[]>;
      max_abs_m_error_over_trajectory: Record<TableName, number>;
    }[];
    one_step_order_of_accuracy: {
      H: number[];
      J: number[][];
      m0: number[];
      generic_m0: Record<TableName, Orders>;
      zero_m0: Record<TableName, Orders>;
    };
  };
}

const KINETIC = "kinetic/kinetic-ising-exact-small-N";

/** Closures by their names in the case files. */
const tableNames = [
  ["naive", "nMF"],
  ["tap", "TAP"],
] as const satisfies readonly (readonly [ClosureName, TableName])[];

const system = (field: number[], matrix: number[][], initial: number[], beta = 1) => ({
  spins: { kind: "binary" },
  beta,
  couplings: { kind: "dense", matrix },
  field,
  initial,
});

async function oneStep(bench: OracleBench): Promise<void> {
  const { inputs, expected } = readCase<BinaryStep>("bal/03_binary_step");
  const { x, J, m_prev } = inputs;
  const tolerance = bench.allow(1e-12, 2e-7);
  for (const closure of ["naive", "tap"] as const) {
    const { state } = await bench.run(system(x, J, m_prev), { closure, run: { steps: 1 } });
    bench.within(`${closure} step`, state, expected[closure], tolerance);
    const steady = await bench.run(system(x, J, m_prev), { closure, run: { steady: {} } });
    bench.holds(`${closure} steady state converges`, steady.status === "converged");
    bench.within(`${closure} steady state`, steady.state, expected[`ness_${closure}`], tolerance);
    if (closure === "naive") continue;
    // With m_i of the naive step on the right, the Onsager term is an explicit one.
    const explicit = largestError(state, expected.tap_explicit_first_iterate);
    bench.between("distance of tap from its explicit form", explicit, 1e-2, 1e-1);
  }
  const { state: onsager } = await bench.run(system(x, J, m_prev), { closure: "onsager", run: { steps: 1 } });
  bench.within("onsager step, which is tap", onsager, expected.tap, tolerance);
  const doubled = system(
    x.map((value) => 2 * value),
    J.map((row) => row.map((value) => 2 * value)),
    m_prev,
    0.5,
  );
  const { state } = await bench.run(doubled, { closure: "tap", run: { steps: 1 } });
  bench.within("tap step at β = 1/2 of doubled x and J", state, expected.tap, tolerance);
}

async function smallSystems(bench: OracleBench): Promise<void> {
  for (const entry of readCase<KineticIsing>(KINETIC).data.cases) {
    for (const [closure, name] of tableNames) {
      const options = { closure, run: { steps: 6 }, trajectory: true };
      const { trajectory = [] } = await bench.run(system(entry.H, entry.J, entry.s0), options);
      const tolerance = bench.allow(1e-12, 3e-6);
      const [tag] = entry.tag.split(" ");
      const expected = entry.closures[name].map(({ m }) => m);
      bench.within(`${closure} trajectory, ${tag}`, trajectory, expected, tolerance);
      const worst = Math.max(...trajectory.map((state, t) => largestError(state, entry.exact[t].m)));
      const error = entry.max_abs_m_error_over_trajectory[name];
      bench.within(`${closure} distance from exact, ${tag}`, worst, error, tolerance);
    }
  }
}

async function sixSites(bench: OracleBench): Promise<void> {
  const { inputs, expected } = readCase<ExactMaster>("bal/04_binary_exact_master");
  const { x, J, m_init, steps } = inputs;
  for (const closure of ["naive", "tap"] as const) {
    const options = { closure, run: { steps }, trajectory: true };
    const { trajectory = [] } = await bench.run(system(x, J, m_init), options);
    const tolerance = bench.allow(1e-12, 3e-6);
    bench.within(`${closure} trajectory`, trajectory, expected[`m_${closure}`].slice(1), tolerance);
    const errors = trajectory.map((state, t) => largestError(state, expected.m_exact[t + 1]));
    bench.within(`${closure} distance from exact`, errors, expected[`max_err_${closure}`].slice(1), tolerance);
  }
}

/** ⟨s_i(t)⟩ from a product law at t - 1, by enumeration of all configurations. */
function exactStep(field: number[], matrix: number[][], previous: number[]): number[] {
  const mean = field.map(() => 0);
  for (let configuration = 0; configuration < 2 ** field.length; configuration++) {
    const spins: number[] = field.map((_, j) => ((configuration >> j) % 2 === 1 ? 1 : -1));
    const weight = spins.reduce((product, s, j) => (product * (1 + s * previous[j])) / 2, 1);
    matrix.forEach((row, i) => {
      mean[i] += weight * Math.tanh(row.reduce((sum, coupling, j) => sum + coupling * spins[j], field[i]));
    });
  }
  return mean;
}

async function orders(bench: OracleBench): Promise<void> {
  const { H, J, m0, generic_m0, zero_m0 } = readCase<KineticIsing>(KINETIC).data.one_step_order_of_accuracy;
  const zero = m0.map(() => 0);
  for (const [closure, start, previous, expected, order, width] of [
    ["naive", "generic", m0, generic_m0.nMF, 2, 0.15],
    ["tap", "generic", m0, generic_m0.TAP, 3, 0.25],
    ["naive", "zero", zero, zero_m0.nMF, 2, 0.25],
    ["tap", "zero", zero, zero_m0.TAP, 4, 0.25],
  ] as const) {
    const errors: number[] = [];
    for (const eps of expected.eps) {
      const matrix = J.map((row) => row.map((value) => eps * value));
      const { state } = await bench.run(system(H, matrix, previous), { closure, run: { steps: 1 } });
      errors.push(largestError(state, exactStep(H, matrix, previous)));
    }
    bench.within(`${closure} errors from a ${start} mean`, errors, expected.max_error, 1e-12);
    const slope = logSlope(expected.eps, errors);
    bench.within(`${closure} order from a ${start} mean`, slope, order, width);
    bench.within(`${closure} slope from a ${start} mean`, slope, expected.slope, 5e-4);
  }
}

export const binaryClosureOracles: readonly Oracle[] = [
  {
    id: "B1",
    title: "one step and steady states of five asymmetric binary sites",
    reference: "4.2, 4.3; bal/03",
    run: oneStep,
  },
  {
    id: "B2",
    title: "six steps of four binary systems from one configuration",
    reference: "4.2-4.5; kinetic-ising-exact-small-N",
    run: smallSystems,
  },
  {
    id: "E1",
    title: "order of accuracy of binary closures in the strength of J",
    reference: "4.8; kinetic-ising-exact-small-N",
    float64Only: true,
    run: orders,
  },
  {
    id: "F2",
    title: "six binary sites against the exact master equation",
    reference: "7.5; bal/04",
    run: sixSites,
  },
];
