import { Resvg } from "@resvg/resvg-js";
import { beforeAll, describe, expect, it } from "vitest";
import type { Figure, Panel } from "../../src/sweep/figures/figure.js";
import { FONT_FILES, textWidth } from "../../src/sweep/figures/font-metrics.js";
import { renderFigure, type RenderedFigure } from "../../src/sweep/figures/render.js";
import { attentionFigure, magnetizationFigure } from "./examples.js";

/** The words of a document, in drawing order, with the pieces of one text joined. */
function words(svg: string): string {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1]).join("");
}

function count(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].length;
}

interface Picture {
  readonly width: number;
  readonly height: number;
  /** Dark pixels in a region given in fractions of the picture. */
  readonly ink: (left: number, right: number, top: number, bottom: number) => number;
}

/** Decode a PNG by having it drawn again. */
function decode(png: Buffer): Picture {
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  const href = `data:image/png;base64,${png.toString("base64")}`;
  const size = `width="${width}" height="${height}"`;
  const image = new Resvg(`<svg xmlns="http://www.w3.org/2000/svg" ${size}><image href="${href}" ${size}/></svg>`);
  return picture(image);
}

function picture(image: Resvg): Picture {
  const { pixels, width, height } = image.render();
  const ink = (left: number, right: number, top: number, bottom: number): number => {
    let dark = 0;
    for (let y = Math.floor(top * height); y < bottom * height; y++) {
      for (let x = Math.floor(left * width); x < right * width; x++) if (pixels[4 * (y * width + x)] < 128) dark++;
    }
    return dark;
  };
  return { width, height, ink };
}

const onePanel = (panel: Partial<Panel>): Figure => ({
  panels: [{ x: { label: "*x*" }, y: { label: "*y*" }, series: [], ...panel }],
});
const points = (y: readonly number[]) =>
  ({ kind: "points", name: "data", points: y.map((value, x) => ({ x, y: value })) }) as const;

describe("the magnetization figure", () => {
  let rendered: RenderedFigure;
  beforeAll(() => {
    rendered = renderFigure(magnetizationFigure());
  });

  it("has its labels, its legend and its reference line in the SVG", () => {
    const text = words(rendered.svg);
    const legend = ["naive", "tap", "N → ∞", "single samples", "not converged"];
    for (const expected of ["inverse temperature β", "magnetization m", ...legend]) {
      expect(text).toContain(expected);
    }
    expect(text).toContain("βc = 1.1108");
    expect(rendered.svg).toMatch(/font-style:italic[^>]*>β</);
    expect(count(rendered.svg, /stroke-dasharray="2.5,2"/g)).toBe(1);
  });

  it("draws every point and every sample once", () => {
    // Blue discs of `naive` and one in the legend; 21 x 4 samples for each closure; crosses are drawn as two strokes.
    const { svg } = rendered;
    expect(count(svg, /<circle[^>]*fill="#0072b2"/g)).toBe(22);
    expect(count(svg, /<circle[^>]*fill="none"[^>]*stroke="#0072b2"/g)).toBe(84);
    expect(count(svg, /<circle[^>]*fill="none"[^>]*stroke="#d55e00"/g)).toBe(84);
    expect(count(svg, /<polygon[^>]*fill="#ffffff"[^>]*stroke="#d55e00"/g)).toBe(21 - 2 + 1);
    expect(count(svg, /stroke="#d55e00" stroke-width="1.3"/g)).toBe(4);
  });

  it("is one journal column wide, on paper and in dots", () => {
    expect(rendered.svg).toMatch(/^<svg width="86\.000mm" height="[\d.]+mm"/);
    const { width, height } = decode(rendered.png);
    expect(width).toBe(1016);
    expect(height / width).toBeCloseTo(Number(/height="([\d.]+)mm"/.exec(rendered.svg)![1]) / 86, 2);
    const resolution = rendered.png.indexOf("pHYs");
    expect(rendered.png.readUInt32BE(resolution + 4)).toBe(11811);
  });

  it("really draws the text, with the fonts of the package and no others", () => {
    const withFont = decode(rendered.png);
    const without = picture(
      new Resvg(rendered.svg, {
        background: "#ffffff",
        fitTo: { mode: "width", value: 1016 },
        font: { loadSystemFonts: false, fontFiles: [] },
      }),
    );
    const [belowFrame, leftOfFrame]: [number, number, number, number][] = [
      [0.1, 1, 0.88, 1],
      [0, 0.1, 0, 0.85],
    ];
    for (const region of [belowFrame, leftOfFrame]) {
      expect(withFont.ink(...region)).toBeGreaterThan(500);
      expect(without.ink(...region)).toBe(0);
    }
  });

  it("is the same again", () => {
    const again = renderFigure(magnetizationFigure());
    expect(again.svg).toBe(rendered.svg);
    expect(again.png.equals(rendered.png)).toBe(true);
  });
});

