import { describe, expect, it } from "vitest";
import type { Axis } from "../../src/sweep/figures/figure.js";
import { makeScale } from "../../src/sweep/figures/scales.js";
import { typeset } from "../../src/sweep/figures/typesetting.js";

function labels(range: [number, number], scale: Axis["scale"] = "linear"): string[] {
  return makeScale({ label: "x", scale, range }, []).major.map((tick) => tick.label);
}

describe("makeScale", () => {
  it("puts ticks at round values with as many digits as they need", () => {
    expect(labels([0, 1])).toEqual(["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
    expect(labels([-20, 20])).toEqual(["−20", "−10", "0", "10", "20"]);
    expect(labels([0.997, 1.003])).toEqual(["0.997", "0.998", "0.999", "1.000", "1.001", "1.002", "1.003"]);
    expect(labels([0, 4e6])).toEqual(["0", "1×10^{6}", "2×10^{6}", "3×10^{6}", "4×10^{6}"]);
    expect(labels([1e-7, 2e-7])).toContain("1.2×10^{−7}");
  });

  it("puts ticks at decades, or at 1, 2, 5 when there are few", () => {
    expect(labels([1, 1000], "log")).toEqual(["1", "10", "100", "1000"]);
    expect(labels([1e-4, 1], "log")).toEqual(["10^{−4}", "10^{−3}", "10^{−2}", "10^{−1}", "10^{0}"]);
    expect(labels([0.4, 12], "log")).toEqual(["0.5", "1", "2", "5", "10"]);
    expect(labels([1, 2], "log")).toEqual(["1.0", "1.2", "1.4", "1.6", "1.8", "2.0"]);
    const wide = makeScale({ label: "x", scale: "log", range: [1e-20, 1] }, []);
    expect(wide.major.length).toBeLessThan(9);
    expect(wide.minor.length).toBeGreaterThan(8);
  });

  it("shows all the data with a margin", () => {
    const scale = makeScale({ label: "x" }, [3, NaN, 1, Infinity]);
    expect(scale.start).toBeCloseTo(0.92, 12);
    expect(scale.end).toBeCloseTo(3.08, 12);
    const single = makeScale({ label: "x", scale: "log" }, [5, -1]);
    expect(10 ** single.start).toBeLessThan(5);
    expect(10 ** single.end).toBeGreaterThan(5);
  });
});

describe("typeset", () => {
  it("sets italics, subscripts and superscripts", () => {
    const { runs } = typeset("*β*_{c} = 10^{−3}", 10);
    expect(runs.map((run) => [run.text, run.style, Math.round(10 * run.size), Math.sign(run.drop)])).toEqual([
      ["β", "italic", 100, 0],
      ["c", "upright", 72, 1],
      [" = 10", "upright", 100, 0],
      ["−3", "upright", 72, -1],
    ]);
  });

  it("keeps marks that mark nothing", () => {
    const literal = (markup: string): string =>
      typeset(markup, 10)
        .runs.map((run) => run.text)
        .join("");
    expect(literal("tap_published 3*4 x^2")).toBe("tap_published 3*4 x^2");
    expect(literal("\\*not italic\\*")).toBe("*not italic*");
    expect(literal("")).toBe("");
  });
});
