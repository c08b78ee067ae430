/** Uniform couplings: Curie-Weiss and O(n) order parameters at N -> infinity (oracles H2 infinite N, and C unit sphere). */
import { describe, expect, it } from "vitest";
import { FIELD_SHIFT } from "../../src/engine/susceptibility.js";
import { readCase } from "../cases.js";
import { norms, precisions, type Precision, realised, run, runBatch, sharing } from "./engines.js";

interface CurieWeiss {
  data: { infinite_N: { T: number; m: number; m_h0p1: number; chi: number | null; relax_eigenvalue: number }[] };
}

interface Curve {
  n: number;
  R?: number;
  R2?: number;
  beta_c: number;
  rows: {
    beta: number;
    m?: number;
    m_exact?: number;
    m_over_R_largeD?: number;
    radial_eigenvalue?: number;
  }[];
}

interface OnSphere {
  data: { curves: Record<string, Curve> };
}

const { infinite_N } = readCase<CurieWeiss>("kinetic/curie-weiss").data;
const { curves } = readCase<OnSphere>("kinetic/on-sphere-meanfield").data;

const curieWeiss = (temperature: number, field = 0) => ({
  spins: { kind: "binary", count: 64 },
  beta: 1 / temperature,
  couplings: { kind: "curie-weiss" },
  field: { kind: "constant", value: field },
  initial: { kind: "constant", value: 1 },
});

/**
 * f32: 5e-6 away from T in (0.98, 1.02). Inside, what the solver stops at (3e-7) and one rounding of the step leave where
 * the map contracts slowly.
 */
const within = (precision: Precision, temperature: number, slope: number) => {
  if (precision === "f64") return 1e-12;
  return Math.abs(temperature - 1) < 0.0201 ? Math.max(5e-6, 4e-7 / (1 - slope)) : 5e-6;
};

describe.each(precisions)("Curie-Weiss, %s", (precision) => {
  const steady = { closure: "naive", run: { steady: {} } } as const;

  it("magnetizes by itself and in a field", async () => {
    for (const field of [0, 0.1]) {
      const rows = infinite_N.filter(({ T }) => field > 0 || T !== 1);
      const systems = await Promise.all(rows.map(({ T }) => realised(curieWeiss(T, field))));
      const options = {
        ...steady,
        observe: ["magnetization", "absolute-magnetization", "overlap", "site-norm"],
      } as const;
      const [results] = await runBatch(precision, sharing(systems), options);
      rows.forEach(({ T, m, m_h0p1 }, k) => {
        const { observables, status, state } = results[k];
        const expected = field > 0 ? m_h0p1 : m;
        const slope = (1 - expected ** 2) / T;
        const error = Math.abs(observables.magnetization! - expected);
        expect(status, `T ${T}`).toBe("converged");
        expect(error, `T ${T} h ${field}`).toBeLessThan(within(precision, T, slope));
        expect(Math.max(...state) - Math.min(...state)).toBeLessThan(1e-6);
        expect(observables["absolute-magnetization"]).toBeCloseTo(Math.abs(observables.magnetization!), 12);
        expect(observables["site-norm"]).toBeCloseTo(Math.abs(observables.magnetization!), 5);
        expect(observables.overlap).toBeCloseTo(observables.magnetization! ** 2, 5);
      });
    }
  });

  it("decays algebraically at the critical temperature: m² t -> 3/2", async () => {
    const options = { closure: "naive", run: { steps: 1000 }, observe: ["magnetization"] } as const;
    const { observables } = await run(precision, curieWeiss(1), options);
    // 1/m² = 2t/3 + O(ln t): 1.4% at t = 1000.
    expect(Math.abs((observables.magnetization! ** 2 * 1000) / 1.5 - 1)).toBeLessThan(0.02);
  });

  it("responds to a uniform field with the susceptibility of the infinite system", async () => {
    const rows = infinite_N.filter(({ chi }) => chi !== null && chi < 10);
    const systems = await Promise.all(rows.map(({ T }) => realised(curieWeiss(T))));
    const [results] = await runBatch(precision, sharing(systems), { ...steady, observe: ["susceptibility"] });
    rows.forEach(({ T, chi, relax_eigenvalue }, k) => {
      const error = Math.abs(results[k].observables.susceptibility! - chi!);
      // f32: what the solver leaves of two states and a rounding of each, over 2δ.
      const left = (3e-7 + 2 ** -24) / FIELD_SHIFT.f32 / (1 - relax_eigenvalue);
      const allowed = precision === "f64" ? 1e-8 * Math.max(1, chi!) : left;
      expect(error, `T ${T}`).toBeLessThan(allowed);
    });
  });
});

describe.each(precisions)("spheres of any radius, %s", (precision) => {
  const uniform = Array.from({ length: 4 }, () => [0.25, 0.25, 0.25, 0.25]);

  it.each(Object.entries(curves))("%s orders as tabulated", async (_, { n, R, R2, rows, beta_c }) => {
    const radius = R ?? Math.sqrt(R2!);
    const variants = R2 === undefined ? (["exact"] as const) : (["exact", "large-d"] as const);
    for (const response of variants) {
      const critical = response === "exact" ? beta_c : 2;
      const away = rows.filter(({ beta }) => Math.abs(beta / critical - 1) > 1e-9);
      const systems = await Promise.all(
        away.map(({ beta }) =>
          realised({
            spins: { kind: "sphere", dimension: n, response, radius },
            beta,
            couplings: { kind: "dense", matrix: uniform },
            initial: { kind: "constant", value: 0.7 },
          }),
        ),
      );
      const [results] = await runBatch(precision, sharing(systems), { closure: "naive", run: { steady: {} } });
      away.forEach(({ beta, m, m_exact, m_over_R_largeD }, k) => {
        const expected = response === "exact" ? (m ?? m_exact!) : m_over_R_largeD! * radius;
        // The radial slope: 1 - 2ε or so above the critical point, 1 - |ε| below.
        const slope = Math.max(0, 1 - Math.abs(beta / critical - 1));
        const tolerance = precision === "f64" ? 1e-12 : radius * Math.max(1e-5, 3e-7 / (1 - slope));
        const worst = Math.max(...norms(results[k].state, n).map((norm) => Math.abs(norm - expected)));
        expect(results[k].status, `beta ${beta}`).toBe("converged");
        expect(worst, `beta ${beta}`).toBeLessThan(tolerance);
      });
    }
  });
});