describe("renderFigure", () => {
  it("stacks panels with their own axes and names", () => {
    const { svg, png } = renderFigure(attentionFigure());
    const text = words(svg);
    for (const expected of ["(a)", "(b)", "order |m| / R", "participation Y2", "score scale λ", "√(2 ln N)", "10−3"]) {
      expect(text).toContain(expected);
    }
    expect(decode(png).height).toBeGreaterThan(1100);
  });

  it("writes a shared x axis once", () => {
    const panel = { x: { label: "time *t*" }, y: { label: "*m*" }, series: [points([1, 2, 3])] };
    const shared = renderFigure({
      panels: [panel, { ...panel, x: { label: "ignored" } }],
      sharedX: true,
      title: "both",
    });
    expect(count(words(shared.svg), /time t/g)).toBe(1);
    expect(words(shared.svg)).not.toContain("ignored");
    expect(words(shared.svg)).toContain("both");
  });

  it("leaves out values that are missing, and breaks curves there", () => {
    const curve = { kind: "line", x: [0, 1, 2, 3, 4], y: [0, 1, NaN, 1, 0] } as const;
    const { svg } = renderFigure(onePanel({ series: [points([1, NaN, 2, Infinity]), curve], legend: "none" }));
    expect(count(svg, /<circle/g)).toBe(2);
    expect(count(svg, /<(?:path|polyline)[^>]*stroke-width="1.2"/g)).toBe(2);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });

  it("leaves out what a logarithmic axis cannot show, and cuts error bars at the frame", () => {
    const series = { kind: "points", points: [-1, 0, 1e-3, 1].map((y) => ({ x: y, y, errorBar: 2 })) } as const;
    const axis = { label: "*y*", scale: "log" } as const;
    const { svg } = renderFigure(onePanel({ x: axis, y: axis, series: [series] }));
    expect(count(svg, /<circle/g)).toBe(2);
    expect(svg).not.toMatch(/NaN|Infinity/);
  });

  it("survives figures without data", () => {
    expect(words(renderFigure(onePanel({})).svg)).toContain("0.0");
    expect(words(renderFigure(onePanel({ series: [points([NaN])], x: { label: "*x*", scale: "log" } })).svg)).toContain(
      "1",
    );
  });

  it("moves the legend above data that leave no room", () => {
    const full = {
      kind: "points",
      name: "everywhere",
      points: Array.from({ length: 900 }, (_, k) => ({ x: k % 30, y: Math.floor(k / 30) })),
    } as const;
    const sizes = ["auto", "above", "top left"].map((legend) => {
      const { svg } = renderFigure(onePanel({ series: [full], legend: legend as "auto" }));
      return Number(/height="([\d.]+)mm"/.exec(svg)![1]);
    });
    expect(sizes[0]).toBe(sizes[1]);
    expect(sizes[0]).toBeGreaterThan(sizes[2]);
  });

  it("moves the legend above where it finds no room beside the name of the panel", () => {
    // Data everywhere but in a strip at the top, which the name takes.
    const full = {
      kind: "points",
      name: "everywhere",
      points: Array.from({ length: 900 }, (_, k) => ({ x: k % 30, y: Math.floor(k / 30) })),
    } as const;
    const y = { label: "*y*", range: [0, 34] } as const;
    const label = "(a) a name as long as the panel is wide";
    const [beside, named] = [{}, { label }].map((more) => renderFigure(onePanel({ series: [full], y, ...more })).svg);
    expect(words(beside)).toContain("everywhere");
    expect(words(named)).toContain("everywhere");
    const height = (svg: string) => Number(/height="([\d.]+)mm"/.exec(svg)![1]);
    expect(height(named)).toBeGreaterThan(height(beside));
  });

  it("refuses a range that is empty", () => {
    expect(() => renderFigure(onePanel({ x: { label: "*β*", range: [2, 1] } }))).toThrow(/range of axis \*β\*/);
    expect(() => renderFigure(onePanel({ y: { label: "*y*", scale: "log", range: [0, 1] } }))).toThrow(/not usable/);
  });
});

describe("textWidth", () => {
  it("agrees with the renderer", () => {
    for (const style of ["upright", "italic"] as const) {
      const text = "|mean field at βJ₀ = 0.1234|";
      const font = { loadSystemFonts: false, fontFiles: [FONT_FILES[style]], defaultFontFamily: "DejaVu Sans" };
      const slant = style === "italic" ? 'font-style="italic"' : "";
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="900" height="50"><text x="10" y="30" font-family="DejaVu Sans" font-size="20" ${slant}>${text}</text></svg>`;
      const box = new Resvg(svg, { font }).innerBBox()!;
      expect(textWidth(text, style, 20) / box.width).toBeGreaterThan(0.98);
      expect(textWidth(text, style, 20) / box.width).toBeLessThan(1.05);
    }
  });
});
