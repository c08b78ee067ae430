/** Figures as SVG and PNG. */
import { Resvg } from "@resvg/resvg-js";
import { CustomChart } from "echarts/charts";
import { GraphicComponent, GridComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { frameElement, gridOption, xAxisOption, yAxisOption } from "./axis-options.js";
import { COLOUR_BAR_HEADER, colourBarElements, mapElements } from "./colour-map.js";
import type { Figure } from "./figure.js";
import { FONT_FILES } from "./font-metrics.js";
import {
  LABEL_SIZE,
  type Layout,
  layOut,
  pixelOf,
  type PlacedPanel,
  PIXELS_PER_MILLIMETRE,
  TEXT_SIZE,
  X_LABEL_DROP,
  X_TICK_LABEL_DROP,
  xAxisOf,
  Y_LABEL_X,
  Y_TICK_LABEL_GAP,
} from "./layout.js";
import { columnElements, type Legend, legendHeight, makeLegend, rowElements } from "./legend.js";
import { Ink, placeLegend, placeMarkLabel } from "./placement.js";
import { withResolution } from "./png-resolution.js";
import { seriesOptions } from "./series-options.js";
import { type GraphicElement, textElement, typeset } from "./typesetting.js";

use([CustomChart, GridComponent, GraphicComponent, SVGRenderer]);

/** Dots to the inch of the PNG; its physical size is stored in it. */
const RESOLUTION = 300;

export interface RenderedFigure {
  /** A document of the figure's size on paper. */
  readonly svg: string;
  /** The same picture at 300 dots to the inch, on white. */
  readonly png: Buffer;
}

/**
 * Draw a figure. The same figure always gives the same bytes on the same version of the drawing libraries.
 *
 * @throws Error for an axis range that is empty, or not positive on a logarithmic axis
 */
export function renderFigure(figure: Figure): RenderedFigure {
  const legends = figure.panels.map(makeLegend);
  const outside = figure.panels.map((panel) => panel.legend === "above" || panel.map !== undefined);
  const headers = (layout: Layout): number[] =>
    layout.panels.map(({ frame, panel }, k) => {
      const legend = outside[k] ? legendHeight(legends[k], frame.width) : 0;
      return legend + (panel.map ? COLOUR_BAR_HEADER : 0);
    });

  // Legends that find no room inside move above, which changes the frames; they do not move back.
  let layout = layOut(
    figure,
    figure.panels.map(() => 0),
  );
  layout.panels.forEach((placed, k) => {
    const wish = placed.panel.legend ?? "auto";
    const { ink } = placePanelLabel(placed);
    outside[k] ||= wish === "auto" && !placeLegend(placed.frame, legends[k].column, ink, wish);
  });
  layout = layOut(figure, headers(layout));

  const svg = draw(layout, [
    ...titleElements(figure, layout),
    ...layout.panels.flatMap((placed, k) => [
      ...mapElements(placed),
      ...colourBarElements(placed),
      frameElement(placed),
      ...axisTextElements(placed, xAxisOf(figure, placed.panel).label),
      ...insideElements(placed, legends[k], outside[k]),
    ]),
  ]);
  return { svg, png: rasterize(svg, layout.width) };
}

function draw(layout: Layout, graphic: GraphicElement[]): string {
  const { width, height, panels } = layout;
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height });
  try {
    chart.setOption({
      animation: false,
      backgroundColor: "#ffffff",
      grid: panels.map(gridOption),
      xAxis: panels.map(xAxisOption),
      yAxis: panels.map(yAxisOption),
      series: panels.flatMap((placed, k) => seriesOptions(placed, k)),
      graphic,
    });
    return finish(chart.renderToSVGString({ useViewBox: true }), layout);
  } finally {
    chart.dispose();
  }
}

/** Give the document its size on paper, and leave out what only serves a page, or counts the charts of this process. */
function finish(svg: string, { width, height }: Layout): string {
  const millimetres = (pixels: number): string => `${(pixels / PIXELS_PER_MILLIMETRE).toFixed(3)}mm`;
  return svg
    .replace(/^<svg width="[^"]*" height="[^"]*"/, `<svg width="${millimetres(width)}" height="${millimetres(height)}"`)
    .replace(/\bzr\d+-/g, "zr-")
    .replace(/ (?:ecmeta_\w+|class|pointer-events)="[^"]*"/g, "")
    .replace(/<style ?>.*?<\/style>\n/s, "");
}

