/** Uniform couplings: Curie-Weiss and O(n) order parameters at N -> infinity. */
import { FIELD_SHIFT } from "../../engine/susceptibility.js";
import { norms, type Oracle, type OracleBench, realised, sharing } from "./bench.js";
import { readCase } from "./case-files.js";

interface CurieWeiss {
  data: { infinite_N: { T: number; m: number; m_h0p1: number; chi: number | null; relax_eigenvalue: number }[] };
}

interface Curve {
  n: number;
  R?: number;
  R2?: number;
  beta_c: number;
  rows: { beta: number; m?: number; m_exact?: number; m_over_R_largeD?: number }[];
}

const curieWeiss = (temperature: number, field = 0) => ({
  spins: { kind: "binary", count: 64 },
  beta: 1 / temperature,
  couplings: { kind: "curie-weiss" },
  field: { kind: "constant", value: field },
  initial: { kind: "constant", value: 1 },
});

const steady = { closure: "naive", run: { steady: {} } } as const;

/**
 * f32: 5e-6 away from T in (0.98, 1.02). Inside, what the solver stops at (3e-7) and one rounding of the step leave where
 * the map contracts slowly.
 */
const magnetizationTolerance = (bench: OracleBench, temperature: number, slope: number) => {
  const slow = Math.abs(temperature - 1) < 0.0201;
  return bench.allow(1e-12, slow ? Math.max(5e-6, 4e-7 / (1 - slope)) : 5e-6);
};

async function magnetization(bench: OracleBench): Promise<void> {
  const { infinite_N } = readCase<CurieWeiss>("kinetic/curie-weiss").data;
  for (const field of [0, 0.1]) {
    const rows = infinite_N.filter(({ T }) => field > 0 || T !== 1);
    const systems = await Promise.all(rows.map(({ T }) => realised(curieWeiss(T, field))));
    const [results] = await bench.runBatch(sharing(systems), { ...steady, observe: ["magnetization", "overlap"] });
    rows.forEach(({ T, m, m_h0p1 }, k) => {
      const { observables, status } = results[k];
      const expected = field > 0 ? m_h0p1 : m;
      const found = status === "converged" ? observables.magnetization : NaN;
      const tolerance = magnetizationTolerance(bench, T, (1 - expected ** 2) / T);
      bench.within(`magnetization, T ${T}, h ${field}`, found ?? NaN, expected, tolerance);
      bench.within(`overlap, T ${T}, h ${field}`, observables.overlap ?? NaN, expected ** 2, 2 * tolerance);
    });
  }
  const decay = { closure: "naive", run: { steps: 1000 }, observe: ["magnetization"] } as const;
  const { observables } = await bench.run(curieWeiss(1), decay);
  // 1/m² = 2t/3 + O(ln t): 1.4% at t = 1000.
  bench.within("m² t at T = 1, t = 1000", (observables.magnetization ?? NaN) ** 2 * 1000, 1.5, 0.03);
}

async function susceptibility(bench: OracleBench): Promise<void> {
  const { infinite_N } = readCase<CurieWeiss>("kinetic/curie-weiss").data;
  const rows = infinite_N.filter(({ chi }) => chi !== null && chi < 10);
  const systems = await Promise.all(rows.map(({ T }) => realised(curieWeiss(T))));
  const [results] = await bench.runBatch(sharing(systems), { ...steady, observe: ["susceptibility"] });
  rows.forEach(({ T, chi, relax_eigenvalue }, k) => {
    // f32: what the solver leaves of two states and a rounding of each, over 2δ.
    const left = (3e-7 + 2 ** -24) / FIELD_SHIFT.f32 / (1 - relax_eigenvalue);
    const tolerance = bench.allow(1e-8 * Math.max(1, chi ?? 1), left);
    bench.within(`susceptibility, T ${T}`, results[k].observables.susceptibility ?? NaN, chi ?? NaN, tolerance);
  });
}

async function spheres(bench: OracleBench): Promise<void> {
  const { curves } = readCase<{ data: { curves: Record<string, Curve> } }>("kinetic/on-sphere-meanfield").data;
  const uniform = Array.from({ length: 4 }, () => [0.25, 0.25, 0.25, 0.25]);
  for (const [name, { n, R, R2 = 1, rows, beta_c }] of Object.entries(curves)) {
    const radius = R ?? Math.sqrt(R2);
    const responses = R === undefined ? (["exact", "large-d"] as const) : (["exact"] as const);
    for (const response of responses) {
      const critical = response === "exact" ? beta_c : 2;
      // Some rows stand twice.
      const away = rows.filter(
        ({ beta }, k) => Math.abs(beta / critical - 1) > 1e-9 && rows.findIndex((row) => row.beta === beta) === k,
      );
      const systems = away.map(({ beta }) =>
        realised({
          spins: { kind: "sphere", dimension: n, response, radius },
          beta,
          couplings: { kind: "dense", matrix: uniform },
          initial: { kind: "constant", value: 0.7 },
        }),
      );
      const [results] = await bench.runBatch(sharing(await Promise.all(systems)), steady);
      away.forEach(({ beta, m, m_exact, m_over_R_largeD = NaN }, k) => {
        const expected = response === "exact" ? (m ?? m_exact ?? NaN) : m_over_R_largeD * radius;
        // The radial slope: 1 - 2ε or so above the critical point, 1 - |ε| below.
        const slope = Math.max(0, 1 - Math.abs(beta / critical - 1));
        const tolerance = bench.allow(1e-12, radius * Math.max(1e-5, 3e-7 / (1 - slope)));
        const found = results[k].status === "converged" ? norms(results[k].state, n) : [NaN];
        bench.within(
          `norm, ${name}, beta ${beta}, ${response}`,
          found,
          found.map(() => expected),
          tolerance,
        );
      });
    }
  }
}

export const meanFieldCurveOracles: readonly Oracle[] = [
  {
    id: "C9",
    title: "O(n) order parameters on spheres of any radius",
    reference: "12.10; on-sphere-meanfield",
    run: spheres,
  },
  {
    id: "H2a",
    title: "Curie-Weiss magnetization at N -> infinity",
    reference: "12.2; curie-weiss",
    run: magnetization,
  },
  {
    id: "H2b",
    title: "Curie-Weiss susceptibility at N -> infinity",
    reference: "11.3; curie-weiss",
    run: susceptibility,
  },
];
