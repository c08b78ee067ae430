/** amp is an algorithm for symmetric couplings, and is not damped. */
import { describe, expect, it } from "vitest";
import { inferCouplings } from "../../src/reference/inverse-problem.js";
import { run } from "../oracles/engines.js";

describe("amp is for symmetric couplings", () => {
  const options = { closure: "amp", run: { steps: 1 } } as const;
  const input = (couplings: object) => ({
    spins: { kind: "binary", count: 3 },
    couplings,
    initial: { kind: "constant", value: 0.5 },
  });
  const asymmetric = [
    [0, 0.5, 0],
    [0.25, 0, 0],
    [0, 0, 0],
  ];

  it.each([
    [{ kind: "dense", matrix: asymmetric }, "amp for |J_ij - J_ji| up to 0.250"],
    [{ kind: "gaussian", symmetry: 0.5 }, "amp for random couplings with symmetry 0.5"],
    [{ kind: "diluted", connectivity: 2, std: 0, mean: 1 }, "amp for random couplings with symmetry 0"],
    [
      { kind: "attention", dimension: 2, queries: { kind: "gaussian" }, keys: { kind: "gaussian" } },
      "amp for attention",
    ],
  ])("and refuses %j", async (couplings, found) => {
    await expect(run("f64", input(couplings), options)).rejects.toThrow(`closure: found ${found}`);
  });

  it.each([{ kind: "curie-weiss" }, { kind: "plus-minus", symmetry: 1 }])("and takes %j", async (couplings) => {
    expect((await run("f64", input(couplings), options)).status).toBe("completed");
  });

  it("is not damped: that is another algorithm", async () => {
    const damped = { closure: "amp", run: { steady: { damping: 0.5 } } } as const;
    await expect(run("f64", input({ kind: "curie-weiss" }), damped)).rejects.toThrow(/damping: found 0.5 for amp/);
  });
});

it("couplings are not inferred from correlations that cannot be inverted", () => {
  const moments = { means: new Float64Array(2), equalTime: new Float64Array(4), delayed: new Float64Array(4) };
  expect(() => inferCouplings("naive", moments)).toThrow(/moments: found a singular matrix/);
});