function rasterize(svg: string, width: number): Buffer {
  const pixels = Math.round((width * RESOLUTION) / 96);
  const image = new Resvg(svg, {
    background: "#ffffff",
    fitTo: { mode: "width", value: pixels },
    font: { loadSystemFonts: false, fontFiles: Object.values(FONT_FILES), defaultFontFamily: "DejaVu Sans" },
  });
  return withResolution(image.render().asPng(), RESOLUTION);
}

function titleElements(figure: Figure, { width, titleY }: Layout): GraphicElement[] {
  if (figure.title === undefined) return [];
  return [textElement(typeset(figure.title, LABEL_SIZE), { x: width / 2, y: titleY, align: "middle" })];
}

/** Tick labels and axis labels. */
function axisTextElements(placed: PlacedPanel, xLabel: string): GraphicElement[] {
  const { frame, x, y, panel, showsX, yTickLabels } = placed;
  const bottom = frame.top + frame.height;
  const elements: GraphicElement[] = y.major.map((tick, k) =>
    textElement(yTickLabels[k], {
      x: frame.left - Y_TICK_LABEL_GAP,
      y: pixelOf(placed, x.start, tick.at).y,
      align: "end",
    }),
  );
  const middle = frame.top + frame.height / 2;
  elements.push(
    textElement(typeset(panel.y.label, LABEL_SIZE), { x: Y_LABEL_X, y: middle, align: "middle", upright: true }),
  );
  if (!showsX) return elements;
  let free = -Infinity;
  for (const tick of x.major) {
    const text = typeset(tick.label, TEXT_SIZE);
    const position = pixelOf(placed, tick.at, y.start).x;
    // Leave out labels that would touch the one before.
    if (position - text.width / 2 < free) continue;
    free = position + text.width / 2 + TEXT_SIZE / 2;
    elements.push(textElement(text, { x: position, y: bottom + X_TICK_LABEL_DROP, align: "middle" }));
  }
  const place = { x: frame.left + frame.width / 2, y: bottom + X_LABEL_DROP, align: "middle" } as const;
  elements.push(textElement(typeset(xLabel, LABEL_SIZE), place));
  return elements;
}

/** The panel's name, which comes first, and the ink of the panel with it. */
function placePanelLabel(placed: PlacedPanel): { readonly ink: Ink; readonly element?: GraphicElement } {
  const { panel, frame } = placed;
  const ink = new Ink(placed);
  if (panel.label === undefined) return { ink };
  const text = typeset(panel.label, LABEL_SIZE);
  const size = { width: text.width, height: LABEL_SIZE };
  const place = placeLegend(frame, size, ink, "auto") ?? { left: frame.left + 7, top: frame.top + 7, ...size };
  ink.add(place);
  return { ink, element: textElement(text, { x: place.left, y: place.top + place.height / 2, halo: true }) };
}

/** Panel name, legend and the labels of reference lines, each kept off the data and off what was placed before it. */
function insideElements(placed: PlacedPanel, legend: Legend, outside: boolean): GraphicElement[] {
  const { panel, frame } = placed;
  const { ink, element } = placePanelLabel(placed);
  const elements: GraphicElement[] = element ? [element] : [];
  const wish = panel.legend ?? "auto";
  if (outside) {
    const rows = panel.map ? { ...frame, top: frame.top - COLOUR_BAR_HEADER } : frame;
    elements.push(...rowElements(legend, rows));
  }
  if (!outside && wish !== "none" && wish !== "above") {
    const place = placeLegend(frame, legend.column, ink, wish);
    if (place) {
      ink.add(place);
      elements.push(...columnElements(legend, place));
    }
  }
  for (const mark of panel.marks ?? []) {
    if (mark.label === undefined) continue;
    const text = typeset(mark.label, TEXT_SIZE);
    const position =
      "x" in mark
        ? pixelOf(placed, placed.x.coordinate(mark.x), 0).x
        : pixelOf(placed, 0, placed.y.coordinate(mark.y)).y;
    const size = { width: text.width, height: TEXT_SIZE };
    const place = placeMarkLabel(frame, size, ink, "x" in mark ? "vertical" : "horizontal", position);
    ink.add(place);
    elements.push(textElement(text, { x: place.left, y: place.top + place.height / 2, halo: true }));
  }
  return elements;
}
