/**
 * Attention rows sum to one, so equal means m_i = a n stay equal and a follows the response of one site exactly, for
 * any queries, keys, mask, N and D (oracles C, equations 6.4).
 */
import { describe, expect, it } from "vitest";
import { responseGain } from "../../src/reference/responses.js";
import { readCase } from "../cases.js";
import { norms, precisions, type Precision, realised, run, runBatch, sharing, sideBySide } from "./engines.js";

type Response = "large-d" | "exact";

interface FixedPoints {
  data: {
    order_parameter: { D: number; R: number; beta: number; m_largeD: number; m_vMF: number }[];
    uniform_field: { D: number; R: number; beta: number; h: number; m: number }[];
  };
}

const { order_parameter, uniform_field } = readCase<FixedPoints>("kinetic/attention-exact-fixed-points").data;

interface Setting {
  sites: number;
  dimension: number;
  beta: number;
  response?: Response;
  mask?: "none" | "causal";
  source?: "field" | "state";
  headDimension?: number;
  scale?: number;
}

/** Random queries and keys, or random weights that act on the state; no field. */
function attention(setting: Setting, initial: object) {
  const { sites, dimension, beta, response = "large-d", mask = "none", source = "field" } = setting;
  const { headDimension = 8, scale = 1 } = setting;
  const random = { kind: "gaussian" };
  const matrices = source === "state" ? { weights: { query: random, key: random } } : { queries: random, keys: random };
  return {
    spins: { kind: "sphere", dimension, response, count: sites },
    beta,
    couplings: { kind: "attention", ...matrices, dimension: headDimension, source, scale, mask },
    initial,
    seed: 11,
  };
}

/** The sphere step with unit row sums and no field: a <- F(a). */
function scalarMap(a: number, beta: number, dimension: number, response: Response): number {
  return a * responseGain(a, beta, Math.sqrt(dimension / 2 - 1), dimension, response);
}

/** All betas of one setting in one batch; couplings that follow the state belong to one system each. */
async function batchOfBetas(setting: Omit<Setting, "beta">, betas: readonly number[], initial: object) {
  const systems = await Promise.all(betas.map((beta) => realised(attention({ ...setting, beta }, initial))));
  return setting.source === "state" ? sideBySide(systems) : sharing(systems);
}

/** 1e-5 R in f32, and what a step error of 3e-7 R leaves where the map contracts slowly (the f32 budget). */
function fixedPointTolerance(precision: Precision, radius: number, slope: number): number {
  return precision === "f64" ? 1e-12 : radius * Math.max(1e-5, 3e-7 / (1 - slope));
}

const settings: [string, Omit<Setting, "beta">][] = [
  ["N 16, D 8", { sites: 16, dimension: 8 }],
  ["N 64, D 32, peaked", { sites: 64, dimension: 32, scale: 2 }],
  ["N 128, D 64, causal, very peaked", { sites: 128, dimension: 64, scale: 30, mask: "causal" }],
  ["N 33, D 5, causal, exact", { sites: 33, dimension: 5, mask: "causal", response: "exact" }],
  ["N 21, D 8, couplings of the state", { sites: 21, dimension: 8, source: "state" }],
  ["N 21, D 8, causal, of the state", { sites: 21, dimension: 8, source: "state", mask: "causal", scale: 0.3 }],
];

