/** One step and steady states of the closures of sphere spins (oracles B4, B6-B9, B11, D4, and the fixed point of D5). */
import { describe, expect, it } from "vitest";
import type { ClosureName } from "../../src/physics/closures.js";
import { responseGain } from "../../src/reference/responses.js";
import { readCase } from "../cases.js";
import { expectWithin, largestError, norms, precisions, type Precision, run, transposed } from "./engines.js";

type Vectors = number[][];

interface SphereInputs {
  N: number;
  D: number;
  R: number;
  beta: number;
  x: Vectors;
  J: number[][];
  m_prev: Vectors;
}

interface Naive {
  inputs: SphereInputs;
  expected: Record<"traj_largeD" | "traj_exact", Vectors[]> & Record<"ness_largeD" | "ness_exact", Vectors>;
}

type Solution = Record<"step" | "ness", Vectors>;

interface Tap {
  inputs: SphereInputs;
  expected: Record<"published" | "j" | "strict" | "leading", Solution> & {
    gaussian_field_step: Vectors;
    gaussian_field_ness: Vectors;
    gaussian_field_exactphi_step: Vectors;
    gaussian_field_exactphi_ness: Vectors;
  };
}

interface Contraction {
  inputs: SphereInputs;
  expected: { fixed_point: Vectors; residuals: number[] };
}

interface Proxies {
  inputs: SphereInputs;
  expected: Record<"m_star" | "h_star" | "delayed_largeD" | "delayed_exact", Vectors> & { sigma_via_delayed: number };
}

interface AttentionTrajectories {
  data: {
    explicit_case: {
      D: number;
      beta: number;
      X: Vectors;
      Wq: number[][];
      Wk: number[][];
      J: number[][];
      m0: Vectors;
      trajectory: Record<"nMF_exact" | "nMF_largeD" | "TAP_exact" | "TAP_largeD" | "closure_largeD", Vectors>[];
    };
  };
}

type Response = "large-d" | "exact";

const dense = ({ D, beta, x, J, m_prev }: Omit<SphereInputs, "N" | "R">, response: Response) => ({
  spins: { kind: "sphere", dimension: D, response },
  beta,
  couplings: { kind: "dense", matrix: J },
  field: x,
  initial: m_prev,
});

const naive = readCase<Naive>("bal/06_vector_naive");
const tap = readCase<Tap>("bal/07_vector_tap");

/** The tolerances of oracles.md, f64 and f32. */
const within = (precision: Precision, f64: number, f32: number) => (precision === "f64" ? f64 : f32);

