/** Correlations of a run: steady states, divergence, room, and how they were made. */
import { describe, expect, it } from "vitest";
import type { ClosureName } from "../../src/physics/closures.js";
import { batchOf } from "../../src/engine/batch.js";
import { simulate } from "../../src/engine/simulate.js";
import { readCase } from "../cases.js";
import { expectWithin, openEngine, type Precision, precisions, realised, run } from "../oracles/engines.js";

interface KineticIsing {
  data: { cases: { H: number[]; J: number[][]; s0: number[] }[] };
}

const { cases } = readCase<KineticIsing>("kinetic/kinetic-ising-exact-small-N").data;

/** β is absorbed into x and J in all these cases. */
const system = (field: number[], matrix: number[][], initial: number[]) => ({
  spins: { kind: "binary" },
  couplings: { kind: "dense", matrix },
  field,
  initial,
});

/** m, C and D after some steps. */
async function after(precision: Precision, input: object, closure: ClosureName, steps: number) {
  const result = await run(precision, input, { closure, run: { steps }, correlations: true });
  const { equalTime = new Float64Array(), delayed } = result.correlations!;
  return { ...result, m: result.state, C: equalTime, D: delayed };
}

describe.each(precisions)("correlations, %s", (precision) => {
  const tight = precision === "f64" ? 1e-12 : 3e-6;

  it.each(["plefka-t", "plefka2-t"] as const)("%s: steps are repeated until m, C and D stay", async (closure) => {
    const [{ H, J, s0 }] = cases;
    const input = system(H, J, s0);
    const settled = await run(precision, input, { closure, run: { steady: {} }, correlations: true });
    expect(settled.status).toBe("converged");
    const walked = await after(precision, input, closure, 200);
    expectWithin(settled.state, [...walked.m], tight, `${precision} steady ${closure} m`);
    expectWithin(settled.correlations!.equalTime!, [...walked.C], tight, `${precision} steady ${closure} C`);
    expectWithin(settled.correlations!.delayed, [...walked.D], tight, `${precision} steady ${closure} D`);
  });

  it("beyond 1 stop plefka-t where it was, and are reported", async () => {
    const [{ H, J }] = cases;
    const strong = J.map((row) => row.map((value) => 4 * value));
    const input = system(
      H,
      strong,
      H.map(() => 0.1),
    );
    const options = { closure: "plefka-t", run: { steps: 40 }, correlations: true, trajectory: true } as const;
    const result = await run(precision, input, options);
    expect(result.status).toBe("diverged");
    expect(result.iterations).toBeLessThan(40);
    expect(result.state.every((m) => Math.abs(m) <= 1)).toBe(true);
    expect(result.correlations!.equalTime!.every((c) => Math.abs(c) <= 1)).toBe(true);
    expect(result.trajectory![result.iterations]).toEqual(result.state);
    const steady = await run(precision, input, { closure: "plefka-t", run: { steady: {} } });
    expect(steady.status).toBe("diverged");
    expect(steady.state.every(Number.isFinite)).toBe(true);
  });

  it("need room, and say how much", async () => {
    const small = await openEngine(precision, 100_000);
    const input = { spins: { kind: "binary", count: 100 }, couplings: { kind: "gaussian" } };
    const options = { closure: "plefka2-t", run: { steps: 1 }, observe: [] } as const;
    const bytes = 9 * 100 * 100 * (precision === "f64" ? 8 : 4);
    await expect(simulate(small, batchOf(await realised(input)), options)).rejects.toThrow(
      `J and the 8 N × N arrays of 1 systems with N = 100 take ${bytes} bytes`,
    );
    small.dispose();
  });

  it("of gaussian-field say how they were made", async () => {
    const input = (count: number) => ({
      spins: { kind: "binary", count },
      couplings: { kind: "gaussian", std: 0.3 },
      initial: { kind: "constant", value: 0.5 },
    });
    const at = (count: number) => after(precision, input(count), "gaussian-field", 2);
    const [small, large] = [await at(3), await at(65)];
    expect(small.correlations!.quadrature).toBe("double");
    expect(large.correlations!.quadrature).toBe("first-order");
    expect(large.C.some((value, index) => index % 66 !== 0 && value !== 0)).toBe(true);
  });
});
