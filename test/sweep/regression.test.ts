import { describe, expect, it } from "vitest";
import { fitPowerLaw, leastSquares } from "../../src/sweep/regression.js";

describe("leastSquares", () => {
  it("finds the plane through points that lie on it, without an error", () => {
    const rows = [
      [1, 2, 5],
      [1, 3, 1],
      [1, 7, 2],
      [1, -4, 0],
      [1, 0, 9],
    ];
    const fit = leastSquares(
      rows,
      rows.map(([, x, y]) => 4 - 2 * x + 0.5 * y),
    );
    [4, -2, 0.5].forEach((value, k) => expect(fit?.coefficients[k]).toBeCloseTo(value, 12));
    for (const error of fit?.standardErrors ?? []) expect(error).toBeLessThan(1e-12);
  });

  it("gives the standard errors of a straight line as textbooks do", () => {
    // x = 0..4: mean 2, Σ(x - 2)² = 10. Residuals of y = 1 + 2x + r, r orthogonal to 1 and x, are r.
    const x = [0, 1, 2, 3, 4];
    const r = [1, -2, 0, 2, -1];
    const fit = leastSquares(
      x.map((value) => [1, value]),
      x.map((value, k) => 1 + 2 * value + r[k]),
    );
    const variance = 10 / 3;
    expect(fit?.coefficients[0]).toBeCloseTo(1, 12);
    expect(fit?.coefficients[1]).toBeCloseTo(2, 12);
    expect(fit?.standardErrors[0]).toBeCloseTo(Math.sqrt(variance * (1 / 5 + 4 / 10)), 12);
    expect(fit?.standardErrors[1]).toBeCloseTo(Math.sqrt(variance / 10), 12);
  });

  it("knows no error where nothing is left to judge it by", () => {
    const fit = leastSquares(
      [
        [1, 1],
        [1, 2],
      ],
      [3, 5],
    );
    expect(fit?.coefficients[1]).toBeCloseTo(2, 12);
    expect(fit?.standardErrors).toEqual([NaN, NaN]);
  });

  it("refuses predictors that depend on each other, and too few values", () => {
    const same = [
      [1, 3],
      [1, 3],
      [1, 3],
    ];
    expect(leastSquares(same, [1, 2, 3])).toBeUndefined();
    expect(leastSquares([[1, 3]], [1])).toBeUndefined();
    expect(leastSquares([], [])).toBeUndefined();
  });
});

describe("fitPowerLaw", () => {
  it("is exact on a power law of two factors", () => {
    const factors = [256, 1024, 4096].flatMap((n) => [16, 64, 256].map((d) => [n, d]));
    const law = fitPowerLaw(
      factors,
      factors.map(([n, d]) => 3e-9 * n ** 1.75 * d ** 0.5),
    );
    expect(law?.prefactor).toBeCloseTo(3e-9, 18);
    expect(law?.exponents[0].value).toBeCloseTo(1.75, 12);
    expect(law?.exponents[1].value).toBeCloseTo(0.5, 12);
    expect(law?.exponents[0].standardError).toBeLessThan(1e-12);
  });
});
