/** Correlations C and D of binary closures against tables and enumeration (oracles B1-B3). */
import { describe, expect, it } from "vitest";
import type { ClosureName } from "../../src/physics/closures.js";
import { readCase } from "../cases.js";
import { batchOf } from "../../src/engine/batch.js";
import { simulate } from "../../src/engine/simulate.js";
import { expectWithin, largestError, openEngine, type Precision, precisions, realised, run } from "./engines.js";

interface BinaryStep {
  inputs: { x: number[]; J: number[][]; m_prev: number[] };
  expected: { C_tap: number[][]; D_tap: number[][] };
}

interface Moments {
  t: number;
  m: number[];
  C: number[][];
  D: number[][];
}

interface KineticIsing {
  data: {
    cases: {
      tag: string;
      H: number[];
      J: number[][];
      s0: number[];
      exact: Moments[];
      closures: Record<"nMF" | "TAP" | "Plefka_t" | "Gaussian", Moments[]>;
      max_abs_m_error_over_trajectory: Record<"nMF" | "TAP" | "Plefka_t" | "Gaussian", number>;
    }[];
  };
}

const step = readCase<BinaryStep>("bal/03_binary_step");
const { cases } = readCase<KineticIsing>("kinetic/kinetic-ising-exact-small-N").data;
const tables = {
  naive: "nMF",
  tap: "TAP",
  "plefka-t": "Plefka_t",
  "gaussian-field": "Gaussian",
} as const;

/** m(t) of plefka2-t for five asymmetric sites, and its largest distance from enumeration over six steps of each system. */
const pairwiseMeans: Readonly<Record<number, readonly number[]>> = {
  2: [-0.0614837646, 0.6387165988, 0.1455013581, 0.0631804575, -0.0091699433],
  6: [-0.1742730973, 0.4591804371, -0.0077569689, 0.2517491131, -0.066845153],
};
const pairwiseErrors = {
  asymmetric_N5: { m: 0.0086, C: 0.0093, D: 0.0052 },
  symmetric_N5: { m: 0.00815, C: 0.00615, D: 0.0023 },
  one_way_ring_N4: { m: 0.0526, C: 0.0265, D: 0.016 },
  asymmetric_N8_zero_diagonal: { m: 0.0116, C: 0.0123, D: 0.0053 },
};

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

  it("of one tap step of five asymmetric sites", async () => {
    const { x, J, m_prev } = step.inputs;
    const { C, D } = await after(precision, system(x, J, m_prev), "tap", 1);
    expectWithin(C, step.expected.C_tap, precision === "f64" ? 1e-12 : 4e-7, `${precision} B1 C`);
    expectWithin(D, step.expected.D_tap, precision === "f64" ? 1e-12 : 4e-7, `${precision} B1 D`);
  });

  describe.each(cases)("$tag, six steps from one configuration", ({ H, J, s0, closures, exact, tag, ...table }) => {
    it.each(Object.keys(tables) as (keyof typeof tables)[])("%s", async (closure) => {
      let worst = 0;
      for (const [k, expected] of closures[tables[closure]].entries()) {
        const found = await after(precision, system(H, J, s0), closure, k + 1);
        // The quadrature of the table is good to 1e-13 a step.
        expectWithin(found.m, expected.m, tight, `${precision} B2 ${closure} m`);
        expectWithin(found.C, expected.C, tight, `${precision} B2 ${closure} C`);
        expectWithin(found.D, expected.D, tight, `${precision} B2 ${closure} D`);
        expect(found.status).toBe("completed");
        worst = Math.max(worst, largestError(found.m, exact[k].m));
      }
      const published = table.max_abs_m_error_over_trajectory[tables[closure]];
      expect(Math.abs(worst - published), `F1 ${closure}`).toBeLessThan(tight);
    });

    it("plefka2-t is as near to the exact moments as it was found to be", async () => {
      const worst = pairwiseErrors[tag.split(" ")[0] as keyof typeof pairwiseErrors];
      const errors = { m: 0, C: 0, D: 0 };
      for (const [k, expected] of exact.entries()) {
        const found = await after(precision, system(H, J, s0), "plefka2-t", k + 1);
        for (const name of ["m", "C", "D"] as const) {
          errors[name] = Math.max(errors[name], largestError(found[name], expected[name]));
        }
        const published = tag === "asymmetric_N5" ? pairwiseMeans[k + 1] : undefined;
        if (published)
          expectWithin(found.m, published, precision === "f64" ? 1e-9 : 5e-6, `${precision} B3 m(${k + 1})`);
      }
      for (const name of ["m", "C", "D"] as const) expect(errors[name], name).toBeCloseTo(worst[name], 4);
    });
  });

  it("of the one-way ring are those of plefka2-t: D = tanh K along it", async () => {
    const ring = [0, 1, 2, 3].map((i) => [0, 1, 2, 3].map((j) => ((i + 3) % 4 === j ? 0.7 : 0)));
    const initial = { kind: "constant", value: 0.3 };
    const input = { spins: { kind: "binary", count: 4 }, couplings: { kind: "dense", matrix: ring }, initial };
    const result = await run(precision, input, { closure: "plefka2-t", run: { steady: {} }, correlations: true });
    expect(result.status).toBe("converged");
    const expected = ring.map((row) => row.map((coupling) => Math.tanh(coupling)));
    expectWithin(result.correlations!.delayed, expected, precision === "f64" ? 1e-11 : 1e-5, `${precision} G ring`);
    expectWithin(
      result.correlations!.equalTime!,
      ring.map((_, i) => ring.map((_, k) => (i === k ? 1 : 0))),
      precision === "f64" ? 1e-11 : 1e-5,
      `${precision} G ring, C`,
    );
  });

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
