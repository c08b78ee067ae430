/** Softmax of Gaussian scores, exact at every N, in the variables of its collapse. */
import { expect, test } from "vitest";
import { collapse } from "../../src/physics/finite-size-scaling/collapse.js";
import { inVariable } from "../../src/physics/finite-size-scaling/scaling-variables.js";
import { softmaxCrossover, softmaxRowAverages } from "../../src/physics/theory/softmax-rem.js";

const SIZES = [256, 4096, 65536, 1048576];

/** Exact curves in a window around the transition, with errors of one part in a hundred. */
const curves = (observable: "participation" | "entropy") =>
  SIZES.map((sites) => ({
    sites,
    points: Array.from({ length: 9 }, (_, k) => {
      const x = softmaxCrossover(sites) * (0.8 + 0.05 * k);
      const mean = softmaxRowAverages(sites, x)[observable];
      return { x, mean, standardError: 0.01 * mean };
    }),
  }));

test.each([
  ["participation", 0.5],
  ["entropy", -0.5],
] as const)("%s of all sizes is one curve of (x/√(2 ln N) - 1) √ln N, and not one of N", (observable, exponent) => {
  const exact = curves(observable);
  const options = { start: { criticalPoint: 1, a: 0.5, b: exponent }, fixed: ["criticalPoint", "a"] } as const;
  const result = collapse(
    exact.map((curve) => inVariable(curve, "rem")),
    options,
  );
  if (result.status !== "converged") throw new Error(result.reason);
  // The exponent of N → ∞ is approached as 1/ln N and slower.
  expect(Math.abs(result.b.value - exponent)).toBeLessThan(0.1);
  const atTransition = SIZES.map((sites) => softmaxRowAverages(sites, softmaxCrossover(sites))[observable]);
  const scaled = atTransition.map((mean, k) => mean * Math.log(SIZES[k]) ** exponent);
  expect(Math.max(...scaled) / Math.min(...scaled)).toBeLessThan(1.08);
  expect(Math.max(...atTransition) / Math.min(...atTransition)).toBeGreaterThan(1.5);
});
