/**
 * Frames and ticks: a full thin frame with ticks that point inward on all four sides.
 *
 * ECharts' own axes stay invisible and only hold the coordinate system: they round ticks to whole pixels, half a pixel
 * away from the data.
 */
import type { GridComponentOption } from "echarts/components";
import type { XAXisComponentOption, YAXisComponentOption } from "echarts";
import { pixelOf, type PlacedPanel } from "./layout.js";
import { BLACK } from "./palette.js";
import type { Scale } from "./scales.js";
import { LAYER } from "./series-options.js";
import type { Drawing } from "./symbols.js";
import type { GraphicElement } from "./typesetting.js";

const MAJOR_LENGTH = 4.5;
const MINOR_LENGTH = 2.5;
const PAINT = { fill: "none", stroke: BLACK, lineWidth: 0.8 };

export function gridOption({ frame }: PlacedPanel): GridComponentOption {
  return { ...frame, outerBoundsMode: "none", containLabel: false };
}

export function xAxisOption({ x }: PlacedPanel, gridIndex: number): XAXisComponentOption {
  return { type: "value", gridIndex, show: false, min: x.start, max: x.end };
}

export function yAxisOption({ y }: PlacedPanel, gridIndex: number): YAXisComponentOption {
  return { type: "value", gridIndex, show: false, min: y.start, max: y.end };
}

/** Frame and ticks of one panel. */
export function frameElement(placed: PlacedPanel): GraphicElement {
  const { frame, x, y } = placed;
  const { left, top, width, height } = frame;
  const [right, bottom] = [left + width, top + height];
  const line = (x1: number, y1: number, x2: number, y2: number): Drawing => {
    return { type: "line", z: LAYER.axis, shape: { x1, y1, x2, y2 }, style: PAINT };
  };
  const children: Drawing[] = [
    { type: "rect", z: LAYER.axis, shape: { x: left, y: top, width, height }, style: PAINT },
  ];
  for (const { at, length } of ticks(x)) {
    const position = pixelOf(placed, at, y.start).x;
    children.push(line(position, bottom, position, bottom - length), line(position, top, position, top + length));
  }
  for (const { at, length } of ticks(y)) {
    const position = pixelOf(placed, x.start, at).y;
    children.push(line(left, position, left + length, position), line(right, position, right - length, position));
  }
  return { type: "group", z: LAYER.axis, children };
}

function ticks({ major, minor }: Scale): { at: number; length: number }[] {
  return [
    ...major.map(({ at }) => ({ at, length: MAJOR_LENGTH })),
    ...minor.map((at) => ({ at, length: MINOR_LENGTH })),
  ];
}
