import { describe, expect, it } from "vitest";
import {
  asymmetricSkCriticalBeta,
  asymmetricSkEntropyProduction,
  asymmetricSkMagnetization,
  asymmetricSkOverlap,
  asymmetricSkStep,
  type AsymmetricSk,
} from "../../src/physics/theory/asymmetric-sk.js";
import { readCase } from "../cases.js";

interface Kinetic {
  data: {
    steady_state: Record<"beta" | "J0" | "dJ" | "H0" | "m" | "q" | "sigma_per_spin", number>[];
    critical_line: { dJ: number; H0: number; beta_c: number }[];
    dJ_c_at_zero_temperature: number;
    transients_from_all_up: Record<string, { t: number; m: number }[]>;
  };
}

interface CriticalPoint {
  inputs: { X0: number; J_mu: number; J_sigma: number };
  expected: { beta_c: number; m_of_beta: { beta: number; m: number }[] };
}

const { data } = readCase<Kinetic>("kinetic/asymmetric-sk-parallel");
const ensemble = (couplingMean: number, couplingDeviation: number, fieldHalfWidth: number): AsymmetricSk => ({
  couplingMean,
  couplingDeviation,
  fieldHalfWidth,
});

describe("fully asymmetric SK at N -> infinity", () => {
  it("reproduces the steady magnetization of every tabulated ensemble", () => {
    for (const row of data.steady_state) {
      const m = asymmetricSkMagnetization(row.beta, ensemble(row.J0, row.dJ, row.H0));
      expect(Math.abs(m - row.m), JSON.stringify(row)).toBeLessThan(1e-10);
    }
  });

  it("reproduces the overlap and the entropy production of every tabulated ensemble", () => {
    for (const row of data.steady_state) {
      const model = ensemble(row.J0, row.dJ, row.H0);
      const label = JSON.stringify(row);
      expect(Math.abs(asymmetricSkOverlap(row.beta, model) - row.q), label).toBeLessThan(1e-10);
      const sigma = asymmetricSkEntropyProduction(row.beta, model);
      expect(Math.abs(sigma - row.sigma_per_spin), label).toBeLessThan(1e-10);
    }
  });

  it("reproduces the entropy production without mean coupling", () => {
    interface Production {
      data: { asymmetric_SK_J0_zero: { beta_dJ: number; sigma_per_spin: number }[] };
    }
    for (const row of readCase<Production>("kinetic/entropy-production").data.asymmetric_SK_J0_zero) {
      const sigma = asymmetricSkEntropyProduction(row.beta_dJ, ensemble(0, 1, 0));
      expect(Math.abs(sigma - row.sigma_per_spin), `beta dJ ${row.beta_dJ}`).toBeLessThan(1e-11);
    }
    // At low temperature sigma -> sqrt(2/pi) beta dJ.
    expect(asymmetricSkEntropyProduction(1e4, ensemble(0, 1, 0)) / 1e4).toBeCloseTo(Math.sqrt(2 / Math.PI), 7);
  });

  it("agrees with plain quadrature over fields, shared and own noise at other parameters", () => {
    // 40 Gauss-Legendre fields, 801 x 801 trapezoid points on [-9, 9].
    const model = ensemble(1.2, 0.6, 0.4);
    expect(asymmetricSkMagnetization(1.7, model)).toBeCloseTo(0.6730290741262789, 12);
    expect(asymmetricSkOverlap(1.7, model)).toBeCloseTo(0.5603525256256394, 12);
    expect(asymmetricSkEntropyProduction(1.7, model)).toBeCloseTo(0.15944611433127365, 12);
    expect(asymmetricSkCriticalBeta(model)).toBeCloseTo(1.1917077684416824, 12);
  });

  it("has q = m² without disorder, and q = < tanh² > with fields alone", () => {
    expect(asymmetricSkOverlap(1.4, ensemble(1, 0, 0))).toBeCloseTo(
      asymmetricSkMagnetization(1.4, ensemble(1, 0, 0)) ** 2,
      13,
    );
    // < tanh² beta H > = 1 - tanh(beta H0)/(beta H0).
    expect(asymmetricSkOverlap(2, ensemble(0, 0, 1.5))).toBeCloseTo(1 - Math.tanh(3) / 3, 13);
    expect(asymmetricSkEntropyProduction(2, ensemble(1, 0, 0.2))).toBe(0);
  });

  it("is continuous where narrow fields are averaged in another way, and finite in the cold", () => {
    const at = (fieldHalfWidth: number) => asymmetricSkOverlap(1.5, ensemble(1, 0.5, fieldHalfWidth));
    expect(at(1e-7)).toBeCloseTo(at(0), 12);
    expect(asymmetricSkOverlap(1e4, ensemble(1, 0.5, 0.3))).toBeCloseTo(
      asymmetricSkOverlap(2e4, ensemble(1, 0.5, 0.3)),
      3,
    );
    // beta_c diverges at the zero-temperature end, dJ = sqrt(2/pi).
    expect(asymmetricSkCriticalBeta(ensemble(1, 0.79788, 0))).toBeGreaterThan(100);
  });

  it("reproduces the critical line", () => {
    for (const row of data.critical_line) {
      const beta = asymmetricSkCriticalBeta(ensemble(1, row.dJ, row.H0));
      expect(Math.abs(beta / row.beta_c - 1), JSON.stringify(row)).toBeLessThan(1e-11);
    }
  });

  it("reproduces the published critical point and its magnetization curve", () => {
    const { inputs, expected } = readCase<CriticalPoint>("bal/05_sk_critical_point");
    const model = ensemble(inputs.J_mu, inputs.J_sigma, inputs.X0);
    expect(asymmetricSkCriticalBeta(model)).toBeCloseTo(expected.beta_c, 11);
    for (const { beta, m } of expected.m_of_beta) {
      expect(Math.abs(asymmetricSkMagnetization(beta, model) - m), `beta ${beta}`).toBeLessThan(1e-8 * m + 1e-12);
    }
  });

  it("follows the transients from the all-up state", () => {
    for (const [name, rows] of Object.entries(data.transients_from_all_up)) {
      const [, beta, dJ] = /beta([\d.]+)_dJ([\d.]+)/.exec(name)!.map(Number);
      let m = 1;
      for (const row of rows.slice(1)) {
        m = asymmetricSkStep(m, beta, ensemble(1, dJ, 0));
        expect(Math.abs(m - row.m), `${name} t = ${row.t}`).toBeLessThan(1e-12);
      }
    }
  });

  it("has no transition once the disorder or the fields win", () => {
    expect(data.dJ_c_at_zero_temperature).toBeCloseTo(Math.sqrt(2 / Math.PI), 12);
    expect(asymmetricSkCriticalBeta(ensemble(1, 0.7979, 0))).toBe(Infinity);
    expect(asymmetricSkCriticalBeta(ensemble(1, 0, 1))).toBe(Infinity);
    expect(asymmetricSkCriticalBeta(ensemble(0, 1, 0))).toBe(Infinity);
    expect(asymmetricSkCriticalBeta(ensemble(2, 0, 0))).toBe(0.5);
    expect(asymmetricSkMagnetization(3, ensemble(-1, 0.1, 0))).toBe(0);
  });

  it("does not depend on how narrow fields are averaged", () => {
    const wide = asymmetricSkMagnetization(1.5, ensemble(1, 0.3, (1 + 1e-12) / 1.5));
    const narrow = asymmetricSkMagnetization(1.5, ensemble(1, 0.3, (1 - 1e-12) / 1.5));
    expect(Math.abs(wide - narrow)).toBeLessThan(1e-11);
    expect(asymmetricSkMagnetization(1.5, ensemble(1, 0.3, 1e-9))).toBeCloseTo(
      asymmetricSkMagnetization(1.5, ensemble(1, 0.3, 0)),
      13,
    );
  });
});
