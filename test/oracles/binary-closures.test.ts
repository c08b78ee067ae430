/** One step and steady states of binary closures (oracles B1, B2, F2), and their order of accuracy (oracles E). */
import { describe, expect, it } from "vitest";
import { readCase } from "../cases.js";
import { expectWithin, largestError, logSlope, precisions, run } from "./engines.js";

interface BinaryStep {
  inputs: { x: number[]; J: number[][]; m_prev: number[] };
  expected: Record<"naive" | "tap" | "tap_explicit_first_iterate" | "ness_naive" | "ness_tap", number[]>;
}

interface ExactMaster {
  inputs: { x: number[]; J: number[][]; m_init: number[]; steps: number };
  expected: {
    m_exact: number[][];
    m_naive: number[][];
    m_tap: number[][];
    max_err_naive: number[];
    max_err_tap: number[];
  };
}

interface Orders {
  eps: number[];
  max_error: number[];
  slope: number;
}

interface KineticIsing {
  data: {
    cases: {
      tag: string;
      H: number[];
      J: number[][];
      s0: number[];
      exact: { m: number[] }[];
      closures: Record<"nMF" | "TAP", { m: number[] }[]>;
      max_abs_m_error_over_trajectory: Record<"nMF" | "TAP", number>;
    }[];
    one_step_order_of_accuracy: {
      H: number[];
      J: number[][];
      m0: number[];
      generic_m0: Record<"nMF" | "TAP" | "Gaussian", Orders>;
      zero_m0: Record<"nMF" | "TAP" | "Gaussian", Orders>;
    };
  };
}

const step = readCase<BinaryStep>("bal/03_binary_step");
const master = readCase<ExactMaster>("bal/04_binary_exact_master");
const kinetic = readCase<KineticIsing>("kinetic/kinetic-ising-exact-small-N");

/** β is absorbed into x and J in all these cases. */
const system = (field: number[], matrix: number[][], initial: number[], beta = 1) => ({
  spins: { kind: "binary" },
  beta,
  couplings: { kind: "dense", matrix },
  field,
  initial,
});

describe.each(precisions)("binary closures, %s", (precision) => {
  const { x, J, m_prev } = step.inputs;

  it.each(["naive", "tap"] as const)("takes the %s step of five asymmetric sites", async (closure) => {
    const { state } = await run(precision, system(x, J, m_prev), { closure, run: { steps: 1 } });
    expectWithin(state, step.expected[closure], precision === "f64" ? 1e-12 : 2e-7, `${precision} B1 ${closure}`);
  });

  it.each(["naive", "tap"] as const)("finds the %s steady state", async (closure) => {
    const result = await run(precision, system(x, J, m_prev), { closure, run: { steady: {} } });
    expect(result.status).toBe("converged");
    const expected = step.expected[`ness_${closure}`];
    expectWithin(result.state, expected, precision === "f64" ? 1e-12 : 2e-7, `${precision} B1 ness ${closure}`);
  });

  it("solves for m on both sides: the first explicit iterate is another number", async () => {
    const { state } = await run(precision, system(x, J, m_prev), { closure: "tap", run: { steps: 1 } });
    expect(step.expected.tap_explicit_first_iterate[0]).toBeCloseTo(0.72070707, 8);
    expect(largestError(state, step.expected.tap_explicit_first_iterate)).toBeGreaterThan(1e-2);
  });

  it("calls onsager what is tap for binary spins", async () => {
    const options = { closure: "onsager", run: { steps: 1 } } as const;
    const { state } = await run(precision, system(x, J, m_prev), options);
    expectWithin(state, step.expected.tap, precision === "f64" ? 1e-12 : 2e-7, `${precision} B1 onsager`);
  });

  it("keeps β apart from the arrays: β = 1/2 with doubled x and J is the same system", async () => {
    const doubled = system(
      x.map((value) => 2 * value),
      J.map((row) => row.map((value) => 2 * value)),
      m_prev,
      0.5,
    );
    const { state } = await run(precision, doubled, { closure: "tap", run: { steps: 1 } });
    expectWithin(state, step.expected.tap, precision === "f64" ? 1e-12 : 2e-7, `${precision} B1 beta 1/2`);
  });

  it("follows the trajectories of six sites and their distance from the exact master equation", async () => {
    const { x: field, J: matrix, m_init, steps } = master.inputs;
    for (const [closure, expected, errors] of [
      ["naive", master.expected.m_naive, master.expected.max_err_naive],
      ["tap", master.expected.m_tap, master.expected.max_err_tap],
    ] as const) {
      const options = { closure, run: { steps }, trajectory: true };
      const { trajectory } = await run(precision, system(field, matrix, m_init), options);
      expect(trajectory).toHaveLength(steps);
      trajectory!.forEach((state, t) => {
        const tolerance = precision === "f64" ? 1e-12 : 3e-6;
        expectWithin(state, expected[t + 1], tolerance, `${precision} F2 ${closure}`);
        const fromExact = largestError(state, master.expected.m_exact[t + 1]);
        expect(Math.abs(fromExact - errors[t + 1]), `${closure} t = ${t + 1}`).toBeLessThan(tolerance);
      });
    }
  });

  it.each(kinetic.data.cases)("follows six steps of $tag from one configuration", async (entry) => {
    for (const [closure, name] of [
      ["naive", "nMF"],
      ["tap", "TAP"],
    ] as const) {
      const options = { closure, run: { steps: 6 }, trajectory: true };
      const { trajectory } = await run(precision, system(entry.H, entry.J, entry.s0), options);
      const tolerance = precision === "f64" ? 1e-12 : 3e-6;
      trajectory!.forEach((state, t) =>
        expectWithin(state, entry.closures[name][t].m, tolerance, `${precision} B2 ${closure}`),
      );
      const worst = Math.max(...trajectory!.map((state, t) => largestError(state, entry.exact[t].m)));
      expect(Math.abs(worst - entry.max_abs_m_error_over_trajectory[name])).toBeLessThan(tolerance);
    }
  });
});

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

describe("order of accuracy in the strength of J, f64", () => {
  const { H, J, m0, generic_m0, zero_m0 } = kinetic.data.one_step_order_of_accuracy;
  it.each([
    ["naive", "generic", m0, generic_m0.nMF, 2, 0.15],
    ["tap", "generic", m0, generic_m0.TAP, 3, 0.25],
    ["gaussian-field", "generic", m0, generic_m0.Gaussian, 3, 0.2],
    ["naive", "zero", m0.map(() => 0), zero_m0.nMF, 2, 0.25],
    ["tap", "zero", m0.map(() => 0), zero_m0.TAP, 4, 0.25],
    ["gaussian-field", "zero", m0.map(() => 0), zero_m0.Gaussian, 4, 0.25],
  ] as const)("%s from a %s previous mean", async (closure, start, previous, expected, order, width) => {
    const errors: number[] = [];
    for (const [k, eps] of expected.eps.entries()) {
      const matrix = J.map((row) => row.map((value) => eps * value));
      const { state } = await run("f64", system(H, matrix, [...previous]), { closure, run: { steps: 1 } });
      errors.push(largestError(state, exactStep(H, matrix, [...previous])));
      expect(Math.abs(errors[k] - expected.max_error[k]), `eps ${eps}`).toBeLessThan(1e-12);
    }
    const slope = logSlope(expected.eps, errors);
    expect(Math.abs(slope - order), `from a ${start} mean`).toBeLessThan(width);
    expect(slope).toBeCloseTo(expected.slope, 3);
  });
});
