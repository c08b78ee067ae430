import { describe, expect, it } from "vitest";
import { ampOverlap } from "../../src/physics/theory/amp-state-evolution.js";
import {
  almeidaThoulessField,
  almeidaThoulessTemperature,
  logAlmeidaThoulessRatio,
  replicaSymmetricFreeEnergy,
  replicaSymmetricOverlap,
} from "../../src/physics/theory/sk-replica-symmetric.js";
import { readCase } from "../cases.js";

interface Sk {
  data: {
    rs_curve: { T: number; h?: number; q: number; AT_lambda: number; free_energy: number }[];
    rs_in_field: { T: number; h: number; q: number; AT_lambda: number; free_energy: number }[];
    AT_line: { T: number; h_AT: number }[];
  };
}

const { data } = readCase<Sk>("kinetic/sk-rs-and-amp");

describe("replica-symmetric SK", () => {
  it("reproduces the tabulated overlaps and stabilities, without and in a field", () => {
    for (const { T, q, AT_lambda, h } of [...data.rs_curve.map((row) => ({ ...row, h: 0 })), ...data.rs_in_field]) {
      expect(Math.abs(replicaSymmetricOverlap(T, 1, h) - q), `T ${T} h ${h}`).toBeLessThan(1e-9);
      expect(Math.abs(logAlmeidaThoulessRatio(T, 1, h) - Math.log(AT_lambda)), `T ${T} h ${h}`).toBeLessThan(1e-9);
    }
  });

  it("has the tabulated free energy, and that of the frozen state at T = 0", () => {
    for (const { T, h = 0, free_energy } of [...data.rs_curve, ...data.rs_in_field]) {
      expect(Math.abs(replicaSymmetricFreeEnergy(T, 1, h) - free_energy), `T ${T} h ${h}`).toBeLessThan(1e-9);
    }
    expect(replicaSymmetricFreeEnergy(0, 3)).toBeCloseTo(-3 * Math.sqrt(2 / Math.PI), 12);
    // -E|h + J z|, in 25 digits.
    for (const T of [0, 1e-300, 1e-10]) {
      expect(replicaSymmetricFreeEnergy(T, 1, 0)).toBeCloseTo(-0.7978845608028654, 13);
      expect(replicaSymmetricFreeEnergy(T, 1, 0.3)).toBeCloseTo(-0.8335224842344199, 13);
      expect(replicaSymmetricFreeEnergy(T, 2, -0.3)).toBeCloseTo(-1.6136879390537011, 13);
    }
    expect(replicaSymmetricFreeEnergy(1.2, 3, 0.6)).toBeCloseTo(3 * replicaSymmetricFreeEnergy(0.4, 1, 0.2), 12);
  });

  it("reproduces the de Almeida-Thouless line", () => {
    for (const { T, h_AT } of data.AT_line) {
      expect(Math.abs(almeidaThoulessField(T) - h_AT), `T ${T}`).toBeLessThan(1e-9);
    }
  });

  it("agrees with 25-digit arithmetic at other parameters", () => {
    expect(replicaSymmetricOverlap(0.37, 1, 0.3)).toBeCloseTo(0.687317462832464709, 13);
    expect(almeidaThoulessField(0.63)).toBeCloseTo(0.333638857738440648, 12);
  });

  it("has one de Almeida-Thouless line, by field and by temperature", () => {
    for (const [T, J] of [
      [0.05, 1],
      [0.5, 1],
      [0.95, 1],
      [1.2, 3],
    ]) {
      expect(almeidaThoulessTemperature(-almeidaThoulessField(T, J), J)).toBeCloseTo(T, 9);
    }
    expect(almeidaThoulessTemperature(0, 2)).toBe(2);
    expect(almeidaThoulessTemperature(30)).toBe(0);
  });

  it("is where the state evolution of amp ends, from any start", () => {
    for (const start of [0.01, 0.4, 1])
      expect(ampOverlap(400, start, 0.6, 1, 0.2)).toBeCloseTo(replicaSymmetricOverlap(0.6, 1, 0.2), 12);
    expect(ampOverlap(0, 0.3, 0.5)).toBe(0.3);
    expect(ampOverlap(9, 0, 0.5)).toBe(0);
    expect(ampOverlap(1, 1, Infinity, 1, 0.4)).toBe(0);
  });

  it("scales with J", () => {
    for (const J of [0.01, 3, 1e3]) {
      expect(replicaSymmetricOverlap(0.4 * J, J, 0.1 * J)).toBeCloseTo(replicaSymmetricOverlap(0.4, 1, 0.1), 13);
      expect(almeidaThoulessField(0.4 * J, J) / J).toBeCloseTo(almeidaThoulessField(0.4), 12);
    }
    expect(replicaSymmetricOverlap(0.5, 1, -0.2)).toBeCloseTo(replicaSymmetricOverlap(0.5, 1, 0.2), 14);
  });

  it("has the known limits: q = 1 - √(2/π) T, q = τ + τ²/3 below T = 1, and both ends of the line", () => {
    for (const T of [1e-4, 1e-7]) {
      expect((1 - replicaSymmetricOverlap(T)) / (T * Math.sqrt(2 / Math.PI))).toBeCloseTo(1, 3);
    }
    for (const tau of [1e-3, 1e-5]) {
      expect((replicaSymmetricOverlap(1 - tau) - tau) / (tau * tau)).toBeCloseTo(1 / 3, 2);
      expect(almeidaThoulessField(1 - tau) / (Math.sqrt(4 / 3) * tau ** 1.5)).toBeCloseTo(1, 2);
    }
    expect([replicaSymmetricOverlap(0), replicaSymmetricOverlap(1), replicaSymmetricOverlap(9)]).toEqual([1, 0, 0]);
    expect([almeidaThoulessField(0), almeidaThoulessField(1), almeidaThoulessField(2)]).toEqual([Infinity, 0, 0]);
    // Series take over without a step, and lead to the transition.
    for (const tau of [1e-6, 1e-8, 1e-12]) {
      expect(almeidaThoulessField(1 - tau) / (Math.sqrt(4 / 3) * (1 - (1 - tau)) ** 1.5)).toBeCloseTo(1, 5);
    }
    const ratioOf = (f: (tau: number) => number) => f(0.9999e-4) / f(1.0001e-4);
    expect(ratioOf((tau) => almeidaThoulessField(1 - tau))).toBeCloseTo((0.9999 / 1.0001) ** 1.5, 6);
    expect(ratioOf((tau) => logAlmeidaThoulessRatio(1 - tau))).toBeCloseTo((0.9999 / 1.0001) ** 2, 6);
    // The low-temperature form takes over without a step.
    expect(almeidaThoulessField(1.0001e-9) - almeidaThoulessField(0.9999e-9)).toBeCloseTo(
      Math.log(0.9999 / 1.0001) / almeidaThoulessField(1e-9),
      9,
    );
  });
});