describe.each(precisions)("row-stochastic scalar map, %s", (precision) => {
  it.each(settings)("%s: a uniform start follows the map at every step", async (_, setting) => {
    const { dimension, response = "large-d" } = setting;
    const radius = Math.sqrt(dimension / 2 - 1);
    const steps = precision === "f64" ? 300 : 50;
    const betas = [1.5, 1.98, 2, 2.05, 4];
    const batch = await batchOfBetas(setting, betas, { kind: "constant", value: 0.6 });
    const results = await runBatch(precision, batch, { closure: "naive", run: { steps }, trajectory: true });
    results.flat().forEach(({ trajectory }, k) => {
      let a = 0.6 * radius;
      let worst = 0;
      for (const state of trajectory!) {
        a = scalarMap(a, betas[k], dimension, response);
        for (const norm of norms(state, dimension)) worst = Math.max(worst, Math.abs(norm - a) / radius);
      }
      expect(worst, `beta ${betas[k]}`).toBeLessThan(precision === "f64" ? 2e-15 : 1e-5);
    });
  });

  it("grows a small start by β/2 (large-d) or β (D - 2)/(2 D) (exact) a step", async () => {
    for (const response of ["large-d", "exact"] as const) {
      for (const dimension of [8, 16]) {
        for (const beta of [1.5, 2, 2.5]) {
          const radius = Math.sqrt(dimension / 2 - 1);
          const system = attention({ sites: 16, dimension, beta, response }, { kind: "constant", value: 1e-3 });
          const { state } = await run(precision, system, { closure: "naive", run: { steps: 1 } });
          const factor = response === "exact" ? (beta * (dimension - 2)) / (2 * dimension) : beta / 2;
          for (const norm of norms(state, dimension))
            expect(Math.abs(norm / (1e-3 * radius) - factor)).toBeLessThan(1e-4);
        }
      }
    }
  });

  it.each(["large-d", "exact"] as const)("orders to the tabulated norm, %s response", async (response) => {
    const dimensions = new Set(order_parameter.map(({ D }) => D));
    for (const dimension of precision === "f64" ? dimensions : [8, 64, 512]) {
      // β = 2 is the critical point of the large-d response: convergence is algebraic there and tested above.
      const rows = order_parameter.filter(({ D, beta }) => D === dimension && beta !== 2);
      const systems = await Promise.all(
        rows.map(({ beta }) =>
          realised(attention({ sites: 12, dimension, beta, response }, { kind: "constant", value: 0.5 })),
        ),
      );
      const [results] = await runBatch(precision, sharing(systems), { closure: "naive", run: { steady: {} } });
      rows.forEach(({ R, beta, m_largeD, m_vMF }, k) => {
        const expected = response === "exact" ? m_vMF : m_largeD;
        const worst = Math.max(...norms(results[k].state, dimension).map((norm) => Math.abs(norm - expected)));
        expect(results[k].status, `D ${dimension} beta ${beta}`).toBe("converged");
        const slope = (scalarMap(expected + 1e-6, beta, dimension, response) - expected) / 1e-6;
        expect(worst, `D ${dimension} beta ${beta}`).toBeLessThan(fixedPointTolerance(precision, R, slope));
      });
    }
  });

  it("orders above its threshold only", async () => {
    for (const [response, threshold] of [
      ["large-d", 2],
      ["exact", 16 / 6],
    ] as const) {
      const betas = [0.99 * threshold, 1.02 * threshold];
      const batch = await batchOfBetas({ sites: 12, dimension: 8, response }, betas, { kind: "constant", value: 0.3 });
      const [[below, above]] = await runBatch(precision, batch, { closure: "naive", run: { steady: {} } });
      expect([below.status, above.status]).toEqual(["converged", "converged"]);
      expect(norms(below.state, 8)[0]).toBeLessThan(1e-4);
      const [norm] = norms(above.state, 8);
      if (response === "large-d") expect(norm).toBeCloseTo(Math.sqrt(3 * (1 - 2 / betas[1])), 4);
      else expect(norm).toBeGreaterThan(0.1);
    }
  });

  it("answers a uniform field with the tabulated mean", async () => {
    for (const dimension of new Set(uniform_field.map(({ D }) => D))) {
      const rows = uniform_field.filter(({ D }) => D === dimension);
      const systems = rows.map(({ R, beta, h }) => {
        const system = attention({ sites: 12, dimension, beta }, { kind: "field" });
        return realised({ ...system, field: { kind: "constant", value: h / R } });
      });
      const batch = sharing(await Promise.all(systems));
      const [results] = await runBatch(precision, batch, { closure: "naive", run: { steady: {} } });
      rows.forEach(({ R, beta, h, m }, k) => {
        expect(results[k].status).toBe("converged");
        const worst = Math.max(...norms(results[k].state, dimension).map((norm) => Math.abs(norm - m)));
        const label = `D ${dimension} beta ${beta} h ${h}`;
        expect(worst, label).toBeLessThan(precision === "f64" ? 1e-13 : 1e-5 * R);
      });
    }
  });

  // Rows so peaked that tokens attend to themselves alone align their directions over thousands of steps or never.
  const mixing = settings.filter(([, { scale = 1 }]) => scale < 30);
  it.each(mixing)("%s: any start in the ordered phase reaches that norm at every site", async (_, setting) => {
    const { dimension, response = "large-d" } = setting;
    const radius = Math.sqrt(dimension / 2 - 1);
    const betas = response === "exact" ? [4] : [2.5, 4];
    const batch = await batchOfBetas(setting, betas, { kind: "direction", norm: 0.5 });
    const results = await runBatch(precision, batch, { closure: "naive", run: { steady: {} } });
    results.flat().forEach(({ state, status }, k) => {
      let target = radius / 2;
      for (let step = 0; step < 1000; step++) target = scalarMap(target, betas[k], dimension, response);
      const worst = Math.max(...norms(state, dimension).map((norm) => Math.abs(norm - target)));
      expect(status).toBe("converged");
      expect(worst, `beta ${betas[k]}`).toBeLessThan(1e-4 * radius);
    });
  });

  it.each(["field", "state"] as const)("binary: a <- tanh βa, threshold 1, couplings of the %s", async (source) => {
    for (const beta of [0.8, 1.25, 2]) {
      const spheres = attention({ sites: 16, dimension: 8, beta, source }, { kind: "constant", value: 0.4 });
      const system = { ...spheres, spins: { kind: "binary", count: 16 } };
      const options = { closure: "naive", run: { steps: 40 }, trajectory: true } as const;
      const { trajectory } = await run(precision, system, options);
      let a = 0.4;
      for (const state of trajectory!) {
        a = Math.tanh(beta * a);
        for (const m of state) expect(Math.abs(m - a)).toBeLessThan(precision === "f64" ? 1e-14 : 1e-6);
      }
    }
  });
});

