/** Which sweep gets which theory curve, and that the curve is the theory at the points' own parameters. */
import { describe, expect, test } from "vitest";
import type { MethodName } from "../../src/physics/closures.js";
import type { ObservableName } from "../../src/physics/observables.js";
import { parseSystem } from "../../src/physics/system.js";
import { evaluateTheory } from "../../src/physics/theory/theories.js";
import { overlayFor } from "../../src/sweep/overlays.js";
import { readCase } from "../cases.js";

interface Sk {
  data: {
    rs_in_field: { beta: number; h: number; q: number }[];
    AT_line: { T: number; h_AT: number }[];
    amp: { beta: number; h: number; q_SE_from_q0_1: number[] }[];
  };
}

interface Hopfield {
  data: {
    alpha_c: number;
    finite_T: { alpha: number; T: number; m: number | null }[];
    retrieval_spinodal: { alpha: number; T_M: number }[];
  };
}

const overlay = (
  axis: string,
  observable: ObservableName,
  system: object,
  closure: MethodName = "naive",
  run: { steps: number } | { steady: object } = { steady: {} },
) => overlayFor(axis, observable, { closure, run, system: () => parseSystem(system, "test") });

const asymmetric = {
  spins: { kind: "binary", count: 64 },
  beta: 1.5,
  couplings: { kind: "gaussian", mean: 1, std: 0.5 },
  field: { kind: "uniform", halfWidth: 0.2 },
};
const up = { kind: "constant", value: 0.5 };
const curieWeiss = {
  spins: { kind: "binary", count: 64 },
  beta: 1.5,
  couplings: { kind: "curie-weiss", mean: 0.8 },
  initial: up,
};
const symmetric = {
  spins: { kind: "binary", count: 64 },
  beta: 1.25,
  couplings: { kind: "gaussian", std: 1, symmetry: 1 },
  field: { kind: "constant", value: 0.5 },
  initial: up,
};
const hopfield = {
  spins: { kind: "binary", count: 64 },
  beta: 2,
  couplings: { kind: "hopfield", load: 0.05 },
  initial: { kind: "pattern" },
};
const sphere = { kind: "sphere", dimension: 8, response: "exact", count: 64 };

