/** Which sweep gets which theory curve, and that the curve is the theory at the points' own parameters. */
import { describe, expect, test } from "vitest";
import type { ClosureName } from "../../src/physics/closures.js";
import type { ObservableName } from "../../src/physics/observables.js";
import { parseSystem } from "../../src/physics/system.js";
import { evaluateTheory } from "../../src/physics/theory/theories.js";
import { overlayFor } from "../../src/sweep/overlays.js";

const overlay = (axis: string, observable: ObservableName, system: object, closure: ClosureName = "naive") =>
  overlayFor(axis, observable, { closure, system: () => parseSystem(system, "test") });

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
    expect(overlay("beta", "magnetization", strong)).toMatchObject({ name: "exact, *N* → ∞" });
    expect(overlay("beta", "magnetization", strong)?.mark).toBeUndefined();
    const symmetric = { ...asymmetric, couplings: { kind: "gaussian", mean: 1, std: 0.5, symmetry: 1 } };
    expect(overlay("beta", "magnetization", symmetric)).toBeUndefined();
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
});
