/** Couplings from exact moments (oracle F6), f64. */
import { describe, expect, it } from "vitest";
import { type InverseMethod, inferCouplings } from "../../src/reference/inverse-problem.js";
import { readCase } from "../cases.js";
import { expectWithin, flat } from "./engines.js";

interface Inverse {
  data: {
    inverse_problem: {
      scale: number;
      m: number[];
      C: number[][];
      D: number[][];
      J_true: number[][];
      J_est: Record<"nMF" | "TAP" | "Gaussian", number[][]>;
      rmse: Record<"nMF" | "TAP" | "Gaussian", number>;
    }[];
  };
}

const { inverse_problem } = readCase<Inverse>("kinetic/kinetic-ising-exact-small-N").data;
const tables = { naive: "nMF", tap: "TAP", "gaussian-field": "Gaussian" } as const satisfies Record<
  InverseMethod,
  string
>;

describe.each(inverse_problem)("couplings from moments at scale $scale", ({ scale, m, C, D, J_true, J_est, rmse }) => {
  it.each(Object.keys(tables) as InverseMethod[])("%s", (method) => {
    const moments = {
      means: Float64Array.from(m),
      equalTime: Float64Array.from(flat(C)),
      delayed: Float64Array.from(flat(D)),
    };
    const found = inferCouplings(method, moments);
    expectWithin(found, J_est[tables[method]], 1e-10, `F6 ${method} at scale ${scale}`);
    const errors = flat(J_true).map((value, k) => (found[k] - value) ** 2);
    const rms = Math.sqrt(errors.reduce((sum, value) => sum + value, 0) / errors.length);
    expect(rms).toBeCloseTo(rmse[tables[method]], 10);
  });
});

it("refuses correlations that cannot be inverted", () => {
  const moments = { means: new Float64Array(2), equalTime: new Float64Array(4), delayed: new Float64Array(4) };
  expect(() => inferCouplings("naive", moments)).toThrow(/moments: found a singular matrix/);
});