describe("theory curves over a sweep", () => {
  test("asymmetric SK along every axis of its parameters", () => {
    const at = (parameters: object) =>
      evaluateTheory("asymmetric-sk", { beta: 1.5, J0: 1, dJ: 0.5, fieldHalfWidth: 0.2, ...parameters }).results;
    expect(overlay("beta", "magnetization", asymmetric)?.curve(3)).toBe(at({ beta: 3 }).magnetization);
    expect(overlay("beta", "overlap", asymmetric, "tap")?.curve(3)).toBe(at({ beta: 3 }).overlap);
    expect(overlay("couplings.std", "overlap", asymmetric)?.curve(0.3)).toBe(at({ dJ: 0.3 }).overlap);
    expect(overlay("couplings.mean", "absolute-magnetization", asymmetric)?.curve(2)).toBe(at({ J0: 2 }).magnetization);
    expect(overlay("field.halfWidth", "magnetization", asymmetric)?.curve(0)).toBe(
      at({ fieldHalfWidth: 0 }).magnetization,
    );
    expect(overlay("beta", "magnetization", asymmetric)?.mark?.x).toBe(at({}).criticalBeta);
    expect(overlay("couplings.std", "overlap", asymmetric)?.mark).toBeUndefined();
  });

  test("no mark where there is no transition, and no curve for other models", () => {
    const strong = { ...asymmetric, couplings: { kind: "gaussian", mean: 1, std: 2 } };
    expect(overlay("beta", "magnetization", strong)).toMatchObject({ name: "exact dynamics, *N* → ∞" });
    expect(overlay("beta", "magnetization", strong)?.mark).toBeUndefined();
    const partial = { ...asymmetric, couplings: { kind: "gaussian", mean: 1, std: 0.5, symmetry: 1 } };
    expect(overlay("beta", "magnetization", partial)).toBeUndefined();
    expect(overlay("seed", "magnetization", asymmetric)).toBeUndefined();
    expect(overlay("beta", "susceptibility", asymmetric)).toBeUndefined();
    expect(overlay("beta", "site-norm", asymmetric)).toBeUndefined();
    expect(overlay("beta", "magnetization", { ...curieWeiss, initial: { kind: "field" } })).toBeUndefined();
  });

  test("naive mean field without mean coupling is the chaotic map; the other closures are not", () => {
    const chaos = { ...asymmetric, couplings: { kind: "gaussian", mean: 0, std: 2 }, field: { kind: "zero" } };
    const { overlap } = evaluateTheory("tanh-chaos", { g: 3 }).results;
    expect(overlay("beta", "overlap", chaos)?.curve(1.5)).toBe(overlap);
    expect(overlay("beta", "overlap", chaos)?.mark?.x).toBe(0.5);
    expect(overlay("beta", "overlap", chaos, "tap")?.curve(1.5)).toBe(0);
  });

  test("Curie-Weiss with any mean coupling, in a uniform field", () => {
    const field = { kind: "constant", value: 0.1 };
    const at = (parameters: object) =>
      evaluateTheory("curie-weiss", { T: 1 / 1.5, J0: 0.8, ...parameters }).results.magnetization;
    expect(overlay("beta", "magnetization", curieWeiss)?.curve(2)).toBe(at({ T: 0.5 }));
    expect(overlay("beta", "overlap", curieWeiss)?.curve(2)).toBe(at({ T: 0.5 }) ** 2);
    expect(overlay("beta", "magnetization", curieWeiss)?.mark?.x).toBe(1.25);
    expect(overlay("beta", "magnetization", { ...curieWeiss, field })?.mark).toBeUndefined();
    expect(overlay("field.value", "magnetization", { ...curieWeiss, field })?.curve(0.3)).toBe(at({ field: 0.3 }));
    expect(overlay("couplings.mean", "site-norm", curieWeiss)?.curve(0.5)).toBe(at({ J0: 0.5 }));
    expect(overlay("beta", "magnetization", curieWeiss)?.curve(0)).toBe(0);
  });

  test("a curve says whether it is the limit of the exact dynamics, of the closure, or of neither", () => {
    const { name, theory } = overlay("beta", "magnetization", curieWeiss) ?? {};
    expect([name, theory]).toEqual([
      "exact dynamics, *N* → ∞",
      "the exact dynamics, N → ∞, whose means all closures share there",
    ]);
    const attention = { kind: "attention", queries: { kind: "direction" }, keys: { kind: "direction" }, dimension: 4 };
    expect(overlay("beta", "magnetization", { ...curieWeiss, couplings: attention })).toMatchObject({
      name: "naive, equal sites",
      theory: expect.stringContaining("naive mean field with all sites equal") as string,
    });
    const chaos = { ...asymmetric, couplings: { kind: "gaussian", mean: 0, std: 2 }, field: { kind: "zero" } };
    expect(overlay("beta", "overlap", chaos)?.theory).toContain("of naive mean field itself");
    expect(overlay("beta", "overlap", symmetric, "tap")?.theory).toContain("replica-symmetric equilibrium");
  });

  test("O(n) in units of the radius, with both responses, and softmax rows against scale and N", () => {
    const exact = { ...curieWeiss, spins: sphere };
    const R = Math.sqrt(3);
    const { magnetization } = evaluateTheory("o-n", { n: 8, beta: 6, R, J: 0.8 }).results;
    expect(overlay("beta", "magnetization", exact)?.curve(6)).toBeCloseTo(magnetization / R, 14);
    expect(overlay("beta", "magnetization", exact)?.mark?.x).toBeCloseTo(8 / 3 / 0.8, 12);
    const large = { ...exact, spins: { ...sphere, response: "large-d" } };
    expect(overlay("beta", "magnetization", large)?.curve(5)).toBeCloseTo(Math.sqrt(1 - 2 / 4), 14);
    const attention = {
      spins: sphere,
      couplings: { kind: "attention", queries: { kind: "direction" }, keys: { kind: "gaussian" }, scale: 2 },
    };
    const { participation } = evaluateTheory("rem", { beta: 2, N: 512 }).results;
    expect(overlay("spins.count", "participation", attention)?.curve(512)).toBe(participation);
    expect(overlay("couplings.scale", "participation", attention)?.mark?.x).toBeCloseTo(
      Math.sqrt(2 * Math.log(64)),
      12,
    );
  });

  test("symmetric SK: the replica-symmetric overlap of tap and amp, and where it breaks", () => {
    const { data } = readCase<Sk>("kinetic/sk-rs-and-amp");
    for (const closure of ["tap", "onsager", "amp"] as const) {
      for (const { beta, h, q } of data.rs_in_field) {
        const inField = { ...symmetric, field: { kind: "constant", value: h } };
        expect(overlay("beta", "overlap", inField, closure)?.curve(beta)).toBeCloseTo(q, 9);
      }
      // Plain steps of tap need not settle: measured, they cycle well above the AT line.
      expect(overlay("beta", "overlap", symmetric, closure, { steps: 8 }) !== undefined).toBe(closure === "amp");
    }
    for (const closure of ["naive", "gaussian-field", "monte-carlo"] as const) {
      expect(overlay("beta", "overlap", symmetric, closure)).toBeUndefined();
    }
    for (const { T, h_AT: h } of data.AT_line.filter((row) => row.T < 1)) {
      const onLine = { ...symmetric, beta: 1 / T, field: { kind: "constant", value: h } };
      expect(overlay("field.value", "overlap", onLine, "tap")?.mark?.x).toBeCloseTo(h, 8);
      expect(overlay("beta", "overlap", onLine, "tap")?.mark?.x).toBeCloseTo(1 / T, 6);
    }
    const strong = { ...symmetric, couplings: { kind: "plus-minus", std: 2, symmetry: 1 }, field: { kind: "zero" } };
    expect(overlay("beta", "overlap", strong, "tap")?.mark?.x).toBe(0.5);
    expect(overlay("field.value", "overlap", { ...symmetric, beta: 0.5 }, "tap")?.mark).toBeUndefined();
    const still = { ...strong, initial: { kind: "zero" } };
    expect(overlay("beta", "overlap", still, "tap")).toBeUndefined();
  });

  test("amp by its state evolution, step by step", () => {
    const { data } = readCase<Sk>("kinetic/sk-rs-and-amp");
    for (const { beta, h, q_SE_from_q0_1 } of data.amp) {
      const field = { kind: "constant", value: h / beta };
      const from = { ...symmetric, beta, field, initial: { kind: "constant", value: 1 } };
      const found = overlay("steps", "overlap", from, "amp", { steps: 1 });
      expect(found?.whole).toBe(true);
      q_SE_from_q0_1.forEach((q, k) => expect(found?.curve(k)).toBeCloseTo(q, 9));
      expect(overlay("beta", "overlap", from, "amp", { steps: 5 })?.curve(beta)).toBeCloseTo(q_SE_from_q0_1[5], 9);
    }
    expect(overlay("steps", "overlap", symmetric, "tap", { steps: 1 })).toBeUndefined();
  });

  test("Hopfield retrieval against load and temperature, up to the spinodal", () => {
    const { data } = readCase<Hopfield>("kinetic/hopfield-retrieval");
    for (const { alpha, T, m } of data.finite_T) {
      const at = { ...hopfield, beta: 1 / T };
      expect(overlay("couplings.load", "pattern-overlap", at, "tap")?.curve(alpha)).toBeCloseTo(m ?? 0, 10);
    }
    expect(overlay("beta", "pattern-overlap", hopfield, "amp")?.curve(4)).toBe(
      evaluateTheory("hopfield", { alpha: 0.05, T: 0.25 }).results.magnetization,
    );
    const cold = { ...hopfield, beta: 1e15 };
    expect(overlay("couplings.load", "pattern-overlap", cold, "tap")?.mark?.x).toBeCloseTo(data.alpha_c, 9);
    for (const { alpha, T_M } of data.retrieval_spinodal.filter(({ alpha }) => alpha >= 0.1)) {
      const mark = overlay("couplings.load", "pattern-overlap", { ...hopfield, beta: 1 / T_M }, "tap")?.mark;
      expect(Math.abs((mark?.x ?? NaN) - alpha)).toBeLessThan(1e-3);
    }
    for (const other of [
      { ...hopfield, initial: up },
      { ...hopfield, field: { kind: "constant", value: 0.1 } },
    ]) {
      expect(overlay("beta", "pattern-overlap", other, "tap")).toBeUndefined();
    }
    expect(overlay("beta", "pattern-overlap", hopfield, "naive")).toBeUndefined();
    expect(overlay("beta", "overlap", hopfield, "tap")).toBeUndefined();
  });

  test("rows drawn as softmax of Gaussian scores", () => {
    const { data } = readCase<{
      data: { rem_scaling: { N: number; beta: number; EY2: number; ES: number; ElnZ: number }[] };
    }>("kinetic/softmax-rem");
    for (const { N, beta, EY2, ES, ElnZ } of data.rem_scaling.filter(({ N }) => N <= 16)) {
      const drawn = { spins: sphere, couplings: { kind: "random-softmax", scale: -beta } };
      expect(overlay("spins.count", "participation", drawn)?.curve(N)).toBeCloseTo(EY2, 8);
      expect(overlay("spins.count", "entropy", drawn)?.curve(N)).toBeCloseTo(ES, 6);
      expect(overlay("spins.count", "log-sum-exp", drawn)?.curve(N)).toBeCloseTo(ElnZ, 6);
    }
    const drawn = { spins: sphere, couplings: { kind: "random-softmax", scale: 2 } };
    expect(overlay("couplings.scale", "entropy", drawn)?.mark?.x).toBeCloseTo(Math.sqrt(2 * Math.log(64)), 12);
    const causal = { spins: sphere, couplings: { kind: "random-softmax", scale: 2, mask: "causal" } };
    expect(overlay("couplings.scale", "entropy", causal)).toBeUndefined();
  });

  test("sphere spins with independent couplings: a curve a closure", () => {
    const { data } = readCase<{
      data: { random_J_order_parameter: { beta_g: number; Q_over_R2_nMF: number; decay_factor_closure: number }[] };
    }>("kinetic/vector-spin-tap");
    const free = { spins: { ...sphere, response: "large-d" }, couplings: { kind: "gaussian", std: 1 }, initial: up };
    for (const { beta_g, Q_over_R2_nMF } of data.random_J_order_parameter) {
      expect(overlay("beta", "overlap", free)?.curve(beta_g)).toBeCloseTo(Q_over_R2_nMF, 12);
      expect(overlay("beta", "overlap", free, "gaussian-field")?.curve(beta_g)).toBe(0);
      expect(overlay("beta", "overlap", free, "onsager")?.curve(beta_g)).toBe(0);
    }
    expect(overlay("beta", "overlap", { ...free, initial: { kind: "zero" } })).toBeUndefined();
    // The case's factor of q a step.
    for (const { beta_g, decay_factor_closure } of data.random_J_order_parameter) {
      const decay = overlay("steps", "overlap", { ...free, beta: beta_g }, "gaussian-field", { steps: 1 });
      expect(decay?.curve(3)).toBeCloseTo(0.25 * decay_factor_closure ** 3, 14);
    }
    const driven = { ...free, field: { kind: "direction", norm: 0.5 } };
    const q = (closure: MethodName) => overlay("field.norm", "overlap", driven, closure)?.curve(0.8) ?? NaN;
    expect(overlay("field.norm", "site-norm", driven, "tap")?.curve(0.8)).toBe(Math.sqrt(q("tap")));
    // Below the exact law the Onsager term takes too much away, and naive mean field nothing.
    expect(q("onsager")).toBe(q("tap"));
    expect(q("gaussian-field")).toBe(q("monte-carlo"));
    expect(q("naive")).toBeGreaterThan(q("gaussian-field"));
    expect(overlay("beta", "overlap", driven, "tap-published")).toBeUndefined();
    expect(overlay("beta", "overlap", { ...driven, couplings: { kind: "gaussian", symmetry: 1 } })).toBeUndefined();
  });
});