describe("row-stochastic scalar map at scale, f32", () => {
  // 50 steps at N = 4096 stay within 2e-7 R for D = 8 and 16, with and without a mask (20 s each on a software adapter).
  // The error grows like the number of steps at worst, so fewer steps are held to their share of the 1e-5 R.
  it.each([
    [512, 16, "none", 50],
    [512, 8, "causal", 50],
    [4096, 8, "none", 4],
    [4096, 16, "causal", 2],
  ] as const)("N = %i, D = %i, mask %s: %i steps at and away from β = 2", async (sites, dimension, mask, steps) => {
    const radius = Math.sqrt(dimension / 2 - 1);
    const betas = sites > 2000 ? [2] : [2, 4];
    const setting = { sites, dimension, mask, headDimension: dimension, scale: 0.5 };
    const batch = await batchOfBetas(setting, betas, { kind: "constant", value: 0.6 });
    const [results] = await runBatch("f32", batch, { closure: "naive", run: { steps }, trajectory: true });
    results.forEach(({ trajectory }, k) => {
      let a = 0.6 * radius;
      let worst = 0;
      for (const state of trajectory!) {
        a = scalarMap(a, betas[k], dimension, "large-d");
        for (const norm of norms(state, dimension)) worst = Math.max(worst, Math.abs(norm - a) / radius);
      }
      expect(worst, `beta ${betas[k]}`).toBeLessThan((1e-5 * steps) / 50);
    });
  });
});