describe.each(precisions)("sphere closures, %s", (precision) => {
  it.each(["large-d", "exact"] as const)("takes five naive steps with the %s response", async (response) => {
    const key = response === "exact" ? "exact" : "largeD";
    const system = dense(naive.inputs, response);
    const options = { closure: "naive", run: { steps: 5 }, trajectory: true } as const;
    const { trajectory } = await run(precision, system, options);
    trajectory!.forEach((state, t) => {
      const tolerance = within(precision, 1e-12, 5e-7);
      expectWithin(state, naive.expected[`traj_${key}`][t], tolerance, `${precision} B4 ${response}`);
    });
    const steady = await run(precision, system, { closure: "naive", run: { steady: {} } });
    expect(steady.status).toBe("converged");
    const tolerance = within(precision, 1e-12, 5e-7);
    expectWithin(steady.state, naive.expected[`ness_${key}`], tolerance, `${precision} B4 ness ${response}`);
  });

  const { expected } = tap;
  const gaussian = { step: expected.gaussian_field_step, ness: expected.gaussian_field_ness };
  const gaussianExact = { step: expected.gaussian_field_exactphi_step, ness: expected.gaussian_field_exactphi_ness };
  const solutions: [string, ClosureName, Response, Solution, number][] = [
    ["B6", "tap", "large-d", expected.strict, 2e-6],
    ["B7", "tap-published", "large-d", expected.published, 2e-6],
    ["B8", "onsager", "large-d", expected.leading, 1e-7],
    ["B9", "gaussian-field", "large-d", gaussian, 1e-7],
    ["B9", "gaussian-field", "exact", gaussianExact, 1e-7],
  ];

  it.each(solutions)("%s: steps and settles with %s, %s response", async (id, closure, response, solution, f32) => {
    const system = dense(tap.inputs, response);
    const label = `${precision} ${id} ${closure} ${response}`;
    const step = await run(precision, system, { closure, run: { steps: 1 } });
    expectWithin(step.state, solution.step, within(precision, 1e-11, f32), `${label} step`);
    const steady = await run(precision, system, { closure, run: { steady: {} } });
    expect(steady.status).toBe("converged");
    // The f32 solver stops at a residual of 3e-7 R (equations 6.2), which a fixed point passes on at least once.
    const settled = within(precision, 1e-11, Math.max(f32, 3e-7 * tap.inputs.R));
    expectWithin(steady.state, solution.ness, settled, `${label} ness`);
  });

  it("tells the variants of the second order apart", async () => {
    const step = async (closure: ClosureName) =>
      (await run(precision, dense(tap.inputs, "large-d"), { closure, run: { steps: 1 } })).state;
    const variants = [expected.strict, expected.published, expected.j, expected.leading, gaussian];
    for (const [closure, own] of [
      ["tap", expected.strict],
      ["tap-published", expected.published],
      ["onsager", expected.leading],
      ["gaussian-field", gaussian],
    ] as const) {
      const state = await step(closure);
      for (const other of variants.filter((variant) => variant !== own)) {
        expect(largestError(state, other.step)).toBeGreaterThan(100 * largestError(state, own.step));
        expect(largestError(state, other.step)).toBeGreaterThan(1e-4);
      }
    }
  });

  it("follows six steps of five closures on softmax couplings made from the field", async () => {
    const {
      D,
      beta,
      X,
      Wq,
      Wk,
      J,
      m0,
      trajectory: table,
    } = readCase<AttentionTrajectories>("kinetic/vector-spin-tap").data.explicit_case;
    const series = [
      ["nMF_exact", "naive", "exact"],
      ["nMF_largeD", "naive", "large-d"],
      ["TAP_exact", "tap", "exact"],
      ["TAP_largeD", "onsager", "large-d"],
      ["closure_largeD", "gaussian-field", "large-d"],
    ] as const;
    for (const [name, closure, response] of series) {
      const system = {
        spins: { kind: "sphere", dimension: D, response },
        beta,
        // The case writes q = X W_Q, a linear layer q = X W_Qᵀ.
        couplings: {
          kind: "attention",
          weights: { query: transposed(Wq), key: transposed(Wk) },
          source: "field",
          scale: 1 / Math.sqrt(D),
        },
        field: X,
        initial: m0,
      };
      const options = { closure, run: { steps: 6 }, trajectory: true, couplings: true } as const;
      const { trajectory, couplings } = await run(precision, system, options);
      expectWithin(couplings!, J, within(precision, 1e-12, 2e-6), `${precision} B11 J`);
      expect(trajectory).toHaveLength(6);
      trajectory!.forEach((state, t) =>
        expectWithin(state, table[t][name], within(precision, 1e-12, 1e-5), `${precision} B11 ${name}`),
      );
    }
  });

  it("shows the residuals of plain iteration from zero, and the fixed point", async () => {
    const { inputs, expected: table } = readCase<Contraction>("bal/09_contraction");
    const zero = inputs.x.map((row) => row.map(() => 0));
    const system = dense({ ...inputs, m_prev: zero }, "large-d");
    const options = { closure: "naive", run: { steps: 60 }, trajectory: true } as const;
    const { trajectory } = await run(precision, system, options);
    const states = [new Float64Array(inputs.N * inputs.D), ...trajectory!];
    const changes = table.residuals.map((_, k) =>
      Math.max(
        ...norms(
          states[k + 1].map((value, at) => value - states[k][at]),
          inputs.D,
        ),
      ),
    );
    const seen = changes.filter((_, k) => precision === "f64" || table.residuals[k] > 1e-6);
    const tolerance = within(precision, 1e-11, 1e-6);
    expectWithin(seen, table.residuals.slice(0, seen.length), tolerance, `${precision} D4 residuals`);
    // What a run of k steps reports as its residual is the change that step k + 1 would make.
    for (const k of [1, 2, 5, 10]) {
      const { residual } = await run(precision, system, { closure: "naive", run: { steps: k } });
      expect(Math.abs(residual * inputs.R - table.residuals[k]), `after ${k}`).toBeLessThan(tolerance);
    }
    const steady = await run(precision, system, { closure: "naive", run: { steady: {} } });
    expect(steady.status).toBe("converged");
    // 3e-7 R/(1 - ρ) in f32, ρ = 0.585 the local spectral radius of the case.
    const fixed = within(precision, 1e-11, (3e-7 * inputs.R) / (1 - 0.585));
    expectWithin(steady.state, table.fixed_point, fixed, `${precision} D4 fixed point`);
  });

  it("finds the fixed point behind the nonequilibrium proxies", async () => {
    const { inputs, expected: table } = readCase<Proxies>("bal/12_nonequilibrium_proxies");
    const system = { ...dense({ ...inputs, m_prev: inputs.x }, "large-d"), initial: { kind: "field" } };
    const steady = await run(precision, system, { closure: "naive", run: { steady: {} }, correlations: true });
    expect(steady.status).toBe("converged");
    const rowSum = Math.max(...inputs.J.map((row) => row.reduce((sum, value) => sum + Math.abs(value), 0)));
    expect((inputs.beta / 2) * rowSum).toBeLessThan(1);
    const tolerance = within(precision, 1e-10, (3e-7 * inputs.R) / (1 - (inputs.beta / 2) * rowSum));
    expectWithin(steady.state, table.m_star, tolerance, `${precision} D5 m_star`);
    expect(steady.correlations!.equalTime).toBeUndefined();
    const found = steady.correlations!.delayed;
    expectWithin(found, table.delayed_largeD, within(precision, 1e-10, 1e-5), `${precision} D5 D`);
    // β Σ_ij (J_ij - J_ji) D_ij at first order.
    const matrix = inputs.J.flat();
    const odd = matrix.map((value, k) => value - matrix[(k % inputs.N) * inputs.N + Math.floor(k / inputs.N)]);
    const production = inputs.beta * odd.reduce((sum, value, k) => sum + value * found[k], 0);
    expect(Math.abs(production / table.sigma_via_delayed - 1)).toBeLessThan(within(precision, 1e-10, 1e-5));
  });

  it("gives the delayed correlations of exact covariances in given fields", async () => {
    const { inputs, expected: table } = readCase<Proxies>("bal/12_nonequilibrium_proxies");
    // The field x is chosen such that h is that of the table at the mean that belongs to it: a fixed point.
    const means = table.h_star.map((h) => {
      const gain = responseGain(Math.hypot(...h), inputs.beta, inputs.R, inputs.D, "exact");
      return h.map((value) => gain * value);
    });
    const x = table.h_star.map((h, i) =>
      h.map((value, k) => value - inputs.J[i].reduce((sum, coupling, j) => sum + coupling * means[j][k], 0)),
    );
    const system = dense({ ...inputs, x, m_prev: means }, "exact");
    const { correlations } = await run(precision, system, { closure: "naive", run: { steps: 1 }, correlations: true });
    expectWithin(correlations!.delayed, table.delayed_exact, within(precision, 1e-10, 1e-5), `${precision} D5 exact D`);
  });
});
